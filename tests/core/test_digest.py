"""The digest: due once however many times have passed, and telling changes, near misses and blind time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.core.digest import MAX_CHANGES, MAX_FEEDS, IssueReport, decide_digest, make_digest
from monitor.core.schedule import parse_schedule
from monitor.core.types import (
    Activity,
    AlertKind,
    ChangeId,
    DigestMark,
    Feed,
    FeedKey,
    FeedState,
    Health,
    IssueActivity,
    IssueKey,
    NearMiss,
)
from tests import examples
from tests.builders import make_article, make_change, make_issue

DAILY = parse_schedule("08:00", UTC)
EIGHT = datetime(2024, 9, 6, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def mark(slot: datetime, made: datetime | None = None) -> DigestMark:
    return DigestMark("desk", slot, made or slot)


def test_a_channel_seen_first_is_only_marked() -> None:
    assert decide_digest("desk", DAILY, None, EIGHT + DAY / 4) == (mark(EIGHT, EIGHT + DAY / 4), False)


def test_it_is_due_once_a_slot() -> None:
    assert decide_digest("desk", DAILY, mark(EIGHT), EIGHT + DAY - timedelta(seconds=1)) is None
    assert decide_digest("desk", DAILY, mark(EIGHT), EIGHT + DAY) == (mark(EIGHT + DAY), True)
    assert decide_digest("desk", DAILY, mark(EIGHT + DAY), EIGHT + DAY) is None


def test_nine_days_off_make_one_digest() -> None:
    decision = decide_digest("desk", DAILY, mark(EIGHT), EIGHT + 9.5 * DAY)
    assert decision == (mark(EIGHT + 9 * DAY, EIGHT + 9.5 * DAY), True)
    assert decide_digest("desk", DAILY, decision[0], EIGHT + 9.6 * DAY) is None


def test_a_clock_set_back_neither_repeats_a_digest_nor_stops_them() -> None:
    ahead = mark(EIGHT + 30 * DAY)
    decision = decide_digest("desk", DAILY, ahead, EIGHT + DAY / 2)
    assert decision == (mark(EIGHT, EIGHT + DAY / 2), False)
    following = decide_digest("desk", DAILY, decision[0], EIGHT + DAY)
    assert following is not None
    assert following[1]


def _activity(**issues: IssueActivity) -> Activity:
    # Two feeds asked each hour; the second failed for six hours.
    hours = [EIGHT + timedelta(hours=number) for number in range(24)]
    return Activity(
        EIGHT,
        EIGHT + DAY,
        48,
        6,
        1234,
        {
            FeedKey("wire"): tuple((at, True) for at in hours),
            FeedKey("gazette"): tuple((at, not 6 <= number < 12) for number, at in enumerate(hours)),
        },
        {IssueKey(key.replace("_", "-")): activity for key, activity in issues.items()},
    )


def _feeds(n_blind: int = 1) -> list[FeedState]:
    blind = [
        FeedState(
            Feed(FeedKey(f"gazette-{number}"), "https://g.example", "Gazette"),
            EIGHT,
            health=Health.BLIND,
            failing_since=EIGHT,
            last_error="answered 403",
        )
        for number in range(n_blind)
    ]
    return [FeedState(Feed(FeedKey("wire"), "https://w.example", "Wire"), EIGHT, health=Health.HEALTHY), *blind]


def test_a_quiet_day_says_that_somebody_was_watching() -> None:
    report = IssueReport(make_issue(make_article()), None, IssueActivity(n_matched=3))
    told = make_digest("desk", DAILY, EIGHT + DAY, _activity(olive_duties=report.activity), [report], _feeds(0))
    assert told.kind is AlertKind.DIGEST
    assert told.headline == "Daily digest, 06 Sep 08:00 to 07 Sep 08:00: no change in 1 issue"
    assert told.detail == (
        "Watching: 1 feeds polled 48 times (6 failed), 1,234 articles read, 3 matched, blind 12.5% of the time",
        "▸ Will Tunisia and Brussels end the olive duties?: no status yet; 3 articles matched",
    )


def test_changes_near_misses_votes_and_failing_feeds_are_told() -> None:
    miss = NearMiss("Olive prices rise", "Gazette", "https://g.example/1", EIGHT, 0.27, 0.3)
    changes = tuple(make_change(change_id=ChangeId(f"c-{number}")) for number in range(MAX_CHANGES + 2))
    report = IssueReport(make_issue(make_article()), examples.state(), IssueActivity(changes, 20, (miss,) * 5))
    told = make_digest("desk", DAILY, EIGHT + DAY, _activity(olive_duties=report.activity), [report], _feeds(MAX_FEEDS + 2))
    assert "14 changes in 1 issue" in told.headline
    lines = told.detail
    assert lines[1] == "▸ Will Tunisia and Brussels end the olive duties?: broadly agreed (confirmed); 20 articles matched"
    assert sum(line.startswith("  • ") and "→" in line for line in lines) == MAX_CHANGES
    assert "  • and 2 earlier ones: monitor log --issue olive-duties" in lines
    assert "  ◦ not yet believed: “signed” (weight 0.40): “We agreed.” — Wire" in lines
    assert sum("nearly relevant: “Olive prices rise” — Gazette (score 0.27 < 0.30)" in line for line in lines) == 3
    assert "! Gazette (gazette-0) blind since 06 Sep 08:00 UTC: answered 403" in lines
    assert lines[-1] == "! and 2 more: monitor feeds list"


def test_the_same_slot_has_the_same_name_and_channels_have_their_own() -> None:
    def name(channel: str, slot: datetime) -> str:
        return make_digest(channel, DAILY, slot, _activity(), [], []).alert_id

    assert name("desk", EIGHT) == name("desk", EIGHT)
    assert len({name("desk", EIGHT), name("night", EIGHT), name("desk", EIGHT + DAY)}) == 3

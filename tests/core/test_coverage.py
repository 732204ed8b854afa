"""Was the monitor watching: blind time by the record of polls, and coverage by an issue's own policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.coverage import Sight, blind_share, coverage_of, decide_coverage, sight
from monitor.core.types import CoveragePolicy, CoverageSpell, Feed, FeedKey, FeedState, Health, IssueKey

NOON = datetime(2024, 9, 6, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def polls(*outcomes: bool, every: timedelta = HOUR, first: datetime = NOON) -> list[tuple[datetime, bool]]:
    return [(first + number * every, read) for number, read in enumerate(outcomes)]


def state(key: str, health: Health = Health.HEALTHY, since: datetime | None = None) -> FeedState:
    return FeedState(
        Feed(FeedKey(key), f"https://{key}.example/rss", key.title()), NOON, health=health, failing_since=since, last_error="403"
    )


@pytest.mark.parametrize(
    ("found", "hours", "watched_h", "blind_h"),
    [
        ([], 4, 0, 0),
        (polls(True, True, True, True), 4, 4, 0),
        (polls(True, False, False, True), 4, 4, 2),
        (polls(False), 4, 4, 4),
        # A monitor that stood still: three usual gaps after the last poll it is blind.
        (polls(True, True, True, True), 10, 10, 4),
        # Before its first poll a feed is not watched.
        (polls(True, True, first=NOON + 2 * HOUR), 4, 2, 0),
        # The poll before the span tells how it begins.
        (polls(False, True, first=NOON - HOUR / 2), 2, 2, 0.5),
    ],
)
def test_time_is_blind_from_a_failed_poll_on_and_where_polls_are_overdue(
    found: list[tuple[datetime, bool]], hours: float, watched_h: float, blind_h: float
) -> None:
    seen = sight(found, NOON, NOON + hours * HOUR)
    assert (seen.watched_s / 3600, seen.blind_s / 3600) == (watched_h, blind_h)


def test_the_share_is_that_of_all_feeds_and_one_where_nothing_was_watched() -> None:
    assert blind_share([Sight(100, 10), Sight(300, 0)]) == 0.025
    assert blind_share([]) == blind_share([Sight()]) == 1.0


def test_coverage_counts_the_feeds_of_the_policy_by_its_own_patience() -> None:
    states = [
        state("blind", Health.BLIND, NOON - 9 * HOUR),
        state("failing", Health.FAILING, NOON - 2 * HOUR),
        state("gone", Health.GONE),
        state("retired", Health.RETIRED),
        state("well"),
    ]

    def failing(policy: CoveragePolicy) -> list[str]:
        return [found.feed.key for found in coverage_of(policy, states, NOON, blind_after_s=21_600).failing]

    assert failing(CoveragePolicy()) == ["blind", "gone"]
    assert failing(CoveragePolicy(after_s=7200)) == ["blind", "failing", "gone"]
    assert failing(CoveragePolicy(feeds=("well", "gone"))) == ["gone"]
    whole = coverage_of(CoveragePolicy(), states, NOON, blind_after_s=21_600)
    assert (whole.n_feeds, whole.share, whole.blind_since) == (4, 0.5, NOON - 9 * HOUR)
    assert coverage_of(CoveragePolicy(), [], NOON, blind_after_s=1).share == 1.0


def test_a_spell_begins_once_and_ends_once() -> None:
    policy, issue = CoveragePolicy(min_share=0.8), IssueKey("olives")
    low = coverage_of(policy, [state("a", Health.BLIND, NOON - HOUR), state("b")], NOON, blind_after_s=1)
    well = replace(low, failing=())
    spell = decide_coverage(issue, low, policy, None, NOON)
    assert spell == CoverageSpell(issue, NOON - HOUR, NOON, 1, 2)
    assert decide_coverage(issue, low, policy, spell, NOON) is None
    assert decide_coverage(issue, well, policy, spell, NOON) == replace(spell, ended_at=NOON)
    assert decide_coverage(issue, well, policy, None, NOON) is None
    assert decide_coverage(issue, low, CoveragePolicy(), None, NOON) is None

"""route, release and digest: what waits is told once, as one message, through crashes and rival workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.policy import AlertPolicy, StatusPolicy
from monitor.core.quiet import plan_release
from monitor.core.schedule import parse_quiet_hours, parse_schedule
from monitor.core.types import (
    AlertKind,
    ChannelRules,
    DeliveryState,
    Issue,
    IssueAlerts,
    QuietPolicy,
    Review,
    ReviewAction,
    ReviewId,
    Severity,
    Via,
)
from monitor.errors import DatabaseBusyError
from monitor.jobs import assess, digest, release
from monitor.jobs.assess import Assessed
from monitor.jobs.digest import Digested
from monitor.jobs.release import Released
from monitor.jobs.route import put_out, remember
from monitor.testing.fakes import FrozenClock
from monitor.testing.memory_activity import MemoryActivity
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.story import AGREED, DENIED, ISSUE, ISSUE_KEY, STATEMENT, article, judge, learn, store_articles

#: The clock of these tests stands at eight in the morning of 4 September, a Wednesday.
NIGHT = ChannelRules(QuietPolicy(hours=(parse_quiet_hours("22:00-09:00", UTC),)))
BURSTS = ChannelRules(QuietPolicy(burst_n=5, burst_s=600, late_after_s=6 * 3600))
NINE = datetime(2024, 9, 4, 9, tzinfo=UTC)


@pytest.fixture
def told(uow: MemoryUnitOfWork, clock: FrozenClock) -> MemoryUnitOfWork:
    """The store after two steps of the story were matched."""
    learn(uow, clock)
    store_articles(uow, article(AGREED), article(STATEMENT))
    judge(uow)
    return uow


def _assess(uow: MemoryUnitOfWork, clock: FrozenClock, rules: Mapping[str, ChannelRules], *, issue: Issue = ISSUE) -> Assessed:
    return assess.run(
        [issue], uow=uow, clock=clock, status_policy=StatusPolicy(), alert_policy=AlertPolicy(), channels=tuple(rules), rules=rules
    )


def _release(uow: MemoryUnitOfWork, clock: FrozenClock, rules: Mapping[str, ChannelRules]) -> Released:
    return release.run([ISSUE], uow=uow, clock=clock, rules=rules)


def _outbox(uow: MemoryUnitOfWork) -> list[tuple[str, str]]:
    with uow.reading() as tx:
        return [(row.channel, row.alert.headline.removeprefix(f"{ISSUE.title}: ")) for row in reversed(tx.outbox.list())]


def test_each_channel_has_rules_of_its_own(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    rules = {
        "console": ChannelRules(),
        "desk": NIGHT,
        "figs": ChannelRules(issues=("figs",)),
        "board": ChannelRules(QuietPolicy(Severity.MAJOR)),
    }
    assert _assess(told, clock, rules) == Assessed(n_assessed=2, n_changes=2, n_alerts=2, n_held=2)
    assert [channel for channel, _ in _outbox(told)] == ["console", "console"]
    verdict = next(row.verdict for key, row in told.committed().evidence.items() if key[1] == "story-2") or ""
    assert "held for desk until 04 Sep 09:00 UTC: quiet hours" in verdict
    assert "severity notable is below the floor of board (major)" in verdict


def test_quiet_hours_end_with_one_message(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _assess(told, clock, {"desk": NIGHT})
    assert _release(told, clock, {"desk": NIGHT}) == Released()
    clock.at = NINE
    assert _release(told, clock, {"desk": NIGHT}) == Released(n_messages=1, n_alerts=2)
    assert _release(told, clock, {"desk": NIGHT}) == Released()
    assert _outbox(told) == [("desk", "talks under way → joint statement (2 changes)")]


def test_what_waits_is_released_though_its_channel_is_no_longer_configured(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _assess(told, clock, {"desk": NIGHT})
    clock.at = NINE
    assert _release(told, clock, {}).n_messages == 1
    assert [channel for channel, _ in _outbox(told)] == ["desk"]


def test_what_is_read_in_one_go_is_one_message(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    clock.at = STATEMENT.at + timedelta(minutes=5)
    rules = {"desk": ChannelRules(QuietPolicy(burst_n=5, burst_s=600)), "console": ChannelRules(QuietPolicy(burst_n=5, burst_s=600))}
    assert _assess(told, clock, rules) == Assessed(n_assessed=2, n_changes=2, n_alerts=2)
    assert {headline for _, headline in _outbox(told)} == {"talks under way → joint statement (2 changes)"}


def test_late_news_is_told_when_the_backlog_is_read(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    store_articles(told, article(DENIED))
    assert _assess(told, clock, {"desk": BURSTS}) == Assessed(n_assessed=2, n_changes=2, n_held=2)
    judge(told)
    assert _assess(told, clock, {"desk": BURSTS}).n_alerts == 1
    assert _outbox(told) == [("desk", "talks under way → denied (3 changes)")]


def test_a_mute_holds_until_it_is_undone(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    mute = Review(ReviewId("r-1"), ISSUE_KEY, ReviewAction.MUTE, clock.now(), "Ada", Via.SLACK, until=clock.now() + timedelta(days=1))
    with told.transaction() as tx:
        tx.reviews.add(mute)
    rules = {"desk": ChannelRules()}
    assert _assess(told, clock, rules).n_held == 2
    clock.advance(3600)
    assert _release(told, clock, rules) == Released()
    with told.transaction() as tx:
        tx.reviews.add(
            replace(mute, review_id=ReviewId("r-2"), action=ReviewAction.UNDO, undoes=mute.review_id, at=clock.now(), until=None)
        )
    clock.advance(600)
    assert _release(told, clock, rules) == Released(n_messages=1, n_alerts=2)


def test_the_channels_of_an_issue_are_its_own(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _assess(told, clock, {"desk": ChannelRules(), "board": ChannelRules()}, issue=replace(ISSUE, alerts=IssueAlerts(channels=("board",))))
    assert {channel for channel, _ in _outbox(told)} == {"board"}


def test_a_worker_that_comes_second_tells_nothing(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _assess(told, clock, {"desk": NIGHT})
    clock.at = NINE
    with told.reading() as tx:
        plan, _ = plan_release(remember("desk", NINE, store=tx, now=NINE), lambda _: QuietPolicy(), NINE)
    assert plan is not None
    assert _release(told, clock, {"desk": NIGHT}).n_messages == 1
    with pytest.raises(DatabaseBusyError), told.transaction() as tx:
        put_out(plan, "desk", store=tx, now=NINE)
    assert len(_outbox(told)) == 1


DAILY = ChannelRules(digest=parse_schedule("08:00", UTC))


def _digest(uow: MemoryUnitOfWork, clock: FrozenClock, rules: Mapping[str, ChannelRules]) -> Digested:
    return digest.run([ISSUE], uow=uow, activity=MemoryActivity(uow), clock=clock, channels=tuple(rules), rules=rules)


def test_a_digest_comes_once_a_slot_to_those_who_want_one(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    rules = {"desk": DAILY, "console": ChannelRules()}
    assert _digest(told, clock, rules) == Digested()
    _assess(told, clock, {"console": ChannelRules(QuietPolicy(Severity.MAJOR))})
    clock.advance(86_399)
    assert _digest(told, clock, rules) == Digested()
    clock.advance(1)
    assert _digest(told, clock, rules) == Digested(n_digests=1)
    assert _digest(told, clock, rules) == Digested()
    with told.reading() as tx:
        [row] = tx.outbox.list()
    assert (row.channel, row.state, row.alert.kind) == ("desk", DeliveryState.DUE, AlertKind.DIGEST)
    assert row.alert.headline == "Daily digest, 04 Sep 08:00 to 05 Sep 08:00: 2 changes in 1 issue"
    assert any("talks under way → broadly agreed (reported): “" in line for line in row.alert.detail)


def test_a_week_off_is_one_digest_of_the_whole_week(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _digest(told, clock, {"desk": DAILY})
    clock.advance(7.2 * 86_400)
    assert _digest(told, clock, {"desk": DAILY}) == Digested(n_digests=1)
    clock.advance(3600)
    assert _digest(told, clock, {"desk": DAILY}) == Digested()

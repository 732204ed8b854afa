"""watch: one notice when feeds go blind, one when they see again, never a second."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from monitor.core.policy import PollPolicy
from monitor.core.schedule import parse_quiet_hours
from monitor.core.types import ChannelRules, CoveragePolicy, Feed, Health, IssueAlerts, QuietPolicy
from monitor.jobs import watch
from monitor.jobs.watch import Watched
from monitor.testing.fakes import FrozenClock
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.story import GAZETTE, HERALD, ISSUE, START, change_feed_state, feed_state, learn


@pytest.fixture
def feeds(uow: MemoryUnitOfWork, clock: FrozenClock) -> MemoryUnitOfWork:
    with uow.transaction() as tx:
        tx.feeds.sync([GAZETTE, HERALD], now=clock.now())
    return uow


def _set(uow: MemoryUnitOfWork, feed: Feed, health: Health, **values: Any) -> None:
    change_feed_state(uow, feed, health=health, **values)


def _watch(uow: MemoryUnitOfWork, clock: FrozenClock, channels: tuple[str, ...] = ("slack",)) -> Watched:
    return watch.run(uow=uow, clock=clock, channels=channels, policy=PollPolicy())


def _notices(uow: MemoryUnitOfWork) -> list[tuple[str, tuple[str, ...]]]:
    with uow.reading() as tx:
        return [(row.alert.headline, row.alert.detail) for row in reversed(tx.outbox.list())]


@pytest.mark.parametrize("health", [Health.NEW, Health.HEALTHY, Health.FAILING])
def test_a_feed_that_is_not_blind_raises_nothing(feeds: MemoryUnitOfWork, clock: FrozenClock, health: Health) -> None:
    _set(feeds, GAZETTE, health)
    assert _watch(feeds, clock) == Watched()
    assert _notices(feeds) == []


def test_a_blind_feed_is_told_once_with_its_reason(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _set(feeds, GAZETTE, Health.BLIND, failing_since=START, last_error="answered 403")
    assert _watch(feeds, clock) == Watched(n_blind=1)
    assert _notices(feeds) == [
        ("Blind: 1 of 2 feeds cannot be read", ("Gazette (gazette) since 01 Sep 08:00 UTC: answered 403",)),
    ]
    for _ in range(50):
        clock.advance(3600)
        assert _watch(feeds, clock) == Watched()
    assert len(_notices(feeds)) == 1


def test_feeds_that_go_blind_together_are_one_notice(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    for feed in (GAZETTE, HERALD):
        _set(feeds, feed, Health.BLIND)
    assert _watch(feeds, clock) == Watched(n_blind=2)
    assert [headline for headline, _ in _notices(feeds)] == ["Blind: 2 of 2 feeds cannot be read"]


def test_a_feed_that_is_gone_is_told_once(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _set(feeds, GAZETTE, Health.GONE, last_error="answered 410")
    assert [_watch(feeds, clock).n_blind for _ in range(3)] == [1, 0, 0]
    assert _notices(feeds)[0][1] == ("Gazette (gazette) gone: answered 410",)


def test_seeing_again_is_told_once(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _set(feeds, GAZETTE, Health.BLIND)
    _watch(feeds, clock)
    _set(feeds, GAZETTE, Health.HEALTHY)
    assert [_watch(feeds, clock) for _ in range(3)] == [Watched(n_seeing=1), Watched(), Watched()]
    assert _notices(feeds)[-1] == ("Seeing again: 1 of 2 feeds", ("Gazette (gazette)",))
    assert not feed_state(feeds).is_blind_noticed


def test_the_next_blind_spell_is_told_again(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    for health in (Health.BLIND, Health.HEALTHY, Health.BLIND, Health.HEALTHY):
        _set(feeds, GAZETTE, health)
        _watch(feeds, clock)
        clock.advance(7200)
    assert [headline.split(":")[0] for headline, _ in _notices(feeds)] == ["Blind", "Seeing again", "Blind", "Seeing again"]


def test_every_channel_gets_the_notice(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _set(feeds, GAZETTE, Health.BLIND)
    _watch(feeds, clock, ("slack", "console"))
    with feeds.reading() as tx:
        assert {row.channel for row in tx.outbox.list()} == {"slack", "console"}


def test_retired_feeds_are_neither_told_nor_counted(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _set(feeds, GAZETTE, Health.BLIND)
    _set(feeds, HERALD, Health.BLIND)
    with feeds.transaction() as tx:
        tx.feeds.sync([GAZETTE], now=clock.now())
    assert _watch(feeds, clock) == Watched(n_blind=1)
    assert _notices(feeds)[0][0] == "Blind: 1 of 1 feeds cannot be read"


COVERED = replace(ISSUE, alerts=IssueAlerts(coverage=CoveragePolicy(min_share=0.8, after_s=3600)))


def _cover(uow: MemoryUnitOfWork, clock: FrozenClock) -> Watched:
    return watch.run(uow=uow, clock=clock, channels=("slack",), issues=[COVERED], policy=PollPolicy())


def test_an_issue_that_loses_its_coverage_is_told_once_and_once_that_it_has_it_again(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(feeds, clock, COVERED)
    _set(feeds, GAZETTE, Health.FAILING, failing_since=clock.now(), last_error="answered 403")
    assert _cover(feeds, clock) == Watched()
    clock.advance(3600)
    assert [_cover(feeds, clock) for _ in range(3)] == [Watched(n_uncovered=1), Watched(), Watched()]
    _set(feeds, GAZETTE, Health.HEALTHY, failing_since=None)
    clock.advance(1800)
    assert [_cover(feeds, clock) for _ in range(3)] == [Watched(n_covered=1), Watched(), Watched()]
    assert _notices(feeds) == [
        (
            f"{ISSUE.title}: blind since 08:00 UTC, 1 of 2 sources failing",
            (
                f"{ISSUE.title}: 50% of its sources can be read, 80% are wanted",
                "Gazette (gazette) since 04 Sep 08:00 UTC: answered 403",
            ),
        ),
        (f"{ISSUE.title}: seeing again, was blind from 08:00 UTC to 09:30 UTC", (f"{ISSUE.title}: 2 of 2 sources can be read",)),
    ]


def test_a_feed_that_goes_blind_and_the_coverage_that_it_costs_are_one_notice(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(feeds, clock, COVERED)
    _set(feeds, GAZETTE, Health.BLIND, failing_since=START)
    assert _cover(feeds, clock) == Watched(n_blind=1, n_uncovered=1)
    [(headline, _)] = _notices(feeds)
    assert headline == f"{ISSUE.title}: blind since 01 Sep 08:00 UTC, 1 of 2 sources failing"


def test_quiet_hours_hold_notices_and_some_channels_take_none(feeds: MemoryUnitOfWork, clock: FrozenClock) -> None:
    quiet = ChannelRules(QuietPolicy(hours=(parse_quiet_hours("00:00-24:00", UTC),)))
    _set(feeds, GAZETTE, Health.BLIND)
    rules = {"quiet": quiet, "deaf": ChannelRules(takes_notices=False), "slack": ChannelRules()}
    watch.run(uow=feeds, clock=clock, channels=tuple(rules), rules=rules, policy=PollPolicy())
    with feeds.reading() as tx:
        assert [row.channel for row in tx.outbox.list()] == ["slack"]
        assert tx.held.channels() == ["quiet"]

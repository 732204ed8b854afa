"""What every FeedStore promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.types import FeedHints, FeedKey, FeedState, Health, IdHabits, IdPolicy, IdVerdict, Poll, Serving
from monitor.errors import StoreError
from monitor.ports import UnitOfWork
from tests.examples import NOON, after, feed

POLLED = FeedState(
    feed(),
    next_poll_at=after(60),
    etag='W/"a"',
    last_modified="Sun, 01 Mar 2026 12:00:00 GMT",
    last_poll_at=after(2),
    last_success_at=after(1),
    last_error="503",
    failure_weight=0.75,
    failing_since=after(2),
    health=Health.FAILING,
    is_blind_noticed=True,
    last_new_at=after(1),
    body_digest="d" * 32,
    hints=FeedHints(period_s=900.0, skip_hours=(0, 23), skip_days=(6,)),
    learned_interval_s=1200.0,
    last_gap_at=after(1),
    is_304_doubted=True,
    redirect_url="https://newer.example/rss",
    n_redirects=2,
    adopted_url="https://adopted.example/rss",
)


def test_a_new_feed_is_due_now(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed(interval_s=900)], now=NOON)
        assert tx.feeds.due(now=NOON, limit=10) == [FeedState(feed(interval_s=900), next_poll_at=NOON)]


def test_a_saved_state_comes_back_whole(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed()], now=NOON)
        tx.feeds.save(POLLED)
    with unit.reading() as tx:
        assert tx.feeds.states() == [POLLED]


def test_saving_an_unknown_feed_is_an_error(unit: UnitOfWork) -> None:
    with pytest.raises(StoreError, match="'wire'"), unit.transaction() as tx:
        tx.feeds.save(POLLED)


def test_due_feeds_come_longest_due_first_up_to_the_limit(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed("a"), feed("b"), feed("c"), feed("d")], now=NOON)
        for key, minutes in {"a": 3, "b": 1, "c": 2, "d": 9}.items():
            tx.feeds.save(FeedState(feed(key), next_poll_at=after(minutes)))
        assert [due.feed.key for due in tx.feeds.due(now=after(3), limit=10)] == ["b", "c", "a"]
        assert [due.feed.key for due in tx.feeds.due(now=after(3), limit=2)] == ["b", "c"]


def test_of_one_host_only_so_many_are_due_and_none_just_after_it_was_asked(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed(key, url=f"https://one.example/{key}") for key in "abc"] + [feed("z", url="https://two.example/z")], now=NOON)
        tx.feeds.save(replace(tx.feeds.get([FeedKey("z")])[FeedKey("z")], next_poll_at=after(1)))
        assert [due.feed.key for due in tx.feeds.due(now=after(1), limit=9, host_limit=2)] == ["a", "b", "z"]
        tx.feeds.save(replace(tx.feeds.get([FeedKey("a")])[FeedKey("a")], last_poll_at=after(1), next_poll_at=after(60)))
        assert [due.feed.key for due in tx.feeds.due(now=after(1), limit=9, host_limit=2, host_quiet_s=5)] == ["z"]
        assert [due.feed.key for due in tx.feeds.due(now=after(2), limit=9, host_limit=2, host_quiet_s=5)] == ["b", "c", "z"]


def test_feeds_are_found_by_key_and_by_the_host_that_is_asked(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed(key, url=f"https://one.example/{key}") for key in "abcde"], now=NOON)
        states = tx.feeds.get([FeedKey(key) for key in "abc?"])
        assert sorted(states) == ["a", "b", "c"]
        tx.feeds.save(replace(states[FeedKey("a")], next_poll_at=after(9)))
        tx.feeds.save(replace(states[FeedKey("b")], adopted_url="https://two.example/b"))
        tx.feeds.save(replace(states[FeedKey("c")], health=Health.GONE))
        tx.feeds.sync([feed(key, url=f"https://one.example/{key}") for key in "abcd"], now=NOON)
        assert [found.feed.key for found in tx.feeds.of_host("one.example")] == ["d", "a"]
        assert [found.feed.key for found in tx.feeds.of_host("two.example")] == ["b"]


def test_a_feed_that_is_gone_is_never_due(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed()], now=NOON)
        tx.feeds.save(replace(POLLED, health=Health.GONE))
        assert tx.feeds.due(now=after(999), limit=10) == []


def test_a_sync_updates_what_the_configuration_says_and_keeps_the_state(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed()], now=NOON)
        tx.feeds.save(POLLED)
        renamed = feed(source="The Wire", interval_s=1800)
        tx.feeds.sync([renamed], now=after(9))
        assert tx.feeds.states() == [replace(POLLED, feed=renamed)]


def test_a_feed_with_a_new_address_forgets_what_the_old_one_taught(unit: UnitOfWork) -> None:
    moved = feed(url="https://new.example/rss")
    with unit.transaction() as tx:
        tx.feeds.sync([feed()], now=NOON)
        tx.feeds.save(replace(POLLED, health=Health.GONE))
        tx.feeds.sync([moved], now=after(9))
        expected = replace(
            POLLED,
            feed=moved,
            etag=None,
            last_modified=None,
            next_poll_at=after(9),
            health=Health.NEW,
            body_digest=None,
            hints=None,
            learned_interval_s=None,
            is_304_doubted=False,
            redirect_url=None,
            n_redirects=0,
            adopted_url=None,
            last_error=None,
            failing_since=None,
            failure_weight=0.0,
        )
        assert tx.feeds.due(now=after(9), limit=1) == [expected]


def test_a_feed_no_longer_listed_is_retired_and_comes_back_with_its_state(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed(), feed("zoo")], now=NOON)
        tx.feeds.save(POLLED)
        tx.feeds.sync([feed("zoo")], now=after(1))
        assert [(found.feed.key, found.health) for found in tx.feeds.states()] == [("zoo", Health.NEW), ("wire", Health.RETIRED)]
        assert [found.feed.key for found in tx.feeds.due(now=after(999), limit=9)] == ["zoo"]
        tx.feeds.sync([feed(), feed("zoo")], now=after(2))
        assert tx.feeds.states()[0] == POLLED


def test_a_poll_that_ends_after_its_feed_was_retired_does_not_bring_it_back(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed()], now=NOON)
        tx.feeds.sync([], now=NOON)
        tx.feeds.save(POLLED)
        assert [found.health for found in tx.feeds.states()] == [Health.RETIRED]
        tx.feeds.save(tx.feeds.states()[0])
        tx.feeds.sync([feed()], now=NOON)
        assert tx.feeds.states() == [POLLED]


def test_old_polls_are_forgotten(unit: UnitOfWork) -> None:
    polls = [Poll(FeedKey("wire"), after(minute), "ok") for minute in (1, 2, 3)]
    with unit.transaction() as tx:
        tx.feeds.sync([feed()], now=NOON)
        for poll in polls:
            tx.feeds.record(poll)
        assert tx.feeds.forget_polls(before=after(3)) == 2
        assert tx.feeds.forget_polls(before=after(3)) == 0
        tx.feeds.record(polls[0])
        assert tx.feeds.polls(FeedKey("wire"), limit=9) == [polls[2], polls[0]]


def test_polls_come_newest_first_up_to_the_limit(unit: UnitOfWork) -> None:
    first = Poll(FeedKey("wire"), NOON, "ok", n_entries=3, n_new=2, n_versions=1, detail="a flaw", took_s=0.25)
    second, same_instant = Poll(FeedKey("wire"), after(1), "FetchError"), Poll(FeedKey("wire"), after(1), "not_modified")
    with unit.transaction() as tx:
        tx.feeds.sync([feed(), feed("zoo")], now=NOON)
        for poll in (first, second, same_instant, Poll(FeedKey("zoo"), after(9), "ok")):
            tx.feeds.record(poll)
        assert tx.feeds.polls(FeedKey("wire"), limit=9) == [same_instant, second, first]
        assert tx.feeds.polls(FeedKey("wire"), limit=1) == [same_instant]


def test_habits_come_back_with_what_follows_from_them(unit: UnitOfWork) -> None:
    habits = IdHabits(8, 7, 6, 5, 4, 3, 2, 1)
    with unit.transaction() as tx:
        tx.feeds.sync([feed()], now=NOON)
        assert (tx.feeds.habits(feed().key), tx.feeds.id_verdict(feed().key)) == (IdHabits(), None)
        for policy in (IdPolicy.BOTH, IdPolicy.URL):
            tx.feeds.save_habits(feed().key, habits, IdVerdict(policy, "7 of 8 items have no id"), now=NOON)
    with unit.reading() as tx:
        assert tx.feeds.habits(feed().key) == habits
        assert tx.feeds.id_verdict(feed().key) == IdVerdict(IdPolicy.URL, "7 of 8 items have no id")


def test_servings_of_a_window_come_oldest_first_and_are_forgotten_with_the_polls(unit: UnitOfWork) -> None:
    servings = [Serving(feed().key, after(minutes), 10, 2, ("c:1", f"c:{minutes}")) for minutes in (0, 60, 120)]
    with unit.transaction() as tx:
        tx.feeds.sync([feed(), feed("other")], now=NOON)
        for serving in [*reversed(servings), replace(servings[0], feed_key=FeedKey("other"))]:
            tx.feeds.record_serving(serving)
    with unit.transaction() as tx:
        assert tx.feeds.servings(feed().key, since=NOON, until=after(121)) == servings
        assert tx.feeds.servings(feed().key, since=after(1), until=after(120)) == servings[1:2]
        tx.feeds.forget_polls(before=after(60))
        assert tx.feeds.servings(feed().key, since=NOON, until=after(121)) == servings[1:]


def test_what_an_unknown_feed_was_served_is_refused(unit: UnitOfWork) -> None:
    with pytest.raises(StoreError), unit.transaction() as tx:
        tx.feeds.record_serving(Serving(FeedKey("unknown"), NOON, 1, 0))

"""poll: what is stored of a feed, and that no feed costs another its turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from structlog.testing import capture_logs

from monitor.core.policy import PollPolicy
from monitor.core.types import Feed, FeedHints, FeedKey, FeedState, Health, ParsedFeed
from monitor.errors import DatabaseBusyError, FetchError, ParseError, StoreError
from monitor.jobs import poll
from monitor.jobs.poll import Polled, Polling
from monitor.ports import Transaction, UnitOfWork
from monitor.testing.fake_feeds import FakeFetcher, FakeParser
from monitor.testing.fakes import FrozenClock
from monitor.testing.memory_feeds import MemoryFeedStore
from monitor.testing.memory_store import MemoryTransaction, MemoryUnitOfWork
from tests.story import AGREED, GAZETTE, HERALD, START, TALKS, change_feed_state, feed_state

POLICY = PollPolicy(jitter=0.1)


@dataclass
class World:
    uow: MemoryUnitOfWork
    clock: FrozenClock
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)
    parser: FakeParser = field(default_factory=FakeParser)
    jitter: float = 0.0
    policy: PollPolicy = POLICY
    pauses: list[float] = field(default_factory=list)
    pause_error: BaseException | None = None

    def write(self, feed: Feed, number: int, title: str, text: str = "", *, etag: str = '"1"') -> None:
        self.parser.entry(feed, number, title=title, text=text, published_at=START)
        self.fetcher.publish(feed.url, f"{title} {text}".encode(), etag=etag)

    def poll(self, uow: UnitOfWork | None = None) -> Polled:
        polling = Polling(
            uow=uow or self.uow,
            fetcher=self.fetcher,
            parser=self.parser,
            clock=self.clock,
            policy=self.policy,
            jitter=lambda: self.jitter,
            pause=self.pause,
        )
        return poll.run(polling)

    def pause(self, seconds: float) -> None:
        if self.pause_error is not None:
            raise self.pause_error
        self.pauses.append(seconds)
        self.clock.advance(seconds)

    def poll_later(self) -> Polled:
        self.clock.advance(POLICY.max_interval_s)
        return self.poll()

    def titles(self) -> list[str]:
        return sorted(article.title for article in self.uow.committed().articles.values())


@pytest.fixture
def world(uow: MemoryUnitOfWork, clock: FrozenClock) -> World:
    with uow.transaction() as tx:
        tx.feeds.sync([GAZETTE, HERALD], now=clock.now())
    return World(uow, clock)


def test_due_feeds_become_articles_with_the_validators_of_their_feed(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    world.write(HERALD, 1, AGREED.title, etag='"h"')
    assert world.poll() == Polled(n_due=2, n_new=2)
    assert world.titles() == sorted([TALKS.title, AGREED.title])
    state = feed_state(world.uow)
    assert (state.etag, state.health, state.last_success_at) == ('"1"', Health.HEALTHY, world.clock.now())


def test_an_article_is_of_the_outlet_whose_feed_told_it(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    world.poll()
    assert [article.source for article in world.uow.committed().articles.values()] == ["Gazette"]


def test_nothing_is_asked_before_it_is_due(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    world.poll()
    assert world.poll() == Polled()
    assert len(world.fetcher.requests) == 2


def test_the_same_feed_again_gives_nothing_new(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    world.poll()
    world.write(GAZETTE, 1, TALKS.title, etag='"2"')
    assert world.poll_later() == Polled(n_due=2, n_failed=1)
    assert world.titles() == [TALKS.title]


def test_an_unchanged_feed_is_asked_conditionally_and_answers_so(world: World) -> None:
    for feed in (GAZETTE, HERALD):
        world.write(feed, 1, f"{TALKS.title}, says {feed.source}")
    world.poll()
    world.clock.advance(POLICY.interval_s)
    assert world.poll() == Polled(n_due=2)
    assert {request.etag for request in world.fetcher.requests[2:]} == {'"1"'}
    with world.uow.reading() as tx:
        assert [record.outcome for record in tx.feeds.polls(GAZETTE.key, limit=9)] == ["not_modified", "ok"]


def test_an_edit_becomes_a_version(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title, TALKS.text)
    world.poll()
    world.write(GAZETTE, 1, f"{TALKS.title} in Osthaven", TALKS.text, etag='"2"')
    assert world.poll_later().n_versions == 1
    [stored] = world.uow.committed().articles.values()
    with world.uow.reading() as tx:
        assert [version.title for version in tx.articles.versions(stored.article_id)] == [TALKS.title, f"{TALKS.title} in Osthaven"]


@pytest.mark.parametrize("error", [FetchError("timed out"), FetchError("gone away", status=503), ParseError("is no feed")])
def test_a_feed_that_fails_does_not_stop_the_others(world: World, error: FetchError | ParseError) -> None:
    world.fetcher.fail(GAZETTE.url, error)
    world.write(HERALD, 1, TALKS.title)
    with capture_logs() as lines:
        assert world.poll() == Polled(n_due=2, n_failed=1, n_new=1)
    state = feed_state(world.uow)
    assert (state.health, state.last_error) == (Health.FAILING, str(error))
    assert [line["feed"] for line in lines if line["event"] == "feed_failed"] == ["gazette"]
    with world.uow.reading() as tx:
        [record] = tx.feeds.polls(GAZETTE.key, limit=9)
    assert (record.outcome, record.detail) == (type(error).__name__, str(error))


class BrokenParser(FakeParser):
    """Raises what no parser should, at one feed."""

    def parse(self, body: bytes, *, feed: Feed, **options: object) -> ParsedFeed:
        if feed == GAZETTE:
            raise RecursionError("too deep")
        return super().parse(body, feed=feed, **options)  # type: ignore[arg-type]


def test_a_feed_that_breaks_the_parser_does_not_stop_the_others(world: World) -> None:
    world.parser = BrokenParser()
    world.write(GAZETTE, 1, TALKS.title)
    world.write(HERALD, 1, AGREED.title)
    with capture_logs() as lines:
        assert world.poll() == Polled(n_due=2, n_failed=1, n_new=1)
    assert [line["error_type"] for line in lines if line["event"] == "feed_failed"] == ["RecursionError"]
    assert "broke the reader (RecursionError: too deep)" in (feed_state(world.uow).last_error or "")


class RefusingFeedStore:
    """Passes everything on but the saving of one feed's validators, which it refuses."""

    def __init__(self, inner: MemoryFeedStore, error: Exception) -> None:
        self._inner = inner
        self._error = error

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def save(self, state: FeedState) -> None:
        if state.feed == GAZETTE and state.etag is not None:
            raise self._error
        self._inner.save(state)


@dataclass
class RefusingUnitOfWork:
    """A unit of work that will not save the validators of one feed."""

    inner: MemoryUnitOfWork
    error: Exception

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self.inner.transaction() as tx:
            refusing = RefusingFeedStore(tx.feeds, self.error)
            yield MemoryTransaction(cast(MemoryFeedStore, refusing), tx.articles, tx.issues, tx.outbox, tx.reviews, tx.held, tx.channels)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self.inner.reading() as tx:
            yield tx


def test_a_store_that_raises_keeps_neither_entries_nor_validators(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    world.write(HERALD, 1, AGREED.title)
    with capture_logs() as lines:
        assert world.poll(RefusingUnitOfWork(world.uow, StoreError("no"))) == Polled(n_due=2, n_failed=1, n_new=1)
    assert world.titles() == [AGREED.title]
    state = feed_state(world.uow)
    assert (state.etag, state.health, state.last_error) == (None, Health.FAILING, "no")
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["feed_not_stored"]
    # Its publisher is not asked again at every tick, and what was not stored comes with the next turn.
    assert world.poll().n_due == 0
    assert world.poll_later().n_new == 1


def test_a_busy_database_leaves_the_feed_due(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    with pytest.raises(DatabaseBusyError):
        world.poll(RefusingUnitOfWork(world.uow, DatabaseBusyError("locked")))
    assert feed_state(world.uow).next_poll_at == world.clock.now()
    assert world.poll().n_new == 1


def test_the_next_poll_is_shifted_by_the_jitter(world: World) -> None:
    world.jitter = 1.0
    world.write(GAZETTE, 1, TALKS.title)
    world.poll()
    wait = feed_state(world.uow).next_poll_at - world.clock.now()
    assert wait.total_seconds() == pytest.approx(POLICY.interval_s * (1 + POLICY.jitter))


class WatchingFetcher(FakeFetcher):
    """Marks the blind spell as told while the feed is being fetched, as the watch job may."""

    uow: MemoryUnitOfWork

    def fetch(self, url: str, **validators: str | None) -> object:  # type: ignore[override]
        change_feed_state(self.uow, is_blind_noticed=True)
        raise FetchError("still nothing")


def test_a_blind_spell_that_was_told_meanwhile_stays_told(world: World) -> None:
    change_feed_state(world.uow, health=Health.BLIND, failing_since=START)
    change_feed_state(world.uow, HERALD, next_poll_at=world.clock.now().replace(year=2030))
    fetcher = WatchingFetcher()
    fetcher.uow = world.uow
    world.fetcher = fetcher
    world.poll()
    assert feed_state(world.uow).is_blind_noticed


def test_a_recovery_leaves_it_to_watch_to_say_so(world: World) -> None:
    change_feed_state(world.uow, health=Health.BLIND, is_blind_noticed=True)
    world.write(GAZETTE, 1, TALKS.title)
    world.poll()
    state = feed_state(world.uow)
    assert (state.health, state.is_blind_noticed) == (Health.HEALTHY, True)


def test_every_poll_is_recorded(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    world.poll()
    with world.uow.reading() as tx:
        [record] = tx.feeds.polls(GAZETTE.key, limit=9)
    assert replace(record, took_s=0.0) == record
    assert (record.outcome, record.n_entries, record.n_new, record.n_versions, record.detail) == ("ok", 1, 1, 0, None)


def test_the_store_is_never_open_while_something_is_fetched(world: World) -> None:
    class Fetcher(FakeFetcher):
        def fetch(self, url: str, **validators: str | None) -> object:  # type: ignore[override]
            with world.uow.transaction():
                return super().fetch(url, **validators)

    world.fetcher = Fetcher()
    world.write(GAZETTE, 1, TALKS.title)
    world.write(HERALD, 1, AGREED.title)
    assert world.poll().n_new == 2


THREE = [Feed(FeedKey(key), f"https://one.example/{key}", key.title()) for key in ("alpha", "beta", "gamma", "delta")]


def _at_one_host(world: World) -> None:
    with world.uow.transaction() as tx:
        tx.feeds.sync(THREE, now=world.clock.now())
    for feed in THREE:
        world.write(feed, 1, f"News of {feed.key}")


def test_the_feeds_of_one_host_are_asked_in_turn_apart_from_each_other_and_so_many_a_tick(world: World) -> None:
    _at_one_host(world)
    assert world.poll() == Polled(n_due=3, n_new=3)
    assert world.pauses == [pytest.approx(5.25)] * 2
    # Within the spacing the host has its peace, whoever asks: also after a restart.
    assert world.poll() == Polled()
    world.clock.advance(POLICY.host_spacing_s)
    assert world.poll() == Polled(n_due=1, n_new=1)


def test_all_feeds_of_a_host_rest_when_one_is_told_too_much_and_wake_apart(world: World) -> None:
    _at_one_host(world)
    world.fetcher.fail(THREE[0].url, FetchError("too many requests", status=429, retry_after_s=7200))
    assert world.poll() == Polled(n_due=1, n_failed=1)
    assert len(world.fetcher.requests) == 1
    due = sorted((feed_state(world.uow, feed).next_poll_at - world.clock.now()).total_seconds() for feed in THREE)
    assert due[0] >= 7200
    assert all(later - earlier >= POLICY.host_spacing_s for earlier, later in itertools.pairwise(due[1:]))


def test_a_host_that_does_not_answer_ends_its_turn_and_its_other_feeds_stay_due(world: World) -> None:
    _at_one_host(world)
    world.fetcher.fail(THREE[0].url, FetchError("timed out"))
    assert world.poll() == Polled(n_due=1, n_failed=1)
    assert feed_state(world.uow, THREE[1]).next_poll_at <= world.clock.now()


def test_without_spacing_nobody_waits(world: World) -> None:
    world.policy = replace(POLICY, host_spacing_s=0.0)
    _at_one_host(world)
    assert world.poll() == Polled(n_due=4, n_new=4)
    assert world.pauses == []


def test_a_body_of_the_last_time_is_not_parsed_but_its_new_validators_are_stored(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    world.poll()
    world.parser.fail(GAZETTE, ParseError("must not be asked"))
    world.write(GAZETTE, 1, TALKS.title, etag='"2"')
    assert world.poll_later().n_failed == 1  # The other feed's address answers 404.
    state = feed_state(world.uow)
    assert (state.etag, state.health) == ('"2"', Health.HEALTHY)
    with world.uow.reading() as tx:
        assert [record.outcome for record in tx.feeds.polls(GAZETTE.key, limit=9)] == ["same_body", "ok"]


def test_a_gap_is_recorded_and_shortens_the_interval(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    world.poll()
    world.parser.remove(GAZETTE, 1)
    world.write(GAZETTE, 2, AGREED.title, etag='"2"')
    world.clock.advance(POLICY.interval_s)
    with capture_logs() as lines:
        world.poll()
    state = feed_state(world.uow)
    assert (state.last_gap_at, state.learned_interval_s) == (world.clock.now(), POLICY.interval_s / 4)
    assert [line["feed"] for line in lines if line["event"] == "feed_gap"] == ["gazette"]
    with world.uow.reading() as tx:
        assert "items may have been missed" in (tx.feeds.polls(GAZETTE.key, limit=1)[0].detail or "")


def test_a_feed_that_moved_for_good_is_asked_at_its_new_address(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    there = "https://new.example/rss"
    document = replace(world.fetcher.fetch(GAZETTE.url), moved_to=there)
    world.fetcher.redirect(GAZETTE.url, document)
    world.fetcher.publish(there, b"moved", etag='"1"')
    world.fetcher.requests.clear()
    with capture_logs() as lines:
        for _ in range(4):
            world.poll_later()
    asked = [request.url for request in world.fetcher.requests if request.url != HERALD.url]
    assert asked == [GAZETTE.url] * 3 + [there]
    assert [line["to"] for line in lines if line["event"] == "feed_moved"] == [there]
    # What the user wrote down is theirs to change.
    assert feed_state(world.uow).feed.url == GAZETTE.url


def test_a_feed_that_sleeps_at_this_hour_is_not_asked(world: World) -> None:
    hour = world.clock.now().hour
    change_feed_state(world.uow, hints=FeedHints(skip_hours=(hour,)))
    world.write(HERALD, 1, AGREED.title)
    assert world.poll() == Polled(n_due=1, n_new=1)
    assert feed_state(world.uow).next_poll_at.hour == (hour + 1) % 24


def test_an_error_that_nobody_foresaw_ends_the_tick_and_leaves_the_feeds_due(world: World) -> None:
    world.write(GAZETTE, 1, TALKS.title)
    world.pause_error = KeyboardInterrupt()
    _at_one_host(world)
    with pytest.raises(KeyboardInterrupt):
        world.poll()
    assert feed_state(world.uow, THREE[2]).last_poll_at is None

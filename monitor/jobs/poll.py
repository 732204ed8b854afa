"""poll: due feeds to entries and articles, each feed in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from monitor.core.policy import PollPolicy
from monitor.core.polling import PollOutcome, decide_next_poll, outcome_of_answer, outcome_of_error, use_validators
from monitor.core.types import FeedState, FetchResult, Health, ParsedFeed, Poll
from monitor.errors import MonitorError, ParseError, PermanentError
from monitor.jobs.intake import Intake, store_entries
from monitor.ports import Clock, FeedFetcher, FeedParser, Transaction, UnitOfWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Polled:
    """What one tick did."""

    n_due: int = 0
    n_failed: int = 0
    n_new: int = 0
    n_versions: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    """A feed's answer, fetched and parsed but not yet stored."""

    state: FeedState
    outcome: PollOutcome
    #: `ok`, `not_modified`, or the name of the error.
    name: str
    parsed: ParsedFeed | None
    detail: str | None
    at: datetime


def run(
    *,
    uow: UnitOfWork,
    fetcher: FeedFetcher,
    parser: FeedParser,
    clock: Clock,
    policy: PollPolicy,
    jitter: Callable[[], float],
    workers: int = 8,
    limit: int = 500,
) -> Polled:
    """Poll the feeds that are due; a feed that fails never keeps another from its turn.

    `jitter` returns a number in [-1, 1]. Fetching runs in `workers` threads, storing in this one, feed by feed: entries, articles,
    validators and the next poll in one transaction, so that a crash costs a re-fetch and never an entry.
    """
    with uow.reading() as store:
        due = store.feeds.due(now=clock.now(), limit=limit)
    total = Polled(n_due=len(due))
    if not due:
        return total
    with ThreadPoolExecutor(max_workers=min(workers, len(due)), thread_name_prefix="fetch") as pool:
        for answer in _answers(pool, due, fetcher, parser, clock, policy):
            try:
                n_new, n_versions = _store(answer, uow=uow, clock=clock, policy=policy, jitter=jitter)
            except PermanentError as exc:
                # One feed's rows the database will not take must not cost the others theirs.
                log.error("feed_not_stored", feed=answer.state.feed.key, error=str(exc))
                total = replace(total, n_failed=total.n_failed + 1)
                # As a failure it waits for its next turn; else the publisher would be asked again at every tick.
                _store(_failed(answer.state, exc, answer.at), uow=uow, clock=clock, policy=policy, jitter=jitter)
                continue
            total = replace(
                total,
                n_failed=total.n_failed + (answer.parsed is None and answer.name != "not_modified"),
                n_new=total.n_new + n_new,
                n_versions=total.n_versions + n_versions,
            )
    log.info("polled", n_due=total.n_due, n_failed=total.n_failed, n_new=total.n_new, n_versions=total.n_versions)
    return total


def _answers(
    pool: ThreadPoolExecutor, due: list[FeedState], fetcher: FeedFetcher, parser: FeedParser, clock: Clock, policy: PollPolicy
) -> Iterator[_Answer]:
    def ask(state: FeedState) -> _Answer:
        return _ask(state, fetcher=fetcher, parser=parser, clock=clock, policy=policy)

    yield from pool.map(ask, due)


def _ask(state: FeedState, *, fetcher: FeedFetcher, parser: FeedParser, clock: Clock, policy: PollPolicy) -> _Answer:
    feed = state.feed
    conditional = use_validators(state, clock.now(), policy)
    try:
        result: FetchResult = fetcher.fetch(
            feed.url,
            etag=state.etag if conditional else None,
            last_modified=state.last_modified if conditional else None,
        )
        at = clock.now()
        if not result.is_modified:
            return _Answer(state, outcome_of_answer(result), "not_modified", None, None, at)
        parsed = parser.parse(result.body, feed=feed, content_type=result.content_type, fetched_at=at)
    except MonitorError as exc:
        log.warning("feed_failed", feed=feed.key, error_type=type(exc).__name__, error=str(exc))
        return _failed(state, exc, clock.now())
    except Exception as exc:  # Whatever a body of the web can trigger: the other feeds of this tick still have their turn.
        log.exception("feed_failed", feed=feed.key, error_type=type(exc).__name__)
        unforeseen = ParseError(f"{feed.url} broke the reader ({type(exc).__name__}: {exc}); report it with this line")
        return _failed(state, unforeseen, clock.now())
    if parsed.flaw:
        log.info("feed_flawed", feed=feed.key, flaw=parsed.flaw)
    return _Answer(state, outcome_of_answer(result), "ok", parsed, parsed.flaw, at)


def _failed(state: FeedState, error: MonitorError, at: datetime) -> _Answer:
    return _Answer(state, outcome_of_error(error), type(error).__name__, None, str(error), at)


def _store(answer: _Answer, *, uow: UnitOfWork, clock: Clock, policy: PollPolicy, jitter: Callable[[], float]) -> tuple[int, int]:
    """Write one feed's answer in one transaction; return the numbers of new articles and new versions."""
    feed = answer.state.feed
    with uow.transaction() as store:
        taken = store_entries(answer.parsed.entries, store, source=feed.source, now=answer.at) if answer.parsed else Intake()
        following = decide_next_poll(answer.state, answer.outcome, policy, answer.at, jitter())
        store.feeds.save(replace(following, is_blind_noticed=_is_blind_noticed(answer.state, store)))
        store.feeds.record(
            Poll(
                feed.key,
                answer.at,
                answer.name,
                n_entries=taken.n_entries,
                n_new=taken.n_new,
                n_versions=taken.n_versions,
                detail=answer.detail,
                took_s=max(0.0, (clock.now() - answer.at).total_seconds()),
            )
        )
    return taken.n_new, taken.n_versions


def _is_blind_noticed(state: FeedState, store: Transaction) -> bool:
    """Return whether the user was told of the blind spell: for `watch` alone to change, also while this feed was being fetched."""
    if state.health is not Health.BLIND and not state.is_blind_noticed:
        return False
    return next((found.is_blind_noticed for found in store.feeds.states() if found.feed.key == state.feed.key), False)

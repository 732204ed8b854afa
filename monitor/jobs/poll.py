"""poll: due feeds to entries and articles, host by host, every feed's answer written whole, or else asked for again."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from monitor.core.hosts import ends_turn, host_of, host_rest_s, host_turns, rested
from monitor.core.outcomes import PollOutcome, Success, outcome_of_answer, outcome_of_error
from monitor.core.policy import PollPolicy
from monitor.core.polling import GAP, body_digest, decide_next_poll, has_gap, postponed, use_validators
from monitor.core.types import FeedState, Health, ParsedFeed, Poll
from monitor.errors import MonitorError, ParseError, PermanentError
from monitor.jobs.intake import Intake, read_body, store_entries, store_part, without_known, write_account
from monitor.ports import Clock, FeedFetcher, FeedParser, Transaction, UnitOfWork

log = structlog.get_logger(__name__)

#: Most feeds in one transaction, and most answers that wait to be written: a commit costs as much as twenty answers 304, and bodies that
#: wait cost memory.
_N_BATCH = 50

#: Most items of one feed in one transaction: half a second's worth, in which no other job can write.
_N_ITEMS = 2000

#: Seconds between two looks of a waiting worker at whether the tick was broken off.
_PATIENCE_S = 0.1


@dataclass(frozen=True, slots=True)
class Polled:
    """What one tick did."""

    n_due: int = 0
    n_failed: int = 0
    n_new: int = 0
    n_versions: int = 0

    def __add__(self, other: Polled) -> Polled:
        return Polled(
            self.n_due + other.n_due, self.n_failed + other.n_failed, self.n_new + other.n_new, self.n_versions + other.n_versions
        )


@dataclass(frozen=True, slots=True)
class Polling:
    """What polling needs of the world, and its policy."""

    uow: UnitOfWork
    fetcher: FeedFetcher
    parser: FeedParser
    clock: Clock
    policy: PollPolicy
    #: Returns a random number from -1 to 1.
    jitter: Callable[[], float]
    #: Waits for seconds.
    pause: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _Answer:
    """A feed's answer, fetched and parsed but not yet stored."""

    state: FeedState
    outcome: PollOutcome
    #: `ok`, `not_modified`, `same_body`, or the name of the error.
    name: str
    at: datetime
    parsed: ParsedFeed | None = None
    detail: str | None = None
    took_s: float = 0.0


def run(polling: Polling, *, workers: int = 8, limit: int = 500) -> Polled:
    """Poll the feeds that are due; a feed that fails never keeps another from its turn.

    Hosts are asked at the same time in `workers` threads, the feeds of one host in turn. Storing runs in this thread (with one worker all
    does): entries, articles,
    validators and the next poll of a feed in one transaction, so that a crash costs a re-fetch and never an entry.
    """
    policy = polling.policy
    host_limit = policy.n_host_feeds if policy.host_spacing_s else None
    with polling.uow.reading() as store:
        due = store.feeds.due(now=polling.clock.now(), limit=limit, host_limit=host_limit, host_quiet_s=policy.host_spacing_s)
    due = _without_sleepers(due, polling)
    total = Polled()
    if not due:
        return total
    turns = host_turns(due, policy)
    for batch in _one_after_the_other(turns, polling) if workers == 1 else _side_by_side(turns, polling, workers):
        total += _store_batch(batch, polling)
    log.info("polled", n_due=total.n_due, n_failed=total.n_failed, n_new=total.n_new, n_versions=total.n_versions)
    return total


def _without_sleepers(due: Sequence[FeedState], polling: Polling) -> list[FeedState]:
    """Put off the feeds that do not want to be asked at this hour, and return the others."""
    now = polling.clock.now()
    until = {state.feed.key: postponed(state, polling.policy, now, polling.jitter()) for state in due}
    sleepers = [replace(state, next_poll_at=at) for state in due if (at := until[state.feed.key]) is not None]
    if sleepers:
        with polling.uow.transaction() as store:
            for state in sleepers:
                store.feeds.save(replace(state, is_blind_noticed=_is_noticed(state, store)))
    return [state for state in due if until[state.feed.key] is None]


def _one_after_the_other(turns: Sequence[Sequence[FeedState]], polling: Polling) -> Iterator[list[_Answer]]:
    """Ask all hosts in this thread: handing each answer from thread to thread costs more than asking for it, where nobody waits for a network."""
    waiting: list[_Answer] = []
    for turn in turns:
        for answer in _turn(turn, polling, is_over=lambda: False):
            waiting.append(answer)
            if len(waiting) == _N_BATCH:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _side_by_side(turns: Sequence[Sequence[FeedState]], polling: Polling, workers: int) -> Iterator[list[_Answer]]:
    """Ask hosts in so many threads, and yield the answers as they come."""
    answers: queue.Queue[_Answer | BaseException | None] = queue.Queue(maxsize=_N_BATCH)
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=min(workers, len(turns)), thread_name_prefix="fetch") as pool:
        try:
            for turn in turns:
                pool.submit(_take_turn, turn, polling, answers, stop)
            yield from _batches(answers, n_turns=len(turns))
        finally:
            stop.set()


def _turn(turn: Sequence[FeedState], polling: Polling, *, is_over: Callable[[], bool]) -> Iterator[_Answer]:
    """Ask the feeds of one host one after the other; those left over when the host is in trouble stay due."""
    for number, state in enumerate(turn):
        if number:
            # Never less than the spacing, and never in step with another host.
            polling.pause(polling.policy.host_spacing_s * (1.0 + polling.policy.jitter * (1.0 + polling.jitter()) / 2.0))
        if is_over():
            return
        answer = _ask(state, polling)
        yield answer
        if ends_turn(answer.outcome):
            return


def _take_turn(
    turn: Sequence[FeedState], polling: Polling, answers: queue.Queue[_Answer | BaseException | None], stop: threading.Event
) -> None:
    """Ask the feeds of one host, and hand their answers over."""
    last: _Answer | BaseException | None = None
    try:
        for answer in _turn(turn, polling, is_over=stop.is_set):
            _put(answers, answer, stop)
    except BaseException as exc:
        last = exc
        raise
    finally:
        _put(answers, last, stop)


def _put(answers: queue.Queue[_Answer | BaseException | None], answer: _Answer | BaseException | None, stop: threading.Event) -> None:
    """Hand over an answer; None ends a turn. Whoever is not listened to any more goes home."""
    while not stop.is_set():
        try:
            answers.put(answer, timeout=_PATIENCE_S)
        except queue.Full:
            continue
        return


def _batches(answers: queue.Queue[_Answer | BaseException | None], *, n_turns: int) -> Iterator[list[_Answer]]:
    """Yield the answers as they come, all that are there at a time, until every turn has ended."""
    n_ended = 0
    while n_ended < n_turns:
        arrived = [answers.get()]
        while len(arrived) < _N_BATCH:
            try:
                arrived.append(answers.get_nowait())
            except queue.Empty:
                break
        for error in arrived:
            if isinstance(error, BaseException):
                raise error
        n_ended += sum(answer is None for answer in arrived)
        batch = [answer for answer in arrived if isinstance(answer, _Answer)]
        if batch:
            yield batch


def _ask(state: FeedState, polling: Polling) -> _Answer:
    feed, clock = state.feed, polling.clock
    begun = clock.now()
    is_conditional = use_validators(state, begun, polling.policy)
    try:
        result = polling.fetcher.fetch(
            state.poll_url,
            etag=state.etag if is_conditional else None,
            last_modified=state.last_modified if is_conditional else None,
        )
        at = clock.now()
        took_s = max(0.0, (at - begun).total_seconds())
        if not result.is_modified:
            return _Answer(state, outcome_of_answer(result, was_conditional=is_conditional), "not_modified", at, took_s=took_s)
        digest = body_digest(result.body)
        outcome = outcome_of_answer(result, was_conditional=is_conditional, body_digest=digest)
        if digest == state.body_digest:
            # Its validators are stored all the same: they may be new though the body is not.
            return _Answer(state, outcome, "same_body", at, took_s=took_s)
        parsed = polling.parser.parse(result.body, feed=feed, content_type=result.content_type, fetched_at=at)
    except MonitorError as exc:
        log.warning("feed_failed", feed=feed.key, error_type=type(exc).__name__, error=str(exc))
        return _failed(state, exc, clock.now(), begun)
    except Exception as exc:  # Whatever a body of the web can trigger: the other feeds of this tick still have their turn.
        log.exception("feed_failed", feed=feed.key, error_type=type(exc).__name__)
        unforeseen = ParseError(f"{feed.url} broke the reader ({type(exc).__name__}: {exc}); report it with this line")
        return _failed(state, unforeseen, clock.now(), begun)
    if parsed.flaw:
        log.info("feed_flawed", feed=feed.key, flaw=parsed.flaw)
    return _Answer(state, outcome, "ok", at, parsed, parsed.flaw, took_s)


def _failed(state: FeedState, error: MonitorError, at: datetime, begun: datetime) -> _Answer:
    took_s = max(0.0, (at - begun).total_seconds())
    return _Answer(state, outcome_of_error(error), type(error).__name__, at, detail=str(error), took_s=took_s)


def _store_batch(batch: Sequence[_Answer], polling: Polling) -> Polled:
    """Write the answers of several feeds in one transaction, a flood's in several; where one will not be taken, each in its own."""
    floods = [answer for answer in batch if answer.parsed is not None and len(answer.parsed.entries) > _N_ITEMS]
    if floods and len(batch) > 1:
        # A flood comes last: the others need not wait for it.
        usual = [answer for answer in batch if answer not in floods]
        return sum((_store_batch(part, polling) for part in (usual, *([flood] for flood in floods)) if part), Polled())
    try:
        if floods:
            return _store_flood(floods[0], polling)
        with polling.uow.transaction() as store:
            return sum((_store(answer, store, polling) for answer in batch), Polled())
    except PermanentError as exc:
        if len(batch) > 1:
            return sum((_store_batch([answer], polling) for answer in batch), Polled())
        # One feed's rows the database will not take must not cost the others theirs.
        [answer] = batch
        log.error("feed_not_stored", feed=answer.state.feed.key, error=str(exc))
        # As a failure it waits for its next turn; else the publisher would be asked again at every tick.
        with polling.uow.transaction() as store:
            return _store(_failed(answer.state, exc, answer.at, answer.at), store, polling)


def _store_flood(answer: _Answer, polling: Polling) -> Polled:
    """Write an answer of thousands of items part by part, so that the other jobs can write in between.

    Validators and the next poll come last: whatever ends this sooner leaves the feed due, and what was stored by then is known.
    """
    assert answer.parsed is not None
    with polling.uow.reading() as store:
        body = read_body(answer.parsed.entries, store)
    intake = Intake()
    if body is not None:
        with polling.uow.transaction() as store:
            write_account(body, store, now=answer.at)
        # Of a flood that comes again with its answer all but a few items are known.
        body, intake = without_known(body)
        for start in range(0, len(body), _N_ITEMS):
            with polling.uow.transaction() as store:
                intake += store_part(body, start, start + _N_ITEMS, store, source=answer.state.feed.source, now=answer.at)
    with polling.uow.transaction() as store:
        return _store_answer(answer, intake, store, polling)


def _store(answer: _Answer, store: Transaction, polling: Polling) -> Polled:
    """Write one feed's answer: entries first, then what they teach of the feed."""
    entries = answer.parsed.entries if answer.parsed else ()
    return _store_answer(answer, store_entries(entries, store, source=answer.state.feed.source, now=answer.at), store, polling)


def _store_answer(answer: _Answer, intake: Intake, store: Transaction, polling: Polling) -> Polled:
    """Write what an answer teaches of its feed, whose entries are stored."""
    feed, policy = answer.state.feed, polling.policy
    outcome, detail = answer.outcome, answer.detail
    if answer.parsed is not None and isinstance(outcome, Success):
        outcome = replace(outcome, hints=answer.parsed.hints, n_entries=intake.n_entries, n_known=intake.n_known, n_new=intake.n_new)
        if has_gap(answer.state, outcome):
            log.warning("feed_gap", feed=feed.key, n_entries=intake.n_entries)
            detail = f"{GAP}; {detail}" if detail else GAP
    following = decide_next_poll(answer.state, outcome, policy, answer.at, polling.jitter())
    if following.adopted_url != answer.state.adopted_url:
        log.warning("feed_moved", feed=feed.key, to=following.poll_url)
    store.feeds.save(replace(following, is_blind_noticed=_is_noticed(answer.state, store)))
    _rest_host(answer, outcome, store, polling)
    store.feeds.record(_record(answer, intake, detail))
    return Polled(
        n_due=1,
        n_failed=answer.name not in {"ok", "not_modified", "same_body"},
        n_new=intake.n_new,
        n_versions=intake.n_versions,
    )


def _record(answer: _Answer, intake: Intake, detail: str | None) -> Poll:
    return Poll(
        answer.state.feed.key,
        answer.at,
        answer.name,
        n_entries=intake.n_entries,
        n_new=intake.n_new,
        n_versions=intake.n_versions,
        detail=detail,
        took_s=answer.took_s,
    )


def _rest_host(answer: _Answer, outcome: PollOutcome, store: Transaction, polling: Polling) -> None:
    """Put off the other feeds of a host that says it is asked too much."""
    rest_s = host_rest_s(outcome, polling.policy)
    if rest_s:
        host = host_of(answer.state.poll_url)
        siblings = [state for state in store.feeds.of_host(host) if state.feed.key != answer.state.feed.key]
        until = answer.at + timedelta(seconds=rest_s)
        for state in rested(siblings, polling.policy, until, [polling.jitter() for _ in siblings]):
            store.feeds.save(state)


def _is_noticed(before: FeedState, store: Transaction) -> bool:
    """Return whether the user was told of a feed's blind spell: for `watch` alone to change, also while the feed was being fetched."""
    if before.failing_since is None and before.health is not Health.GONE and not before.is_blind_noticed:
        return False
    stored = store.feeds.get([before.feed.key]).get(before.feed.key)
    return stored is not None and stored.is_blind_noticed

"""deliver: lease a due delivery, look for it where it may be posted already, post it or make the edit that it is, settle it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from monitor.core import delivery as decide
from monitor.core.alerts import make_delivery
from monitor.core.policy import AlertPolicy
from monitor.core.types import Delivery, DeliveryAim, DeliveryState, Post, PostForm, Thread
from monitor.errors import (
    ChannelRefusedError,
    DeliveryError,
    DeliveryRefusedError,
    LookupRefusedError,
    RateLimitedError,
    ThreadGoneError,
    UnknownOutcomeError,
)
from monitor.jobs import edits
from monitor.ports import Board, Clock, Notifier, Transaction, UnitOfWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one tick did."""

    n_sent: int = 0
    #: Messages that were there, brought up to date.
    n_edited: int = 0
    n_retried: int = 0
    n_dead: int = 0
    #: Deliveries that were found on their channel, posted by a worker that could not tell.
    n_found: int = 0
    #: Posts made although an earlier one may have arrived, because the channel could not be asked.
    n_blind: int = 0
    #: Whether something was still due when the time of the tick was over.
    is_cut_short: bool = False


def run(
    *,
    uow: UnitOfWork,
    notifiers: Mapping[str, Notifier],
    clock: Clock,
    policy: AlertPolicy,
    wait: Callable[[float], None] | None = None,
    edits_only: bool = False,
) -> Delivered:
    """Post and edit what is due, one delivery at a time, for at most `policy.shift_s`; with `edits_only`, post nothing.

    The lease is written before the post and the outcome after it: a crash between the two is seen by whoever leases the delivery next. Where
    a channel takes one post a second, `wait` is told how many seconds to let pass until its next turn; without it, the turn is left to the
    next tick.
    """
    worker = _Worker(uow, notifiers, clock, policy, edits_only)
    ends_at = clock.now() + timedelta(seconds=policy.shift_s)
    while True:
        delivery = worker.lease()
        if delivery is not None:
            worker.deliver(delivery)
        else:
            pause_s = worker.next_turn_s()
            if pause_s is None or pause_s > policy.shift_s:
                # Nothing is due, or its channel makes a long pause: a later tick comes back to it.
                break
            if wait is None or clock.now() + timedelta(seconds=pause_s) >= ends_at:
                worker.total = replace(worker.total, is_cut_short=True)
                break
            wait(pause_s)
        if clock.now() >= ends_at:
            worker.total = replace(worker.total, is_cut_short=True)
            break
    if worker.total != Delivered(is_cut_short=worker.total.is_cut_short):
        total = worker.total
        log.info(
            "delivered",
            n_sent=total.n_sent,
            n_edited=total.n_edited,
            n_retried=total.n_retried,
            n_dead=total.n_dead,
            n_found=total.n_found,
            n_blind=total.n_blind,
        )
    return worker.total


def start_channels(*, uow: UnitOfWork) -> list[str]:
    """Start every channel that was stopped, and return their names."""
    with uow.transaction() as store:
        stopped = [state for state in store.channels.states() if state.stopped_at is not None]
        for state in stopped:
            store.channels.save(decide.channel_started(state))
    return [state.channel for state in stopped]


@dataclass
class _Worker:
    """One tick's work."""

    uow: UnitOfWork
    notifiers: Mapping[str, Notifier]
    clock: Clock
    policy: AlertPolicy
    edits_only: bool = False
    total: Delivered = Delivered()

    def lease(self) -> Delivery | None:
        """Return the delivery whose turn it is, leased."""
        gap_s = {name: notifier.gap_s for name, notifier in self.notifiers.items() if isinstance(notifier, Board)}
        with self.uow.transaction() as store:
            leased = store.outbox.lease(now=self.clock.now(), lease_s=self.policy.lease_s, limit=1, gap_s=gap_s, edits_only=self.edits_only)
        return leased[0] if leased else None

    def next_turn_s(self) -> float | None:
        """Return in how many seconds the first channel that has something due is free; None where that is nobody's turn to wait for."""
        now = self.clock.now()
        with self.uow.reading() as store:
            free = [store.channels.state(channel).free_at for channel in store.outbox.due_channels(now=now, edits_only=self.edits_only)]
        waits = [(at - now).total_seconds() for at in free if at is not None and at > now]
        return min(waits, default=None)

    def deliver(self, delivery: Delivery) -> None:
        """Post or make one delivery, and settle what became of it."""
        notifier, attempt = self.notifiers.get(delivery.channel), _Attempt(delivery)
        try:
            if notifier is None:
                raise DeliveryRefusedError(
                    f"channel {delivery.channel!r} is not configured; set it up, then `monitor outbox retry {delivery.delivery_id}`"
                )
            if delivery.aim is not DeliveryAim.POST:
                self._edit(attempt, notifier)
            elif isinstance(notifier, Board):
                self._post(attempt, notifier)
            else:
                self._send(attempt, notifier)
        except DeliveryRefusedError as exc:
            self._refused(attempt, exc)
        except DeliveryError as exc:
            self._failed(attempt, exc)

    def _send(self, attempt: _Attempt, notifier: Notifier) -> None:
        """Post on a simple channel, which cannot be asked what it has."""
        attempt.is_blind = attempt.delivery.unknown_since is not None
        attempt.started_at = self.clock.now()
        self._sent(attempt, notifier.send(attempt.delivery.alert))

    def _post(self, attempt: _Attempt, board: Board) -> None:
        """Find or post what the delivery needs next on a board."""
        delivery = attempt.delivery
        issue_key = delivery.alert.issue_key
        with self.uow.reading() as store:
            thread = store.channels.thread(issue_key, delivery.channel)
            dead_in_doubt = store.outbox.dead_in_doubt(issue_key, delivery.channel)
            post = edits.noted(decide.next_post(delivery, thread, self.policy), store, self.clock.now())
        since = decide.in_doubt_since(delivery, post, dead_in_doubt)
        receipt = None if since is None else self._find(attempt, board, post, since)
        if receipt is None:
            attempt.started_at = self.clock.now()
            receipt = board.post(post)
        if post.form is PostForm.ROOT:
            self._opened(attempt, receipt)
        else:
            self._sent(attempt, receipt)

    def _find(self, attempt: _Attempt, board: Board, post: Post, since: datetime) -> str | None:
        """Return the receipt of what was posted without anybody knowing; None where it was not, or where the board cannot be asked."""
        try:
            receipt = board.find(post, since=since)
        except LookupRefusedError as exc:
            log.warning("posting_blind", delivery=attempt.delivery.delivery_id, channel=attempt.delivery.channel, reason=str(exc))
            attempt.is_blind = True
            return None
        except UnknownOutcomeError as exc:
            # A look that failed changes nothing on the board: what was unknown stays so.
            raise DeliveryError(str(exc), retry_after_s=exc.retry_after_s) from exc
        attempt.is_found = receipt is not None
        # The board has answered: from here on only a new post can be unknown.
        attempt.delivery = replace(attempt.delivery, unknown_since=None)
        log.info(
            "looked_before_posting", delivery=attempt.delivery.delivery_id, channel=attempt.delivery.channel, is_found=attempt.is_found
        )
        return receipt

    def _edit(self, attempt: _Attempt, notifier: Notifier) -> None:
        """Make messages that are there read as what is stored says; of those that are gone nothing is left to do."""
        delivery, now = attempt.delivery, self.clock.now()
        with self.uow.reading() as store:
            found = edits.targets(delivery, store, now)
        gone = set()
        if isinstance(notifier, Board):
            for target in found or ():
                try:
                    notifier.edit(target.receipt, target.post)
                except ThreadGoneError as exc:
                    gone.add(target.receipt)
                    log.warning("message_gone", delivery=delivery.delivery_id, channel=delivery.channel, error=str(exc))
        with self.uow.transaction() as store:
            if found is None:
                due_at = now + timedelta(seconds=self.policy.retry_s)
                store.outbox.settle(replace(delivery, state=DeliveryState.DUE, due_at=due_at, leased_until=None))
                return
            store.outbox.settle(decide.settle_sent(delivery, None, self.clock.now()))
            thread = store.channels.thread(delivery.alert.issue_key, delivery.channel)
            if delivery.aim is DeliveryAim.ROOT and thread is not None and thread.receipt in gone:
                store.channels.forget_thread(delivery.alert.issue_key, delivery.channel)
            _works(store, delivery.channel)
        self.total = replace(self.total, n_edited=self.total.n_edited + 1)

    def _opened(self, attempt: _Attempt, receipt: str) -> None:
        """Record that a thread is open; the delivery is due again, to be posted there."""
        delivery = attempt.delivery
        thread = Thread(delivery.channel, delivery.alert.issue_key, receipt, delivery.alert)
        with self.uow.transaction() as store:
            store.channels.save_thread(thread)
            if attempt.is_found:
                # It may have been posted for another alert of the issue, which has died since.
                edits.after_change(store, thread.alert, delivery.channel, self.clock.now())
            store.outbox.settle(decide.settle_opened(attempt.counted(), self.clock.now()))
            _works(store, delivery.channel)
        self.total = replace(self.total, n_found=self.total.n_found + attempt.is_found, n_blind=self.total.n_blind + attempt.is_blind)
        log.info("thread_opened", issue=delivery.alert.issue_key, channel=delivery.channel)

    def _sent(self, attempt: _Attempt, receipt: str | None) -> None:
        delivery, now = attempt.delivery, self.clock.now()
        with self.uow.transaction() as store:
            store.outbox.settle(decide.settle_sent(attempt.counted(), receipt, now))
            thread = store.channels.thread(delivery.alert.issue_key, delivery.channel)
            if thread is not None and decide.is_news_to_root(thread, delivery.alert):
                store.channels.save_thread(replace(thread, alert=delivery.alert))
                edits.after_change(store, delivery.alert, delivery.channel, now)
            _works(store, delivery.channel)
        self.total = replace(
            self.total,
            n_sent=self.total.n_sent + 1,
            n_found=self.total.n_found + attempt.is_found,
            n_blind=self.total.n_blind + attempt.is_blind,
        )
        log.info("delivery_sent", delivery=delivery.delivery_id, channel=delivery.channel)

    def _refused(self, attempt: _Attempt, error: DeliveryRefusedError) -> None:
        """Record a refusal: of this alert alone, or of the whole channel, which is then stopped and the other channels told."""
        delivery, now = attempt.delivery, self.clock.now()
        is_thread_gone = isinstance(error, ThreadGoneError)
        settled = decide.settle_failed(
            delivery, str(error), is_permanent=not is_thread_gone, retry_after_s=None, now=now, policy=self.policy
        )
        with self.uow.transaction() as store:
            store.outbox.settle(settled)
            if is_thread_gone:
                store.channels.forget_thread(delivery.alert.issue_key, delivery.channel)
            if isinstance(error, ChannelRefusedError):
                self._stop(store, delivery.channel, str(error))
        self._count_unsent(settled)
        if is_thread_gone:
            log.warning("thread_gone", issue=delivery.alert.issue_key, channel=delivery.channel, error=str(error))
        else:
            log.error("delivery_dead", delivery=delivery.delivery_id, error=str(error))

    def _stop(self, store: Transaction, channel: str, error: str) -> None:
        state = decide.channel_stopped(store.channels.state(channel), error, self.clock.now())
        store.channels.save(state)
        notice = decide.stop_notice(state, self.clock.now())
        stopped = {found.channel for found in store.channels.states() if found.stopped_at is not None}
        for other in self.notifiers.keys() - stopped:
            store.outbox.add(make_delivery(notice, other, self.clock.now()))
        log.error("channel_stopped", channel=channel, error=error, told=sorted(self.notifiers.keys() - stopped))

    def _failed(self, attempt: _Attempt, error: DeliveryError) -> None:
        """Record a failure that may pass: the channel asked to wait, was out of reach, or left it unknown whether it posted."""
        now, delivery, channel = self.clock.now(), attempt.delivery, attempt.delivery.channel
        if isinstance(error, UnknownOutcomeError) and delivery.aim is DeliveryAim.POST:
            counted = attempt.counted()
            delivery = replace(counted, unknown_since=counted.unknown_since or attempt.started_at or now)
        if isinstance(error, RateLimitedError):
            settled = decide.settle_limited(delivery, str(error), retry_after_s=error.retry_after_s, now=now, policy=self.policy)
        else:
            settled = decide.settle_failed(
                delivery, str(error), is_permanent=False, retry_after_s=error.retry_after_s, now=now, policy=self.policy
            )
        with self.uow.transaction() as store:
            store.outbox.settle(settled)
            state = store.channels.state(channel)
            if isinstance(error, RateLimitedError):
                store.channels.save(decide.channel_limited(state, settled.due_at, str(error)))
            else:
                store.channels.save(decide.channel_failed(state, str(error), now, self.policy))
        self._count_unsent(settled)
        log.warning(
            "delivery_failed",
            delivery=delivery.delivery_id,
            error=str(error),
            state=settled.state.value,
            next_at=settled.due_at.isoformat(),
            is_unknown=settled.unknown_since is not None,
        )

    def _count_unsent(self, settled: Delivery) -> None:
        is_dead = settled.state is DeliveryState.DEAD
        self.total = replace(self.total, n_retried=self.total.n_retried + (not is_dead), n_dead=self.total.n_dead + is_dead)


@dataclass
class _Attempt:
    """What is known of a delivery while it is under way."""

    delivery: Delivery
    #: Instant just before the post; None before it.
    started_at: datetime | None = None
    #: Whether an earlier post may have arrived, and the channel could not be asked.
    is_blind: bool = False
    is_found: bool = False

    def counted(self) -> Delivery:
        """Return the delivery with this attempt counted, where it was blind."""
        return replace(self.delivery, n_blind=self.delivery.n_blind + self.is_blind)


def _works(store: Transaction, channel: str) -> None:
    """Record that a channel works; most times it is known already."""
    state = store.channels.state(channel)
    if decide.channel_works(state) != state:
        store.channels.save(decide.channel_works(state))

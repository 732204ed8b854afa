"""route: an alert to its channels: into the outbox, or to where it waits. Part of the transaction that makes the alert."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.core.alerts import Suppressed, make_delivery
from monitor.core.quiet import ChannelMemory, Told, combine, decide_route, memory_since, takes
from monitor.core.reviews import review_of_issue
from monitor.core.types import Alert, ChannelRules, HeldAlert, Issue, IssueKey, QuietPolicy, Review
from monitor.errors import DatabaseBusyError
from monitor.ports import Transaction


@dataclass(frozen=True, slots=True)
class Routed:
    """What became of an alert."""

    n_queued: int = 0
    n_held: int = 0
    #: Why it is not told at once everywhere, in words.
    reasons: tuple[str, ...] = ()


def route_change(
    alert: Alert,
    issue: Issue,
    *,
    store: Transaction,
    channels: Collection[str],
    rules: Mapping[str, ChannelRules],
    now: datetime,
    has_more: bool,
) -> Routed:
    """Put an alert on a change on its way to each channel that takes the issue. `has_more`: see `decide_route`."""
    total = Routed()
    for channel in channels:
        mine = rules.get(channel, ChannelRules())
        if not takes(channel, mine, issue.key, issue.alerts):
            continue
        policy = combine(mine.quiet, issue.alerts.quiet)
        total = _add(total, _route(alert, channel, policy, store=store, now=now, has_more=has_more))
    return total


def route_notice(
    alert: Alert, *, store: Transaction, channels: Collection[str], rules: Mapping[str, ChannelRules], now: datetime
) -> Routed:
    """Put a notice on its way to each channel that takes notices."""
    total = Routed()
    for channel in channels:
        mine = rules.get(channel, ChannelRules())
        if mine.takes_notices:
            total = _add(total, _route(alert, channel, mine.quiet, store=store, now=now, has_more=False))
    return total


def remember(
    channel: str, since: datetime, *, store: Transaction, now: datetime, issue_keys: Collection[IssueKey] | None = None
) -> ChannelMemory:
    """Return what a channel was told since an instant, what waits for it, and which of its issues (None: those that wait) are muted."""
    waiting = tuple(store.held.waiting(channel))
    keys = dict.fromkeys(held.alert.issue_key for held in waiting) if issue_keys is None else issue_keys
    mutes = {key: mute for key in keys if (mute := _mute(key, store, now)) is not None}
    return ChannelMemory(tuple(store.held.recent(channel, since=since)) if since < now else (), waiting, mutes)


def put_out(told: Told, channel: str, *, store: Transaction, now: datetime) -> int:
    """Put a message into the outbox, and mark what waited as told in it; return how many deliveries were new.

    Raises: DatabaseBusyError where another worker has told it meanwhile, so that the transaction is rolled back.
    """
    if not store.held.mark_told(told.taken, told_in=told.alert.alert_id):
        raise DatabaseBusyError(f"what waits for {channel} was told by another worker just now; the next tick looks again")
    return int(store.outbox.add(make_delivery(told.alert, channel, now)))


def _route(alert: Alert, channel: str, policy: QuietPolicy, *, store: Transaction, now: datetime, has_more: bool) -> Routed:
    memory = remember(channel, memory_since(policy, now), store=store, now=now, issue_keys=[alert.issue_key])
    decision = decide_route(alert, channel, policy, memory, now, has_more=has_more)
    if isinstance(decision, Suppressed):
        return Routed(reasons=(decision.reason,))
    if isinstance(decision, HeldAlert):
        n_held = int(store.held.hold(decision))
        return Routed(n_held=n_held, reasons=(f"held for {channel} until {decision.release_at:%d %b %H:%M} UTC: {decision.reason}",))
    return Routed(n_queued=put_out(decision, channel, store=store, now=now))


def _mute(issue_key: IssueKey, store: Transaction, now: datetime) -> Review | None:
    return review_of_issue(issue_key, store.reviews.of_issue(issue_key), now=now).mute


def _add(one: Routed, other: Routed) -> Routed:
    return Routed(one.n_queued + other.n_queued, one.n_held + other.n_held, one.reasons + other.reasons)

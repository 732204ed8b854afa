"""release: what waited for its time to the outbox, told as one message a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from monitor.core.quiet import CAUGHT_UP, memory_since, plan_release, policy_for
from monitor.core.types import ChannelRules, Health, Issue
from monitor.jobs.route import put_out, remember
from monitor.ports import Clock, Transaction, UnitOfWork

log = structlog.get_logger(__name__)

#: A feed that is due is asked at the next tick, some seconds later; one that has been due for longer waits for its turn in a backlog.
_LONG_DUE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Released:
    """What one tick did."""

    #: Messages put out, and the alerts that they tell.
    n_messages: int = 0
    n_alerts: int = 0


def run(issues: Sequence[Issue], *, uow: UnitOfWork, clock: Clock, rules: Mapping[str, ChannelRules]) -> Released:
    """Tell what is ready, each channel in one transaction. A channel that is no longer configured gets it as well: its delivery says so."""
    with uow.reading() as store:
        channels = store.held.channels()
        is_due = any(held.release_at <= clock.now() or held.held_at > clock.now() for name in channels for held in store.held.waiting(name))
    n_messages = n_alerts = 0
    for channel in channels if is_due else ():
        mine = rules.get(channel, ChannelRules())
        policy_of = policy_for(issues, mine)
        with uow.transaction() as store:
            now = clock.now()
            since = min((memory_since(policy_of(issue.key), now) for issue in issues), default=memory_since(mine.quiet, now))
            memory = remember(channel, since, store=store, now=now)
            if any(held.reason == CAUGHT_UP for held in memory.waiting):
                memory = replace(memory, has_backlog=_has_backlog(issues, store, now))
            told, postponed = plan_release(memory, policy_of, now)
            for wait in postponed:
                store.held.postpone(wait.held)
            if told is not None:
                n_messages += put_out(told, channel, store=store, now=now)
                n_alerts += len(told.taken)
    if n_messages:
        log.info("released", n_messages=n_messages, n_alerts=n_alerts)
    return Released(n_messages, n_alerts)


def _has_backlog(issues: Sequence[Issue], store: Transaction, now: datetime) -> bool:
    """Return whether there are feeds long due or never asked, articles not matched, or evidence not assessed."""
    if store.feeds.due(now=now - _LONG_DUE, limit=1) or any(state.health is Health.NEW for state in store.feeds.states()):
        return True
    for issue in issues:
        baseline = store.issues.baseline(issue.key)
        if store.issues.unseen_evidence(issue.key, limit=1):
            return True
        if baseline is not None and store.articles.unmatched(issue.key, baseline.baseline_id, limit=1):
            return True
    return False

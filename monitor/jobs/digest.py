"""digest: the regular report of each channel that asks for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from monitor.core.alerts import make_delivery
from monitor.core.digest import IssueReport, decide_digest, make_digest
from monitor.core.quiet import takes
from monitor.core.types import ChannelRules, Issue, IssueActivity
from monitor.ports import ActivityQueries, Clock, UnitOfWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Digested:
    """What one tick did."""

    n_digests: int = 0


def run(
    issues: Sequence[Issue],
    *,
    uow: UnitOfWork,
    activity: ActivityQueries,
    clock: Clock,
    channels: Sequence[str],
    rules: Mapping[str, ChannelRules],
) -> Digested:
    """Make the digests that are due. Digest and mark are one transaction, so that a crash makes the same digest again, once."""
    n_digests = 0
    for channel in channels:
        mine = rules.get(channel, ChannelRules())
        if mine.digest is None:
            continue
        now = clock.now()
        with uow.reading() as store:
            before = store.held.digest_mark(channel)
        decision = decide_digest(channel, mine.digest, before, now)
        if decision is None:
            continue
        mark, is_due = decision
        found = activity.activity(before.made_at, now) if is_due and before else None
        with uow.transaction() as store:
            if store.held.digest_mark(channel) != before:
                # Another worker made it meanwhile.
                continue
            store.held.save_digest_mark(mark)
            if found is None:
                continue
            reports = [
                IssueReport(issue, store.issues.state(issue.key), found.issues.get(issue.key, IssueActivity()))
                for issue in issues
                if takes(channel, mine, issue.key, issue.alerts)
            ]
            alert = make_digest(channel, mine.digest, mark.slot_at, found, reports, store.feeds.states())
            n_digests += store.outbox.add(make_delivery(alert, channel, now))
        log.info("digest_made", channel=channel, since=found.since.isoformat(), n_polls=found.n_polls)
    return Digested(n_digests)

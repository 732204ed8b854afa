"""prune: forget the record of old polls; changes, evidence, articles and the outbox are kept."""

from __future__ import annotations

from datetime import timedelta

import structlog

from monitor.ports import Clock, UnitOfWork

log = structlog.get_logger(__name__)


def run(*, uow: UnitOfWork, clock: Clock, poll_days: float) -> int:
    """Remove the record of polls older than `poll_days`; return how many."""
    with uow.transaction() as store:
        n_removed = store.feeds.forget_polls(before=clock.now() - timedelta(days=poll_days))
    if n_removed:
        log.info("pruned", n_polls=n_removed)
    return n_removed

"""prune: the record of old polls goes, everything else stays."""

from __future__ import annotations

from datetime import timedelta

from monitor.core.types import Poll
from monitor.jobs import prune
from monitor.testing.fakes import FrozenClock
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.examples import delivery
from tests.story import AGREED, GAZETTE, article, learn, store_articles


def test_only_the_record_of_old_polls_is_forgotten(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(uow, clock)
    store_articles(uow, article(AGREED))
    with uow.transaction() as tx:
        tx.feeds.sync([GAZETTE], now=clock.now())
        tx.outbox.add(delivery())
        for days in (0, 29, 31, 400):
            tx.feeds.record(Poll(GAZETTE.key, clock.now() - timedelta(days=days), "ok"))
    before = uow.committed()
    assert prune.run(uow=uow, clock=clock, poll_days=30) == 2
    assert prune.run(uow=uow, clock=clock, poll_days=30) == 0
    after = uow.committed()
    assert len(after.polls) == 2
    assert (dict(after.articles), dict(after.changes), dict(after.outbox)) == (
        dict(before.articles),
        dict(before.changes),
        dict(before.outbox),
    )

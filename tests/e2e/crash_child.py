"""One round of every job over a small story, in a process that can be told where to die. Run as a script by the tests of crashes.

    python -m tests.e2e.crash_child SLACK_URL MINUTES KIND MOMENT NUMBER DATABASE ...

`KIND` is `commit` or `send`, `MOMENT` `before` or `after`, `NUMBER` the how-manieth of its kind; 0 never dies. `MINUTES` is how long after
the story's end it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from monitor.core.policy import AlertPolicy, PollPolicy, StatusPolicy
from monitor.core.types import Alert, Feed
from monitor.jobs import assess, deliver, poll, watch
from monitor.jobs.poll import Polling
from monitor.notify.slack import SlackNotifier
from monitor.ports import Transaction, UnitOfWork
from monitor.store.session import SqlUnitOfWork
from monitor.testing.fake_feeds import FakeFetcher, FakeParser
from monitor.testing.fakes import FrozenClock
from tests.story import AGREED, AGREED_ELSEWHERE, CAKES, GAZETTE, HERALD, ISSUE, STATEMENT, Item, judge, learn

STORY: tuple[tuple[Feed, tuple[Item, ...]], ...] = ((GAZETTE, (CAKES, AGREED, STATEMENT)), (HERALD, (AGREED_ELSEWHERE,)))
DIED = 9


@dataclass
class Fate:
    """Where the process is to die."""

    kind: str
    moment: str
    number: int
    n_so_far: int = 0

    def meet(self, kind: str, moment: str) -> None:
        """Die without ceremony if this is the place."""
        if kind != self.kind:
            return
        self.n_so_far += moment == "before"
        if moment == self.moment and self.n_so_far == self.number:
            os._exit(DIED)


@dataclass
class MortalUnitOfWork:
    """A store that may die on either side of a commit."""

    inner: SqlUnitOfWork
    fate: Fate

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self.inner.transaction() as tx:
            yield tx
            self.fate.meet("commit", "before")
        self.fate.meet("commit", "after")

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self.inner.reading() as tx:
            yield tx


@dataclass
class MortalNotifier:
    """A channel that may die on either side of a post."""

    inner: SlackNotifier
    fate: Fate

    @property
    def channel(self) -> str:
        return self.inner.channel

    def send(self, alert: Alert) -> str | None:
        self.fate.meet("send", "before")
        receipt = self.inner.send(alert)
        self.fate.meet("send", "after")
        return receipt


def work(uow: UnitOfWork, notifier: MortalNotifier, clock: FrozenClock) -> None:
    """Run every job once, as the daemon would after its start."""
    fetcher, parser = FakeFetcher(), FakeParser()
    for feed, items in STORY:
        fetcher.publish(feed.url, b"feed")
        for item in items:
            parser.entry(feed, item.number, title=item.title, text=item.text, published_at=item.at)
    learn(uow, clock)
    with uow.transaction() as tx:
        tx.feeds.sync([feed for feed, _ in STORY], now=clock.now())
    poll.run(Polling(uow, fetcher, parser, clock, PollPolicy(), jitter=lambda: 0.0, pause=clock.advance))
    judge(uow)
    channels = [notifier.channel]
    assess.run([ISSUE], uow=uow, clock=clock, status_policy=StatusPolicy(), alert_policy=AlertPolicy(), channels=channels)
    deliver.run(uow=uow, notifiers={notifier.channel: notifier}, clock=clock, policy=AlertPolicy())
    watch.run(uow=uow, clock=clock, channels=channels, policy=PollPolicy())


def main() -> None:
    slack_url, minutes, kind, moment, number, *databases = sys.argv[1:]
    for database in databases:
        fate = Fate(kind, moment, int(number))
        clock = FrozenClock(STATEMENT.at + timedelta(minutes=int(minutes)))
        # The database's name is its channel, so that one stand-in serves all.
        notifier = MortalNotifier(SlackNotifier("xoxb-1", Path(database).stem, base_url=slack_url), fate)
        with closing(SqlUnitOfWork(f"sqlite:///{database}")) as uow:
            work(MortalUnitOfWork(uow, fate), notifier, clock)


if __name__ == "__main__":
    main()

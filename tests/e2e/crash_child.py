"""One round of every job over a small story, in processes that die where they are told. Run as a script by the tests of crashes.

    python -m tests.e2e.crash_child kill SLACK_URL TEMPLATE FOLDER     one process for each border there is; prints their databases
    python -m tests.e2e.crash_child run SLACK_URL MINUTES DATABASE ... one round on each database, without dying

A border lies after each commit, post and edit. `MINUTES` is how long after the story's end it is.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

from monitor.core.policy import AlertPolicy, PollPolicy, StatusPolicy
from monitor.core.types import Feed
from monitor.jobs import assess, deliver, poll, watch
from monitor.jobs.poll import Polling
from monitor.notify.slack import SlackNotifier
from monitor.ports import UnitOfWork
from monitor.store.session import SqlUnitOfWork
from monitor.testing.fake_feeds import FakeFetcher, FakeParser
from monitor.testing.fakes import FrozenClock
from monitor.testing.mortal import MortalBoard, MortalUnitOfWork
from tests.story import AGREED, AGREED_ELSEWHERE, CAKES, GAZETTE, HERALD, ISSUE, STATEMENT, Item, judge, learn

STORY: tuple[tuple[Feed, tuple[Item, ...]], ...] = ((GAZETTE, (CAKES, AGREED, STATEMENT)), (HERALD, (AGREED_ELSEWHERE,)))
DIED = 9


@dataclass
class Fate:
    """Just after what the process is to die: the how-manieth `committed`, `posted` or `edited`; 0: never."""

    kind: str
    number: int
    n_so_far: int = 0

    def meet(self, kind: str) -> None:
        """Die without ceremony if this is the place."""
        self.n_so_far += kind == self.kind
        if kind == self.kind and self.n_so_far == self.number:
            os._exit(DIED)


def work(uow: UnitOfWork, notifier: MortalBoard, clock: FrozenClock) -> None:
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
    deliver.run(uow=uow, notifiers={notifier.channel: notifier}, clock=clock, policy=AlertPolicy(), wait=clock.wait)
    watch.run(uow=uow, clock=clock, channels=channels, policy=PollPolicy())


def live(slack_url: str, minutes: int, database: Path, fate: Fate) -> None:
    """Work one round on a database."""
    clock = FrozenClock(STATEMENT.at + timedelta(minutes=minutes))
    # The database's name is its channel, so that one stand-in serves all.
    board = MortalBoard(SlackNotifier("xoxb-1", database.stem, base_url=slack_url), fate.meet)
    with closing(SqlUnitOfWork(f"sqlite:///{database}")) as uow:
        work(MortalUnitOfWork(uow, fate.meet), board, clock)


def kill_everywhere(slack_url: str, template: Path, folder: Path) -> Iterator[Path]:
    """Kill a process at each border of each kind, until one runs through; yield the databases of the dead."""
    # To die before something is to die after what came before it: only these moments differ in what they leave behind.
    for kind in ("committed", "posted", "edited"):
        for number in count(1):
            database = Path(shutil.copy(template, folder / f"{kind}-{number}.db"))
            # Forked, as each would else spend seconds on imports.
            process = os.fork()
            if process == 0:
                live(slack_url, 60, database, Fate(kind, number))
                os._exit(0)
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            if status == 0:
                break
            if status != DIED:
                raise SystemExit(f"{database.stem}: ended with status {status}")
            yield database


def main() -> None:
    what, slack_url, *rest = sys.argv[1:]
    if what == "kill":
        for database in kill_everywhere(slack_url, Path(rest[0]), Path(rest[1])):
            print(database)
    else:
        for database in map(Path, rest[1:]):
            live(slack_url, int(rest[0]), database, Fate("none", 0))


if __name__ == "__main__":
    main()

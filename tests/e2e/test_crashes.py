"""The process is killed at every border of a transaction and of a post; a fresh one then finishes, and nothing is lost or told twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from monitor.core.types import Change, Delivery, DeliveryState
from monitor.store.session import SqlUnitOfWork
from monitor.testing.slack_server import StandInSlack
from tests.e2e.crash_child import DIED

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Case:
    """One killed process."""

    database: Path
    #: What was posted and leased at its death: nobody can know whether the post was settled.
    unsettled: frozenset[str]


@dataclass(frozen=True)
class World:
    folder: Path
    template: Path
    slack: StandInSlack

    def run(self, minutes: int, kind: str, moment: str, number: int, *databases: Path) -> int:
        words = [sys.executable, "-m", "tests.e2e.crash_child", self.slack.base_url, str(minutes), kind, moment, str(number)]
        done = subprocess.run([*words, *map(str, databases)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode in {0, DIED}, done.stderr
        return done.returncode

    def new_database(self, name: str) -> Path:
        return Path(shutil.copy(self.template, self.folder / f"{name}.db"))

    def kill_everywhere(self, kind: str, moment: str) -> list[Case]:
        """Kill one process at each border of a kind, until one runs through."""
        cases = []
        for number in count(1):
            database = self.new_database(f"{kind}-{moment}-{number}")
            if self.run(60, kind, moment, number, database) == 0:
                break
            leased = {row.alert.alert_id for row in _deliveries(database) if row.state is DeliveryState.LEASED}
            cases.append(Case(database, frozenset(leased & self.posts(database).keys())))
        return cases

    def posts(self, database: Path) -> Counter[str]:
        """Return how often each alert was posted for a database."""
        own = [message for message in self.slack.messages if message["channel"] == database.stem]
        return Counter(message["metadata"]["event_payload"]["alert_id"] for message in own)


def _deliveries(database: Path) -> list[Delivery]:
    with closing(SqlUnitOfWork(f"sqlite:///{database}")) as uow, uow.reading() as tx:
        return tx.outbox.list()


def _contents(database: Path) -> tuple[list[Change], set[str], list[tuple[str, str]]]:
    with closing(SqlUnitOfWork(f"sqlite:///{database}")) as uow, uow.reading() as tx:
        changes = tx.issues.changes()
        names = [
            f"https://{feed}.example/articles/{number}" for feed, number in (("gazette", 5), ("gazette", 2), ("gazette", 4), ("herald", 3))
        ]
        articles = {found.title for name in names if (found := tx.articles.find(name)) is not None}
        return changes, articles, sorted((row.delivery_id, row.state.value) for row in tx.outbox.list())


@pytest.fixture
def world(tmp_path: Path, sqlite_template: Path) -> Iterator[World]:
    with StandInSlack() as slack:
        yield World(tmp_path, sqlite_template, slack)


def test_whatever_border_the_process_dies_at_nothing_is_lost_or_told_twice(world: World) -> None:
    undisturbed = world.new_database("undisturbed")
    assert world.run(60, "none", "before", 0, undisturbed) == 0
    expected = _contents(undisturbed)
    changes, articles, deliveries = expected
    assert [change.to_status for change in changes] == ["talks_under_way", "broadly_agreed", "broadly_agreed", "joint_statement"]
    assert len(articles) == 4
    assert [state for _, state in deliveries] == ["sent", "sent"]

    places = [("commit", "before"), ("commit", "after"), ("send", "before"), ("send", "after")]
    with ThreadPoolExecutor(2) as pool:
        cases = [case for found in pool.map(lambda place: world.kill_everywhere(*place), places) for case in found]
    # At least one transaction for seeds, feeds, each poll, the matches, each piece of evidence, each lease and each settlement.
    assert len(cases) >= 2 * (1 + 1 + 2 + 1 + 3 + 2 + 2) + 2 * 2
    assert any(case.unsettled for case in cases)

    # A fresh process finishes all of them, after the leases have run out.
    assert world.run(180, "none", "before", 0, *(case.database for case in cases)) == 0
    alerts = {name.removesuffix("@slack") for name, _ in deliveries}
    for case in cases:
        assert _contents(case.database) == expected, case
        assert world.posts(case.database) == {alert: 1 + (alert in case.unsettled) for alert in alerts}, case

    # And once more: everything is quiet.
    n_messages = len(world.slack.messages)
    assert world.run(600, "none", "before", 0, *(case.database for case in cases)) == 0
    assert len(world.slack.messages) == n_messages

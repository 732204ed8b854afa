"""The process is killed at every border of a transaction and of a post; a fresh one then finishes, and nothing is lost or told twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.core.types import Change, Delivery, DeliveryAim
from monitor.store.session import SqlUnitOfWork
from monitor.testing.slack_server import StandInSlack

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class World:
    folder: Path
    template: Path
    slack: StandInSlack

    def run(self, minutes: int, *databases: Path) -> None:
        """Work one round on each database, without dying."""
        self._child("run", str(minutes), *map(str, databases))

    def new_database(self, name: str) -> Path:
        return Path(shutil.copy(self.template, self.folder / f"{name}.db"))

    def kill_everywhere(self) -> list[Path]:
        """Kill a process at each border there is; return their databases."""
        return [Path(line) for line in self._child("kill", str(self.template), str(self.folder)).splitlines() if line.endswith(".db")]

    def _child(self, what: str, *rest: str) -> str:
        words = [sys.executable, "-m", "tests.e2e.crash_child", what, self.slack.base_url, *rest]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def posts(self, database: Path) -> Counter[str]:
        """Return how often each key was posted for a database."""
        own = [message for message in self.slack.messages if message["channel_name"] == database.stem]
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
        # Edits are left out: a root that was found rather than posted is edited once more, as it may be there for another alert.
        posts = [row for row in tx.outbox.list() if row.aim is DeliveryAim.POST]
        return changes, articles, sorted((row.delivery_id, row.state.value) for row in posts)


def _edits(database: Path) -> list[tuple[str, str]]:
    """Return the edits that were asked for, with what became of them."""
    return sorted((row.delivery_id, row.state.value) for row in _deliveries(database) if row.aim is not DeliveryAim.POST)


@pytest.fixture
def world(tmp_path: Path, sqlite_template: Path) -> Iterator[World]:
    with StandInSlack() as slack:
        yield World(tmp_path, sqlite_template, slack)


def test_whatever_border_the_process_dies_at_nothing_is_lost_or_told_twice(world: World) -> None:
    undisturbed = world.new_database("undisturbed")
    world.run(60, undisturbed)
    expected = _contents(undisturbed)
    changes, articles, deliveries = expected
    assert [change.to_status for change in changes] == ["talks_under_way", "broadly_agreed", "broadly_agreed", "joint_statement"]
    assert len(articles) == 4
    assert [state for _, state in deliveries] == ["sent", "sent"]
    [edit] = _edits(undisturbed)

    killed = world.kill_everywhere()
    # At least one transaction for seeds, feeds, each poll, the matches, each piece of evidence, each lease and each settlement; a root and
    # two replies are posted, and the root is edited once.
    assert len(killed) >= (1 + 1 + 2 + 1 + 3 + 3 + 3) + 3 + 1
    is_unknown = [any(row.unknown_since for row in _deliveries(database)) for database in killed]
    assert is_unknown.count(True) >= 2 * 3

    for database in killed:
        world.slack.workspace.add_channel(database.stem)
    # A fresh process finishes all of them, after the leases have run out: it looks before it posts again.
    world.run(180, *killed)
    alerts = {name.removesuffix("@slack") for name, _ in deliveries}
    for database in killed:
        assert _contents(database) == expected, database
        edits = _edits(database)
        assert edit in edits, database
        assert {state for _, state in edits} == {"sent"}, database
        assert world.posts(database) == dict.fromkeys(alerts, 1) | {f"root_{changes[0].issue_key}": 1}, database
        assert {row.n_blind for row in _deliveries(database)} == {0}, database
    assert any(method.startswith("conversations.") for method, _ in world.slack.calls)

    # And once more: everything is quiet.
    n_messages = len(world.slack.messages)
    world.run(600, *killed[::5])
    assert len(world.slack.messages) == n_messages

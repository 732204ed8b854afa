"""The command over feeds on loopback and a database of its own, read without a model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from monitor import scheduler
from monitor.cli import exit_status
from monitor.cli.context import root
from monitor.config import load_settings
from monitor.errors import MonitorError
from monitor.testing.loopback import LoopbackSite
from tests.databases import sqlite_template
from tests.story import AGREED, AGREED_ELSEWHERE, CAKES, STATEMENT, rss
from tests.story_app import StoryApp, write_files

__all__ = ["sqlite_template"]


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    #: What was said on standard error; of an error that the project can explain, its text.
    err: str


@dataclass
class Command:
    """Runs the command in this process, with settings in `folder`."""

    folder: Path
    site: LoopbackSite
    settings: Path

    def __call__(self, *words: str) -> Outcome:
        result = CliRunner().invoke(root, ["--config", str(self.settings), *words])
        error = result.exception
        if isinstance(error, MonitorError):
            return Outcome(exit_status(error), result.stdout, str(error))
        if error is not None and not isinstance(error, SystemExit):
            raise error
        return Outcome(result.exit_code, result.stdout, result.stderr)


def _publish(site: LoopbackSite) -> dict[str, str]:
    """Put the story into two feeds, and return their addresses by key."""
    return {
        "gazette": site.publish("/gazette.xml", rss(CAKES, AGREED, STATEMENT)),
        "herald": site.publish("/herald.xml", rss(AGREED_ELSEWHERE, site="https://herald.example", title="Herald")),
    }


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite() as site:
        yield site


@pytest.fixture
def empty(tmp_path: Path, site: LoopbackSite, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """The command on a new database."""
    monkeypatch.setattr("monitor.app.App", StoryApp)
    settings = write_files(tmp_path, _publish(site))
    shutil.copy(sqlite_template, tmp_path / "monitor.db")
    yield Command(tmp_path, site, settings)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def told_template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A database after one round of all jobs."""
    folder = tmp_path_factory.mktemp("told")
    with LoopbackSite() as site:
        settings = write_files(folder, _publish(site))
        shutil.copy(sqlite_template, folder / "monitor.db")
        app = StoryApp(load_settings(settings))
        scheduler.prepare(app)
        app.poll()
        app.match()
        app.assess()
        with redirect_stdout(StringIO()):
            app.deliver()
        app.uow.close()
    return folder / "monitor.db"


@pytest.fixture
def command(empty: Command, told_template: Path) -> Command:
    """The command after one round of all jobs."""
    shutil.copy(told_template, empty.folder / "monitor.db")
    return empty

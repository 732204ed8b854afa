"""`monitor --help` answers at once, and every command says what it is for."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from monitor import __version__
from monitor.cli.context import root

#: Each takes longer to import than a person waits for a help text.
HEAVY = ("sqlalchemy", "torch", "httpx", "feedparser", "sentence_transformers", "pydantic", "alembic", "slack_sdk", "numpy")


def test_help_answers() -> None:
    done = subprocess.run([sys.executable, "-m", "monitor", "--help"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert done.stderr == ""
    for word in ("run", "poll", "replay", "log", "issues", "explain", "feeds", "outbox", "doctor", "db", "demo", "settings", "web"):
        assert f" {word} " in done.stdout


def test_the_command_imports_nothing_heavy() -> None:
    code = f"import sys, monitor.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_an_error_is_told_without_a_trace_and_ends_with_its_status(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "--config", f"{tmp_path}/none.yaml", "log"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr == f"monitor: {tmp_path}/none.yaml: there is no such file; give --config an existing file or leave it out\n"
    assert done.stdout == ""


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(root, ["--version"]).stdout == f"monitor {__version__}\n"


@pytest.mark.parametrize("words", [["no-such-command"], ["log", "--format", "xml"], ["log", "--limit", "0"], ["explain"], ["replay"]])
def test_wrong_usage_is_status_2(words: list[str]) -> None:
    assert CliRunner().invoke(root, words).exit_code == 2


@pytest.mark.parametrize("group", ["issues", "feeds", "outbox", "db"])
def test_a_group_alone_lists_its_commands(group: str) -> None:
    assert "Commands" in CliRunner().invoke(root, [group]).output

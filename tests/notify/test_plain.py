"""Alerts as plain text and on the console."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from monitor.notify.console import ConsoleNotifier
from monitor.notify.plain import plain_text
from tests.examples import change, delivery


def test_a_change_is_told_with_proof_before_and_reason() -> None:
    lines = plain_text(delivery().alert).splitlines()
    assert lines[0] == "Agreed"
    assert lines[1] == "reported, 1 independent origin: Wire; confidence 0.90"
    assert lines[2].startswith("now:    “We agreed.” — Wire, 01 Mar 2026 12:00 UTC https://news.example/a-1")
    assert lines[3].startswith("before: “We agreed.”")
    assert lines[-2:] == ["why:    decisive", "line"]


def test_origins_are_counted_once_each() -> None:
    told = replace(change(), origins=("Wire", "Gazette", "Wire"))
    assert "2 independent origins: Wire, Gazette" in plain_text(replace(delivery().alert, change=told))


def test_a_notice_is_its_headline_and_its_lines() -> None:
    assert plain_text(delivery(is_notice=True).alert) == "Agreed\nline"


def test_the_console_prints_between_rules_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert ConsoleNotifier().send(delivery(is_notice=True).alert) is None
    first, *told, last, end = capsys.readouterr().out.split("\n")
    assert (first, told, end) == (last, ["Agreed", "line"], "")


def test_the_console_prints_to_the_stream_it_was_given() -> None:
    stream = io.StringIO()
    ConsoleNotifier(stream).send(delivery().alert)
    assert "Agreed" in stream.getvalue()

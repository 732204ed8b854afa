"""`monitor outbox`: list and retry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.config import load_settings
from monitor.core.types import DeliveryState, HeldAlert
from tests.cli.conftest import Command
from tests.examples import NOON, delivery
from tests.story_app import StoryApp


@pytest.fixture
def dead(command: Command) -> Command:
    """The command with two dead deliveries beside those sent."""
    app = StoryApp(load_settings(command.settings))
    with app.uow.transaction() as tx:
        for name in ("d-1", "d-2"):
            tx.outbox.add(replace(delivery(name), state=DeliveryState.DEAD, last_error="is_archived", n_attempts=3))
    app.uow.close()
    return command


def test_list_tells_state_time_headline_and_error(dead: Command) -> None:
    lines = dead("outbox", "list").out.splitlines()
    assert len(lines) == 4
    assert [line.split()[0] for line in lines].count("sent") == 2
    assert any(line.startswith("dead    2026-03-01 12:00 d-1  Agreed  tries 3  last error: is_archived") for line in lines)


def test_list_can_be_narrowed(dead: Command) -> None:
    assert len(dead("outbox", "list", "--state", "dead").out.splitlines()) == 2
    assert len(dead("outbox", "list", "--limit", "1").out.splitlines()) == 1
    assert dead("outbox", "list", "--state", "due").out == "no deliveries are due\n"


def test_an_unknown_state_is_status_2(dead: Command) -> None:
    assert dead("outbox", "list", "--state", "lost").status == 2


def test_an_empty_outbox_says_so(empty: Command) -> None:
    assert empty("outbox", "list").out == "no deliveries\n"


def test_one_dead_delivery_or_all_are_made_due_again(dead: Command) -> None:
    assert dead("outbox", "retry", "d-1").out == "1 deliveries are due again\n"
    assert dead("outbox", "retry").out == "1 deliveries are due again\n"
    assert dead("outbox", "retry").out == "0 deliveries are due again\n"
    assert len(dead("outbox", "list", "--state", "due").out.splitlines()) == 2


def test_what_is_not_dead_cannot_be_retried_and_is_status_1(dead: Command) -> None:
    told = dead("outbox", "retry", "nothing")
    assert told.status == 1
    assert "there is no dead delivery 'nothing'" in told.err


def test_held_lists_what_waits_and_why(command: Command) -> None:
    assert command("outbox", "held").out == "nothing waits\n"
    app = StoryApp(load_settings(command.settings))
    row = HeldAlert(delivery("d-9").alert, "desk", NOON, NOON, "quiet hours")
    with app.uow.transaction() as tx:
        tx.held.hold(row)
    app.uow.close()
    assert command("outbox", "held").out == "desk         until 2026-03-01 12:00  Agreed  (quiet hours)\n"

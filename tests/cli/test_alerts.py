"""`monitor alerts`: try a channel, see a message before it is posted; and what `outbox` and `doctor` say of a stopped channel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml

from monitor.config import load_settings
from monitor.core.types import ChannelState, DeliveryState
from monitor.testing.slack_limits import problems
from monitor.testing.slack_server import ERROR_AFTER_POSTING, HANG_UP, StandInSlack, refusal
from tests.cli.conftest import Command
from tests.examples import NOON, delivery
from tests.story_app import StoryApp


@pytest.fixture
def slack() -> Iterator[StandInSlack]:
    with StandInSlack() as slack:
        slack.workspace.add_channel("desk")
        yield slack


@pytest.fixture
def connected(command: Command, slack: StandInSlack) -> Command:
    """The command with a Slack."""
    settings = yaml.safe_load(command.settings.read_text())
    settings["slack"] = {"token": "xoxb-1", "channel": "#desk", "base_url": slack.base_url, "timeout_s": 5, "gap_s": 0}
    command.settings.write_text(yaml.safe_dump(settings))
    return command


def stop(command: Command) -> None:
    app = StoryApp(load_settings(command.settings))
    with app.uow.transaction() as tx:
        tx.channels.save(ChannelState("slack", stopped_at=NOON, last_error="Slack refused: is_archived"))
        tx.outbox.add(delivery("d-1"))
    app.uow.close()


def test_a_sample_is_posted_and_said_to_be_one(connected: Command, slack: StandInSlack) -> None:
    told = connected("alerts", "test", "slack")
    [sample] = slack.messages
    assert told.out == f"slack took the sample ({sample['channel']}:{sample['ts']})\n"
    assert "This is a sample: nothing has changed." in json.dumps(sample["blocks"])
    assert "actions" not in [block["type"] for block in sample["blocks"]]


def test_each_sample_is_a_message_of_its_own(connected: Command, slack: StandInSlack) -> None:
    connected("alerts", "test", "slack")
    connected("alerts", "test", "slack")
    assert len({message["metadata"]["event_payload"]["alert_id"] for message in slack.messages}) == 2


def test_a_sample_without_a_clear_answer_is_looked_for(connected: Command, slack: StandInSlack) -> None:
    slack.script(ERROR_AFTER_POSTING)
    told = connected("alerts", "test", "slack")
    assert (told.status, "it arrived, although the answer was" in told.out) == (0, True)
    slack.script(HANG_UP)
    assert connected("alerts", "test", "slack").status == 3


def test_a_refused_sample_says_why_and_is_status_1(connected: Command, slack: StandInSlack) -> None:
    slack.script(refusal("channel_not_found"))
    told = connected("alerts", "test", "slack")
    assert (told.status, "Slack refused: channel_not_found" in told.err) == (1, True)


def test_a_sample_goes_to_the_console_too(command: Command) -> None:
    told = command("alerts", "test", "console")
    assert "This is a sample: nothing has changed." in told.out
    assert told.out.endswith("console took the sample (no receipt)\n")


def test_an_unknown_channel_is_status_2_and_the_known_ones_are_named(command: Command) -> None:
    told = command("alerts", "test", "pager")
    assert (told.status, told.err) == (2, "'pager': no such channel is configured; there are: console")


def test_a_stopped_channel_is_shown_and_started_by_a_sample_that_arrives(connected: Command, slack: StandInSlack) -> None:
    stop(connected)
    listed = connected("outbox", "list").out
    assert listed.startswith("STOPPED 2026-03-01 12:00 slack: Slack refused: is_archived; put it right, then `monitor alerts test`")
    assert re.search(r"^due .* d-1 .* waits: its channel is stopped$", listed, re.M)
    told = connected("doctor")
    assert (told.status, "WRONG channels: stopped: slack since 2026-03-01 12:00 UTC (Slack refused: is_archived)" in told.out) == (1, True)
    slack.script(refusal("is_archived"))
    assert connected("alerts", "test", "slack").status == 1
    assert "STOPPED" in connected("outbox", "list").out
    assert "slack was stopped and is started again" in connected("alerts", "test", "slack").out
    assert "STOPPED" not in connected("outbox", "list").out


def test_a_retry_starts_a_stopped_channel(connected: Command) -> None:
    stop(connected)
    assert connected("outbox", "retry").out == "slack was stopped and is started again\n0 deliveries are due again\n"
    assert "STOPPED" not in connected("outbox", "list").out


def test_the_list_tells_what_is_unknown_and_what_may_be_doubled(command: Command) -> None:
    app = StoryApp(load_settings(command.settings))
    with app.uow.transaction() as tx:
        tx.outbox.add(replace(delivery("d-1"), state=DeliveryState.DEAD, unknown_since=NOON, last_error="timed out"))
        tx.outbox.add(replace(delivery("d-2"), state=DeliveryState.SENT, sent_at=NOON, n_blind=1))
    app.uow.close()
    listed = command("outbox", "list").out
    assert "unknown since 2026-03-01 12:00 whether it arrived: it is looked for before it is posted again  last error: timed out" in listed
    assert "may be there 2 times: the channel could not be asked" in listed


def test_doctor_tells_how_many_may_be_doubled(command: Command) -> None:
    app = StoryApp(load_settings(command.settings))
    with app.uow.transaction() as tx:
        tx.outbox.add(replace(delivery("d-2"), state=DeliveryState.SENT, sent_at=NOON, n_blind=1))
    app.uow.close()
    assert "ok    outbox: none dead; 1 of the last 1000 may be there twice" in command("doctor").out


def change_ids(command: Command) -> list[str]:
    rows = [json.loads(text) for text in command("log", "--format", "jsonl").out.splitlines()]
    return [row["change_id"] for row in rows]


def test_a_preview_is_the_payload_that_slack_would_take(command: Command) -> None:
    told = command("alerts", "preview", change_ids(command)[0])
    body = json.loads(told.out)
    assert problems(body) == []
    assert body["blocks"][-1]["type"] == "actions"
    assert told.err == ""


def test_a_preview_in_plain_text(command: Command) -> None:
    out = command("alerts", "preview", change_ids(command)[0], "--form", "plain").out
    assert "why: " in out
    assert "steps: " in out


def test_a_preview_of_what_would_not_be_alerted_says_so(command: Command) -> None:
    told = command("alerts", "preview", change_ids(command)[-1])
    assert "this change would not be alerted: a first sighting is a baseline, never an alert" in told.err


def test_a_preview_as_a_page(command: Command) -> None:
    file = command.folder / "alert.html"
    assert command("alerts", "preview", change_ids(command)[0], "--html", str(file)).status == 0
    shown = file.read_text()
    assert "<h1>" in shown
    assert "also shown in the channel" in shown
    assert command("alerts", "preview", change_ids(command)[0], "--html", str(command.folder / "no" / "where.html")).status == 2


def test_an_unknown_change_is_status_2(command: Command) -> None:
    assert command("alerts", "preview", "c_nothing").status == 2

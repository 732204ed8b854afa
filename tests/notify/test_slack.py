"""Slack's answers, and what becomes of each."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from monitor.errors import DeliveryError, DeliveryRefusedError, MonitorError
from monitor.notify.slack import SlackNotifier
from monitor.testing.slack_server import HANG_UP, RATE_LIMITED, SERVER_ERROR, Answer, StandInSlack, refusal
from tests.examples import delivery
from tests.notify.alerts import check_message

TOKEN = "xoxb-1-very-secret"
ALERT = delivery().alert


@pytest.fixture
def slack() -> Iterator[StandInSlack]:
    with StandInSlack() as slack:
        yield slack


@pytest.fixture
def notifier(slack: StandInSlack) -> SlackNotifier:
    return SlackNotifier(TOKEN, "#desk", base_url=slack.base_url, timeout_s=5)


def test_a_posted_message_comes_with_its_receipt(slack: StandInSlack, notifier: SlackNotifier) -> None:
    assert notifier.channel == "slack"
    assert notifier.send(ALERT) == "1725600000.000000"
    posted = slack.messages[0]
    check_message(posted)
    assert posted["channel"] == "#desk"
    assert posted["metadata"]["event_payload"]["alert_id"] == ALERT.alert_id
    assert (posted["unfurl_links"], posted["unfurl_media"]) in {("0", "0"), ("False", "False"), (False, False)}


def test_a_rate_limit_says_how_long_to_wait(slack: StandInSlack, notifier: SlackNotifier) -> None:
    slack.script(RATE_LIMITED)
    with pytest.raises(DeliveryError) as caught:
        notifier.send(ALERT)
    assert caught.value.retry_after_s == 7
    assert slack.messages == []


@pytest.mark.parametrize(
    "answer",
    [
        SERVER_ERROR,
        HANG_UP,
        Answer(503, {"ok": False, "error": "service_unavailable"}),
        Answer(200, {"ok": False, "error": "internal_error"}),
        Answer(502, text="<html>Bad gateway</html>"),
        Answer(200, text="<html>Please log in to the guest network</html>"),
    ],
    ids=["500", "hang-up", "503", "internal error", "proxy error", "foreign page"],
)
def test_what_may_pass_is_tried_again(slack: StandInSlack, notifier: SlackNotifier, answer: Answer) -> None:
    slack.script(answer)
    with pytest.raises(DeliveryError) as caught:
        notifier.send(ALERT)
    assert caught.value.retry_after_s is None
    assert notifier.send(ALERT) is not None


def test_a_rate_limit_by_a_proxy_counts_as_well(slack: StandInSlack, notifier: SlackNotifier) -> None:
    slack.script(Answer(429, headers={"Retry-After": "30"}, text="slow down"))
    with pytest.raises(DeliveryError) as caught:
        notifier.send(ALERT)
    assert caught.value.retry_after_s == 30


def test_a_silent_server_is_a_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        notifier = SlackNotifier(TOKEN, "#desk", base_url=f"http://127.0.0.1:{silent.getsockname()[1]}/api/", timeout_s=1)
        with pytest.raises(DeliveryError, match="could not be reached"):
            notifier.send(ALERT)


def test_a_server_that_is_not_there_is_out_of_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeliveryError, match="could not be reached"):
        SlackNotifier(TOKEN, "#desk", base_url=f"http://127.0.0.1:{port}/api/", timeout_s=1).send(ALERT)


@pytest.mark.parametrize("error", ["channel_not_found", "invalid_auth", "is_archived", "msg_blocks_too_long"])
def test_what_somebody_must_mend_is_refused(slack: StandInSlack, notifier: SlackNotifier, error: str) -> None:
    slack.script(refusal(error))
    with pytest.raises(DeliveryRefusedError, match=f"Slack refused: {error}; check slack.token and slack.channel"):
        notifier.send(ALERT)


@pytest.mark.parametrize("answer", [RATE_LIMITED, SERVER_ERROR, HANG_UP, refusal("invalid_auth"), Answer(500, text=TOKEN)])
def test_no_error_tells_the_token(slack: StandInSlack, notifier: SlackNotifier, answer: Answer) -> None:
    slack.script(answer)
    with pytest.raises(MonitorError) as caught:
        notifier.send(ALERT)
    assert TOKEN not in str(caught.value)


def test_a_check_asks_whose_the_token_is(notifier: SlackNotifier) -> None:
    assert notifier.check() == "monitor in stand-in"


def test_a_check_of_a_server_that_is_not_there_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeliveryError, match=r"check slack\.base_url"):
        SlackNotifier(TOKEN, "#desk", base_url=f"http://127.0.0.1:{port}/api/", timeout_s=1).check()

"""Slack's answers, and what becomes of each: posted, to be tried again, unknown, refused."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.core.types import Post, PostForm
from monitor.errors import (
    ChannelRefusedError,
    DeliveryError,
    DeliveryRefusedError,
    LookupRefusedError,
    MonitorError,
    RateLimitedError,
    ThreadGoneError,
    UnknownOutcomeError,
)
from monitor.notify import slack as adapter
from monitor.notify.slack import SlackNotifier
from monitor.testing.slack_server import (
    ERROR_AFTER_POSTING,
    HANG_UP,
    HANG_UP_AFTER_POSTING,
    RATE_LIMITED,
    SERVER_ERROR,
    TIME_OUT,
    TIME_OUT_AFTER_POSTING,
    Answer,
    StandInSlack,
    refusal,
    slow,
)
from tests.examples import NOON, after, delivery
from tests.notify.alerts import check_message

TOKEN = "xoxb-1-very-secret"
ALERT = delivery().alert
ROOT = Post("root_olive-duties", PostForm.ROOT, ALERT)
CHANGE = Post(ALERT.alert_id, PostForm.CHANGE, ALERT)


@pytest.fixture
def slack() -> Iterator[StandInSlack]:
    with StandInSlack(now=NOON.timestamp) as slack:
        yield slack


def connect(slack: StandInSlack, channel: str = "#desk", **options: Any) -> SlackNotifier:
    return SlackNotifier(TOKEN, channel, base_url=slack.base_url, **{"timeout_s": 5, **options})


@pytest.fixture
def notifier(slack: StandInSlack) -> SlackNotifier:
    return connect(slack)


def test_a_posted_message_comes_with_its_receipt(slack: StandInSlack, notifier: SlackNotifier) -> None:
    receipt = notifier.send(ALERT)
    [posted] = slack.messages
    check_message(posted)
    assert receipt == f"{posted['channel']}:{posted['ts']}"
    assert (notifier.channel, posted["channel_name"]) == ("slack", "desk")
    assert posted["metadata"]["event_payload"]["alert_id"] == ALERT.alert_id
    assert not posted["unfurl_links"]
    assert not posted["unfurl_media"]
    assert not posted["mrkdwn"]


@pytest.mark.parametrize("is_shown", [True, False])
def test_a_reply_stands_in_its_thread_and_is_shown_in_the_channel_where_wanted(
    slack: StandInSlack, notifier: SlackNotifier, is_shown: bool
) -> None:
    root = notifier.post(ROOT)
    notifier.post(replace(CHANGE, thread=root, is_shown=is_shown))
    first, reply = slack.messages
    assert reply["thread_ts"] == first["ts"]
    assert (reply.get("subtype") == "thread_broadcast") is is_shown


def test_a_root_can_be_edited_and_keeps_its_key(slack: StandInSlack, notifier: SlackNotifier) -> None:
    receipt = notifier.post(ROOT)
    notifier.edit(receipt, replace(ROOT, alert=replace(ALERT, to_label="Signed")))
    [root] = slack.messages
    assert "Signed" in root["blocks"][0]["text"]["text"]
    assert root["text"].endswith("now Signed")
    assert notifier.find(ROOT, since=NOON) == receipt


def test_a_rate_limit_says_how_long_to_wait(slack: StandInSlack, notifier: SlackNotifier) -> None:
    slack.script(RATE_LIMITED)
    with pytest.raises(RateLimitedError) as caught:
        notifier.send(ALERT)
    assert caught.value.retry_after_s == 7
    assert slack.messages == []


def test_a_rate_limit_by_a_proxy_counts_as_well(slack: StandInSlack, notifier: SlackNotifier) -> None:
    slack.script(Answer(429, headers={"Retry-After": "30"}, text="slow down"))
    with pytest.raises(RateLimitedError) as caught:
        notifier.send(ALERT)
    assert caught.value.retry_after_s == 30


@pytest.mark.parametrize(
    "answer",
    [
        SERVER_ERROR,
        HANG_UP,
        Answer(503, {"ok": False, "error": "service_unavailable"}),
        refusal("internal_error"),
        refusal("fatal_error"),
        Answer(502, text="<html>Bad gateway</html>"),
        Answer(200, text="<html>Please log in to the guest network</html>"),
        Answer(200, {"ok": True}),
    ],
    ids=["500", "hang-up", "503", "internal error", "fatal error", "proxy error", "foreign page", "no name"],
)
def test_what_leaves_the_outcome_unknown_is_posted_once_and_said_to_be_so(
    slack: StandInSlack, notifier: SlackNotifier, answer: Answer
) -> None:
    slack.script(answer)
    with pytest.raises(UnknownOutcomeError):
        notifier.send(ALERT)
    assert [method for method, _ in slack.calls] == ["chat.postMessage"]
    assert notifier.send(ALERT) is not None


@pytest.mark.parametrize(
    ("answer", "has_arrived"),
    [
        (TIME_OUT, False),
        (TIME_OUT_AFTER_POSTING, True),
        (ERROR_AFTER_POSTING, True),
        (HANG_UP_AFTER_POSTING, True),
        (HANG_UP, False),
        (slow(30), True),
    ],
    ids=["time-out", "time-out after posting", "500 after posting", "closed after posting", "closed", "slow"],
)
def test_a_look_tells_whether_an_unknown_post_has_arrived(slack: StandInSlack, answer: Answer, has_arrived: bool) -> None:
    notifier = connect(slack, timeout_s=1)
    root = notifier.post(ROOT)
    reply = replace(CHANGE, thread=root)
    slack.script(answer)
    with pytest.raises(UnknownOutcomeError):
        notifier.post(reply)
    receipt = notifier.find(reply, since=NOON)
    assert (receipt is not None) is has_arrived
    assert [f"{posted['channel']}:{posted['ts']}" for posted in slack.told] == ([receipt] if receipt else [])


def test_a_look_goes_through_all_pages_and_no_further_back_than_asked(slack: StandInSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "PAGE", 2)
    notifier = connect(slack)
    first = notifier.post(ROOT)
    for number in range(6):
        notifier.post(replace(CHANGE, key=f"a_{number}"))
    assert notifier.find(ROOT, since=NOON) == first
    assert [method for method, _ in slack.calls].count("conversations.history") == 4
    assert notifier.find(ROOT, since=after(6)) is None
    assert notifier.find(ROOT, since=after(4)) == first
    assert notifier.find(replace(ROOT, key="root_other"), since=NOON) is None


def test_a_look_after_a_restart_asks_for_the_id_of_a_channel_known_by_name(slack: StandInSlack, notifier: SlackNotifier) -> None:
    receipt = notifier.post(ROOT)
    assert connect(slack, "#desk").find(ROOT, since=NOON) == receipt
    channel = receipt.split(":")[0]
    assert connect(slack, channel).find(ROOT, since=NOON) == receipt
    with pytest.raises(LookupRefusedError, match=r"set slack\.channel to the channel's id"):
        connect(slack, "#nowhere").find(ROOT, since=NOON)


@pytest.mark.parametrize("scope", ["channels:history", "channels:read"])
def test_a_look_without_the_scope_for_it_is_refused_and_names_what_is_needed(slack: StandInSlack, scope: str) -> None:
    connect(slack).post(ROOT)
    slack.workspace.scopes.discard(scope)
    with pytest.raises(LookupRefusedError, match=f"missing_scope, needs {scope}"):
        connect(slack).find(ROOT, since=NOON)


def test_a_look_is_repeated_by_the_client_and_a_post_never(slack: StandInSlack, notifier: SlackNotifier) -> None:
    receipt = notifier.post(ROOT)
    slack.script(SERVER_ERROR, method="conversations.history")
    assert notifier.find(ROOT, since=NOON) == receipt
    slack.script(SERVER_ERROR, method="chat.update")
    notifier.edit(receipt, ROOT)
    assert [method for method, _ in slack.calls].count("chat.postMessage") == 1


def test_a_server_that_is_not_there_has_certainly_not_posted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeliveryError, match=r"check slack\.base_url") as caught:
        SlackNotifier(TOKEN, "#desk", base_url=f"http://127.0.0.1:{port}/api/", timeout_s=1).send(ALERT)
    assert not isinstance(caught.value, UnknownOutcomeError)


def test_a_name_that_cannot_be_resolved_has_certainly_not_posted() -> None:
    error = adapter._unreachable(socket.gaierror("no such name"))
    assert not isinstance(error, UnknownOutcomeError)


@pytest.mark.parametrize("error", ["channel_not_found", "invalid_auth", "is_archived", "not_in_channel", "token_revoked", "missing_scope"])
def test_what_somebody_must_mend_refuses_the_whole_channel(slack: StandInSlack, notifier: SlackNotifier, error: str) -> None:
    slack.script(refusal(error))
    with pytest.raises(ChannelRefusedError, match=f"Slack refused: {error}; check slack.token and slack.channel"):
        notifier.send(ALERT)


@pytest.mark.parametrize("error", ["msg_blocks_too_long", "invalid_blocks", "no_text", "something_new"])
def test_what_is_wrong_with_one_message_refuses_that_message(slack: StandInSlack, notifier: SlackNotifier, error: str) -> None:
    slack.script(refusal(error))
    with pytest.raises(DeliveryRefusedError, match=f"Slack refused: {error}") as caught:
        notifier.send(ALERT)
    assert not isinstance(caught.value, ChannelRefusedError)


def test_a_thread_whose_root_was_removed_is_gone(slack: StandInSlack, notifier: SlackNotifier) -> None:
    root = notifier.post(ROOT)
    slack.messages.clear()
    with pytest.raises(ThreadGoneError):
        notifier.post(replace(CHANGE, thread=root))
    with pytest.raises(ThreadGoneError):
        notifier.edit(root, ROOT)
    with pytest.raises(ThreadGoneError):
        notifier.find(replace(CHANGE, thread=root), since=NOON)


@pytest.mark.parametrize("answer", [RATE_LIMITED, SERVER_ERROR, HANG_UP, refusal("invalid_auth"), Answer(500, text=TOKEN)])
def test_no_error_tells_the_token(slack: StandInSlack, notifier: SlackNotifier, answer: Answer) -> None:
    slack.script(answer)
    with pytest.raises(MonitorError) as caught:
        notifier.send(ALERT)
    assert TOKEN not in str(caught.value)


def test_a_check_asks_whose_the_token_is_and_posts_nothing(slack: StandInSlack, notifier: SlackNotifier) -> None:
    receipt = notifier.post(ROOT)
    assert connect(slack, receipt.split(":")[0]).check() == "monitor in stand-in; can post, and look up what it posted"
    assert len(slack.messages) == 1


def test_a_check_says_what_cannot_be_looked_up_and_why(slack: StandInSlack) -> None:
    slack.workspace.scopes.discard("channels:history")
    told = connect(slack, "C0123456789").check()
    assert told.startswith("monitor in stand-in; posts of unknown outcome cannot be looked up, and may be doubled: Slack: missing_scope")


def test_a_check_of_a_token_that_may_not_write_is_refused(slack: StandInSlack) -> None:
    slack.workspace.scopes.discard("chat:write")
    with pytest.raises(ChannelRefusedError, match="chat:write"):
        connect(slack).check()


def test_a_check_of_a_server_that_is_not_there_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeliveryError, match=r"check slack\.base_url"):
        SlackNotifier(TOKEN, "#desk", base_url=f"http://127.0.0.1:{port}/api/", timeout_s=1).check()


def test_the_look_allows_for_clocks_that_differ(slack: StandInSlack, notifier: SlackNotifier) -> None:
    receipt = notifier.post(ROOT)
    assert notifier.find(ROOT, since=datetime.fromtimestamp(NOON.timestamp(), UTC) + timedelta(minutes=4)) == receipt

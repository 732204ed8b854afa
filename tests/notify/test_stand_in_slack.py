"""The stand-in speaks as Slack does: shapes, limits, threads, metadata, and Socket Mode with slack-sdk's own client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from monitor.testing.slack_server import StandInSlack

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "words"}}
METADATA = {"event_type": "kind", "event_payload": {"key": "k"}}


@pytest.fixture
def slack() -> Iterator[StandInSlack]:
    with StandInSlack() as slack:
        yield slack


@pytest.fixture
def client(slack: StandInSlack) -> WebClient:
    return WebClient("xoxb-1", base_url=slack.base_url, timeout=10, retry_handlers=[])


def error_of(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def test_a_post_is_answered_with_channel_and_ts_and_found_again(client: WebClient) -> None:
    posted = client.chat_postMessage(channel="#desk", text="words", blocks=[SECTION], metadata=METADATA)
    assert posted["ok"]
    channel, ts = posted["channel"], posted["ts"]
    assert client.conversations_list()["channels"][0]["name"] == "desk"
    [found] = client.conversations_history(channel=channel, include_all_metadata=True)["messages"]
    assert (found["ts"], found["metadata"]) == (ts, METADATA)
    assert "event_payload" not in client.conversations_history(channel=channel)["messages"][0]["metadata"]


def test_replies_are_in_the_thread_and_only_those_shown_are_in_the_channel(client: WebClient) -> None:
    root = client.chat_postMessage(channel="#desk", text="root")
    for is_shown in (True, False):
        client.chat_postMessage(channel=root["channel"], text=f"shown {is_shown}", thread_ts=root["ts"], reply_broadcast=is_shown)
    thread = client.conversations_replies(channel=root["channel"], ts=root["ts"])["messages"]
    assert [message["text"] for message in thread] == ["root", "shown True", "shown False"]
    assert [message["text"] for message in client.conversations_history(channel=root["channel"])["messages"]] == ["shown True", "root"]


def test_pages_are_turned_by_cursor(client: WebClient) -> None:
    for number in range(5):
        channel = client.chat_postMessage(channel="#desk", text=str(number))["channel"]
    seen, cursor = [], ""
    while True:
        page = client.conversations_history(channel=channel, limit=2, cursor=cursor or None)
        seen += [message["text"] for message in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not page["has_more"]:
            break
    assert seen == ["4", "3", "2", "1", "0"]


def test_an_edit_changes_the_message_and_keeps_the_rest(slack: StandInSlack, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="#desk", text="old", metadata=METADATA)
    client.chat_update(channel=posted["channel"], ts=posted["ts"], text="new")
    assert (slack.messages[0]["text"], slack.messages[0]["metadata"]) == ("new", METADATA)
    assert "edited" in slack.messages[0]


def test_what_is_wrong_is_answered_as_slack_does(slack: StandInSlack, client: WebClient) -> None:
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    assert error_of(lambda: client.chat_postMessage(channel="#desk", text="t", blocks=[long])) == "invalid_blocks"
    many = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 4
    assert error_of(lambda: client.chat_postMessage(channel="#desk", text="t", blocks=many)) == "msg_blocks_too_long"
    assert error_of(lambda: client.api_call("chat.postMessage", json={"channel": "#desk", "text": " "})) == "no_text"
    assert error_of(lambda: client.conversations_history(channel="#desk")) == "channel_not_found"
    assert error_of(lambda: client.conversations_replies(channel="C0123456789", ts="1.0")) == "thread_not_found"
    assert error_of(lambda: client.chat_update(channel="C0123456789", ts="1.0", text="t")) == "message_not_found"
    assert error_of(lambda: client.chat_postMessage(channel="C0123456789", text="t", thread_ts="1.0")) == "thread_not_found"
    assert error_of(lambda: client.api_call("no.such")) == "unknown_method"
    assert error_of(lambda: WebClient(base_url=slack.base_url).auth_test()) == "not_authed"
    slack.workspace.refusals["desk"] = "is_archived"
    assert error_of(lambda: client.chat_postMessage(channel="#desk", text="t")) == "is_archived"


def test_posts_that_come_too_fast_are_asked_to_wait(client: WebClient, slack: StandInSlack) -> None:
    slack.workspace.gap_s = 60
    client.chat_postMessage(channel="#desk", text="t")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="#desk", text="t")
    assert caught.value.response.status_code == 429
    assert int(caught.value.response.headers["Retry-After"]) > 30
    client.chat_postMessage(channel="#other", text="t")


def test_the_client_of_slack_sdk_connects_by_socket_mode_and_acknowledges(slack: StandInSlack) -> None:
    got, done = list[SocketModeRequest](), threading.Event()

    def listen(client: Any, request: SocketModeRequest) -> None:
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, {"text": "done"}))
        got.append(request)
        if len(got) == 2:
            done.set()

    web = WebClient("xoxb-1", base_url=slack.base_url)
    client = SocketModeClient(app_token="xapp-1", web_client=web, auto_reconnect_enabled=False, concurrency=2)
    client.socket_mode_request_listeners.append(listen)
    with closing(client):
        client.connect()
        payload = {
            "type": "block_actions",
            "user": {"id": "U1"},
            "actions": [{"action_id": "accept", "value": "c_1"}],
            "text": "ü" * 70_000,
        }
        first = slack.socket_mode.push("interactive", payload)
        second = slack.socket_mode.push("slash_commands", {"command": "/monitor", "text": "status x"})
        assert slack.socket_mode.wait_for_ack(first)["payload"] == {"text": "done"}
        assert slack.socket_mode.wait_for_ack(second)["envelope_id"] == second
        assert done.wait(30)
    assert [request.type for request in sorted(got, key=lambda request: request.type)] == ["interactive", "slash_commands"]
    assert next(request for request in got if request.type == "interactive").payload == payload
    assert slack.socket_mode.wait_for_connections(0)


def test_socket_mode_wants_an_app_token(slack: StandInSlack) -> None:
    client = WebClient("xoxb-1", base_url=slack.base_url, retry_handlers=[])
    assert error_of(lambda: client.apps_connections_open(app_token="xoxb-1")) == "not_allowed_token_type"

"""Buttons and commands: signed and fresh by HTTP, acknowledged by Socket Mode, written once, shown to everybody."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from monitor.core.clicks import Click
from monitor.core.reviews import undo
from monitor.core.types import Review, ReviewAction, ReviewId, Via
from monitor.errors import DatabaseBusyError
from monitor.notify import actions
from monitor.notify.slack_actions import Desk, HttpReply, SlackActions, SlackEndpoint, clicks_of
from monitor.notify.slack_socket import SlackSocket
from monitor.testing.fakes import FrozenClock
from monitor.testing.slack_server import SERVER_ERROR, StandInSlack
from tests.notify.slack_desk import SECRET, app, change_id, interaction, post, reviews, shown, signed, slack
from tests.story import ISSUE_KEY, START, STATEMENT, article, store_articles
from tests.story_app import StoryApp

__all__ = ["app", "slack"]


def test_a_click_is_a_row_and_the_message_says_so_to_everybody(app: StoryApp, slack: StandInSlack) -> None:
    assert '"action_id": "accept"' in shown(slack)
    assert post(app, interaction(actions.ACCEPT, change_id(app))) == HttpReply(200)
    app.slack_actions.close()
    assert reviews(app) == [("accept", "ada (U1)", None)]
    assert "Accepted by ada (U1), 04 Sep 08:00 UTC" in shown(slack)
    assert '"action_id"' not in shown(slack)


def test_a_picked_status_comes_with_its_key(app: StoryApp, slack: StandInSlack) -> None:
    post(app, interaction(actions.WRONG_STATUS, f"{change_id(app)}|signed"))
    app.slack_actions.close()
    assert reviews(app) == [("wrong_status", "ada (U1)", "signed")]
    assert "Wrong status, it is “signed”, says ada (U1)" in shown(slack)


def test_a_mute_is_told_and_leaves_the_buttons(app: StoryApp, slack: StandInSlack) -> None:
    post(app, interaction(actions.MUTE_24H, change_id(app)))
    app.slack_actions.close()
    assert reviews(app) == [("mute", "ada (U1)", None)]
    assert "Muted until 05 Sep 08:00 UTC by ada (U1)" in shown(slack)
    [root] = slack.of_form("root")
    assert "Muted until 05 Sep 08:00 UTC by ada (U1)" in json.dumps(root["blocks"])
    assert '"action_id": "accept"' in shown(slack)


def test_a_replay_changes_nothing(app: StoryApp) -> None:
    for _ in range(3):
        assert post(app, interaction(actions.ACCEPT, change_id(app))) == HttpReply(200)
    assert len(reviews(app)) == 1


@pytest.mark.parametrize(
    ("more", "status"), [({"secret": "another"}, 401), ({"age_s": 301}, 401), ({"age_s": -301}, 401), ({"age_s": 299}, 200)]
)
def test_only_a_signature_that_fits_and_is_fresh_counts(app: StoryApp, more: dict[str, Any], status: int) -> None:
    assert post(app, interaction(actions.ACCEPT, change_id(app)), **more).status == status
    assert len(reviews(app)) == (status == 200)


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=1"}, {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": ""}],
)
def test_a_request_without_a_signature_is_refused(app: StoryApp, headers: dict[str, str]) -> None:
    assert app.slack_endpoint is not None
    assert app.slack_endpoint.handle(headers, b"payload=%7B%7D").status == 401


def test_a_body_that_was_altered_is_refused(app: StoryApp) -> None:
    assert app.slack_endpoint is not None
    assert isinstance(app.clock, FrozenClock)
    assert app.slack_endpoint.handle(signed(b"payload=1", app.clock), b"payload=2").status == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"payload={", 400),
        (b"payload=[]", 400),
        (b"payload=" + b"[" * 50_000, 400),
        (b"\xff\xfe", 401),
        (b"nothing=1", 400),
        (b"x" * 1_000_001, 413),
        (b"payload=%7B%22type%22%3A%22view_submission%22%7D", 200),
    ],
)
def test_rubbish_is_answered_in_kind(app: StoryApp, body: bytes, status: int) -> None:
    assert app.slack_endpoint is not None
    assert isinstance(app.clock, FrozenClock)
    assert app.slack_endpoint.handle(signed(body, app.clock), body).status == status
    assert reviews(app) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"user": {}},
        {"actions": [{"action_id": "accept", "block_id": "review", "action_ts": "1"}]},
        {"actions": [{"action_id": "accept", "block_id": "review", "value": "c-1"}]},
        {"actions": [{"action_id": "accept", "block_id": "review", "value": "c-1", "action_ts": "soon"}]},
        {"actions": [{"action_id": "accept", "block_id": "review", "value": "c-1", "action_ts": "1e300"}]},
        {"actions": [{"action_id": "wrong_status", "block_id": "review", "selected_option": {"value": "c-1"}, "action_ts": "1"}]},
        {"user": "U1"},
    ],
)
def test_a_click_that_cannot_be_read_is_no_click(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        clicks_of(interaction(actions.ACCEPT, "c-1") | broken)


def test_elements_of_others_are_passed_over() -> None:
    other = interaction(actions.ACCEPT, "c-1")
    other["actions"][0]["block_id"] = "another"
    assert clicks_of(other) == []
    assert clicks_of({"type": "message_action"}) == []


def test_a_click_on_what_is_not_there_is_answered_to_whoever_clicked(app: StoryApp, slack: StandInSlack) -> None:
    assert post(app, interaction(actions.ACCEPT, "c-none", url=slack.response_url)) == HttpReply(200)
    app.slack_actions.close()
    assert reviews(app) == []
    [told] = slack.responses
    assert "there is no change 'c-none'" in told["text"]
    assert (told["response_type"], told["replace_original"]) == ("ephemeral", False)


def test_a_click_is_checked_like_any_other_act(app: StoryApp, slack: StandInSlack) -> None:
    status = next(step.key for step in app.issues[0].ladder.statuses)
    for value in (f"{change_id(app)}|no_such_status", f"{change_id(app)}|{status}"):
        assert post(app, interaction(actions.WRONG_STATUS, value, url=slack.response_url)) == HttpReply(200)
    app.slack_actions.close()
    assert reviews(app) == [("wrong_status", "ada (U1)", status)]
    [told] = slack.responses
    assert "the ladder 'treaty' has no status 'no_such_status'; choose one of" in told["text"].replace("\u200b", "")


def test_a_click_that_cannot_be_written_is_asked_for_again() -> None:
    def busy(click: Click) -> None:
        raise DatabaseBusyError(f"{click.action} cannot be written now")

    clock, handler = FrozenClock(), SlackActions(Desk(busy, lambda: None, lambda _: ""))
    body = urlencode({"payload": json.dumps(interaction(actions.ACCEPT, "c-1"))}).encode()
    assert SlackEndpoint(SECRET, handler, clock=clock).handle(signed(body, clock), body).status == 503
    handler.close()


def test_a_message_that_cannot_be_edited_costs_nothing_but_the_edit(app: StoryApp, slack: StandInSlack) -> None:
    slack.script(*[SERVER_ERROR] * 2, method="chat.update")
    assert post(app, interaction(actions.ACCEPT, change_id(app))) == HttpReply(200)
    app.slack_actions.close()
    assert len(reviews(app)) == 1
    slack.script(method="chat.update")
    assert "Accepted by ada (U1)" not in shown(slack)
    # The edit is in the outbox, and the deliver job makes it.
    assert isinstance(app.clock, FrozenClock)
    app.clock.advance(60)
    app.deliver()
    assert "Accepted by ada (U1)" in shown(slack)


def test_a_status_set_by_hand_is_shown_by_the_root_and_taking_it_back_as_well(app: StoryApp, slack: StandInSlack) -> None:
    slack.script(*[SERVER_ERROR] * 2, method="chat.update")
    by_hand = Review(
        ReviewId("r_1"), ISSUE_KEY, ReviewAction.SET_STATUS, app.clock.now(), "mara", Via.PAGE, status_key="signed", note="seen"
    )
    app.review(by_hand)
    app.slack_actions.close()
    assert isinstance(app.clock, FrozenClock)
    app.clock.advance(60)
    app.deliver()
    [root] = slack.of_form("root")
    assert "Now: *signed* · confirmed" in root["blocks"][0]["text"]["text"]
    taken_back = undo(by_hand, name=ReviewId("r_2"), at=app.clock.now(), by="jo", via=Via.PAGE)
    app.review(taken_back)
    app.deliver()
    [root] = slack.of_form("root")
    assert "Now: *broadly agreed*" in root["blocks"][0]["text"]["text"]


def test_what_was_said_before_a_change_could_be_told_stands_in_its_message(app: StoryApp, slack: StandInSlack) -> None:
    store_articles(app.uow, article(STATEMENT))
    app.match()
    app.assess()
    newest = app.queries.log(issue_key=ISSUE_KEY)[0].change_id
    app.review(Review(ReviewId("r_1"), ISSUE_KEY, ReviewAction.ACCEPT, app.clock.now(), "mara", Via.PAGE, change_id=newest))
    for _ in range(3):
        app.deliver()
    assert "Accepted by mara" in json.dumps(slack.of_form("change")[-1]["blocks"])


def test_by_socket_mode_a_click_is_acknowledged_written_and_shown(app: StoryApp, slack: StandInSlack) -> None:
    socket = app.slack_socket
    assert socket is not None
    socket.start()
    try:
        far = slack.socket_mode
        name = far.push("interactive", interaction(actions.ACCEPT, change_id(app)))
        far.wait_for_ack(name)
        assert reviews(app) == [("accept", "ada (U1)", None)]
        # Delivered again, on a connection of its own, as after a lost acknowledgement.
        far.ask_to_reconnect()
        again = far.push("interactive", interaction(actions.ACCEPT, change_id(app)), envelope_id="again")
        far.wait_for_ack(again)
        asked = far.push("slash_commands", {"command": "/monitor", "text": "status"})
        assert "broadly agreed" in far.wait_for_ack(asked)["payload"]["text"]
        broken = far.push("interactive", {"type": "block_actions", "actions": "x", "user": {}})
        far.wait_for_ack(broken)
        far.wait_for_ack(far.push("events_api", {"event": {"type": "app_mention"}}))
    finally:
        socket.close()
    assert len(reviews(app)) == 1
    assert "Accepted by ada (U1)" in shown(slack)


def test_a_connection_that_is_refused_is_tried_again_and_stops_when_told(slack: StandInSlack) -> None:
    slack.script(*[SERVER_ERROR] * 2, method="apps.connections.open")
    taken: list[Click] = []

    handler = SlackActions(Desk(taken.append, lambda: None, lambda _: "yes"))
    socket = SlackSocket("xapp-1", handler, base_url=slack.base_url, retry_s=0.01)
    socket.start()
    try:
        slack.socket_mode.wait_for_ack(slack.socket_mode.push("interactive", interaction(actions.MUTE_24H, "c-1")))
    finally:
        socket.close()
    assert [click.action for click in taken] == [ReviewAction.MUTE]


def test_an_act_in_the_far_past_still_names_its_own_time(app: StoryApp) -> None:
    old = START - timedelta(days=1)
    post(app, interaction(actions.NOT_A_CHANGE, change_id(app), ts=f"{old.timestamp():.6f}"))
    with app.uow.reading() as tx:
        assert [row.at for row in tx.reviews.list()] == [old]

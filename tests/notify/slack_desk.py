"""An application after one change was posted to Slack, and what somebody there can do: shared by the tests of buttons and of commands."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from monitor.config import load_settings
from monitor.notify import actions
from monitor.notify.slack_actions import HttpReply
from monitor.testing.fakes import FrozenClock
from monitor.testing.slack_server import StandInSlack
from tests.story import AGREED, ISSUE_KEY, article, store_articles
from tests.story_app import StoryApp, write_files

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@pytest.fixture
def slack() -> Iterator[StandInSlack]:
    with StandInSlack() as found:
        yield found


@pytest.fixture
def app(tmp_path: Path, slack: StandInSlack) -> Iterator[StoryApp]:
    """The application after one change was posted to Slack."""
    section = {
        "token": "xoxb-1",
        "app_token": "xapp-1",
        "signing_secret": SECRET,
        "channel": "#desk",
        "base_url": slack.base_url,
        "gap_s": 0,
    }
    found = StoryApp(load_settings(write_files(tmp_path, {}, slack=section)))
    found.uow.upgrade()
    found.learn_seeds()
    store_articles(found.uow, article(AGREED))
    found.match()
    found.assess()
    for _ in range(3):
        found.deliver()
    yield found
    found.slack_actions.close()
    found.uow.close()


def change_id(app: StoryApp) -> str:
    [change] = [change for change in app.queries.log(issue_key=ISSUE_KEY) if not change.is_history]
    return change.change_id


def interaction(action: str, value: str, *, ts: str = "1725436800.1", user: str = "U1", url: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"action_id": action, "block_id": actions.BLOCK, "action_ts": ts, "type": "button", "value": value}
    if action == actions.WRONG_STATUS:
        found = {**found, "type": "static_select", "value": None, "selected_option": {"value": value}}
    return {"type": "block_actions", "user": {"id": user, "username": "ada"}, "actions": [found], "response_url": url}


def signed(body: bytes, clock: FrozenClock, *, secret: str = SECRET, age_s: float = 0) -> dict[str, str]:
    stamp = str(int(clock.now().timestamp() - age_s))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}", "Content-Type": "application/x-www-form-urlencoded"}


def post(app: StoryApp, payload: dict[str, Any], **more: Any) -> HttpReply:
    endpoint, clock = app.slack_endpoint, app.clock
    assert endpoint is not None
    assert isinstance(clock, FrozenClock)
    body = urlencode({"payload": json.dumps(payload)}).encode()
    return endpoint.handle(signed(body, clock, **more), body)


def reviews(app: StoryApp) -> list[tuple[str, str, str | None]]:
    with app.uow.reading() as tx:
        return [(row.action.value, row.by, row.status_key) for row in reversed(tx.reviews.list())]


def shown(slack: StandInSlack) -> str:
    [message] = slack.of_form("change")
    return json.dumps(message["blocks"], ensure_ascii=False)

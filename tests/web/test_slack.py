"""Slack by HTTP, through the page's own door: the signature is what counts, and no sign-in is asked."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from monitor.config.settings import PathSettings
from monitor.testing.fakes import FrozenClock
from monitor.testing.slack_server import StandInSlack
from monitor.web.door import MAX_BODY
from monitor.web.gate import SLACK_PATH
from tests.notify.slack_desk import SECRET, signed
from tests.web.desk import DeskApp, Words, client_of, fill, open_app
from tests.web.test_gate import HASH

BODY = urlencode({"command": "/monitor", "text": "help"}).encode()


def _open(folder: Path, template: Path, secret: str) -> DeskApp:
    app = open_app(folder, template, auth="password", password_hash=HASH, user="mara", allowed_hosts=("desk.example",))
    slack = app.settings.slack.model_copy(update={"signing_secret": SecretStr(secret)})
    return DeskApp(app.settings.model_copy(update={"slack": slack}), app.clock)


@pytest.mark.parametrize(("secret", "body", "status"), [(SECRET, BODY, 200), ("another", BODY, 401), (SECRET, b"a" * (MAX_BODY + 1), 400)])
def test_what_slack_signed_is_answered_without_a_sign_in(
    tmp_path: Path, sqlite_template: Path, secret: str, body: bytes, status: int
) -> None:
    app = _open(tmp_path, sqlite_template, SECRET)
    assert isinstance(app.clock, FrozenClock)
    with client_of(app) as client:
        headers = {"Host": "desk.example", "Content-Type": "application/x-www-form-urlencoded"} | signed(body, app.clock, secret=secret)
        answer = client.post(SLACK_PATH, content=body, headers=headers)
        assert answer.status_code == status
        if status == 200:
            assert "/monitor why" in answer.json()["text"]
    app.close_actions()


def test_without_a_secret_there_is_nothing_to_ask(tmp_path: Path, sqlite_template: Path) -> None:
    with client_of(_open(tmp_path, sqlite_template, "")) as client:
        assert client.post(SLACK_PATH, content=BODY).status_code == 404


def test_an_act_that_messages_show_needs_no_issue_file(tmp_path: Path, sqlite_template: Path) -> None:
    app = open_app(tmp_path, sqlite_template)
    with app.uow.transaction() as tx:
        fill(tx, Words())
    with StandInSlack() as server:
        slack = app.settings.slack.model_copy(update={"token": SecretStr("xoxb-1"), "channel": "#desk", "base_url": server.base_url})
        paths = PathSettings(issues=tmp_path / "gone")
        app = DeskApp(app.settings.model_copy(update={"slack": slack, "paths": paths}), app.clock)
        said = {"action": "accept", "issue": "olive-duties", "change_id": "c_0000000000000002"}
        with client_of(app) as client:
            assert client.post("/api/v1/reviews", json=said).status_code == 201
            app.close_actions()

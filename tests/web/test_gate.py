"""Who comes in: passwords, sessions, proxies, hosts; and what the page refuses to be started with."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from monitor.errors import ConfigError
from monitor.testing.fakes import FrozenClock
from monitor.web.gate import is_loopback, safe_next
from monitor.web.passwords import hash_password, parse_hash, verify_password
from monitor.web.server import build
from monitor.web.throttle import MAX_FAILURES, WINDOW, Throttle
from tests.examples import NOON
from tests.web.desk import PASSWORD, DeskApp, client_of, open_app

#: Cheap to try: what a real one costs would be most of these tests' time.
HASH = hash_password(PASSWORD, b"0123456789abcdef", n=16)


@pytest.fixture
def guarded(tmp_path: Path, sqlite_template: Path) -> DeskApp:
    return open_app(tmp_path, sqlite_template, auth="password", password_hash=HASH, user="mara", allowed_hosts=("desk.example",))


def sign_in(client: TestClient, password: str = PASSWORD, user: str = "mara", **headers: str) -> Any:
    return client.post("/sign-in", data={"user": user, "password": password, "next": "/changes?kind=denial"}, headers=headers)


@pytest.mark.parametrize(
    ("web", "message"),
    [
        ({"host": "0.0.0.0"}, "open to the network, but web.auth is none"),
        ({"host": "desk.example"}, "open to the network"),
        ({"auth": "password"}, "web.password_hash is empty"),
        ({"auth": "password", "password_hash": "secret"}, "is no hash"),
        ({"auth": "password", "password_hash": "scrypt$999999999$8$3$AAAA$AAAA"}, "is no hash"),
        ({"auth": "proxy", "host": "0.0.0.0"}, "web.trusted_proxies is empty"),
    ],
)
def test_what_is_not_safe_is_not_started(tmp_path: Path, sqlite_template: Path, web: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as told:
        build(open_app(tmp_path, sqlite_template, **web))
    assert "secret" not in str(told.value)


def test_signing_in_opens_a_session_that_ends(guarded: DeskApp) -> None:
    with client_of(guarded) as client:
        asked = client.get("/changes?kind=denial")
        assert asked.headers["location"] == "/sign-in?next=%2Fchanges%3Fkind%3Ddenial"
        # Whoever is not let in yet is shown no way in.
        assert 'href="/settings"' not in client.get("/sign-in").text
        answer = sign_in(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/changes?kind=denial")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert 'href="/settings"' in client.get("/changes").text
        clock = guarded.clock
        assert isinstance(clock, FrozenClock)
        clock.at += timedelta(hours=13)
        assert client.get("/changes").status_code == 303


def test_signing_out_ends_the_session_also_for_who_kept_the_cookie(guarded: DeskApp) -> None:
    with client_of(guarded) as client:
        kept = sign_in(client).headers["set-cookie"].split(";", 1)[0]
        assert client.get("/").status_code == 200
        assert client.post("/sign-out").status_code == 303
        assert client.get("/", headers={"cookie": kept}).status_code == 303


def test_away_from_loopback_the_cookie_is_for_encrypted_connections_only(guarded: DeskApp) -> None:
    with client_of(guarded) as client:
        cookie = sign_in(client, host="desk.example:8470").headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie


def test_guessing_is_slowed_down_whoever_is_guessed(guarded: DeskApp) -> None:
    with client_of(guarded) as client:
        for number in range(MAX_FAILURES):
            answer = sign_in(client, password="wrong password", user=f"user-{number}")
            assert answer.status_code == 401
            assert "user or password is wrong" in answer.text
        refused = sign_in(client)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= WINDOW.total_seconds() + 1
        basic = base64.b64encode(f"mara:{PASSWORD}".encode()).decode()
        assert client.get("/api/v1/issues", headers={"Authorization": f"Basic {basic}"}).status_code == 429
        clock = guarded.clock
        assert isinstance(clock, FrozenClock)
        clock.at += WINDOW
        assert sign_in(client).status_code == 303


def test_a_script_sends_the_password_with_the_request(guarded: DeskApp) -> None:
    right, wrong = (base64.b64encode(f"mara:{word}".encode()).decode() for word in (PASSWORD, "nonsense"))
    with client_of(guarded) as client:
        assert client.get("/atom.xml", headers={"Authorization": f"Basic {right}"}).status_code == 200
        refused = client.get("/api/v1/issues", headers={"Authorization": f"Basic {wrong}"})
        assert refused.status_code == 401
        # A challenge would have browsers keep the password and send it with every request of any site.
        assert not refused.headers.get("www-authenticate", "").lower().startswith("basic")
        assert client.get("/api/v1/issues", headers={"Authorization": "Basic ???"}).status_code == 400


def test_a_trusted_proxy_names_the_user_and_nobody_else_does(tmp_path: Path, sqlite_template: Path) -> None:
    trusted = open_app(tmp_path, sqlite_template, auth="proxy", trusted_proxies=("127.0.0.0/8",), reviewers=("mara",))
    with client_of(trusted) as client:
        assert client.get("/").status_code == 401
        assert "jo, reading only" in client.get("/", headers={"X-Forwarded-User": "jo"}).text
        assert "mara, reading only" not in client.get("/", headers={"X-Forwarded-User": "mara"}).text
        secure = client.get("/", headers={"X-Forwarded-User": "jo", "X-Forwarded-Proto": "https"})
        assert "Strict-Transport-Security" in secure.headers
    (tmp_path / "other").mkdir()
    strangers = open_app(tmp_path / "other", sqlite_template, auth="proxy", trusted_proxies=("10.0.0.0/8",))
    with client_of(strangers) as client:
        assert client.get("/", headers={"X-Forwarded-User": "mara"}).status_code == 403


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("/changes?x=1", "/changes?x=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil", "/"),
        ("/a\r\nb", "/"),
        ("", "/"),
    ],
)
def test_one_is_led_to_pages_of_ours_only(target: str, where: str) -> None:
    assert safe_next(target) == where


@pytest.mark.parametrize(
    ("host", "is_local"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.0.0.1", False), ("x", False)]
)
def test_loopback_is_known(host: str, is_local: bool) -> None:
    assert is_loopback(host) is is_local


def test_a_password_is_kept_as_a_hash_that_only_it_has() -> None:
    stored = hash_password(PASSWORD, b"0123456789abcdef")
    assert PASSWORD not in stored
    assert verify_password(PASSWORD, stored)
    assert not verify_password(f"{PASSWORD} ", stored)
    assert parse_hash(stored)[:3] == (32768, 8, 3)
    with pytest.raises(ConfigError, match="12 are the least"):
        hash_password("short", b"salt")


def test_what_one_address_failed_is_forgotten_after_success_and_memory_is_bounded() -> None:
    throttle = Throttle()
    for _ in range(MAX_FAILURES):
        throttle.failed("a", now=NOON)
    assert throttle.wait_s("a", "b", now=NOON) == WINDOW.total_seconds()
    assert throttle.wait_s("b", now=NOON) == 0
    throttle.succeeded("a")
    assert throttle.wait_s("a", now=NOON) == 0
    for number in range(10_050):
        throttle.failed(f"address {number}", now=NOON)
    assert len(throttle._failures) == 10_000

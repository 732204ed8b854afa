"""Every route, without a sign-in, with the wrong role, from elsewhere: none is forgotten, as the list is that of the running page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from monitor.web.door import CONTENT_SECURITY_POLICY, Door
from monitor.web.gate import OPEN_PATHS
from monitor.web.passwords import hash_password
from monitor.web.server import build
from tests.web.desk import PASSWORD, DeskApp, Words, client_of, fill, form_token, open_app

#: Cheap to try: what a real one costs would be most of these tests' time.
HASH = hash_password(PASSWORD, b"0123456789abcdef", n=16)
FILLED = {"key": "olive-duties", "issue": "olive-duties", "change_id": "c_0000000000000002", "article_id": "a-1", "suffix": "csv"}
HEADERS = ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy")


def routes(app: DeskApp) -> Iterator[tuple[str, str]]:
    """Yield method and address of every route."""
    page = cast(FastAPI, cast(Door, build(app)).app)
    for route in _flat(page.routes):
        for method in sorted(route.methods or ()):
            yield method, f"{route.path.format(**FILLED)}{'?once=true' if route.path.endswith('/events') else ''}"


def _flat(found: list[Any]) -> Iterator[APIRoute]:
    """Yield the routes, whether included flat or as routers of their own."""
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "effective_route_contexts"):
            yield from (context for context in route.effective_route_contexts())


@pytest.fixture
def guarded(tmp_path: Path, sqlite_template: Path) -> DeskApp:
    return opened(tmp_path, sqlite_template, reviewers=("somebody-else",))


def opened(folder: Path, template: Path, **web: Any) -> DeskApp:
    app = open_app(folder, template, **{"auth": "password", "password_hash": HASH, "user": "mara", **web})
    with app.uow.transaction() as tx:
        fill(tx, Words())
    return app


def sign_in(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"user": "mara", "password": PASSWORD})
    assert answer.status_code == 303


def call(client: TestClient, method: str, address: str, **headers: str) -> Any:
    if method != "POST":
        return client.request(method, address, headers=headers)
    if address.startswith("/api/"):
        return client.post(address, json={"action": "note", "issue": "olive-duties", "note": "x"}, headers=headers)
    return client.post(address, data={"action": "note", "issue": "olive-duties", "note": "x"}, headers=headers)


def test_there_are_routes_to_try(guarded: DeskApp) -> None:
    found = list(routes(guarded))
    assert len(found) >= 38
    assert ("POST", "/reviews") in found
    assert ("POST", "/api/v1/reviews") in found


def test_without_a_sign_in_nothing_is_shown_or_done(guarded: DeskApp) -> None:
    with client_of(guarded) as client:
        for method, address in routes(guarded):
            if address.startswith(OPEN_PATHS):
                continue
            answer = call(client, method, address)
            told = (method, address, answer.status_code)
            if address.startswith("/api/") or method == "POST":
                assert answer.status_code == 401, told
            else:
                assert answer.status_code == 303, told
                assert answer.headers["location"].startswith("/sign-in?next=%2F"), told
            assert "olives" not in answer.text, told
            check_headers(answer)
        with guarded.uow.reading() as tx:
            assert len(tx.reviews.list()) == 4


def test_a_reader_sees_everything_and_changes_nothing(guarded: DeskApp) -> None:
    with client_of(guarded) as client:
        sign_in(client)
        for method, address in routes(guarded):
            if address.startswith((*OPEN_PATHS, "/sign-out")):
                continue
            answer = call(client, method, address)
            assert answer.status_code == (403 if method == "POST" else 200), (method, address, answer.text[:200])
            check_headers(answer)
            assert 'name="form_token"' not in answer.text or method == "POST" or 'action="/reviews"' not in answer.text, address
        with guarded.uow.reading() as tx:
            assert len(tx.reviews.list()) == 4


def test_a_reviewer_acts_only_with_the_token_of_the_own_form(tmp_path: Path, sqlite_template: Path) -> None:
    app = opened(tmp_path, sqlite_template, reviewers=("mara",))
    said = {"action": "note", "issue": "olive-duties", "note": "x"}
    with client_of(app) as client:
        sign_in(client)
        token = form_token(client.get("/").text)
        assert client.post("/reviews", data=said).status_code == 403
        assert client.post("/reviews", data={**said, "form_token": "0" * 64}).status_code == 403
        assert client.post("/reviews", data={**said, "form_token": token}).status_code == 303
        assert client.post("/api/v1/reviews", json=said).status_code == 201
        assert client.post("/api/v1/reviews", data=said).status_code in {415, 422}
        client.post("/sign-out")
        sign_in(client)
        # The token belongs to the session before.
        assert client.post("/reviews", data={**said, "form_token": token}).status_code == 403


def test_another_site_and_another_host_get_nothing(app: DeskApp) -> None:
    with client_of(app) as client:
        for method, address in routes(app):
            stranger = call(client, method, address, host="rebound.example")
            assert stranger.status_code == 421, (method, address)
            check_headers(stranger)
            if method == "POST":
                assert call(client, method, address, origin="https://evil.example").status_code == 403, address
                assert call(client, method, address, **{"sec-fetch-site": "cross-site"}).status_code == 403, address
                assert call(client, method, address, origin="null").status_code == 403, address


def test_a_body_that_is_too_large_or_of_no_length_is_refused(client: TestClient) -> None:
    assert client.post("/reviews", data={"note": "x" * 70_000}).status_code == 413
    assert (
        client.post("/reviews", content=iter([b"note=x"]), headers={"content-type": "application/x-www-form-urlencoded"}).status_code == 411
    )


def check_headers(answer: Any) -> None:
    """Whatever is answered carries the headers that keep scripts, frames and guesses out."""
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    for name in HEADERS:
        assert name in answer.headers, name
    assert "public" not in answer.headers["Cache-Control"]

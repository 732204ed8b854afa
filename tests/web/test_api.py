"""The JSON API: its format, its cursors and validators, events, and nothing that breaks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from starlette.testclient import TestClient

from monitor.core.interchange import change_object
from monitor.core.types import ChangeId
from monitor.web.server import build
from tests.web.desk import DeskApp, Words, fill, open_app


def test_changes_have_the_fixed_format_and_what_people_said_beside(app: DeskApp, client: TestClient) -> None:
    found = client.get("/api/v1/changes/c_0000000000000002").json()
    with app.uow.reading() as tx:
        stored = tx.issues.change(ChangeId("c_0000000000000002"))
    assert stored is not None
    expected = change_object(stored)
    assert {name: found[name] for name in expected} == expected
    assert (found["verdict"], found["reviews"][0]["note"]) == (None, "asked the desk")


def test_cursors_lead_through_a_list_once(client: TestClient) -> None:
    seen, cursor = [], ""
    while True:
        page = client.get("/api/v1/changes", params={"limit": 3, "cursor": cursor}).json()
        seen += [row["change_id"][-1] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["4", "3", "2", "1"]
    assert client.get("/api/v1/articles", params={"cursor": "nonsense"}).json()["detail"].startswith("cursor: ")


def test_what_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/api/v1/changes")
    again = client.get("/api/v1/changes", headers={"If-None-Match": f'W/"other", {first.headers["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    said = {"action": "accept", "issue": "olive-duties", "change_id": "c_0000000000000002"}
    assert client.post("/api/v1/reviews", json=said).status_code == 201
    assert client.get("/api/v1/changes", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_acts_are_done_once_by_key_and_taken_back(client: TestClient) -> None:
    said = {"action": "accept", "issue": "olive-duties", "change_id": "c_0000000000000002", "key": "k-1"}
    done = [client.post("/api/v1/reviews", json=said).json()["review_id"] for _ in range(2)]
    assert done[0] == done[1]
    undone = client.post("/api/v1/reviews", json={"action": "undo", "undoes": done[0]})
    assert undone.status_code == 201
    assert client.get("/api/v1/changes/c_0000000000000002").json()["verdict"] is None
    again = client.post("/api/v1/reviews", json={"action": "undo", "undoes": done[0]})
    assert (again.status_code, "taken back already" in again.json()["detail"]) == (400, True)
    assert client.post("/api/v1/reviews", json={"action": "undo", "undoes": "r_none"}).status_code == 404


def test_events_tell_changes_after_the_last_one_seen(client: TestClient) -> None:
    told = client.get("/api/v1/events?once=true&since=2").text
    events = [
        dict(line.split(": ", 1) for line in event.split("\n") if ": " in line) for event in told.split("\n\n") if "event: change" in event
    ]
    assert [event["id"] for event in events] == ["3", "4"]
    assert json.loads(events[0]["data"])["change_id"] == "c_0000000000000003"
    assert "event: change" not in client.get("/api/v1/events?once=true").text
    back = client.get("/api/v1/events?once=true", headers={"Last-Event-ID": "3"}).text
    assert back.count("event: change") == 1
    assert client.get("/api/v1/events?once=true", headers={"Last-Event-ID": "x"}).status_code == 400


def test_every_operation_is_described(client: TestClient) -> None:
    told = client.get("/api/v1/openapi.json").json()
    operations = [(path, operation) for path, found in told["paths"].items() for operation in found.values()]
    assert len(operations) == 12
    assert all(path.startswith("/api/v1/") for path, _ in operations)
    assert all(operation.get("description") for _, operation in operations)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> schemathesis.schemas.BaseSchema:
    app = open_app(tmp_path_factory.mktemp("described"), sqlite_template, allowed_hosts=("testserver",))
    with app.uow.transaction() as tx:
        fill(tx, Words())
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", build(app), config=SchemathesisConfig.discover())


def test_no_request_breaks_the_api(described: schemathesis.schemas.BaseSchema) -> None:
    """Every operation answers requests made from its description, and requests that break it, as it says it does."""
    operations = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == 12
    for operation in operations:
        _try(operation)


def _try(operation: Any) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    def attempt(case: Any) -> None:
        if case.path.endswith("/events"):
            # A stream without end is none that a test could wait for.
            case.query = {**(case.query or {}), "once": "true"}
        response = case.call()
        checks = [not_a_server_error, status_code_conformance, response_schema_conformance]
        if response.status_code < 400:
            checks.append(content_type_conformance)
        case.validate_response(response, checks=checks)

    attempt()

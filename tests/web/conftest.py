"""The page over a small store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.databases import sqlite_template
from tests.web.desk import DeskApp, Words, client_of, fill, open_app

__all__ = ["sqlite_template"]


@pytest.fixture
def app(tmp_path: Path, sqlite_template: Path) -> DeskApp:
    """An application with one of everything."""
    found = open_app(tmp_path, sqlite_template)
    with found.uow.transaction() as tx:
        fill(tx, Words())
    return found


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[TestClient]:
    """A client for tests that only look: one page for all of a module."""
    found = open_app(tmp_path_factory.mktemp("desk"), sqlite_template)
    with found.uow.transaction() as tx:
        fill(tx, Words())
    with client_of(found) as client:
        yield client


@pytest.fixture
def client(app: DeskApp) -> Iterator[TestClient]:
    """A client of its page, as on loopback without a sign-in."""
    with client_of(app) as found:
        yield found

"""The page as a server in a thread, and its commands."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from monitor.cli.context import root
from monitor.config.settings import WebSettings
from monitor.errors import ConfigError
from monitor.web.passwords import verify_password
from monitor.web.server import PageServer
from tests.web.desk import DeskApp, open_app


def on_port(app: DeskApp, port: int) -> DeskApp:
    return replace(app, settings=app.settings.model_copy(update={"web": WebSettings(port=port)}))


def test_it_serves_until_its_block_ends_and_a_taken_port_stops_the_start(tmp_path: Path, sqlite_template: Path) -> None:
    app = open_app(tmp_path, sqlite_template)
    with closing(app.uow), PageServer(app) as page:
        assert httpx.get(f"{page.address}alive", timeout=30).text == "alive\n"
        with pytest.raises(ConfigError, match=rf"web.port = {page.port}: cannot listen there .*MONITOR_WEB__PORT"):
            PageServer(on_port(app, page.port))
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{page.address}alive", timeout=30)


def test_a_password_is_asked_for_and_its_hash_printed() -> None:
    told = CliRunner().invoke(root, ["web", "password"], input="a long enough password\na long enough password\n")
    assert verify_password("a long enough password", told.stdout.strip().splitlines()[-1])
    assert "a long enough password" not in told.stdout

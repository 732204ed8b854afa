"""What can be checked of the compose file and the image without an engine: they name things that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.config import settings_table

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return content


def test_every_variable_of_the_monitor_is_a_setting(compose: dict[str, Any]) -> None:
    known = {row.variable for row in settings_table()}
    assert set(compose["services"]["monitor"]["environment"]) <= known


def test_both_services_have_a_healthcheck_and_the_monitor_waits_for_the_database(compose: dict[str, Any]) -> None:
    assert all("test" in service["healthcheck"] for service in compose["services"].values())
    assert compose["services"]["monitor"]["depends_on"]["database"]["condition"] == "service_healthy"


def test_secrets_are_files_and_never_stand_in_the_file(compose: dict[str, Any]) -> None:
    used = {name for service in compose["services"].values() for name in service["secrets"]}
    assert used == set(compose["secrets"])
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            assert not name.endswith(("PASSWORD", "TOKEN")), f"{name} = {value} would stand in the open"


def test_named_volumes_are_declared(compose: dict[str, Any]) -> None:
    mounts = [mount.split(":")[0] for service in compose["services"].values() for mount in service["volumes"]]
    assert {mount for mount in mounts if not mount.startswith(".")} == set(compose["volumes"])
    assert all((ROOT / mount).is_dir() for mount in mounts if mount.startswith("."))


def test_the_image_copies_only_what_is_there() -> None:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M)
    assert copies
    for words in copies:
        assert all((ROOT / name).exists() for name in words.split())

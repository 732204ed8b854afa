"""The list of outlets from its file. Each error names file, key, value and fix."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from monitor.config.files import DataFile, read_data
from monitor.core.outlets import Outlet, Outlets
from monitor.errors import ConfigError


class _OutletRow(DataFile):
    name: str = Field(min_length=1)
    owner: str = ""
    wire: bool = False
    aliases: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


class _OutletFile(DataFile):
    outlets: tuple[_OutletRow, ...]


def load_outlets(path: Path) -> Outlets:
    """Return the outlets of a list. Raises: ConfigError."""
    rows = read_data(path, _OutletFile).outlets
    taken: dict[str, str] = {}
    for row in rows:
        marks = [
            *(("aliases", name) for name in (row.name, *row.aliases)),
            *(("signatures", mark) for mark in row.signatures),
            *(("domains", domain) for domain in row.domains),
        ]
        for key, mark in marks:
            other = taken.setdefault(f"{key}:{mark}", row.name)
            if other != row.name:
                raise ConfigError(f"{path}: outlets.{key} = {mark!r} is claimed by both {other!r} and {row.name!r}; leave it to one")
    return Outlets(Outlet(row.name, row.owner or row.name, row.aliases, row.signatures, row.domains, row.wire) for row in rows)

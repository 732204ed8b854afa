"""The store in every form that keeps its contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.ports import UnitOfWork
from monitor.store.session import SqlUnitOfWork
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.databases import ON_POSTGRESQL, postgresql, sqlite_template, upgraded_url

__all__ = ["postgresql", "sqlite_template", "unit"]


@pytest.fixture(params=["memory", "sqlite", ON_POSTGRESQL])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UnitOfWork]:
    """An empty store."""
    if request.param == "memory":
        yield MemoryUnitOfWork()
        return
    with upgraded_url(request, tmp_path) as url, closing(SqlUnitOfWork(url)) as found:
        yield found

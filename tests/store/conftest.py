"""Databases with tables, without rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from monitor.store.session import SqlUnitOfWork
from tests.databases import postgresql, sqlite_template, url

__all__ = ["postgresql", "sql", "sqlite_template", "url"]


@pytest.fixture
def sql(url: str) -> Iterator[SqlUnitOfWork]:
    """An empty store in a database."""
    with closing(SqlUnitOfWork(url)) as unit:
        yield unit

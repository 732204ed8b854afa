"""Transactions over all stores, and what is done to a whole database: upgrade, check, backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from monitor.errors import StoreError
from monitor.store.articles import SqlArticleStore
from monitor.store.channels import SqlChannelStore
from monitor.store.engine import FOREIGN_ERRORS, MIGRATION, READONLY, explain, is_in_memory, masked, open_engine, parse_url, sqlite_path
from monitor.store.feeds import SqlFeedStore
from monitor.store.held import SqlHeldStore
from monitor.store.issues import SqlIssueStore
from monitor.store.outbox import SqlOutboxStore
from monitor.store.reviews import SqlReviewStore

if TYPE_CHECKING:
    from alembic.config import Config

#: Longest wait for a lock or a connection, seconds: far above the second that two busy writers were seen to wait for each other, and
#: short enough that a person at the command line learns what is wrong.
BUSY_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class SqlTransaction:
    """One transaction over all stores."""

    feeds: SqlFeedStore
    articles: SqlArticleStore
    issues: SqlIssueStore
    outbox: SqlOutboxStore
    reviews: SqlReviewStore
    held: SqlHeldStore
    channels: SqlChannelStore


class SqlUnitOfWork:
    """Opens transactions on SQLite (`sqlite:///FILE`, or `sqlite://` in memory) or PostgreSQL (`postgresql+psycopg://`).

    Nothing is opened before the first transaction. Raises ConfigError where the URL cannot be read or its driver is missing.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._url = parse_url(url)
        self._engine = open_engine(self._url, busy_timeout_s=busy_timeout_s)
        # In memory there is one connection for all threads, hence one transaction at a time.
        self._turn = RLock() if is_in_memory(self._url) else nullcontext()

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Open a write transaction. Raises: DatabaseBusyError, StoreError."""
        with self.connect() as connection:
            yield _stores(connection)

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """Open a read-only view of one moment: never blocks a writer; writing in it raises StoreError."""
        with self.connect(is_readonly=True) as connection:
            yield _stores(connection)

    @contextmanager
    def connect(self, *, is_readonly: bool = False) -> Iterator[Connection]:
        """Open a connection in a transaction that commits when the block ends. Raises: DatabaseBusyError, StoreError."""
        options: dict[str, object] = {READONLY: is_readonly}
        if is_readonly and self._engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._begin(options) as connection:
            yield connection

    @contextmanager
    def _begin(self, options: dict[str, object]) -> Iterator[Connection]:
        with self._turn:
            try:
                with self._engine.connect().execution_options(**options) as connection, connection.begin():
                    yield connection
            except FOREIGN_ERRORS as exc:
                raise explain(exc, self._url) from exc

    def upgrade(self, *, scripts: Path | None = None) -> None:
        """Bring the schema to the newest version, in one transaction. `scripts`: the folder of migrations; None finds it."""
        # Alembic takes half a second to import, and most commands need none of it.
        from alembic import command

        config = _alembic_config(scripts)
        with self._begin({MIGRATION: True}) as connection:
            if connection.dialect.name == "postgresql":
                # Two processes that start together must not both create the tables.
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('monitor db upgrade'))"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def check(self, *, scripts: Path | None = None) -> None:
        """Make sure that the schema is the one of this version. Raises: StoreError with the command that mends it."""
        from alembic.migration import MigrationContext
        from alembic.script import ScriptDirectory

        where, path = masked(self._url), sqlite_path(self._url)
        if path is not None and not path.is_file():
            raise StoreError(f"{where} does not exist yet; run `monitor db upgrade`")
        known = ScriptDirectory.from_config(_alembic_config(scripts))
        with self.connect(is_readonly=True) as connection:
            present = set(MigrationContext.configure(connection).get_current_heads())
        if present == set(known.get_heads()):
            return
        if not present:
            raise StoreError(f"{where} has no tables yet; run `monitor db upgrade`")
        if present - {script.revision for script in known.walk_revisions()}:
            raise StoreError(f"{where} was written by a newer version ({', '.join(sorted(present))}); install that version")
        raise StoreError(f"{where} has the tables of an older version ({', '.join(sorted(present))}); run `monitor db upgrade`")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def upgrade(url: str, *, scripts: Path | None = None) -> None:
    """Bring a database to the newest schema, creating it where there is none."""
    with closing(SqlUnitOfWork(url)) as unit:
        unit.upgrade(scripts=scripts)


def check(url: str, *, scripts: Path | None = None) -> None:
    """Make sure that a database has the schema of this version. Raises: StoreError naming `monitor db upgrade`, DatabaseBusyError."""
    with closing(SqlUnitOfWork(url)) as unit:
        unit.check(scripts=scripts)


def backup(url: str, path: Path) -> None:
    """Copy a SQLite database, while it is in use, to a new file. Raises: StoreError."""
    parsed = parse_url(url)
    source, where = sqlite_path(parsed), masked(parsed)
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(f"{where} is a PostgreSQL database; back it up with `pg_dump`")
    if source is None or not source.is_file():
        raise StoreError(f"{where} is no file that could be copied; check the database URL")
    if path.exists():
        raise StoreError(f"{path} exists already; choose a new name for the backup")
    # The copy gets its name when it is whole, so that an interrupted one is never taken for a backup.
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(source, timeout=BUSY_TIMEOUT_S)) as database, closing(sqlite3.connect(partial)) as copy:
            database.backup(copy)
        partial.replace(path)
    except sqlite3.Error as exc:
        raise explain(exc, parsed) from exc
    except OSError as exc:
        raise StoreError(f"the backup {path} cannot be written ({exc}); choose another place") from exc


def _stores(connection: Connection) -> SqlTransaction:
    return SqlTransaction(
        SqlFeedStore(connection),
        SqlArticleStore(connection),
        SqlIssueStore(connection),
        SqlOutboxStore(connection),
        SqlReviewStore(connection),
        SqlHeldStore(connection),
        SqlChannelStore(connection),
    )


def _alembic_config(scripts: Path | None) -> Config:
    folder = scripts or Path(__file__).parents[2] / "alembic"
    # An installed package may lie beside the library of the same name, which has no versions.
    if not (folder / "versions").is_dir():
        raise StoreError(f"there are no migrations in {folder}; run from a checkout, or say where they are")
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config

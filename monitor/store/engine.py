"""Connections: one recipe for SQLite, one for PostgreSQL, and foreign errors put into words.

SQLite: write-ahead log, so that readers never block a writer; `BEGIN IMMEDIATE` for writes, because a transaction that starts as a reader
and then wants to write fails at once where another one writes, however long it was told to wait.
"""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import StaticPool

from monitor.errors import ConfigError, DatabaseBusyError, MonitorError, StoreError

#: What comes out of a connection that is not ours.
FOREIGN_ERRORS = (SQLAlchemyError, sqlite3.Error)

# Execution options that tell the `begin` listener what a transaction is for.
READONLY = "monitor_readonly"
MIGRATION = "monitor_migration"

# Classes and codes of PostgreSQL's appendix A after which trying again may help: connection lost, resources short, serialisation,
# deadlock, lock not had, server shutting down or starting.
_PASSING = ("08", "53", "40", "55P03", "57P", "57014")
_SCHEMA = ("42P01", "42703", "3F000", "42P07")
_READONLY = ("25006",)


def parse_url(url: str) -> URL:
    """Return the parts of a database URL. Raises ConfigError where it cannot be read or names another kind of database."""
    example = "write e.g. sqlite:///var/monitor.db or postgresql+psycopg://user@host/name"
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        # The text is not shown: it may hold a password in a place where nobody can find it.
        raise ConfigError(f"the database URL cannot be read; {example}") from exc
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"}:
        raise ConfigError(f"the database URL names {parsed.drivername!r}, which is not known here; {example}")
    return parsed


def masked(url: URL) -> str:
    """Return the URL for messages, its password hidden wherever it stands."""
    if "password" in url.query:
        url = url.update_query_dict({"password": "***"})
    return url.render_as_string(hide_password=True)


def is_in_memory(url: URL) -> bool:
    """Return whether the database lives and dies with its connection."""
    return url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}


def sqlite_path(url: URL) -> Path | None:
    """Return the file of a SQLite database; None for one in memory, one given as a `file:` URI, and PostgreSQL."""
    if url.get_backend_name() != "sqlite" or is_in_memory(url) or str(url.database).startswith("file:"):
        return None
    return Path(str(url.database))


def open_engine(url: URL, *, busy_timeout_s: float) -> Engine:
    """Return an engine; nothing is opened before its first use. `busy_timeout_s`: how long to wait for a lock or a connection."""
    try:
        return _sqlite(url, busy_timeout_s) if url.get_backend_name() == "sqlite" else _postgresql(url, busy_timeout_s)
    except (ModuleNotFoundError, NoSuchModuleError) as exc:
        raise ConfigError(f"the driver of {masked(url)} is missing ({exc}); install the package's extra `postgres`") from exc


def _sqlite(url: URL, busy_timeout_s: float) -> Engine:
    # isolation_level None: the driver opens no transactions of its own, the listener below does.
    arguments: dict[str, Any] = {"connect_args": {"timeout": busy_timeout_s, "check_same_thread": False, "isolation_level": None}}
    if is_in_memory(url):
        # Every thread must come to the same connection, as a second one would see an empty database.
        arguments["poolclass"] = StaticPool
    engine = create_engine(url, **arguments)
    path = sqlite_path(url)

    @event.listens_for(engine, "do_connect")
    def make_folder(*_: object) -> None:
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as exc:
                raise StoreError(f"the folder of {masked(url)} cannot be made ({exc}); make it, or set another database") from exc

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        # With the write-ahead log this may lose the last commits when the power fails, but never harms the file.
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        # A migration rebuilds tables by copying, during which keys point nowhere.
        connection.exec_driver_sql(f"PRAGMA foreign_keys = {'OFF' if options.get(MIGRATION) else 'ON'}")
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if options.get(READONLY) else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if options.get(READONLY) else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL, busy_timeout_s: float) -> Engine:
    # libpq counts whole seconds and takes less than 2 as 2.
    arguments: dict[str, Any] = {"connect_timeout": max(2, math.ceil(busy_timeout_s))}
    if "options" not in url.query:
        arguments["options"] = f"-c lock_timeout={int(busy_timeout_s * 1000)}"
    # pool_pre_ping: a server that was restarted since costs one look, not one failed job for each pooled connection.
    return create_engine(url.set(drivername="postgresql+psycopg"), connect_args=arguments, pool_pre_ping=True, pool_timeout=busy_timeout_s)


def explain(error: Exception, url: URL) -> MonitorError:
    """Return a foreign error as one of ours: the database, what it said, and the next step."""
    where, cause = masked(url), error
    if isinstance(error, PoolTimeoutError):
        return DatabaseBusyError(f"{where}: every connection is in use; try again, or run fewer workers")
    if isinstance(error, StatementError) and error.orig is not None:
        cause = error.orig if isinstance(error.orig, Exception) else error
    said = " ".join(str(cause).split())
    if isinstance(error, SQLAlchemyError) and not isinstance(error, DBAPIError):
        return StoreError(f"{where}: a value cannot be stored ({said}); this is a fault of the program, please report it")
    if isinstance(error, IntegrityError) or isinstance(cause, sqlite3.IntegrityError):
        return StoreError(f"{where}: a row breaks a rule of the database ({said}); nothing was written")
    kind = _sqlite_kind(cause, said) if isinstance(cause, sqlite3.Error) else _postgresql_kind(getattr(cause, "sqlstate", None), said)
    match kind:
        case "busy":
            return DatabaseBusyError(
                f"{where} is locked or out of reach ({said}); try again once the other process is done or the server is up"
            )
        case "readonly":
            return StoreError(f"{where} cannot be written ({said}); make the file and its folder writable for this user")
        case "schema":
            return StoreError(f"{where} does not have the tables of this version ({said}); run `monitor db upgrade`")
        case "place":
            return StoreError(f"{where} cannot be opened ({said}); check that it exists and that this user may use it")
        case "damaged":
            return StoreError(f"{where} is damaged or is no database ({said}); restore it from a backup")
        case _:
            return StoreError(f"{where} refuses ({said}); run `monitor db check`")


def _sqlite_kind(error: sqlite3.Error, said: str) -> str:
    # Extended codes such as SQLITE_BUSY_SNAPSHOT carry the plain one in front. Errors of the driver itself have no code.
    name = getattr(error, "sqlite_errorname", "")
    kinds = {
        "SQLITE_BUSY": "busy",
        "SQLITE_LOCKED": "busy",
        "SQLITE_READONLY": "readonly",
        "SQLITE_CANTOPEN": "place",
        "SQLITE_CORRUPT": "damaged",
        "SQLITE_NOTADB": "damaged",
    }
    for prefix, kind in kinds.items():
        if name.startswith(prefix):
            return kind
    return "schema" if "no such table" in said or "no such column" in said or "has no column" in said else "other"


def _postgresql_kind(state: str | None, said: str) -> str:
    if state is None:
        # libpq gives no code when it could not connect; what the server refused for good can only be told by its words.
        refused = ("authentication failed", "does not exist", "no password supplied", "pg_hba.conf")
        return "place" if any(words in said for words in refused) else "busy"
    for kind, prefixes in {"busy": _PASSING, "schema": _SCHEMA, "readonly": _READONLY, "place": ("28", "3D", "42501")}.items():
        if state.startswith(prefixes):
            return kind
    return "other"

"""Runs the migrations, on a connection that the program hands over or on a database named by `-x url=...`, the config or the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import Connection

from alembic import context
from monitor.errors import ConfigError
from monitor.store.column_types import ForeignText, Key, UtcDateTime
from monitor.store.engine import MIGRATION, masked, open_engine, parse_url
from monitor.store.schema import metadata

# The command line has no deadline; a minute is longer than any transaction of the daemon.
BUSY_TIMEOUT_S = 60.0


def database_url() -> str:
    url = context.get_x_argument(as_dictionary=True).get("url") or context.config.get_main_option("sqlalchemy.url")
    if url:
        return url
    try:
        from monitor.config import load_settings
    except ImportError as exc:
        raise ConfigError("no database is named; say which: alembic -x url=sqlite:///var/monitor.db ...") from exc
    return load_settings().database.url.get_secret_value()


@contextmanager
def connected() -> Iterator[Connection]:
    given = context.config.attributes.get("connection")
    if given is not None:
        yield given
        return
    engine = open_engine(parse_url(database_url()), busy_timeout_s=BUSY_TIMEOUT_S)
    try:
        with engine.connect().execution_options(**{MIGRATION: True}) as connection, connection.begin():
            yield connection
    finally:
        engine.dispose()


def plain_type(kind: str, item: object, _: object) -> str | Literal[False]:
    """Render our column types as what they are in the database: a migration must not change when the program does."""
    if kind != "type":
        return False
    match item:
        case UtcDateTime():
            return "sa.DateTime(timezone=True)"
        case Key():
            return 'sa.Text().with_variant(sa.Text(collation="C"), "postgresql")'
        case ForeignText():
            return "sa.Text()"
        case _:
            return False


def is_ours(name: str | None, kind: str, _: object) -> bool:
    """Leave out the tables of the search index, which each database has in its own way (revision 0007)."""
    return kind != "table" or not (name or "").startswith("article_search")


if context.is_offline_mode():
    raise ConfigError(f"migrations need a database to look at, so --sql is not offered for {masked(parse_url(database_url()))}")

with connected() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        # SQLite changes a column only by copying its table; it does know transactions for tables, whatever its dialect says.
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        render_item=plain_type,
        include_name=is_ours,
    )
    with context.begin_transaction():
        context.run_migrations()

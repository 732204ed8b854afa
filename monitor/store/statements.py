"""Statements that both databases know but spell in their own dialect, and lists of values too long for one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
#: Values in one statement: well under SQLite's 32,766 variables, and few enough that a statement is planned fast.
_N_VALUES = 1000


def chunks(values: Collection[T]) -> Iterator[Sequence[T]]:
    """Return the values, each once, in pieces that fit into one statement."""
    distinct = list(dict.fromkeys(values))
    return (distinct[start : start + _N_VALUES] for start in range(0, len(distinct), _N_VALUES))


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any], *, unique: Sequence[str] | None = None) -> bool:
    """Insert a row, unless its unique columns (None: the primary key) are there already. Return whether it was inserted.

    Any other rule that the row breaks raises as ever.
    """
    statement = _insert(connection.dialect.name, table).on_conflict_do_nothing(
        index_elements=list(unique) if unique else list(table.primary_key)
    )
    # Inline: the database is not asked for the number of the row, which would take the place of the count of rows.
    counted = statement.inline().execution_options(preserve_rowcount=True)
    return connection.execute(counted, dict(row)).rowcount == 1


def insert_all_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those rows whose primary key is not there already."""
    if rows:
        connection.execute(_once(connection.dialect.name, table), list(rows))


def insert_or_replace(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or write its columns over those of the row with the same primary key; columns not given stay."""
    connection.execute(_or_replace(connection.dialect.name, table, tuple(row)), dict(row))


# Made once for each table: building a statement anew costs more than running it.
@cache
def _once(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=list(table.primary_key))


@cache
def _or_replace(dialect: str, table: Table, names: tuple[str, ...]) -> sqlite.Insert | postgresql.Insert:
    statement, key = _insert(dialect, table), set(table.primary_key.columns.keys())
    written = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=written)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)

"""What tables are made of: the naming convention, and columns that say what they mean."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData
from sqlalchemy.types import TypeEngine

from monitor.store.column_types import Key

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def column(name: str, kind: TypeEngine[Any], comment: str, *, null: bool = False, default: str | None = None) -> Column[Any]:
    """Return a column with its meaning."""
    return Column(name, kind, nullable=null, comment=comment, server_default=default)


def key(name: str, kind: TypeEngine[Any], comment: str) -> Column[Any]:
    """Return a column of the primary key."""
    return Column(name, kind, primary_key=True, comment=comment)


def reference(name: str, target: str, comment: str, *, is_key: bool = False, null: bool = False) -> Column[Any]:
    """Return a column that points to the row of another table, checked when the transaction commits."""
    return Column(
        name,
        Key(),
        ForeignKey(target, deferrable=True, initially="DEFERRED"),
        primary_key=is_key,
        nullable=null,
        comment=comment,
    )


def number(name: str, comment: str) -> Column[Any]:
    """Return the column that counts the rows of a table by itself."""
    # SQLite numbers rows by itself only where the column's type is exactly INTEGER.
    return Column(name, BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True, comment=comment)

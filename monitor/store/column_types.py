"""Types of columns: aware instants, text from outside, keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

#: PostgreSQL takes no NUL, and neither database a lone half of a surrogate pair.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant: `timestamptz` on PostgreSQL, text with microseconds in UTC on SQLite, which sorts by time.

    Raises ValueError where an instant is naive: nobody could tell which zone was meant.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC, without a zone where the database cannot keep one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the instant {value.isoformat()} has no zone; give it one, e.g. UTC")
        in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class ForeignText(TypeDecorator[str]):
    """Text that came from outside. Characters that no database takes become U+FFFD, one for one, so that offsets stay right."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the text without NUL and without lone halves of a surrogate pair."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """Return text as it will come back from the database: without NUL and without lone halves of a surrogate pair."""
    if text.isascii() and "\0" not in text:
        # Most are, and this is told ten times as fast.
        return text
    return _UNSTORABLE.sub("\ufffd", text)


class Key(ForeignText):
    """A key or an id. It sorts by code point whatever the locale of the server, so that lists come out the same everywhere."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of this database."""
        return Text(collation="C") if dialect.name == "postgresql" else Text()

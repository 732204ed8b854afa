"""Between rows and core types. Columns carry the names of fields; nested dataclasses become JSON; vectors become float32 bytes."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache, partial
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from monitor.core.types import FloatArray
from monitor.errors import StoreError

T = TypeVar("T")
#: The byte order is part of the format, so that a database can be copied anywhere.
_FLOAT32 = np.dtype("<f4")
#: Types that are columns as they are, whatever else is looked at: most values of most rows.
_PLAIN = frozenset({str, int, float, bool, type(None), datetime})


def to_json(value: Any) -> Any:  # noqa: ANN401 - the border between typed values and JSON
    """Return a value as JSON knows it: dataclasses as objects, tuples as lists, instants as ISO 8601, enums by value."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"the instant {value.isoformat()} has no zone; give it one, e.g. UTC")
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    # Scores come out of vector maths as numpy scalars, which no driver takes.
    return value.item() if isinstance(value, np.generic) else value


def to_columns(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a dataclass as columns named like its fields: instants stay instants, all else as in `to_json`."""
    columns = {}
    for name in _names(value.__class__):
        content = getattr(value, name)
        columns[name] = content if type(content) in _PLAIN or isinstance(content, datetime) else to_json(content)
    return columns


def from_columns(kind: type[T], columns: Mapping[Any, Any]) -> T:
    """Return a dataclass from columns or JSON; what it does not know is left out, what lacks takes its default.

    Raises StoreError where a value is missing or cannot be read.
    """
    dataclass: Any = kind
    # A row's own mapping looks every name up in two tables; a dictionary of it costs a third.
    known = columns if isinstance(columns, dict) else dict(columns)
    try:
        return kind(**{name: decode(known[name]) for name, decode in _decoders(dataclass) if name in known})
    except (TypeError, ValueError, AttributeError) as exc:
        raise StoreError(
            f"a stored {kind.__name__} cannot be read ({exc}): was the row edited by hand? Restore it from a backup "
            "made with `monitor db backup`"
        ) from exc


def to_bytes(vectors: FloatArray) -> bytes:
    """Return vectors, of any shape, as little-endian float32, row after row."""
    return np.ascontiguousarray(vectors, dtype=_FLOAT32).tobytes()


def from_bytes(blob: bytes, *, dim: int) -> FloatArray:
    """Return rows (n, dim) of float32, read-only. Raises StoreError where the bytes are no whole number of rows."""
    if dim < 1 or len(blob) % (dim * _FLOAT32.itemsize):
        raise StoreError(
            f"a stored vector has {len(blob)} bytes, which is no multiple of {dim} float32; restore the database from a backup"
        )
    return np.frombuffer(blob, dtype=_FLOAT32).astype(np.float32, copy=False).reshape(-1, dim)


@cache
def _names(kind: Any) -> tuple[str, ...]:  # noqa: ANN401
    return tuple(field.name for field in fields(kind))


@cache
def _decoders(kind: Any) -> tuple[tuple[str, Callable[[Any], Any]], ...]:  # noqa: ANN401
    hints = get_type_hints(kind)
    return tuple((field.name, _decoder(hints[field.name])) for field in fields(kind))


def _decoder(hint: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    if isinstance(hint, NewType):
        return _decoder(hint.__supertype__)
    if get_origin(hint) in {types.UnionType, Union}:
        inner = _decoder(next(option for option in get_args(hint) if option is not types.NoneType))
        return lambda value: None if value is None else inner(value)
    if get_origin(hint) is tuple:
        each = _decoder(get_args(hint)[0])
        return lambda value: tuple(each(item) for item in value)
    if hint is datetime:
        return lambda value: value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if isinstance(hint, type) and is_dataclass(hint):
        nested: type[Any] = hint
        return partial(from_columns, nested)
    return _as_is


def _as_is(value: Any) -> Any:  # noqa: ANN401
    return value

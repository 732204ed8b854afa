"""Filters in the address, so that a view can be shared: query parameters to what the read models take, and marks of pages to text."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Depends, Query

from monitor.core.interchange import instant_text
from monitor.core.search import parse_search
from monitor.core.types import ChangeKind, IssueKey
from monitor.errors import ConfigError
from monitor.ports.pages import ArticleFilter, ChangeFilter, Mark, Reviewed, Verdict

#: Rows of a page, and the most that the API gives at once.
PAGE, MOST = 50, 500
_LIMIT = Query(ge=1, le=MOST, description="rows of a page")
_CURSOR = Query(max_length=400, description="where the page begins: `next` of the page before")
_DAY = Query(max_length=40, description="a day (2024-09-06) or an instant (ISO 8601); days are UTC")
_WORD = Query(max_length=200)


class BadRequestError(ConfigError):
    """A parameter cannot be read: told as 400."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which page of a list."""

    after: Mark | None
    limit: int


def cut(cursor: Annotated[str, _CURSOR] = "", limit: Annotated[int, _LIMIT] = PAGE) -> Cut:
    """Read which page is wanted. Raises: BadRequestError."""
    return Cut(read_mark(cursor) if cursor else None, limit)


def write_mark(mark: Mark | None) -> str | None:
    """Return a mark as text for an address."""
    if mark is None:
        return None
    return base64.urlsafe_b64encode(json.dumps([instant_text(mark.at), mark.key]).encode()).decode().rstrip("=")


def read_mark(text: str) -> Mark:
    """Return the mark of a text. Raises: BadRequestError where it was not written by `write_mark`."""
    try:
        at, key = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
        instant = datetime.fromisoformat(at)
        if not isinstance(key, str) or instant.tzinfo is None:
            raise ValueError(key)
    except (binascii.Error, ValueError, TypeError, UnicodeError, RecursionError) as exc:
        raise BadRequestError("cursor: this is no place in a list; take `next` of the page before, or leave it out") from exc
    return Mark(instant, key)


def read_day(text: str, name: str) -> datetime | None:
    """Return the instant of a day or an instant; None where none is given. Raises: BadRequestError."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise BadRequestError(f"{name} = {text[:40]!r} is no day; write e.g. 2024-09-06") from exc


def read_end(text: str, name: str) -> datetime | None:
    """Return the first instant that is too late: a day given without a time is meant whole. Raises: BadRequestError."""
    found = read_day(text, name)
    try:
        return found + timedelta(days=1) if found is not None and len(text.strip()) == len("2024-09-06") else found
    except OverflowError as exc:
        raise BadRequestError(f"{name} = {text[:40]!r} is too late; write e.g. 2024-09-06") from exc


def change_filter(
    issue: Annotated[str, _WORD] = "",
    kind: Annotated[list[ChangeKind | Literal[""]] | None, Query(description="kinds of change; none means all")] = None,
    since: Annotated[str, _DAY] = "",
    until: Annotated[str, _DAY] = "",
    reviewed: Annotated[Reviewed, Query(description="by what people have said of them")] = Reviewed.ANY,
) -> ChangeFilter:
    """Read which changes are wanted. Raises: BadRequestError."""
    return ChangeFilter(
        issue_key=IssueKey(issue) if issue else None,
        kinds=tuple(one for one in kind or () if one),
        since=read_day(since, "since"),
        until=read_end(until, "until"),
        reviewed=reviewed,
    )


def article_filter(
    q: Annotated[str, Query(max_length=400, description='words, "phrases", beginnings* and -unwanted ones')] = "",
    issue: Annotated[str, _WORD] = "",
    verdict: Annotated[Verdict, Query(description="by what was judged of them")] = Verdict.ANY,
    source: Annotated[str, _WORD] = "",
    since: Annotated[str, _DAY] = "",
    until: Annotated[str, _DAY] = "",
    order: Annotated[str, Query(pattern="^(newest|nearest)$", description="nearest needs an issue, and no words")] = "newest",
) -> ArticleFilter:
    """Read which articles are wanted. Raises: BadRequestError."""
    return ArticleFilter(
        words=parse_search(q),
        issue_key=IssueKey(issue) if issue else None,
        verdict=verdict,
        source=source,
        since=read_day(since, "since"),
        until=read_end(until, "until"),
        is_nearest_first=order == "nearest",
    )


WantedChanges = Annotated[ChangeFilter, Depends(change_filter)]
WantedArticles = Annotated[ArticleFilter, Depends(article_filter)]
WantedPage = Annotated[Cut, Depends(cut)]

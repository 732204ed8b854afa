"""What can come of a poll: a body that was read, "not modified", or a failure that is weighed by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.core.types import FeedHints, FetchResult
from monitor.errors import FetchError, MonitorError, ParseError, TransientError

#: Error statuses that tell of a passing trouble of the server, like those from 500 on.
_PASSING_STATUSES = frozenset({408, 425})

#: Statuses with which a server says that it is asked too much, whichever of its feeds it was asked for.
_OVERLOAD_STATUSES = frozenset({429, 503})


class FailureKind(StrEnum):
    """What a failure says of the next try."""

    TEMPORARY = "temporary"  #: time-out, lost connection, 5xx: says little
    SOFT = "soft"  #: 404, 429 and the like: often passes
    HARD = "hard"  #: refused address, body too large: rarely passes
    UNREADABLE = "unreadable"  #: an answer that is no feed: weighs as hard, and its validators must not be trusted
    GONE = "gone"  #: 410: the publisher says that this is for good


@dataclass(frozen=True, slots=True)
class Answered:
    """What every answer tells, with a body or without."""

    etag: str | None = None
    last_modified: str | None = None
    #: Lower-case names.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Where permanent redirects led; None where there were none.
    moved_to: str | None = None
    #: Whether validators were sent with the request.
    was_conditional: bool = False


@dataclass(frozen=True, slots=True)
class Success(Answered):
    """A body that was fetched and read, or has the bytes of the one read before."""

    body_digest: str | None = None
    #: None where the body was not read anew: those of the last time hold.
    hints: FeedHints | None = None
    n_entries: int = 0
    #: How many of the entries were known before this poll.
    n_known: int = 0
    #: How many new articles they made.
    n_new: int = 0


@dataclass(frozen=True, slots=True)
class NotModified(Answered):
    """An answer 304; its validators, where it has any, replace the stored ones."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No body, or none that could be read."""

    kind: FailureKind
    #: What went wrong, for the user.
    detail: str
    #: Seconds that the server asked to be left alone.
    retry_after_s: float | None = None
    #: Whether the server is asked too much (429, 503): then it is too much for all its feeds.
    is_overload: bool = False


PollOutcome = Success | NotModified | Failure


def outcome_of_answer(result: FetchResult, *, was_conditional: bool, body_digest: str | None = None) -> Success | NotModified:
    """Return the outcome of an answer whose body, if it has one, was read; what its entries were is for the caller to add."""
    if result.is_modified:
        return Success(result.etag, result.last_modified, result.headers, result.moved_to, was_conditional, body_digest)
    return NotModified(result.etag, result.last_modified, result.headers, result.moved_to, was_conditional)


def outcome_of_error(error: MonitorError) -> Failure:
    """Return the outcome of a poll that ended in an error of fetching or parsing."""
    status = error.status if isinstance(error, FetchError) else None
    retry_after_s = error.retry_after_s if isinstance(error, FetchError) else None
    return Failure(_kind_of(error), str(error), retry_after_s, is_overload=status in _OVERLOAD_STATUSES)


def _kind_of(error: MonitorError) -> FailureKind:
    if isinstance(error, ParseError):
        return FailureKind.UNREADABLE
    if isinstance(error, FetchError) and error.status is not None:
        if error.status == 410:
            return FailureKind.GONE
        if error.status < 500 and error.status not in _PASSING_STATUSES:
            return FailureKind.SOFT
    return FailureKind.TEMPORARY if isinstance(error, TransientError) else FailureKind.HARD

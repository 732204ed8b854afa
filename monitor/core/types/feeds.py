"""Feeds, polls and entries. Instants are aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

FeedKey = NewType("FeedKey", str)


class Health(StrEnum):
    """What can be said of a feed after its last polls."""

    NEW = "new"  #: never polled
    HEALTHY = "healthy"  #: the last poll was read
    FAILING = "failing"  #: the last poll failed, within the patience of its policy
    BLIND = "blind"  #: failing for longer than its policy allows
    GONE = "gone"  #: the server said 410; no more polls
    RETIRED = "retired"  #: no longer listed in the configuration


@dataclass(frozen=True, slots=True)
class Feed:
    """A polled address, as configured."""

    key: FeedKey
    url: str
    #: The outlet, as it shall appear beside quotes.
    source: str
    #: Minimum seconds between two polls; None takes the policy's.
    interval_s: float | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed and what its polls have taught."""

    feed: Feed
    next_poll_at: datetime
    #: Validators, byte-exact as received.
    etag: str | None = None
    last_modified: str | None = None
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    last_error: str | None = None
    #: Sum of failure weights since the last success.
    failure_weight: float = 0.0
    #: Instant of the first failure since the last success.
    failing_since: datetime | None = None
    health: Health = Health.NEW
    #: Whether a "blind" notice for the present spell is out.
    is_blind_noticed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as its feed delivered it, markup removed."""

    feed_key: FeedKey
    #: The item's own id where the feed gives one.
    guid: str | None
    url: str
    title: str
    text: str
    #: None where the feed gives none or one that cannot be read.
    published_at: datetime | None
    #: The date exactly as the feed wrote it.
    published_raw: str | None = None
    fetched_at: datetime | None = None

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to read in it nor to know it by."""
        return not (self.title or self.text or self.url or self.guid)


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a parser found in a body."""

    title: str
    entries: tuple[Entry, ...]
    #: What was wrong though it could be read; None where nothing was.
    flaw: str | None = None
    #: Format as the parser names it, e.g. `rss20`, `atom10`, `json11`.
    version: str = ""


@dataclass(frozen=True, slots=True)
class FetchResult:
    """An answer to a conditional request: a body, or "not modified"."""

    url: str
    status: int
    body: bytes
    etag: str | None
    last_modified: str | None
    content_type: str | None
    #: Lower-case header names to values, for the polling policy (max-age, Retry-After ...).
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_modified(self) -> bool:
        """Whether there is a new body."""
        return self.status != 304


@dataclass(frozen=True, slots=True)
class Poll:
    """One try to fetch and read a feed, for the record."""

    feed_key: FeedKey
    at: datetime
    #: `ok`, `not_modified`, or the class name of the error.
    outcome: str
    n_entries: int = 0
    n_new: int = 0
    n_versions: int = 0
    detail: str | None = None
    took_s: float = 0.0

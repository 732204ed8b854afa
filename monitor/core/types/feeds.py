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
class FeedHints:
    """What the body of a feed says of how often it wants to be asked. Hours and days are those of UTC."""

    #: Seconds between two updates: RSS `ttl`, or `sy:updatePeriod` over `sy:updateFrequency`; the longer where there are both.
    period_s: float | None = None
    #: Hours, 0 to 23, in which it is not to be asked (RSS `skipHours`).
    skip_hours: tuple[int, ...] = ()
    #: Days, 0 is Monday, on which it is not to be asked (RSS `skipDays`).
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed and what its polls have taught."""

    feed: Feed
    next_poll_at: datetime
    #: Validators, byte-exact as received.
    etag: str | None = None
    last_modified: str | None = None
    last_poll_at: datetime | None = None
    #: Instant at which a body was last read; a 304 leaves it.
    last_success_at: datetime | None = None
    #: Instant at which a poll last brought a new article.
    last_new_at: datetime | None = None
    #: Digest of the last body that was read; an equal one need not be parsed again.
    body_digest: str | None = None
    #: What that body says of polling.
    hints: FeedHints | None = None
    #: Seconds between polls as learned from how much of each was known; None: not learned, the usual interval holds.
    learned_interval_s: float | None = None
    #: Instant of the last poll that had nothing in common with those before: items may have been missed.
    last_gap_at: datetime | None = None
    #: Whether the server answered 304 although the feed had changed, so that its 304 must be checked more often.
    is_304_doubted: bool = False
    #: Address that permanent redirects lead to, and how many polls in a row have confirmed it.
    redirect_url: str | None = None
    n_redirects: int = 0
    #: Address that is asked in place of the configured one, after enough confirmations.
    adopted_url: str | None = None
    last_error: str | None = None
    #: Sum of failure weights since the last success.
    failure_weight: float = 0.0
    #: Instant of the first failure since the last success.
    failing_since: datetime | None = None
    health: Health = Health.NEW
    #: Whether a "blind" notice for the present spell is out.
    is_blind_noticed: bool = False

    @property
    def poll_url(self) -> str:
        """The address that the next poll asks."""
        return self.adopted_url or self.feed.url


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
    #: What the body says of how often it wants to be asked.
    hints: FeedHints = FeedHints()


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
    #: Where the redirects that were called permanent (301, 308) led, up to the first that was not; None where there were none.
    moved_to: str | None = None

    @property
    def is_modified(self) -> bool:
        """Whether there is a new body."""
        return self.status != 304


@dataclass(frozen=True, slots=True)
class Poll:
    """One try to fetch and read a feed, for the record."""

    feed_key: FeedKey
    at: datetime
    #: `ok`, `not_modified`, `same_body` (the bytes of the last time, not parsed again), or the class name of the error.
    outcome: str
    n_entries: int = 0
    n_new: int = 0
    n_versions: int = 0
    detail: str | None = None
    took_s: float = 0.0

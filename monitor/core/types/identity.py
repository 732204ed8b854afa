"""What the items of a feed are known by, and what a feed was seen to serve. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from monitor.core.types.feeds import FeedKey

#: Items after which counts are halved: some weeks of a busy feed, so that a change of habit shows within days.
MEMORY_ITEMS = 2000


class IdPolicy(StrEnum):
    """By what the items of a feed are known, beside their words."""

    BOTH = "both"  #: ids and addresses do what they should
    URL = "url"  #: ids change, repeat or lack
    ID = "id"  #: many items share one address, each with an id of its own
    WORDS = "words"  #: neither can be trusted

    @property
    def trusts_ids(self) -> bool:
        """Whether an id names one item for good."""
        return self in {IdPolicy.BOTH, IdPolicy.ID}

    @property
    def trusts_urls(self) -> bool:
        """Whether an address is of one item alone."""
        return self in {IdPolicy.BOTH, IdPolicy.URL}


@dataclass(frozen=True, slots=True)
class IdHabits:
    """Counts over the items of a feed, each item once a poll that changed the feed."""

    n_items: int = 0
    n_without_id: int = 0
    #: Items whose id another item of the same body had, with another address or other words.
    n_repeated: int = 0
    #: Items whose address another item of the same body had, with another id and other words.
    n_shared_urls: int = 0
    #: Items delivered before that still had their id, and those that came back with another.
    n_kept: int = 0
    n_changed: int = 0
    #: Items dated ahead of the poll, and items without a date that can be read.
    n_future: int = 0
    n_undated: int = 0

    def __add__(self, other: IdHabits) -> IdHabits:
        """Add counts, halving the old ones where the sum would pass the memory."""
        fade = 2 if self.n_items + other.n_items > MEMORY_ITEMS else 1
        return IdHabits(*(getattr(self, field.name) // fade + getattr(other, field.name) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class IdVerdict:
    """A policy, and why, in words with numbers."""

    policy: IdPolicy
    reason: str


@dataclass(frozen=True, slots=True)
class Serving:
    """What one poll was served, written down before anything was made of it."""

    feed_key: FeedKey
    at: datetime
    n_items: int
    #: Of the items, those of which nothing was known before.
    n_fresh: int
    #: Marks of the wordings that were not known before (`core.marks`): each must lead to an article.
    marks: tuple[str, ...] = ()

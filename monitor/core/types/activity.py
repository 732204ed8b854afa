"""What happened between two instants, for the digest. Instants are aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.core.types.articles import IssueKey
from monitor.core.types.feeds import FeedKey
from monitor.core.types.status import Change

#: How a poll is recorded that was read.
READ_OUTCOMES = ("ok", "not_modified")
#: Most near misses given for an issue: more would be no help.
MAX_NEAR_MISSES = 10
#: How far below its threshold an article may score and still be called near. Thresholds are learned within 0.02 of each other, and scores of
#: unrelated news lie a tenth below them.
NEAR_MARGIN = 0.05


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An article that was nearly taken for one about the issue."""

    title: str
    source: str
    url: str
    published_at: datetime
    score: float
    threshold: float


@dataclass(frozen=True, slots=True)
class IssueActivity:
    """What happened to one issue."""

    #: Recorded in the span, first sightings left out, oldest first.
    changes: tuple[Change, ...] = ()
    n_matched: int = 0
    #: Nearest first.
    near_misses: tuple[NearMiss, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done and seen in a span of time."""

    since: datetime
    until: datetime
    n_polls: int
    n_failed_polls: int
    #: Articles first stored in the span.
    n_articles: int
    #: Polls of each feed that is not retired, oldest first, the last one before the span included: instant, and whether it was read.
    polls: Mapping[FeedKey, tuple[tuple[datetime, bool], ...]]
    issues: Mapping[IssueKey, IssueActivity]

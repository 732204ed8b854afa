"""What waits for its time: held alerts, digests, and spells of low coverage. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.core.types.alerts import Alert
from monitor.core.types.articles import IssueKey


@dataclass(frozen=True, slots=True)
class HeldAlert:
    """An alert that waits for its time, in one channel."""

    alert: Alert
    channel: str
    held_at: datetime
    release_at: datetime
    #: Why it waits, in words.
    reason: str
    is_urgent: bool = False
    #: The alert in which it was told at last; None while it waits.
    told_in: str | None = None


@dataclass(frozen=True, slots=True)
class DigestMark:
    """How far the digests of a channel have come."""

    channel: str
    #: The time of the schedule that the last one was for.
    slot_at: datetime
    #: When it was made: the next one begins there.
    made_at: datetime


@dataclass(frozen=True, slots=True)
class CoverageSpell:
    """A time in which an issue's coverage was below its policy, and was told to be."""

    issue_key: IssueKey
    #: First failure of the feeds that made it so.
    began_at: datetime
    noticed_at: datetime
    n_failing: int
    n_feeds: int
    ended_at: datetime | None = None

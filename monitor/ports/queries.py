"""Read models for the command line, the pages and the exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from monitor.core.types import (
    Article,
    Change,
    ChangeId,
    Delivery,
    Evidence,
    FeedKey,
    IssueKey,
    IssueState,
    Match,
)


@dataclass(frozen=True, slots=True)
class IssueOverview:
    """One issue as lists and pages show it."""

    state: IssueState
    title: str
    ladder_key: str
    threshold: float | None
    n_articles_matched: int
    n_changes: int
    last_evidence_at: datetime | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """Evidence with what came of it, for `explain`."""

    evidence: Evidence
    #: None: not yet assessed.
    verdict: str | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything stored about one article, from feed to alert."""

    article: Article
    #: (feed key, entry identity, published_raw, fetched_at) of each entry that delivered it.
    entries: tuple[tuple[FeedKey, str, str | None, datetime | None], ...]
    matches: tuple[Match, ...]
    assessments: tuple[Assessment, ...]
    changes: tuple[Change, ...]
    deliveries: tuple[Delivery, ...]


class Queries(Protocol):
    """Read models for the command line, the pages and the exports."""

    def issues(self) -> list[IssueOverview]:
        """Return every issue, by key."""
        ...

    def log(
        self,
        *,
        issue_key: IssueKey | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> list[Change]:
        """Return changes, newest first."""
        ...

    def trace(self, article: Article) -> Trace:
        """Return what is stored about an article."""
        ...

    def counts(self) -> Mapping[str, Any]:
        """Return totals: feeds, entries, articles, matches, changes, deliveries by state, oldest due delivery's instant."""
        ...

    def change(self, change_id: ChangeId) -> Change | None:
        """Return one change; None where there is none."""
        ...

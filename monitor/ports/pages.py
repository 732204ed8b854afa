"""Read models for the review page and its exports: lists that are cut into pages, and what one picture needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from monitor.core.search import SearchWords
from monitor.core.types import Article, ArticleId, Change, ChangeId, ChangeKind, Delivery, IssueKey, Match, Poll, Review


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page of a list ends, and the next begins: the sort key of its last row."""

    at: datetime
    key: str


class Reviewed(StrEnum):
    """Which changes, by what people have said of them."""

    ANY = "any"
    OPEN = "open"  #: nobody has said yet; what the seeds told already needs no word
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes."""

    issue_key: IssueKey | None = None
    kinds: tuple[ChangeKind, ...] = ()
    #: Least and first too late instant that a change is about.
    since: datetime | None = None
    until: datetime | None = None
    reviewed: Reviewed = Reviewed.ANY


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A row of the log with what people said of it."""

    change: Change
    number: int
    recorded_at: datetime
    reviews: tuple[Review, ...]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes, newest first; `after` is where the next page starts, None at the end."""

    rows: tuple[ChangeRow, ...]
    after: Mark | None


class Verdict(StrEnum):
    """Which articles, by what was judged of them under the present baselines."""

    ANY = "any"
    MATCH = "match"
    NO_MATCH = "no_match"


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Which articles. With `is_nearest_first` they come by relevance to `issue_key`, else newest first."""

    words: SearchWords | None = None
    issue_key: IssueKey | None = None
    verdict: Verdict = Verdict.ANY
    source: str = ""
    since: datetime | None = None
    until: datetime | None = None
    is_nearest_first: bool = False


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article, its text cut to the first characters, with its verdicts under the present baselines."""

    article: Article
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Articles in the order of the filter; `after` is where the next page starts, None at the end."""

    rows: tuple[ArticleRow, ...]
    after: Mark | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An article with its cosine to another."""

    row: ArticleRow
    similarity: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """The articles most like one, best first, and among how many they were sought."""

    neighbours: tuple[Neighbour, ...]
    n_compared: int
    n_stored: int  #: about: versions that were ever stored
    is_whole: bool  #: whether every stored vector was looked at


@dataclass(frozen=True, slots=True)
class Read:
    """What an article that was read for an issue came to, without its numbers."""

    article_id: ArticleId
    version: int
    source: str
    url: str
    published_at: datetime
    headline: str
    origin: str
    origin_keys: tuple[str, ...]
    match_score: float
    verdict: str | None


@dataclass(frozen=True, slots=True)
class IssueName:
    """An issue as filters and lists name it."""

    issue_key: IssueKey
    title: str
    ladder_key: str


class Pages(Protocol):
    """Read models for the review page; each one is a read-only view of one moment."""

    def names(self) -> list[IssueName]:
        """Return every issue by key, without looking at anything else of it."""
        ...

    def changes(self, wanted: ChangeFilter, *, after: Mark | None = None, limit: int = 50) -> ChangePage:
        """Return a page of the log, newest first. A page may be short although another follows: the work of one look is bounded."""
        ...

    def newer(self, number: int, *, limit: int) -> list[ChangeRow]:
        """Return changes recorded after the change with this number, in order of recording."""
        ...

    def last_number(self) -> int:
        """Return the number of the change that was recorded last; 0 where there is none."""
        ...

    def change(self, change_id: ChangeId) -> ChangeRow | None:
        """Return one change; None where there is none."""
        ...

    def course(self, issue_key: IssueKey, *, limit: int) -> list[Change]:
        """Return the latest changes of an issue, oldest first, without their quotes."""
        ...

    def volume(self, issue_key: IssueKey) -> list[tuple[date, int]]:
        """Return how many articles were read for an issue on each UTC day that has some, oldest first."""
        ...

    def reads(self, issue_key: IssueKey, *, limit: int) -> list[Read]:
        """Return what was read for an issue, newest publication first."""
        ...

    def articles(self, wanted: ArticleFilter, *, after: Mark | None = None, limit: int = 50) -> ArticlePage:
        """Return a page of the stored articles."""
        ...

    def article(self, article_id: ArticleId) -> ArticleRow | None:
        """Return one article, whole, with its verdicts; None where it is unknown."""
        ...

    def take_in(self, limit: int) -> bool:
        """Read the next stored vectors, at most `limit`, into memory for `like`; return whether others are left."""
        ...

    def like(self, article: Article, *, limit: int) -> Likeness | None:
        """Return the articles most similar to one, best first; None where it has no vector yet.

        Compared are all that were taken in, and until that is the whole store, those published around it and matched by its issues.
        """
        ...

    def deliveries(self, change_id: ChangeId) -> list[Delivery]:
        """Return what was posted of a change, oldest first."""
        ...

    def polls(self, *, since: datetime, limit: int) -> Sequence[Poll]:
        """Return polls that failed, and the first that did not after each, oldest first: what tells when feeds were blind.

        Told are feed, instant and outcome; what else a poll brought is left at its default.
        """
        ...

"""The rows of the store in memory, with snapshots, rollback and the same keys between tables as the database has."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TypeVar

from monitor.core.types import (
    Article,
    ArticleId,
    Baseline,
    Change,
    ChangeId,
    ChannelState,
    CoverageSpell,
    Delivery,
    DigestMark,
    Embedding,
    Entry,
    FeedKey,
    FeedState,
    HeldAlert,
    IdHabits,
    IdVerdict,
    IssueKey,
    IssueState,
    Match,
    Poll,
    Review,
    ReviewId,
    Serving,
    Thread,
)
from monitor.errors import StoreError
from monitor.ports import Assessment

K = TypeVar("K")
V = TypeVar("V")


class Table(MutableMapping[K, V]):
    """Rows by key, in order of insertion. A snapshot shares its rows until one of both is written."""

    def __init__(self, rows: dict[K, V] | None = None, *, is_readonly: bool = False) -> None:
        self._rows = {} if rows is None else rows
        self._is_shared = rows is not None
        self._is_readonly = is_readonly
        #: Keys written since the snapshot.
        self.written: set[K] = set()

    def snapshot(self, *, is_readonly: bool) -> Table[K, V]:
        """Return the rows as they are now; writing to either leaves the other alone."""
        self._is_shared = True
        return Table(self._rows, is_readonly=is_readonly)

    def __getitem__(self, key: K) -> V:
        return self._rows[key]

    def __setitem__(self, key: K, row: V) -> None:
        self._own()[key] = row
        self.written.add(key)

    def __delitem__(self, key: K) -> None:
        del self._own()[key]
        self.written.discard(key)

    def __iter__(self) -> Iterator[K]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def _own(self) -> dict[K, V]:
        if self._is_readonly:
            raise StoreError("memory: a reading view cannot be written; open a transaction")
        if self._is_shared:
            self._rows, self._is_shared = dict(self._rows), False
        return self._rows


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed's state with the health that it had, or has, while listed."""

    state: FeedState
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry with the article that it became."""

    entry: Entry
    article_id: ArticleId


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue's state with what its file says."""

    state: IssueState
    title: str
    ladder_key: str


@dataclass(slots=True)
class Tables:
    """Every row of the store."""

    feeds: Table[FeedKey, FeedRow] = field(default_factory=Table)
    polls: Table[int, Poll] = field(default_factory=Table)
    habits: Table[FeedKey, tuple[IdHabits, IdVerdict]] = field(default_factory=Table)
    servings: Table[int, Serving] = field(default_factory=Table)
    entries: Table[tuple[FeedKey, str], EntryRow] = field(default_factory=Table)
    #: Ids that came with each address of a feed.
    guids: Table[tuple[FeedKey, str], frozenset[str | None]] = field(default_factory=Table)
    #: Latest versions.
    articles: Table[ArticleId, Article] = field(default_factory=Table)
    versions: Table[tuple[ArticleId, int], Article] = field(default_factory=Table)
    fingerprints: Table[str, ArticleId] = field(default_factory=Table)
    embeddings: Table[tuple[str, str], Embedding] = field(default_factory=Table)
    issues: Table[IssueKey, IssueRow] = field(default_factory=Table)
    baselines: Table[IssueKey, Baseline] = field(default_factory=Table)
    matches: Table[tuple[IssueKey, str, ArticleId, int], Match] = field(default_factory=Table)
    evidence: Table[tuple[IssueKey, ArticleId, int], Assessment] = field(default_factory=Table)
    changes: Table[ChangeId, Change] = field(default_factory=Table)
    outbox: Table[str, Delivery] = field(default_factory=Table)
    reviews: Table[ReviewId, Review] = field(default_factory=Table)
    #: When each change was recorded.
    recorded: Table[ChangeId, datetime] = field(default_factory=Table)
    held: Table[tuple[str, str], HeldAlert] = field(default_factory=Table)
    digests: Table[str, DigestMark] = field(default_factory=Table)
    spells: Table[tuple[IssueKey, datetime], CoverageSpell] = field(default_factory=Table)
    channels: Table[str, ChannelState] = field(default_factory=Table)
    #: By channel and issue.
    threads: Table[tuple[str, IssueKey], Thread] = field(default_factory=Table)

    def snapshot(self, *, is_readonly: bool = False) -> Tables:
        """Return all rows as they are now."""
        return Tables(**{table.name: getattr(self, table.name).snapshot(is_readonly=is_readonly) for table in fields(self)})

    def check(self) -> None:
        """Make sure that what was written points to rows that exist. Raises: StoreError naming the first that does not."""
        for number in self.polls.written:
            self._need("feed", self.polls[number].feed_key, self.feeds)
        for number in self.servings.written:
            self._need("feed", self.servings[number].feed_key, self.feeds)
        for feed_key in self.habits.written:
            self._need("feed", feed_key, self.feeds)
        for feed_key, identity in self.entries.written:
            self._need("feed", feed_key, self.feeds)
            self._need("article", self.entries[feed_key, identity].article_id, self.articles)
        for issue_key in self.baselines.written:
            self._need("issue", issue_key, self.issues)
        for issue_key, _, article_id, _ in self.matches.written:
            self._need("issue", issue_key, self.issues)
            self._need("article", article_id, self.articles)
        for issue_key, article_id, _ in self.evidence.written:
            self._need("issue", issue_key, self.issues)
            self._need("article", article_id, self.articles)
        for change_id in self.changes.written:
            self._need("issue", self.changes[change_id].issue_key, self.issues)
        for issue_key, _ in self.spells.written:
            self._need("issue", issue_key, self.issues)
        for review in (self.reviews[review_id] for review_id in self.reviews.written):
            self._need("issue", review.issue_key, self.issues)
            for change_id in filter(None, (review.change_id, review.other_change_id)):
                self._need("change", change_id, self.changes)
            if review.article_id is not None:
                self._need("article", review.article_id, self.articles)
            if review.undoes is not None:
                self._need("review", review.undoes, self.reviews)

    @staticmethod
    def _need(noun: str, key: K, table: Table[K, V]) -> None:
        if key not in table:
            raise StoreError(f"memory: a row points to the {noun} {key!r}, which is not stored; nothing was written, store it as well")

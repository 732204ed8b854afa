"""What the jobs need of the database: five stores in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from monitor.core.types import (
    Article,
    ArticleId,
    Baseline,
    Change,
    ChangeId,
    Delivery,
    Embedding,
    Entry,
    Evidence,
    Feed,
    FeedKey,
    FeedState,
    FloatArray,
    IssueKey,
    IssueState,
    Match,
    Poll,
    Review,
    ReviewId,
)


class FeedStore(Protocol):
    """Feeds, their state and the record of polls."""

    def sync(self, feeds: Sequence[Feed], *, now: datetime) -> None:
        """Make the stored feeds those given: add, update, retire (never delete). New ones are due now; state of known ones is kept."""
        ...

    def due(self, *, now: datetime, limit: int) -> list[FeedState]:
        """Return feeds with `next_poll_at <= now` that are neither gone nor retired, longest due first."""
        ...

    def states(self) -> list[FeedState]:
        """Return every feed's state, retired ones last, by key."""
        ...

    def save(self, state: FeedState) -> None:
        """Write a feed's state. Raises: StoreError where the feed is unknown."""
        ...

    def record(self, poll: Poll) -> None:
        """Append to the record of polls."""
        ...

    def polls(self, feed_key: FeedKey, *, limit: int) -> list[Poll]:
        """Return the latest polls of a feed, newest first."""
        ...

    def forget_polls(self, *, before: datetime) -> int:
        """Remove the record of polls before an instant; return how many."""
        ...


class ArticleStore(Protocol):
    """Entries, articles with their versions, embeddings and matches."""

    def known_entries(self, feed_key: FeedKey, identities: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given entry identities that this feed delivered before, the article each became."""
        ...

    def by_fingerprint(self, fingerprints: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given article fingerprints (`core.dedupe`) that are known, the article."""
        ...

    def get(self, article_ids: Collection[ArticleId]) -> dict[ArticleId, Article]:
        """Return the latest versions of the articles that exist."""
        ...

    def add_entry(self, entry: Entry, *, identity: str, article_id: ArticleId) -> None:
        """Store an entry under its identity (unique within its feed); storing one again changes nothing."""
        ...

    def add(self, article: Article, *, fingerprints: Collection[str]) -> None:
        """Store a new article, or a new version of one (`version` tells). Storing the same version again changes nothing."""
        ...

    def versions(self, article_id: ArticleId) -> list[Article]:
        """Return all versions, oldest first; empty where the article is unknown."""
        ...

    def unmatched(self, issue_key: IssueKey, baseline_id: str, *, limit: int) -> list[Article]:
        """Return articles whose latest version has no match row for this issue and baseline, oldest publication first."""
        ...

    def embeddings(self, text_hashes: Collection[str], *, model_id: str) -> dict[str, FloatArray]:
        """Return the vectors that are stored for these text hashes and this model."""
        ...

    def add_embeddings(self, embeddings: Iterable[Embedding]) -> None:
        """Store vectors; one that exists is kept."""
        ...

    def add_match(self, match: Match) -> None:
        """Store a match verdict; the same issue, article, version and baseline again replaces it."""
        ...

    def find(self, url_or_id: str) -> Article | None:
        """Return the article with this id, or whose URL or whose entry's URL this is; None where there is none."""
        ...


class IssueStore(Protocol):
    """Issues: baseline, status, evidence and the change log."""

    def ensure(self, issue_key: IssueKey, *, title: str, ladder_key: str) -> None:
        """Create the issue's row, or update its title and ladder."""
        ...

    def state(self, issue_key: IssueKey) -> IssueState | None:
        """Return where the issue stands; None where it is unknown."""
        ...

    def advance(self, state: IssueState, *, expected_revision: int) -> bool:
        """Write the state if the stored revision is still the expected one: compare-and-set. Return whether it was written."""
        ...

    def save_baseline(self, baseline: Baseline) -> None:
        """Store the issue's baseline, replacing the one before."""
        ...

    def baseline(self, issue_key: IssueKey) -> Baseline | None:
        """Return the stored baseline; None where there is none."""
        ...

    def add_evidence(self, evidence: Evidence) -> None:
        """Store one article's evidence, unseen; the same issue, article and version again changes nothing."""
        ...

    def unseen_evidence(self, issue_key: IssueKey, *, limit: int) -> list[Evidence]:
        """Return evidence not yet assessed, in order of publication, then article id."""
        ...

    def mark_seen(self, evidence: Evidence, *, verdict: str, now: datetime) -> None:
        """Record that evidence was assessed, and what came of it, in words."""
        ...

    def add_change(self, change: Change, *, now: datetime) -> bool:
        """Append to the change log; return False, writing nothing, where the change id is there already."""
        ...

    def changes(self, issue_key: IssueKey | None = None) -> list[Change]:
        """Return changes, oldest first."""
        ...

    def change(self, change_id: ChangeId) -> Change | None:
        """Return one change; None where there is none."""
        ...


class OutboxStore(Protocol):
    """Deliveries on their way."""

    def add(self, delivery: Delivery) -> bool:
        """Put a delivery into the outbox; return False, writing nothing, where this alert and channel are there already."""
        ...

    def lease(self, *, now: datetime, lease_s: float, limit: int) -> list[Delivery]:
        """Take due deliveries, and those whose lease ran out, oldest first, and mark them leased until `now + lease_s`.

        `n_attempts` of each is raised by one. Order per issue is kept: a delivery waits while an older one of its issue and channel is
        neither sent nor dead.
        """
        ...

    def settle(self, delivery: Delivery) -> None:
        """Write what became of a leased delivery: sent, due again at `due_at`, or dead."""
        ...

    def list(self, *, states: Collection[str] | None = None, limit: int = 100) -> list[Delivery]:
        """Return deliveries, newest first."""
        ...

    def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a dead delivery due again; return whether there was one."""
        ...


class ReviewStore(Protocol):
    """What people said of changes and did to issues; rows are only ever added."""

    def add(self, review: Review) -> bool:
        """Append a review; return False, writing nothing, where its id is there already.

        Raises, at the latest when the transaction ends, StoreError where its issue, change or review taken back is not stored.
        """
        ...

    def get(self, review_id: ReviewId) -> Review | None:
        """Return one review; None where there is none."""
        ...

    def of_changes(self, change_ids: Collection[ChangeId]) -> list[Review]:
        """Return the reviews of these changes with their undos, oldest first, those of one instant in order of recording."""
        ...

    def of_issue(self, issue_key: IssueKey) -> list[Review]:
        """Return the reviews of the issue itself, not of its changes, with their undos, oldest first."""
        ...

    def list(self, issue_key: IssueKey | None = None, *, limit: int | None = None) -> list[Review]:
        """Return reviews of an issue and of its changes (None: of all), newest first."""
        ...


class Transaction(Protocol):
    """One transaction over all stores: commits when its block ends, rolls back when it raises."""

    @property
    def feeds(self) -> FeedStore:
        """The FeedStore of this transaction."""
        ...

    @property
    def articles(self) -> ArticleStore:
        """The ArticleStore of this transaction."""
        ...

    @property
    def issues(self) -> IssueStore:
        """The IssueStore of this transaction."""
        ...

    @property
    def outbox(self) -> OutboxStore:
        """The OutboxStore of this transaction."""
        ...

    @property
    def reviews(self) -> ReviewStore:
        """The ReviewStore of this transaction."""
        ...


class UnitOfWork(Protocol):
    """Opens transactions. A write transaction is never held across a network call or an encoding."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a write transaction. Raises: DatabaseBusyError (locked, unreachable), StoreError (read-only, wrong schema)."""
        ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a read-only view: never blocks a writer, never writes."""
        ...

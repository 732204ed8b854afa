"""What the jobs need of the database: seven stores in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from monitor.core.types import (
    Article,
    ArticleId,
    Baseline,
    Change,
    ChangeId,
    ChannelState,
    Delivery,
    Embedding,
    Entry,
    Evidence,
    Feed,
    FeedKey,
    FeedState,
    FloatArray,
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
from monitor.ports.held import HeldStore


class FeedStore(Protocol):
    """Feeds, their state and the record of polls."""

    def sync(self, feeds: Sequence[Feed], *, now: datetime) -> None:
        """Make the stored feeds those given: add, update, retire (never delete). New ones are due now; state of known ones is kept."""
        ...

    def due(self, *, now: datetime, limit: int, host_limit: int | None = None, host_quiet_s: float = 0.0) -> list[FeedState]:
        """Return feeds with `next_poll_at <= now` that are neither gone nor retired, longest due first.

        Of one host no more than `host_limit`, and none where one of its feeds was asked within the last `host_quiet_s` seconds.
        """
        ...

    def get(self, feed_keys: Collection[FeedKey]) -> dict[FeedKey, FeedState]:
        """Return the states of the feeds that exist."""
        ...

    def of_host(self, host: str) -> list[FeedState]:
        """Return the feeds that are asked of a host (`core.hosts`) and are neither gone nor retired, next poll first."""
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
        """Remove the record of polls, and of what they were served, before an instant; return how many polls."""
        ...

    def habits(self, feed_key: FeedKey) -> IdHabits:
        """Return what the feed's ids were seen to do; all zero for a feed not yet read."""
        ...

    def id_verdict(self, feed_key: FeedKey) -> IdVerdict | None:
        """Return by what the feed's items are known, and why; None for a feed not yet read."""
        ...

    def save_habits(self, feed_key: FeedKey, habits: IdHabits, verdict: IdVerdict, *, now: datetime) -> None:
        """Write a feed's habits and what follows from them."""
        ...

    def record_serving(self, serving: Serving) -> None:
        """Append to the record of what polls were served."""
        ...

    def servings(self, feed_key: FeedKey, *, since: datetime, until: datetime) -> list[Serving]:
        """Return what polls of a feed were served from `since` on and before `until`, oldest first."""
        ...


class ArticleStore(Protocol):
    """Entries, articles with their versions, embeddings and matches."""

    def known_entries(self, feed_key: FeedKey, identities: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given entry identities that this feed delivered before, the article each became."""
        ...

    def by_fingerprint(self, fingerprints: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given article fingerprints (`core.dedupe`) that are known, the article."""
        ...

    def delivered(self, feed_key: FeedKey, urls: Collection[str]) -> list[tuple[str, str | None]]:
        """Return address and id of those entries that this feed delivered with one of these addresses, exactly as written."""
        ...

    def get(self, article_ids: Collection[ArticleId]) -> dict[ArticleId, Article]:
        """Return the latest versions of the articles that exist."""
        ...

    def add_entry(self, entry: Entry, *, identity: str, article_id: ArticleId) -> None:
        """Store an entry under its identity (unique within its feed); storing one again changes nothing."""
        ...

    def add_entries(self, entries: Sequence[tuple[Entry, str, ArticleId]]) -> None:
        """Store entries, each with its identity and article, as `add_entry` does one by one."""
        ...

    def add_all(self, articles: Sequence[tuple[Article, Collection[str]]]) -> None:
        """Store articles, each with its fingerprints, in the given order, as `add` does one by one."""
        ...

    def add_fingerprints(self, fingerprints: Sequence[tuple[ArticleId, Collection[str]]]) -> None:
        """Store further fingerprints of articles that exist; one that is known keeps its article."""
        ...

    def add(self, article: Article, *, fingerprints: Collection[str]) -> None:
        """Store a new article, or a new version of one (`version` tells). Storing the same version again changes nothing."""
        ...

    def versions(self, article_id: ArticleId) -> list[Article]:
        """Return all versions, oldest first; empty where the article is unknown."""
        ...

    def latest_of(self, source: str, *, before: datetime, limit: int) -> list[Article]:
        """Return the latest versions of an outlet's articles that were published before an instant, latest publication first."""
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

    def evidence_between(self, issue_key: IssueKey, *, since: datetime, until: datetime, limit: int) -> list[Evidence]:
        """Return evidence of articles published within a span, ends included: the latest `limit` of them, oldest first."""
        ...

    def evidence_of(self, issue_key: IssueKey, article_id: ArticleId) -> list[Evidence]:
        """Return the evidence of an article's versions, oldest version first."""
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

    def add_edit(self, delivery: Delivery) -> bool:
        """Put an edit into the outbox; return False, writing nothing, where one of the same message waits that nobody has leased.

        Whoever leases that one later reads what is stored by then, so that it shows this one's news as well.
        """
        ...

    def lease(
        self, *, now: datetime, lease_s: float, limit: int, gap_s: Mapping[str, float] | None = None, edits_only: bool = False
    ) -> list[Delivery]:
        """Take due deliveries, and those whose lease ran out, edits first, then oldest first, and mark them leased until `now + lease_s`.

        `n_attempts` of each is raised by one. Order per issue is kept: a delivery waits while an older one of its issue and channel is
        neither sent nor dead; posts wait for posts, and edits for edits of their kind. A channel that was stopped, or is not free yet, gives
        none. A channel with a gap gives one post, and is free again after the gap: whoever leases has taken the channel's turn. Edits wait for
        the turn, but do not take it.

        `unknown_since` of what is returned tells of earlier posts. In the store it is set from now on, unless it was before: a worker that
        dies before it settles leaves a post of which nobody knows whether it arrived. An edit may be repeated: of it nothing is unknown.
        """
        ...

    def settle(self, delivery: Delivery) -> None:
        """Write what became of a leased delivery: sent, due again at `due_at`, or dead; and what is known of its posts."""
        ...

    def of_change(self, change_id: ChangeId) -> list[Delivery]:
        """Return the deliveries that tell one change and no other, oldest first; edits are none."""
        ...

    def list(self, *, states: Collection[str] | None = None, limit: int = 100) -> list[Delivery]:
        """Return deliveries, newest first."""
        ...

    def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a dead delivery due again; return whether there was one. What is unknown of its posts stays unknown."""
        ...

    def due_channels(self, *, now: datetime, edits_only: bool = False) -> set[str]:
        """Return the channels that have deliveries which wait for nothing but the channel's turn."""
        ...

    def dead_in_doubt(self, issue_key: IssueKey, channel: str) -> datetime | None:
        """Return the earliest instant since which the outcome of a dead delivery is unknown; None where there is none."""
        ...


class ChannelStore(Protocol):
    """How the channels fare, and the threads on them."""

    def state(self, channel: str) -> ChannelState:
        """Return how a channel fares; one that was never written works."""
        ...

    def states(self) -> list[ChannelState]:
        """Return every channel that was ever written, by name."""
        ...

    def save(self, state: ChannelState) -> None:
        """Write how a channel fares."""
        ...

    def thread(self, issue_key: IssueKey, channel: str) -> Thread | None:
        """Return an issue's thread on a channel; None where none was opened."""
        ...

    def save_thread(self, thread: Thread) -> None:
        """Write a thread, in place of the one before."""
        ...

    def forget_thread(self, issue_key: IssueKey, channel: str) -> None:
        """Remove a thread, so that the issue's next alert opens a new one."""
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

    @property
    def held(self) -> HeldStore:
        """The HeldStore of this transaction."""
        ...

    @property
    def channels(self) -> ChannelStore:
        """The ChannelStore of this transaction."""
        ...


class UnitOfWork(Protocol):
    """Opens transactions. A write transaction is never held across a network call or an encoding."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a write transaction. Raises: DatabaseBusyError (locked, unreachable), StoreError (read-only, wrong schema)."""
        ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a read-only view: never blocks a writer, never writes."""
        ...

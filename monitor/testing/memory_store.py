"""A store in memory under the same contract as the database: for replays and tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from monitor.core.types import (
    Article,
    ArticleId,
    Baseline,
    Change,
    ChangeId,
    Delivery,
    DeliveryState,
    Embedding,
    Entry,
    Evidence,
    Feed,
    FeedKey,
    FeedState,
    FloatArray,
    Health,
    IssueKey,
    IssueState,
    Match,
    Poll,
)
from monitor.errors import DatabaseBusyError, StoreError
from monitor.ports import Assessment
from monitor.testing.memory_reviews import MemoryReviewStore
from monitor.testing.memory_tables import EntryRow, FeedRow, IssueRow, Tables

# Within the outbox, `list` is a method.
Deliveries = list[Delivery]


class MemoryFeedStore:
    """Feeds, their state and the record of polls."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def sync(self, feeds: Sequence[Feed], *, now: datetime) -> None:
        """Make the stored feeds those given; one whose address changed forgets the old one's validators and end, and is due now."""
        rows = self._tables.feeds
        for feed in feeds:
            known = rows.get(feed.key)
            state = known.state if known else FeedState(feed, next_poll_at=now)
            if state.feed.url != feed.url:
                health = Health.NEW if state.health is Health.GONE else state.health
                state = replace(state, etag=None, last_modified=None, next_poll_at=now, health=health)
            rows[feed.key] = FeedRow(replace(state, feed=feed))
        for key in rows.keys() - {feed.key for feed in feeds}:
            rows[key] = replace(rows[key], is_retired=True)

    def due(self, *, now: datetime, limit: int) -> list[FeedState]:
        """Return feeds with `next_poll_at <= now` that are neither gone nor retired, longest due first."""
        ready = [state for state in self.states() if state.next_poll_at <= now and state.health not in {Health.GONE, Health.RETIRED}]
        return sorted(ready, key=lambda state: (state.next_poll_at, state.feed.key))[:limit]

    def states(self) -> list[FeedState]:
        """Return every feed's state, retired ones last, by key."""
        rows = sorted(self._tables.feeds.values(), key=lambda row: (row.is_retired, row.state.feed.key))
        return [replace(row.state, health=Health.RETIRED) if row.is_retired else row.state for row in rows]

    def save(self, state: FeedState) -> None:
        """Write a feed's state, not what the configuration says of it. Only `sync` brings a retired feed back."""
        known = self._tables.feeds.get(state.feed.key)
        if known is None:
            raise StoreError(f"the feed {state.feed.key!r} is unknown; list it in the configuration, and sync the feeds first")
        is_retired = state.health is Health.RETIRED
        written = replace(state, feed=known.state.feed, health=known.state.health if is_retired else state.health)
        self._tables.feeds[state.feed.key] = FeedRow(written, known.is_retired or is_retired)

    def record(self, poll: Poll) -> None:
        """Append to the record of polls."""
        self._tables.polls[max(self._tables.polls, default=0) + 1] = poll

    def polls(self, feed_key: FeedKey, *, limit: int) -> list[Poll]:
        """Return the latest polls of a feed, newest first."""
        newest = reversed([poll for poll in self._tables.polls.values() if poll.feed_key == feed_key])
        return sorted(newest, key=lambda poll: poll.at, reverse=True)[:limit]

    def forget_polls(self, *, before: datetime) -> int:
        """Remove the record of polls before an instant; return how many."""
        past = [number for number, poll in self._tables.polls.items() if poll.at < before]
        for number in past:
            del self._tables.polls[number]
        return len(past)


class MemoryArticleStore:
    """Entries, articles with their versions, embeddings and matches."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def known_entries(self, feed_key: FeedKey, identities: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given entry identities that this feed delivered before, the article each became."""
        rows = self._tables.entries
        return {identity: rows[feed_key, identity].article_id for identity in identities if (feed_key, identity) in rows}

    def by_fingerprint(self, fingerprints: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given fingerprints that are known, the article that had it first."""
        rows = self._tables.fingerprints
        return {fingerprint: rows[fingerprint] for fingerprint in fingerprints if fingerprint in rows}

    def get(self, article_ids: Collection[ArticleId]) -> dict[ArticleId, Article]:
        """Return the latest versions of the articles that exist."""
        rows = self._tables.articles
        return {article_id: rows[article_id] for article_id in article_ids if article_id in rows}

    def add_entry(self, entry: Entry, *, identity: str, article_id: ArticleId) -> None:
        """Store an entry under its identity (unique within its feed); storing one again changes nothing."""
        if (entry.feed_key, identity) not in self._tables.entries:
            self._tables.entries[entry.feed_key, identity] = EntryRow(entry, article_id)

    def add(self, article: Article, *, fingerprints: Collection[str]) -> None:
        """Store a new article or a new version; storing the same version again adds nothing but fingerprints not yet known."""
        tables, key = self._tables, (article.article_id, article.version)
        if key not in tables.versions:
            tables.versions[key] = article
            latest = tables.articles.get(article.article_id)
            if latest is None or latest.version < article.version:
                tables.articles[article.article_id] = article
        for fingerprint in fingerprints:
            if fingerprint not in tables.fingerprints:
                tables.fingerprints[fingerprint] = article.article_id

    def versions(self, article_id: ArticleId) -> list[Article]:
        """Return all versions, oldest first; empty where the article is unknown."""
        found = [article for (key, _), article in self._tables.versions.items() if key == article_id]
        return sorted(found, key=lambda article: article.version)

    def unmatched(self, issue_key: IssueKey, baseline_id: str, *, limit: int) -> list[Article]:
        """Return articles whose latest version has no match row for this issue and baseline, oldest publication first."""
        judged = self._tables.matches
        left = [
            article
            for article in self._tables.articles.values()
            if (issue_key, baseline_id, article.article_id, article.version) not in judged
        ]
        return sorted(left, key=lambda article: (article.published_at, article.article_id))[:limit]

    def embeddings(self, text_hashes: Collection[str], *, model_id: str) -> dict[str, FloatArray]:
        """Return the vectors that are stored for these text hashes and this model."""
        rows = self._tables.embeddings
        return {text_hash: rows[text_hash, model_id].vector for text_hash in text_hashes if (text_hash, model_id) in rows}

    def add_embeddings(self, embeddings: Iterable[Embedding]) -> None:
        """Store vectors; one that exists is kept."""
        for embedding in embeddings:
            key = (embedding.text_hash, embedding.model_id)
            if key not in self._tables.embeddings:
                self._tables.embeddings[key] = embedding

    def add_match(self, match: Match) -> None:
        """Store a match verdict; the same issue, article, version and baseline again replaces it."""
        self._tables.matches[match.issue_key, match.baseline_id, match.article_id, match.version] = match

    def find(self, url_or_id: str) -> Article | None:
        """Return the article with this id, or whose URL or whose entry's URL this is, the latest published; None where there is none."""
        tables = self._tables
        if ArticleId(url_or_id) in tables.articles:
            return tables.articles[ArticleId(url_or_id)]
        by_url = {article.article_id for article in tables.versions.values() if article.url == url_or_id}
        by_entry = {row.article_id for row in tables.entries.values() if row.entry.url == url_or_id}
        found = [tables.articles[article_id] for article_id in sorted(by_url or by_entry)]
        return max(found, key=lambda article: article.published_at, default=None)


class MemoryIssueStore:
    """Issues: baseline, status, evidence and the change log."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def ensure(self, issue_key: IssueKey, *, title: str, ladder_key: str) -> None:
        """Create the issue's row, or update its title and ladder."""
        known = self._tables.issues.get(issue_key)
        self._tables.issues[issue_key] = IssueRow(known.state if known else IssueState(issue_key), title, ladder_key)

    def state(self, issue_key: IssueKey) -> IssueState | None:
        """Return where the issue stands; None where it is unknown."""
        row = self._tables.issues.get(issue_key)
        return None if row is None else row.state

    def advance(self, state: IssueState, *, expected_revision: int) -> bool:
        """Write the state, under the revision after the expected one, if that is still stored. Return whether it was written."""
        row = self._tables.issues.get(state.issue_key)
        if row is None or row.state.revision != expected_revision:
            return False
        self._tables.issues[state.issue_key] = replace(row, state=replace(state, revision=expected_revision + 1))
        return True

    def save_baseline(self, baseline: Baseline) -> None:
        """Store the issue's baseline, replacing the one before."""
        self._tables.baselines[baseline.issue_key] = baseline

    def baseline(self, issue_key: IssueKey) -> Baseline | None:
        """Return the stored baseline; None where there is none."""
        return self._tables.baselines.get(issue_key)

    def add_evidence(self, evidence: Evidence) -> None:
        """Store one article's evidence, unseen; the same issue, article and version again changes nothing."""
        key = (evidence.issue_key, evidence.article_id, evidence.version)
        if key not in self._tables.evidence:
            self._tables.evidence[key] = Assessment(evidence, verdict=None, seen_at=None)

    def unseen_evidence(self, issue_key: IssueKey, *, limit: int) -> list[Evidence]:
        """Return evidence not yet assessed, in order of publication, then article id."""
        rows = self._tables.evidence.values()
        unseen = [row.evidence for row in rows if row.seen_at is None and row.evidence.issue_key == issue_key]
        return sorted(unseen, key=lambda evidence: (evidence.published_at, evidence.article_id, evidence.version))[:limit]

    def mark_seen(self, evidence: Evidence, *, verdict: str, now: datetime) -> None:
        """Record that evidence was assessed, and what came of it, in words. Raises: StoreError where it is not stored."""
        key = (evidence.issue_key, evidence.article_id, evidence.version)
        if key not in self._tables.evidence:
            raise StoreError(f"there is no evidence of issue, article and version {key}; add it first")
        self._tables.evidence[key] = replace(self._tables.evidence[key], verdict=verdict, seen_at=now)

    def add_change(self, change: Change, *, now: datetime) -> bool:  # noqa: ARG002 - nothing reads when a change was recorded
        """Append to the change log; return False, writing nothing, where the change id is there already."""
        if change.change_id in self._tables.changes:
            return False
        self._tables.changes[change.change_id] = change
        return True

    def changes(self, issue_key: IssueKey | None = None) -> list[Change]:
        """Return changes, oldest first, by what they are about; those of one instant in order of recording."""
        rows = self._tables.changes.values()
        return sorted((change for change in rows if issue_key in {None, change.issue_key}), key=lambda change: change.at)

    def change(self, change_id: ChangeId) -> Change | None:
        """Return one change; None where there is none."""
        return self._tables.changes.get(change_id)


class MemoryOutboxStore:
    """Deliveries on their way."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, delivery: Delivery) -> bool:
        """Put a delivery into the outbox; return False, writing nothing, where this alert and channel are there already."""
        rows, alert = self._tables.outbox, (delivery.alert.alert_id, delivery.channel)
        if any((row.alert.alert_id, row.channel) == alert for row in rows.values()):
            return False
        if delivery.delivery_id in rows:
            raise StoreError(f"the delivery {delivery.delivery_id!r} is in the outbox with another alert; name it differently")
        rows[delivery.delivery_id] = delivery
        return True

    def lease(self, *, now: datetime, lease_s: float, limit: int) -> list[Delivery]:
        """Take due deliveries, and those whose lease ran out, oldest first, one for each issue and channel, until `now + lease_s`."""
        oldest: dict[tuple[IssueKey, str], Delivery] = {}
        for row in sorted(self._tables.outbox.values(), key=lambda row: row.created_at):
            if row.state not in {DeliveryState.SENT, DeliveryState.DEAD}:
                oldest.setdefault((row.alert.issue_key, row.channel), row)
        leased_until = now + timedelta(seconds=lease_s)
        leased = [
            replace(row, state=DeliveryState.LEASED, leased_until=leased_until, n_attempts=row.n_attempts + 1)
            for row in oldest.values()
            if (row.due_at if row.state is DeliveryState.DUE else row.leased_until or now) <= now
        ][:limit]
        for row in leased:
            self._tables.outbox[row.delivery_id] = row
        return leased

    def settle(self, delivery: Delivery) -> None:
        """Write what became of a leased delivery: sent, due again at `due_at`, or dead.

        What is sent stays sent. A worker whose lease ran out and was taken over can only report that it sent after all.
        Raises: StoreError where the delivery is unknown.
        """
        row = self._tables.outbox.get(delivery.delivery_id)
        if row is None:
            raise StoreError(f"the delivery {delivery.delivery_id!r} is not in the outbox; add it first")
        is_taken_over = row.n_attempts > delivery.n_attempts and delivery.state is not DeliveryState.SENT
        if row.state is DeliveryState.SENT or is_taken_over:
            return
        self._tables.outbox[row.delivery_id] = replace(
            row,
            state=delivery.state,
            due_at=delivery.due_at,
            leased_until=delivery.leased_until if delivery.state is DeliveryState.LEASED else None,
            last_error=delivery.last_error,
            receipt=delivery.receipt,
            sent_at=delivery.sent_at,
        )

    def list(self, *, states: Collection[str] | None = None, limit: int = 100) -> Deliveries:
        """Return deliveries, newest first."""
        rows = reversed([row for row in self._tables.outbox.values() if states is None or row.state in states])
        return sorted(rows, key=lambda row: row.created_at, reverse=True)[:limit]

    def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a dead delivery due again, its attempts counted afresh; return whether there was one."""
        row = self._tables.outbox.get(delivery_id)
        if row is None or row.state is not DeliveryState.DEAD:
            return False
        self._tables.outbox[delivery_id] = replace(row, state=DeliveryState.DUE, due_at=now, n_attempts=0, leased_until=None)
        return True


@dataclass(frozen=True, slots=True)
class MemoryTransaction:
    """One transaction over all stores."""

    feeds: MemoryFeedStore
    articles: MemoryArticleStore
    issues: MemoryIssueStore
    outbox: MemoryOutboxStore
    reviews: MemoryReviewStore


class MemoryUnitOfWork:
    """Opens transactions on rows in memory. One writer at a time; readers see the last commit and wait for nobody."""

    def __init__(self, *, busy_timeout_s: float = 10.0) -> None:
        self._tables = Tables()
        self._writing = Lock()
        self._busy_timeout_s = busy_timeout_s

    @contextmanager
    def transaction(self) -> Iterator[MemoryTransaction]:
        """Open a write transaction. Raises: DatabaseBusyError, StoreError."""
        if not self._writing.acquire(timeout=self._busy_timeout_s):
            raise DatabaseBusyError("memory: another transaction is open; end it first")
        try:
            tables = self._tables.snapshot()
            yield _stores(tables)
            tables.check()
            self._tables = tables
        finally:
            self._writing.release()

    @contextmanager
    def reading(self) -> Iterator[MemoryTransaction]:
        """Open a read-only view of one moment; writing in it raises StoreError."""
        yield _stores(self.committed())

    def committed(self) -> Tables:
        """Return the rows of the last commit, read-only."""
        return self._tables.snapshot(is_readonly=True)


def _stores(tables: Tables) -> MemoryTransaction:
    return MemoryTransaction(
        MemoryFeedStore(tables),
        MemoryArticleStore(tables),
        MemoryIssueStore(tables),
        MemoryOutboxStore(tables),
        MemoryReviewStore(tables),
    )

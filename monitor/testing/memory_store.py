"""A store in memory under the same contract as the database: for replays and tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from monitor.core.types import (
    Article,
    ArticleId,
    Baseline,
    Change,
    ChangeId,
    Embedding,
    Entry,
    Evidence,
    FeedKey,
    FloatArray,
    IssueKey,
    IssueState,
    Match,
)
from monitor.errors import DatabaseBusyError, StoreError
from monitor.ports import Assessment
from monitor.testing.memory_feeds import MemoryFeedStore
from monitor.testing.memory_held import MemoryHeldStore
from monitor.testing.memory_outbox import MemoryChannelStore, MemoryOutboxStore
from monitor.testing.memory_reviews import MemoryReviewStore
from monitor.testing.memory_tables import EntryRow, IssueRow, Tables


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

    def delivered(self, feed_key: FeedKey, urls: Collection[str]) -> list[tuple[str, str | None]]:
        """Return address and id of those entries that this feed delivered with one of these addresses, exactly as written."""
        rows = self._tables.guids
        return [(url, guid) for url in urls for guid in rows.get((feed_key, url), ())]

    def get(self, article_ids: Collection[ArticleId]) -> dict[ArticleId, Article]:
        """Return the latest versions of the articles that exist."""
        rows = self._tables.articles
        return {article_id: rows[article_id] for article_id in article_ids if article_id in rows}

    def add_entry(self, entry: Entry, *, identity: str, article_id: ArticleId) -> None:
        """Store an entry under its identity (unique within its feed); storing one again changes nothing."""
        if (entry.feed_key, identity) not in self._tables.entries:
            self._tables.entries[entry.feed_key, identity] = EntryRow(entry, article_id)
            place = (entry.feed_key, entry.url)
            self._tables.guids[place] = self._tables.guids.get(place, frozenset()) | {entry.guid}

    def add_entries(self, entries: Sequence[tuple[Entry, str, ArticleId]]) -> None:
        """Store entries, each with its identity and article, as `add_entry` does one by one."""
        for entry, identity, article_id in entries:
            self.add_entry(entry, identity=identity, article_id=article_id)

    def add_all(self, articles: Sequence[tuple[Article, Collection[str]]]) -> None:
        """Store articles, each with its fingerprints, in the given order, as `add` does one by one."""
        for article, fingerprints in articles:
            self.add(article, fingerprints=fingerprints)

    def add(self, article: Article, *, fingerprints: Collection[str]) -> None:
        """Store a new article or a new version; storing the same version again adds nothing but fingerprints not yet known."""
        tables, key = self._tables, (article.article_id, article.version)
        if key not in tables.versions:
            tables.versions[key] = article
            latest = tables.articles.get(article.article_id)
            if latest is None or latest.version < article.version:
                tables.articles[article.article_id] = article
        self.add_fingerprints([(article.article_id, fingerprints)])

    def add_fingerprints(self, fingerprints: Sequence[tuple[ArticleId, Collection[str]]]) -> None:
        """Store further fingerprints of articles that exist; one that is known keeps its article."""
        for article_id, marks in fingerprints:
            for mark in marks:
                self._tables.fingerprints.setdefault(mark, article_id)

    def versions(self, article_id: ArticleId) -> list[Article]:
        """Return all versions, oldest first; empty where the article is unknown."""
        found = [article for (key, _), article in self._tables.versions.items() if key == article_id]
        return sorted(found, key=lambda article: article.version)

    def latest_of(self, source: str, *, before: datetime, limit: int) -> list[Article]:
        """Return the latest versions of an outlet's articles that were published before an instant, latest publication first."""
        found = [article for article in self._tables.articles.values() if article.source == source and article.published_at < before]
        return sorted(found, key=lambda article: (article.published_at, article.article_id), reverse=True)[:limit]

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

    def evidence_between(self, issue_key: IssueKey, *, since: datetime, until: datetime, limit: int) -> list[Evidence]:
        """Return evidence of articles published within a span, ends included: the latest `limit` of them, oldest first."""
        rows = (row.evidence for row in self._tables.evidence.values())
        found = [evidence for evidence in rows if evidence.issue_key == issue_key and since <= evidence.published_at <= until]
        return sorted(found, key=lambda evidence: (evidence.published_at, evidence.article_id, evidence.version))[-limit:]

    def evidence_of(self, issue_key: IssueKey, article_id: ArticleId) -> list[Evidence]:
        """Return the evidence of an article's versions, oldest version first."""
        keys = sorted(key for key in self._tables.evidence if key[:2] == (issue_key, article_id))
        return [self._tables.evidence[key].evidence for key in keys]

    def mark_seen(self, evidence: Evidence, *, verdict: str, now: datetime) -> None:
        """Record that evidence was assessed, and what came of it, in words. Raises: StoreError where it is not stored."""
        key = (evidence.issue_key, evidence.article_id, evidence.version)
        if key not in self._tables.evidence:
            raise StoreError(f"there is no evidence of issue, article and version {key}; add it first")
        self._tables.evidence[key] = replace(self._tables.evidence[key], verdict=verdict, seen_at=now)

    def add_change(self, change: Change, *, now: datetime) -> bool:
        """Append to the change log; return False, writing nothing, where the change id is there already."""
        if change.change_id in self._tables.changes:
            return False
        self._tables.changes[change.change_id] = change
        self._tables.recorded[change.change_id] = now
        return True

    def changes(self, issue_key: IssueKey | None = None) -> list[Change]:
        """Return changes, oldest first, by what they are about; those of one instant in order of recording."""
        rows = self._tables.changes.values()
        return sorted((change for change in rows if issue_key in {None, change.issue_key}), key=lambda change: change.at)

    def change(self, change_id: ChangeId) -> Change | None:
        """Return one change; None where there is none."""
        return self._tables.changes.get(change_id)


@dataclass(frozen=True, slots=True)
class MemoryTransaction:
    """One transaction over all stores."""

    feeds: MemoryFeedStore
    articles: MemoryArticleStore
    issues: MemoryIssueStore
    outbox: MemoryOutboxStore
    reviews: MemoryReviewStore
    held: MemoryHeldStore
    channels: MemoryChannelStore


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
        MemoryHeldStore(tables),
        MemoryChannelStore(tables),
    )

"""Entries, articles with their versions, embeddings and matches, in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import BindParameter, Connection, Select, and_, bindparam, exists, select, update

from monitor.core.text import head_text, text_hash
from monitor.core.types import Article, ArticleId, Embedding, Entry, FeedKey, FloatArray, IssueKey, Match
from monitor.store import schema
from monitor.store.codec import from_bytes, from_columns, to_bytes, to_columns
from monitor.store.column_types import storable
from monitor.store.statements import chunks, insert_all_once, insert_or_replace

# The look-ups of every poll, made once: building them anew costs more than running them.
_WANTED: BindParameter[Any] = bindparam("wanted", expanding=True)
_OF_FEED = schema.entries.c.feed_key == bindparam("feed_key")
_KNOWN_ENTRIES = select(schema.entries.c.identity, schema.entries.c.article_id).where(_OF_FEED, schema.entries.c.identity.in_(_WANTED))
_DELIVERED = select(schema.entries.c.url, schema.entries.c.guid).where(_OF_FEED, schema.entries.c.url.in_(_WANTED))
_BY_FINGERPRINT = select(schema.article_fingerprints.c.fingerprint, schema.article_fingerprints.c.article_id).where(
    schema.article_fingerprints.c.fingerprint.in_(_WANTED)
)


class SqlArticleStore:
    """The ArticleStore of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known_entries(self, feed_key: FeedKey, identities: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given entry identities that this feed delivered before, the article each became."""
        found: dict[str, ArticleId] = {}
        for piece in chunks(identities):
            found.update(self._connection.execute(_KNOWN_ENTRIES, {"feed_key": feed_key, "wanted": piece}).all())
        return found

    def by_fingerprint(self, fingerprints: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given fingerprints that are known, the article that had it first."""
        found: dict[str, ArticleId] = {}
        for piece in chunks(fingerprints):
            found.update(self._connection.execute(_BY_FINGERPRINT, {"wanted": piece}).all())
        return found

    def delivered(self, feed_key: FeedKey, urls: Collection[str]) -> list[tuple[str, str | None]]:
        """Return address and id of those entries that this feed delivered with one of these addresses, exactly as written."""
        found: list[tuple[str, str | None]] = []
        for piece in chunks(urls):
            found.extend(self._connection.execute(_DELIVERED, {"feed_key": feed_key, "wanted": piece}).all())
        return found

    def get(self, article_ids: Collection[ArticleId]) -> dict[ArticleId, Article]:
        """Return the latest versions of the articles that exist."""
        statement = _latest()
        found = [
            article for piece in chunks(article_ids) for article in self._read(statement.where(schema.articles.c.article_id.in_(piece)))
        ]
        return {article.article_id: article for article in found}

    def add_entry(self, entry: Entry, *, identity: str, article_id: ArticleId) -> None:
        """Store an entry under its identity (unique within its feed); storing one again changes nothing."""
        self.add_entries([(entry, identity, article_id)])

    def add_entries(self, entries: Sequence[tuple[Entry, str, ArticleId]]) -> None:
        """Store entries, each with its identity and article, as `add_entry` does one by one."""
        rows = [to_columns(entry) | {"identity": identity, "article_id": article_id} for entry, identity, article_id in entries]
        insert_all_once(self._connection, schema.entries, rows)

    def add(self, article: Article, *, fingerprints: Collection[str]) -> None:
        """Store a new article or a new version; storing the same version again adds nothing but fingerprints not yet known."""
        self.add_all([(article, fingerprints)])

    def add_all(self, articles: Sequence[tuple[Article, Collection[str]]]) -> None:
        """Store articles, each with its fingerprints, in the given order, as `add` does one by one."""
        table = schema.articles
        rows = [to_columns(article) | {"head_hash": _head_hash(article)} for article, _ in articles]
        insert_all_once(self._connection, table, [{name: row[name] for name in table.columns.keys()} for row in rows])  # noqa: SIM118 - columns, not names
        for article, _ in articles:
            if article.version > 1:
                newer = update(table).where(table.c.article_id == article.article_id, table.c.version < article.version)
                self._connection.execute(newer.values(version=article.version, published_at=article.published_at))
        insert_all_once(self._connection, schema.article_versions, rows)
        self.add_fingerprints([(article.article_id, marks) for article, marks in articles])

    def add_fingerprints(self, fingerprints: Sequence[tuple[ArticleId, Collection[str]]]) -> None:
        """Store further fingerprints of articles that exist; one that is known keeps its article."""
        rows = [{"fingerprint": mark, "article_id": article_id} for article_id, marks in fingerprints for mark in dict.fromkeys(marks)]
        insert_all_once(self._connection, schema.article_fingerprints, rows)

    def versions(self, article_id: ArticleId) -> list[Article]:
        """Return all versions, oldest first; empty where the article is unknown."""
        table = schema.article_versions
        return self._read(select(table).where(table.c.article_id == article_id).order_by(table.c.version))

    def latest_of(self, source: str, *, before: datetime, limit: int) -> list[Article]:
        """Return the latest versions of an outlet's articles that were published before an instant, latest publication first."""
        versions = schema.article_versions
        latest = versions.c.published_at.desc(), versions.c.article_id.desc()
        return self._read(_latest().where(versions.c.source == source, versions.c.published_at < before).order_by(*latest).limit(limit))

    def unmatched(self, issue_key: IssueKey, baseline_id: str, *, limit: int) -> list[Article]:
        """Return articles whose latest version has no match row for this issue and baseline, oldest publication first."""
        articles, matches = schema.articles, schema.matches
        judged = exists().where(
            matches.c.issue_key == issue_key,
            matches.c.baseline_id == baseline_id,
            matches.c.article_id == articles.c.article_id,
            matches.c.version == articles.c.version,
        )
        oldest = articles.c.published_at, articles.c.article_id
        return self._read(_latest().where(~judged).order_by(*oldest).limit(limit))

    def embeddings(self, text_hashes: Collection[str], *, model_id: str) -> dict[str, FloatArray]:
        """Return the vectors, read-only, that are stored for these text hashes and this model."""
        table = schema.embeddings
        statement = select(table.c.text_hash, table.c.dim, table.c.vector).where(table.c.model_id == model_id)
        return {
            row.text_hash: from_bytes(row.vector, dim=row.dim)[0]
            for piece in chunks(text_hashes)
            for row in self._connection.execute(statement.where(table.c.text_hash.in_(piece)))
        }

    def add_embeddings(self, embeddings: Iterable[Embedding]) -> None:
        """Store vectors; one that exists is kept."""
        rows = [
            {
                "text_hash": embedding.text_hash,
                "model_id": embedding.model_id,
                "dim": int(np.size(embedding.vector)),
                "vector": to_bytes(embedding.vector),
            }
            for embedding in embeddings
        ]
        insert_all_once(self._connection, schema.embeddings, rows)

    def add_match(self, match: Match) -> None:
        """Store a match verdict; the same issue, article, version and baseline again replaces it."""
        insert_or_replace(self._connection, schema.matches, to_columns(match))

    def find(self, url_or_id: str) -> Article | None:
        """Return the article with this id, or whose URL or whose entry's URL this is, the latest published; None where there is none."""
        articles, versions, entries = schema.articles, schema.article_versions, schema.entries
        by_url = select(versions.c.article_id).where(versions.c.url == url_or_id)
        by_entry = select(entries.c.article_id).where(entries.c.url == url_or_id)
        # One after the other, as an id goes before a URL, and an article's own URL before that of a feed's redirect.
        for condition in (articles.c.article_id == url_or_id, articles.c.article_id.in_(by_url), articles.c.article_id.in_(by_entry)):
            newest = articles.c.published_at.desc(), articles.c.article_id
            found = self._read(_latest().where(condition).order_by(*newest).limit(1))
            if found:
                return found[0]
        return None

    def _read(self, statement: Select[tuple[object, ...]]) -> list[Article]:
        return [from_columns(Article, row._mapping) for row in self._connection.execute(statement)]


def _head_hash(article: Article) -> str:
    """Return the digest under which the vector of an article's head is kept, of its words as they are stored."""
    return text_hash(head_text(storable(article.title), storable(article.text)))


def _latest() -> Select[tuple[object, ...]]:
    articles, versions = schema.articles, schema.article_versions
    return select(versions).join(articles, and_(articles.c.article_id == versions.c.article_id, articles.c.version == versions.c.version))

"""Entries of one feed to articles: looked up together, decided one after the other, written together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.dedupe import Known, NewVersion, article_fingerprints, choose_known, decide_entry, entry_identity
from monitor.core.types import Article, ArticleId, Entry
from monitor.ports import Transaction


@dataclass(frozen=True, slots=True)
class Intake:
    """What the entries of one poll were."""

    n_entries: int = 0
    #: Delivered before, or an article known from elsewhere.
    n_known: int = 0
    n_new: int = 0
    n_versions: int = 0


def store_entries(entries: Sequence[Entry], store: Transaction, *, source: str, now: datetime) -> Intake:
    """Store the entries of one feed and what they make of their articles.

    A handful of statements whatever the number of entries, and none that writes where all are known; the result is that of storing them
    one after the other, so that an entry also knows those before it in the same poll.
    """
    if not entries:
        return Intake()
    identities = [entry_identity(entry) for entry in entries]
    fingerprints = [article_fingerprints(entry) for entry in entries]
    identified = store.articles.known_entries(entries[0].feed_key, identities)
    found = store.articles.by_fingerprint({mark for marks in fingerprints for mark in marks})
    candidates = (choose_known(identified.get(name), marks, found) for name, marks in zip(identities, fingerprints, strict=True))
    articles = store.articles.get({article_id for article_id in candidates if article_id is not None})

    n_known = n_new = n_versions = 0
    delivered = set(identified)
    article_rows: list[tuple[Article, tuple[str, ...]]] = []
    entry_rows: list[tuple[Entry, str, ArticleId]] = []
    for entry, identity, marks in zip(entries, identities, fingerprints, strict=True):
        article_id = choose_known(identified.get(identity), marks, found)
        known = articles.get(article_id) if article_id else None
        decision = decide_entry(entry, known, now, source=source, seen=[mark for mark in marks if mark in found])
        article = decision.article
        is_version = isinstance(decision, NewVersion)
        is_new = not is_version and not isinstance(decision, Known)
        n_versions += is_version
        n_new += is_new
        n_known += identity in delivered or not is_new
        # A known article is written as well where the entry has other fingerprints: they let the same words be known again from any feed.
        unseen = tuple(mark for mark in marks if mark not in found)
        if is_new or is_version or unseen:
            article_rows.append((article, unseen))
        if identity not in identified:
            entry_rows.append((entry, identity, article.article_id))
            identified[identity] = article.article_id
        found |= dict.fromkeys(unseen, article.article_id)
        articles[article.article_id] = article
    store.articles.add_all(article_rows)
    store.articles.add_entries(entry_rows)
    return Intake(len(entries), n_known, n_new, n_versions)

"""Entries of one feed to articles: looked up together, decided one after the other in view of what the feed's ids are worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.core.dedupe import Known, NewVersion, choose_known, decide_entry
from monitor.core.identity import count_habits, decide_id_policy
from monitor.core.marks import article_fingerprints, entry_identity, page_address, without_twins
from monitor.core.types import Article, ArticleId, Entry, IdHabits, IdVerdict, Serving
from monitor.ports import Transaction


@dataclass(frozen=True, slots=True)
class Intake:
    """What the entries of one poll were."""

    n_entries: int = 0
    #: Delivered before, or an article known from elsewhere.
    n_known: int = 0
    n_new: int = 0
    n_versions: int = 0

    def __add__(self, other: Intake) -> Intake:
        return Intake(
            self.n_entries + other.n_entries, self.n_known + other.n_known, self.n_new + other.n_new, self.n_versions + other.n_versions
        )


@dataclass(frozen=True, slots=True)
class Body:
    """The items of one body with what each is known by, and what the whole of them tells of their feed."""

    entries: Sequence[Entry]
    identities: Sequence[str]
    fingerprints: Sequence[tuple[str, ...]]
    verdict: IdVerdict
    habits: IdHabits
    #: Ids that addresses of this feed came with before.
    guids_before: Mapping[str, set[str]]
    #: What of it was stored when it was read: identities of this feed and fingerprints, with their articles.
    identified: Mapping[str, ArticleId]
    found: Mapping[str, ArticleId]

    def __len__(self) -> int:
        return len(self.entries)


def store_entries(entries: Sequence[Entry], store: Transaction, *, source: str, now: datetime) -> Intake:
    """Store the entries of one feed and what they make of their articles; the result is that of storing them one after the other."""
    body = read_body(entries, store)
    if not body:
        return Intake()
    write_account(body, store, now=now)
    return _store_part(body, 0, len(body), store, dict(body.identified), dict(body.found), source=source, now=now)


def read_body(entries: Sequence[Entry], store: Transaction) -> Body | None:
    """Return what the items of one body are known by, in view of the feed's habits; None where there are none. Writes nothing.

    The habits are counted first, over all items, so that already the first poll knows whether the ids can be trusted.
    """
    entries = [entry for entry in entries if not entry.is_blank]
    if not entries:
        return None
    feed_key = entries[0].feed_key
    guids_before = _guids_before(entries, store)
    habits = store.feeds.habits(feed_key) + count_habits(entries, guids_before)
    verdict = decide_id_policy(habits)
    identities = [entry_identity(entry, verdict.policy) for entry in entries]
    fingerprints = without_twins(entries, [article_fingerprints(entry, verdict.policy) for entry in entries])
    identified = store.articles.known_entries(feed_key, identities)
    found = store.articles.by_fingerprint({mark for marks in fingerprints for mark in marks})
    return Body(entries, identities, fingerprints, verdict, habits, guids_before, identified, found)


def without_known(body: Body) -> tuple[Body, Intake]:
    """Return the items of which something is to be written, and what the others count for: nothing of those changes the store."""
    left = [
        number
        for number, (name, marks) in enumerate(zip(body.identities, body.fingerprints, strict=True))
        if name not in body.identified or not _has_wording(marks, body.found) or any(mark not in body.found for mark in marks)
    ]
    n_known = len(body) - len(left)
    return replace(
        body,
        entries=[body.entries[number] for number in left],
        identities=[body.identities[number] for number in left],
        fingerprints=[body.fingerprints[number] for number in left],
    ), Intake(n_known, n_known)


def write_account(body: Body, store: Transaction, *, now: datetime) -> None:
    """Write down what was served, before anything is made of it, so that an audit can tell whether all of it arrived."""
    feed_key, identified, found = body.entries[0].feed_key, body.identified, body.found
    wordings = dict.fromkeys(mark for marks in body.fingerprints for mark in marks if mark.startswith("c:") and mark not in found)
    if wordings:
        named = zip(body.identities, body.fingerprints, strict=True)
        n_fresh = sum(name not in identified and found.keys().isdisjoint(marks) for name, marks in named)
        store.feeds.record_serving(Serving(feed_key, now, len(body), n_fresh, tuple(wordings)))
    if wordings or not identified.keys() >= set(body.identities):
        # Ids that change while the words stay are a habit, too.
        store.feeds.save_habits(feed_key, body.habits, body.verdict, now=now)


def store_part(body: Body, start: int, stop: int, store: Transaction, *, source: str, now: datetime) -> Intake:
    """Store the items of a body from one index up to another, after those before them, which another transaction stored."""
    identified = store.articles.known_entries(body.entries[0].feed_key, body.identities[start:stop])
    found = store.articles.by_fingerprint({mark for marks in body.fingerprints[start:stop] for mark in marks})
    return _store_part(body, start, stop, store, identified, found, source=source, now=now)


def _store_part(
    body: Body,
    start: int,
    stop: int,
    store: Transaction,
    identified: dict[str, ArticleId],
    found: dict[str, ArticleId],
    *,
    source: str,
    now: datetime,
) -> Intake:
    """Store items; `identified` and `found` are what is stored of them now, and are kept up to date."""
    policy, guids_before = body.verdict.policy, body.guids_before
    entries, identities, fingerprints = body.entries[start:stop], body.identities[start:stop], body.fingerprints[start:stop]
    # A wording that is stored at its place is known, whatever else is (`core.dedupe`): its article need not be read. In most polls all are.
    candidates = (
        choose_known(identified.get(name), marks, found)
        for name, marks in zip(identities, fingerprints, strict=True)
        if not _has_wording(marks, found)
    )
    articles = store.articles.get({article_id for article_id in candidates if article_id is not None})
    n_known = n_new = n_versions = 0
    delivered = body.identified.keys()
    article_rows: list[tuple[Article, tuple[str, ...]]] = []
    mark_rows: list[tuple[ArticleId, tuple[str, ...]]] = []
    entry_rows: list[tuple[Entry, str, ArticleId]] = []
    for entry, identity, marks in zip(entries, identities, fingerprints, strict=True):
        article_id = choose_known(identified.get(identity), marks, found)
        unseen = tuple(mark for mark in marks if mark not in found)
        if article_id is not None and _has_wording(marks, found):
            n_known += 1
            if unseen:
                # Its other fingerprints are written as well: they let the same words be known again from any feed.
                mark_rows.append((article_id, unseen))
                found |= dict.fromkeys(unseen, article_id)
            if identity not in identified:
                entry_rows.append((entry, identity, article_id))
                identified[identity] = article_id
            continue
        if article_id is not None and article_id not in articles:
            # One that was known by its wording, and that an entry of other words turns out to be as well.
            articles |= store.articles.get({article_id})
        known = articles.get(article_id) if article_id else None
        decision = decide_entry(
            entry,
            known,
            now,
            source=source,
            seen=[mark for mark in marks if mark in found],
            policy=policy,
            is_redelivered=identity in delivered or page_address(entry.url) in guids_before,
        )
        article = decision.article
        is_version = isinstance(decision, NewVersion)
        is_new = not is_version and not isinstance(decision, Known)
        n_versions += is_version
        n_new += is_new
        n_known += identity in delivered or not is_new
        if is_new or is_version:
            article_rows.append((article, unseen))
        elif unseen:
            mark_rows.append((article.article_id, unseen))
        if identity not in identified:
            entry_rows.append((entry, identity, article.article_id))
            identified[identity] = article.article_id
        found |= dict.fromkeys(unseen, article.article_id)
        articles[article.article_id] = article
    store.articles.add_all(article_rows)
    store.articles.add_fingerprints(mark_rows)
    store.articles.add_entries(entry_rows)
    return Intake(len(entries), n_known, n_new, n_versions)


def _has_wording(marks: Sequence[str], found: Mapping[str, ArticleId]) -> bool:
    """Return whether the very words of an entry are stored, at its place."""
    return any(mark.startswith("c:") and mark in found for mark in marks)


def _guids_before(entries: Sequence[Entry], store: Transaction) -> dict[str, set[str]]:
    """Return, for the addresses of these entries that this feed delivered before, the ids that they came with."""
    before: dict[str, set[str]] = defaultdict(set)
    for url, guid in store.articles.delivered(entries[0].feed_key, {entry.url for entry in entries if entry.url}):
        if guid:
            before[page_address(url)].add(guid)
    return before

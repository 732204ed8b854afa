"""audit: was all that a feed served stored, over any window, and right now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.audit import Audit, audit, marks_of, unstored
from monitor.core.types import Entry, Feed, FeedKey, IdPolicy
from monitor.ports import UnitOfWork

#: More polls than any window holds: a feed asked every minute for a month.
_MAX_POLLS = 50_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a body holds against what is stored."""

    feed_key: FeedKey
    n_entries: int
    #: Entries that lead to no stored article.
    missing: tuple[Entry, ...]
    #: Entries whose article is stored, though never with these words: edited since the last poll.
    other_words: tuple[Entry, ...]


def run(feed_keys: Sequence[FeedKey], *, since: datetime, until: datetime, uow: UnitOfWork) -> list[Audit]:
    """Return the account of each feed, in the given order, from `since` on and before `until`."""
    accounts = []
    for feed_key in feed_keys:
        with uow.reading() as store:
            polls = [poll for poll in store.feeds.polls(feed_key, limit=_MAX_POLLS) if since <= poll.at < until]
            servings = store.feeds.servings(feed_key, since=since, until=until)
            known = store.articles.by_fingerprint({mark for serving in servings for mark in serving.marks})
        accounts.append(audit(feed_key, polls, servings, known))
    return accounts


def compare(feed: Feed, entries: Sequence[Entry], *, uow: UnitOfWork) -> Comparison:
    """Return how the entries of a body stand against the store; nothing is stored."""
    read = [entry for entry in entries if not entry.is_blank]
    with uow.reading() as store:
        verdict = store.feeds.id_verdict(feed.key)
        policy = verdict.policy if verdict else IdPolicy.BOTH
        known = store.articles.by_fingerprint(marks_of(read, policy))
    missing, other_words = unstored(read, policy, known)
    return Comparison(feed.key, len(read), tuple(missing), tuple(other_words))

"""Is an entry a known article, a new version of one, or a new one.

Publishers break every single mark of identity: they change guids with headlines, repeat one guid for all items, move an article to
another URL, and link many items to one page. So the marks decide together (`core.marks`), as far as the feed has earned trust in them
(`core.identity`), and what was found by something weaker than the URL is believed only if the words agree as well.

Whitespace, letter case, quotation marks and dashes never make a version; nor does an entry that tells less than is known, such as the
teaser of an article already read in full, nor a wording seen before: two feeds that carry one article with different teasers would
otherwise overwrite each other for ever. For this to hold, the fingerprints of known entries are stored as well, not only those of new
articles and versions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.core.alignment import content_words, edits_between
from monitor.core.dates import date_of_address, published_time
from monitor.core.marks import new_article_id, normalised, page_address
from monitor.core.types import Article, ArticleId, DateBasis, Entry, IdPolicy, Page

#: Share of the shorter wording's words that must recur for two wordings at different addresses to be one article.
MIN_SHARED_WORDS = 0.5

#: The same where the date differs as well: two headlines of one series share half of their words.
MIN_SHARED_WORDS_REDATED = 0.75


@dataclass(frozen=True, slots=True)
class New:
    """The entry is an article not seen before."""

    article: Article


@dataclass(frozen=True, slots=True)
class NewVersion:
    """The entry tells a known article anew; `article` has the next version number."""

    article: Article


@dataclass(frozen=True, slots=True)
class Known:
    """The entry tells nothing that is not stored."""

    article: Article


EntryDecision = New | NewVersion | Known


def choose_known(identified: ArticleId | None, fingerprints: Collection[str], found: Mapping[str, ArticleId]) -> ArticleId | None:
    """Return the article that an entry most likely is: that of its identity, or else of its strongest fingerprint; None for none.

    `identified` is what the entry's identity is stored under, `found` the stored fingerprints with their articles.
    """
    return identified or next((found[mark] for mark in fingerprints if mark in found), None)


def decide_entry(
    entry: Entry,
    known: Article | None,
    first_seen_at: datetime,
    *,
    source: str,
    seen: Collection[str] = (),
    policy: IdPolicy = IdPolicy.BOTH,
    is_redelivered: bool = False,
) -> EntryDecision:
    """Return what an entry is, with the article to store.

    `known` is the latest version of the article that `choose_known` pointed to; `source` the outlet of the entry's feed; `seen` those of
    the entry's fingerprints that are stored already; `policy` what the ids and addresses of its feed are worth; `is_redelivered` tells
    that this feed delivered this item before: other words are then an edit, made since.
    """
    if known is None or not _is_same_story(entry, known, seen, policy):
        return _found(entry, known, first_seen_at, source=source, seen=seen, policy=policy)
    if _adds_nothing(entry, known) or any(mark.startswith("c:") for mark in seen):
        return Known(known)
    title, text = entry.title or known.title, entry.text or known.text
    published_at, dated_by = _dated(entry, first_seen_at)
    if published_at <= known.published_at or dated_by is not DateBasis.FEED:
        # No date tells of the edit. Of its own item the feed has just shown that it was made since the last poll; the words of another feed
        # may be as old as the article.
        seen_at = max(known.published_at, entry.fetched_at or first_seen_at)
        published_at, dated_by = (seen_at, DateBasis.SEEN) if is_redelivered else (known.published_at, known.dated_by)
    version = replace(
        known,
        title=title,
        text=text,
        published_at=published_at,
        version=known.version + 1,
        dated_by=dated_by,
        edits=edits_between((known.title, known.text), (title, text)),
    )
    return NewVersion(version)


def with_page(article: Article, page: Page) -> Article:
    """Return an article with what its page adds: a longer text, a date where only its first sight was known, its canonical address.

    What changes the text or the date is a version of its own, so that the offsets of quotes count in what is stored.
    """
    text = page.text if len(page.text) > len(article.text) else article.text
    published_at, dated_by = article.published_at, article.dated_by
    own_date = page.published_at if article.version == 1 else page.modified_at
    # A page cannot be younger than the sight of it; dates of a feed are what it wants to be known by.
    if dated_by is not DateBasis.FEED and own_date is not None and own_date <= article.published_at:
        published_at, dated_by = own_date, DateBasis.PAGE
    is_changed = text != article.text or published_at != article.published_at
    return replace(
        article,
        text=text,
        published_at=published_at,
        dated_by=dated_by,
        canonical_url=page.canonical_url,
        version=article.version + is_changed,
        edits=() if is_changed else article.edits,
    )


def with_edits(article: Article, earlier: Sequence[Article]) -> Article:
    """Return a version whose text came from its page with what it changed in the last version that was as full; none was: as it is.

    `earlier`: the stored versions, oldest first. Full means four fifths of its length: between a teaser and a whole text there is
    no edit, only more.
    """
    full = [version for version in earlier if version.version < article.version and 5 * len(version.text) >= 4 * len(article.text)]
    if article.edits or not full:
        return article
    return replace(article, edits=edits_between((full[-1].title, full[-1].text), (article.title, article.text)))


def _found(
    entry: Entry, known: Article | None, first_seen_at: datetime, *, source: str, seen: Collection[str], policy: IdPolicy
) -> New | Known:
    article_id = new_article_id(entry, policy)
    if known is not None and (any(mark.startswith("c:") for mark in seen) or article_id == known.article_id):
        return Known(known)
    published_at, dated_by = _dated(entry, first_seen_at)
    article = Article(
        article_id=article_id,
        url=entry.url,
        source=source,
        title=entry.title,
        text=entry.text,
        published_at=published_at,
        first_seen_at=first_seen_at,
        dated_by=dated_by,
    )
    return New(article)


def _dated(entry: Entry, first_seen_at: datetime) -> tuple[datetime, DateBasis]:
    """Return when an entry counts as published, and by what: its date, else the day in its address, else its first sight."""
    fetched_at = entry.fetched_at or first_seen_at
    published_at = published_time(entry.published_raw, entry.published_at, fetched_at)
    if published_at is not None:
        return published_at, DateBasis.FEED
    day_ends_at = date_of_address(entry.url)
    if day_ends_at is not None:
        # Its last moment: an article must not count as older than what it answers on the same day.
        return min(day_ends_at, fetched_at), DateBasis.ADDRESS
    return fetched_at, DateBasis.SEEN


def _is_same_story(entry: Entry, known: Article, seen: Collection[str], policy: IdPolicy) -> bool:
    address = page_address(entry.url)
    if policy.trusts_urls and address and address == page_address(known.url):
        return True
    if policy is IdPolicy.ID and any(mark.startswith("g:") for mark in seen):
        return True
    ours, theirs = content_words(f"{entry.title} {entry.text}"), content_words(f"{known.title} {known.text}")
    n_fewer = min(len(ours), len(theirs))
    needed = MIN_SHARED_WORDS if entry.published_at == known.published_at else MIN_SHARED_WORDS_REDATED
    return n_fewer > 0 and len(ours & theirs) >= needed * n_fewer


def _adds_nothing(entry: Entry, known: Article) -> bool:
    title, known_title = normalised(entry.title), normalised(known.title)
    # A teaser that stops short ends in dots; what stands before them is what the text must contain.
    text = normalised(entry.text).rstrip(".…[] ")
    return title in ("", known_title) and text in normalised(known.text)

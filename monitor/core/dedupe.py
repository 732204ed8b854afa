"""Is an entry a known article, a new version of one, or a new one.

Publishers break every single mark of identity: they change guids with headlines, repeat one guid for all items, move an article to
another URL, and link many items to one page. So two marks decide together:

- An entry's *identity* within its feed is made of guid and URL both. A repeated guid does not hide an item, and a changed guid only
  makes another identity for an article that its URL still finds.
- An article's *fingerprints* find it from any feed: its URL; this very wording at this URL; title and text, where there is enough text
  not to agree by chance; and, weakest, the guid within its feed. `choose_known` takes them in that order.
- What was found by something weaker than the URL is believed only if the words agree as well (`decide_entry`).

Whitespace, letter case, quotation marks and dashes never make a version; nor does an entry that tells less than is known, such as the
teaser of an article already read in full, nor a wording seen before: two feeds that carry one article with different teasers would
otherwise overwrite each other for ever. For this to hold, the fingerprints of known entries are stored as well, not only those of new
articles and versions.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from monitor.core.dates import published_time
from monitor.core.types import Article, ArticleId, Entry
from monitor.core.urls import canonical_url, is_web_url

#: Least number of characters of text at which the same title and text make the same article wherever they appear. Shorter teasers
#: ("Follow our live coverage") do agree by chance; two or three sentences do not.
MIN_TEXT_CHARS = 200

#: Share of the shorter wording's words that must recur for two wordings at different addresses to be one article.
MIN_SHARED_WORDS = 0.5

#: Of 256 bits, 128 are kept: no two of a billion articles will meet.
_DIGEST_CHARS = 32

_QUOTES_AND_DASHES = str.maketrans(
    {"’": "'", "‘": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'} | dict.fromkeys("‐‑‒–—―−", "-")
)
_WORD = re.compile(r"\w+")


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


def entry_identity(entry: Entry) -> str:
    """Return what an entry is known by within its feed: a digest of guid and URL, or of its words where it has neither."""
    address = _page_address(entry.url)
    if entry.guid or address:
        return _digest("guid+url", entry.guid or "", address)
    return _digest("words", content_hash(entry.title, entry.text))


def article_fingerprints(entry: Entry) -> tuple[str, ...]:
    """Return the marks by which the entry's article may be known from any feed, strongest first.

    `u:` the URL, `c:` this wording at this URL (or in this feed), `t:` title and text, where there are `MIN_TEXT_CHARS` of text, `g:` the
    guid in its feed.
    """
    address = _page_address(entry.url)
    content = content_hash(entry.title, entry.text)
    marks = [f"c:{_digest(address or entry.feed_key, content)}"]
    if address:
        marks.insert(0, f"u:{_digest(address)}")
    if len(_normalised(entry.text)) >= MIN_TEXT_CHARS:
        marks.append(f"t:{content}")
    if entry.guid:
        marks.append(f"g:{_digest(entry.feed_key, entry.guid)}")
    return tuple(marks)


def choose_known(identified: ArticleId | None, fingerprints: Collection[str], found: Mapping[str, ArticleId]) -> ArticleId | None:
    """Return the article that an entry most likely is: that of its identity, or else of its strongest fingerprint; None for none.

    `identified` is what the entry's identity is stored under, `found` the stored fingerprints with their articles.
    """
    return identified or next((found[mark] for mark in fingerprints if mark in found), None)


def new_article_id(entry: Entry) -> ArticleId:
    """Return the id of the article that an entry founds: of its URL, or of its words where it links to no page of its own."""
    address = _page_address(entry.url)
    return ArticleId(_digest("article", address) if address else _digest("article", entry.feed_key, content_hash(entry.title, entry.text)))


def content_hash(title: str, text: str) -> str:
    """Return a digest of the words: equal for wordings that differ only in blanks, letter case, quotation marks or dashes."""
    return _digest(_normalised(title), _normalised(text))


def decide_entry(entry: Entry, known: Article | None, first_seen_at: datetime, *, source: str, seen: Collection[str] = ()) -> EntryDecision:
    """Return what an entry is, with the article to store.

    `known` is the latest version of the article that `choose_known` pointed to; `source` the outlet of the entry's feed; `seen` those of
    the entry's fingerprints that are stored already.
    """
    if known is None or not _is_same_story(entry, known):
        return _found(entry, known, first_seen_at, source=source, seen=seen)
    if _adds_nothing(entry, known) or any(mark in seen for mark in article_fingerprints(entry) if mark.startswith("c:")):
        return Known(known)
    published_at = published_time(entry.published_raw, entry.published_at, entry.fetched_at or first_seen_at)
    version = replace(
        known,
        title=entry.title or known.title,
        text=entry.text or known.text,
        # An edit that keeps the old date is as old as that; one that is dated anew is news of that date.
        published_at=max(known.published_at, published_at),
        version=known.version + 1,
    )
    return NewVersion(version)


def _found(entry: Entry, known: Article | None, first_seen_at: datetime, *, source: str, seen: Collection[str]) -> New | Known:
    article_id = new_article_id(entry)
    is_stored = any(mark in seen for mark in article_fingerprints(entry) if mark.startswith("c:"))
    if known is not None and (is_stored or article_id == known.article_id):
        return Known(known)
    article = Article(
        article_id=article_id,
        url=entry.url,
        source=source,
        title=entry.title,
        text=entry.text,
        published_at=published_time(entry.published_raw, entry.published_at, entry.fetched_at or first_seen_at),
        first_seen_at=first_seen_at,
    )
    return New(article)


def _is_same_story(entry: Entry, known: Article) -> bool:
    address = _page_address(entry.url)
    if address and address == _page_address(known.url):
        return True
    ours, theirs = _words(entry.title, entry.text), _words(known.title, known.text)
    n_fewer = min(len(ours), len(theirs))
    return n_fewer > 0 and len(ours & theirs) >= MIN_SHARED_WORDS * n_fewer


def _adds_nothing(entry: Entry, known: Article) -> bool:
    title, known_title = _normalised(entry.title), _normalised(known.title)
    # A teaser that stops short ends in dots; what stands before them is what the text must contain.
    text = _normalised(entry.text).rstrip(".…[] ")
    return title in ("", known_title) and text in _normalised(known.text)


def _page_address(url: str) -> str:
    """Return the canonical URL without scheme and `www.`; empty for no web address, and for a home page, which is no article."""
    if not is_web_url(url):
        return ""
    parts = urlsplit(canonical_url(url))
    if parts.path == "/" and not parts.query:
        return ""
    return f"{parts.netloc.removeprefix('www.')}{parts.path}{'?' + parts.query if parts.query else ''}"


def _normalised(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES_AND_DASHES).casefold()
    # Format characters are invisible: soft hyphens, joiners, byte order marks.
    return " ".join("".join(char for char in text if unicodedata.category(char) != "Cf").split())


def _words(title: str, text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_normalised(f"{title} {text}")))


def _digest(*parts: str) -> str:
    # Lengths go in as well, so that ("a", "bc") and ("ab", "c") differ.
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:_DIGEST_CHARS]

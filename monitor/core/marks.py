"""The marks by which an entry is known again: digests of its id, its address, its date and its words, none of which is good alone."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from monitor.core.types import Article, ArticleId, Entry, IdPolicy
from monitor.core.urls import canonical_url, is_plain_url, is_web_url, site_of

#: Least number of characters of text at which the same title and text make the same article wherever they appear. Shorter teasers
#: ("Follow our live coverage") do agree by chance; two or three sentences do not.
MIN_TEXT_CHARS = 200

#: Least number of characters of title and text together at which the same words of the same date, in the same feed, make the same article.
#: "Morning briefing" of midnight is many; a headline with its second is one.
MIN_DATED_CHARS = 30

#: Of 256 bits, 128 are kept: no two of a billion articles will meet.
_DIGEST_CHARS = 32

_QUOTES_AND_DASHES = str.maketrans(
    {"’": "'", "‘": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'} | dict.fromkeys("‐‑‒–—―−", "-")
)


def entry_identity(entry: Entry, policy: IdPolicy = IdPolicy.BOTH) -> str:
    """Return what an entry is known by within its feed: a digest of what the policy trusts, or of its words where that lacks.

    Where both are trusted, both go in: a repeated id then hides no item, and a changed id only makes another identity of an article
    that its address still finds.
    """
    address = page_address(entry.url) if policy.trusts_urls else ""
    guid = (entry.guid or "") if policy.trusts_ids else ""
    if guid or address:
        return _digest("guid+url", guid, address)
    return _digest("words", content_hash(entry.title, entry.text))


def article_fingerprints(entry: Entry, policy: IdPolicy = IdPolicy.BOTH) -> tuple[str, ...]:
    """Return the marks by which the entry's article may be known, strongest first; those that the feed's policy does not trust are left out.

    `u:` the address, `c:` this wording at this address (or of this id, or in this feed), `t:` title and text, where there are
    `MIN_TEXT_CHARS` of text, `d:` words and date in the same feed, `g:` the id in its feed.
    """
    address = page_address(entry.url) if policy.trusts_urls else ""
    guid = (entry.guid or "") if policy.trusts_ids else ""
    place = address or (_digest("id", entry.feed_key, guid) if guid and not policy.trusts_urls else entry.feed_key)
    marks = [wording_mark(entry, place)]
    if address:
        marks.insert(0, f"u:{_digest(address)}")
    if len(normalised(entry.text)) >= MIN_TEXT_CHARS:
        marks.append(f"t:{content_hash(entry.title, entry.text)}")
    dated = date_mark(entry)
    if dated is not None:
        marks.append(dated)
    if guid:
        marks.append(f"g:{_digest(entry.feed_key, guid)}")
    return tuple(marks)


def canonical_marks(article: Article) -> tuple[str, ...]:
    """Return the mark of the address that an article's page calls its own, where that is another of the same site; else none.

    Another site's address is that of the original of a copy, which is an article of its own.
    """
    address, own = page_address(article.canonical_url), page_address(article.url)
    if address in ("", own) or site_of(address.partition("/")[0]) != site_of(own.partition("/")[0]):
        return ()
    return (f"u:{_digest(address)}",)


def wording_mark(entry: Entry, place: str) -> str:
    """Return the mark of this very wording at a place."""
    return f"c:{_digest(place, content_hash(entry.title, entry.text))}"


def date_mark(entry: Entry) -> str | None:
    """Return the mark of an entry's words and date in its feed; None where the words are few or there is no date."""
    if not entry.published_raw or len(normalised(f"{entry.title} {entry.text}")) < MIN_DATED_CHARS:
        return None
    return f"d:{_digest(entry.feed_key, content_hash(entry.title, entry.text), ' '.join(entry.published_raw.split()))}"


def without_twins(entries: Sequence[Entry], fingerprints: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the fingerprints of the items of one body without those date marks that several have although their addresses differ.

    Such marks tell none of them apart.
    """
    places: dict[str, set[str]] = defaultdict(set)
    for entry, marks in zip(entries, fingerprints, strict=True):
        for mark in marks:
            if mark.startswith("d:"):
                places[mark].add(page_address(entry.url) or entry.guid or "")
    twins = {mark for mark, seen in places.items() if len(seen) > 1}
    return [tuple(mark for mark in marks if mark not in twins) for marks in fingerprints] if twins else list(fingerprints)


def new_article_id(entry: Entry, policy: IdPolicy = IdPolicy.BOTH) -> ArticleId:
    """Return the id of the article that an entry founds: of its address, of its own id where addresses are shared, or of its words."""
    address = page_address(entry.url) if policy.trusts_urls else ""
    if address:
        return ArticleId(_digest("article", address))
    if entry.guid and policy is IdPolicy.ID:
        return ArticleId(_digest("article", entry.feed_key, "id", entry.guid))
    return ArticleId(_digest("article", entry.feed_key, content_hash(entry.title, entry.text)))


# Cached, as each poll asks several times for the same entry; small, since the cache holds texts.
@lru_cache(maxsize=128)
def content_hash(title: str, text: str) -> str:
    """Return a digest of the words: equal for wordings that differ only in blanks, letter case, quotation marks or dashes."""
    return _digest(normalised(title), normalised(text))


# Cached, as each poll asks several times for the same entry.
@lru_cache(maxsize=8192)
def page_address(url: str) -> str:
    """Return the canonical URL without scheme and `www.`; empty for no web address, and for a home page, which is no article."""
    if is_plain_url(url):
        return url.partition("://")[2].removeprefix("www.")
    if not is_web_url(url):
        return ""
    parts = urlsplit(canonical_url(url))
    if parts.path == "/" and not parts.query:
        return ""
    return f"{parts.netloc.removeprefix('www.')}{parts.path}{'?' + parts.query if parts.query else ''}"


def normalised(text: str) -> str:
    """Return a text without what never makes another wording: case, runs of blanks, kinds of quotation marks and dashes, invisible characters."""
    if text.isascii():
        # All that is below changes nothing here but the case.
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES_AND_DASHES).casefold()
    if not text.isascii():
        # Format characters are invisible: soft hyphens, joiners, byte order marks.
        text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return " ".join(text.split())


def _digest(*parts: str) -> str:
    # Lengths go in as well, so that ("a", "bc") and ("ab", "c") differ.
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:_DIGEST_CHARS]

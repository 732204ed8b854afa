"""Bytes to entries: feedparser for RSS, RDF and Atom; JSON Feed and Google-news sitemaps by readers of their own.

feedparser's sanitiser and link resolver stay off: the first takes the square of its input's length.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import feedparser

from monitor.core.dates import parse_date
from monitor.core.types import Entry, Feed, ParsedFeed
from monitor.errors import BodyTooLargeError, FetchError, ParseError
from monitor.fetch.inflate import Inflater
from monitor.fetch.jsonfeed import is_json, parse_json_feed
from monitor.fetch.markup import one_line, text_of, title_of, web_link
from monitor.fetch.sitemap import is_sitemap, parse_sitemap
from monitor.fetch.wellformed import TooDeepError, read_well_formed

_MAX_FLAW_CHARS = 200

#: A document type with declarations of its own, at the head of a document. Possessive, so that it is linear whatever it is given.
_DOCTYPE_WITH_SUBSET = re.compile(
    rb"[\xef\xbb\xbf\xfe\xff]*+(?:\s++|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<!DOCTYPE[^>\[]*+\[", re.DOTALL | re.IGNORECASE
)
#: A declaration that can grow or reach out: a parameter entity, one that is fetched, and one that holds another entity.
_HOSTILE_ENTITY = re.compile(
    rb"<!ENTITY\s+(?:%|[^\s>\"']+\s+(?:SYSTEM|PUBLIC)\b|[^\s>\"']+\s+(?:\"[^\">]*&(?!#)|'[^'>]*&(?!#)))", re.IGNORECASE
)
_GZIP_MAGIC = b"\x1f\x8b"

_HTML_PAGE = re.compile(rb"\s*(?:<!--(?>.*?-->)\s*)*+<(?:!doctype\s+html|html)[\s>]", re.DOTALL | re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)

#: What web servers claim of every file when nobody told them otherwise.
_DEFAULT_CHARSETS = frozenset({"iso-8859-1", "latin1", "latin-1", "windows-1252", "us-ascii"})

#: Types of content that are text; others are pictures and sound in base 64.
_PLAIN = "text/plain"
_TEXT_TYPES = frozenset({_PLAIN, "text/html", "application/xhtml+xml", ""})


class FeedparserParser:
    """Reads RSS, RDF, Atom, JSON Feed and Google-news sitemaps."""

    def __init__(self, *, max_body_bytes: int = 8 * 1024 * 1024) -> None:
        self._max_body_bytes = max_body_bytes

    def parse(self, body: bytes, *, feed: Feed, content_type: str | None, fetched_at: datetime) -> ParsedFeed:
        """Return the entries, in the order of the feed, markup removed; also those without words, which may get some later.

        Raises: ParseError where the bytes are no feed, declare entities that grow or reach out, or are too many.
        """
        if len(body) > self._max_body_bytes:
            raise ParseError(f"Feed {feed.key!r} has {len(body):,} bytes, more than the {self._max_body_bytes:,} that are parsed.")
        if not body.strip(b" \t\r\n\0"):
            raise ParseError(f"Feed {feed.key!r} is empty; open its address in a browser to see what the server sends.")
        if body.startswith(_GZIP_MAGIC):
            # A file that was packed to be stored, as sitemaps are, and not by the server for the way.
            body = self._unpacked(body, feed)
        if is_json(body):
            return parse_json_feed(body, feed=feed, fetched_at=fetched_at)
        _refuse_entities(body, feed)
        if is_sitemap(body):
            return parse_sitemap(body, feed=feed, fetched_at=fetched_at)
        try:
            document = _read(body, content_type)
        except TooDeepError as exc:
            raise ParseError(f"Feed {feed.key!r} is no feed: {exc}.") from exc
        except Exception as exc:
            raise ParseError(f"Feed {feed.key!r} broke the parser ({type(exc).__name__}: {exc}); please report it with the feed.") from exc
        flaw = _flaw(document)
        if not document.entries and (flaw is not None or not document.get("version")):
            raise ParseError(_not_a_feed(body, feed, flaw))
        return ParsedFeed(
            title=_title(document.feed),
            entries=tuple(_entry(item, feed, fetched_at) for item in document.entries),
            flaw=flaw,
            version=document.get("version", ""),
        )

    def _unpacked(self, body: bytes, feed: Feed) -> bytes:
        inflater = Inflater("gzip", self._max_body_bytes, what=f"Feed {feed.key!r}")
        try:
            inflater.feed(body)
            return inflater.finish()
        except (FetchError, BodyTooLargeError) as exc:
            raise ParseError(f"Feed {feed.key!r} is a packed file that cannot be unpacked: {exc}") from exc


def _read(body: bytes, content_type: str | None) -> Any:  # noqa: ANN401 - feedparser has no types.
    """Return the document as feedparser gives it; read the quick way where that gives the same."""
    headers = _headers(body, content_type)
    if not headers or headers["content-type"].lower().endswith("charset=utf-8"):
        document = read_well_formed(body)
        if document is not None:
            return document
    # Bytes behind a file object: feedparser takes a string for a path or an address, and opens it.
    return feedparser.parse(io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def _refuse_entities(body: bytes, feed: Feed) -> None:
    # Without the zeros UTF-16 reads like ASCII, as far as markup goes.
    head = body.replace(b"\0", b"")
    doctype = _DOCTYPE_WITH_SUBSET.match(head)
    if doctype and _HOSTILE_ENTITY.search(head, doctype.end()):
        raise ParseError(f"Feed {feed.key!r} declares entities that can blow up to any size or reach for other files; it is not parsed.")


def _headers(body: bytes, content_type: str | None) -> dict[str, str]:
    """Return the header that tells feedparser the encoding, where the server's word is worth more than the document's."""
    charset = _CHARSET.search(content_type or "")
    if charset is None or (charset.group(1).lower() in _DEFAULT_CHARSETS and _is_utf8(body)):
        return {}
    # Always as XML: a feed served as a page is no flaw worth telling.
    return {"content-type": f"application/xml; charset={charset.group(1)}"}


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _flaw(document: Any) -> str | None:  # noqa: ANN401
    if not document.get("bozo"):
        return None
    flaw = document.get("bozo_exception")
    if isinstance(flaw, feedparser.CharacterEncodingOverride) and not document.get("entries") and document.get("version"):
        # A feed without entries that merely names the wrong encoding is still a feed.
        return None
    return f"{type(flaw).__name__}: {flaw}"[:_MAX_FLAW_CHARS]


def _not_a_feed(body: bytes, feed: Feed, flaw: str | None) -> str:
    if _HTML_PAGE.match(body):
        return f"Feed {feed.key!r} is an HTML page, not a feed: the address is wrong, or the site shows a wall; open it in a browser."
    return f"Feed {feed.key!r} is no feed that can be read ({flaw or 'unknown format'}); open its address in a browser."


def _entry(item: dict[str, Any], feed: Feed, fetched_at: datetime) -> Entry:
    published_raw, parsed = _date(item)
    return Entry(
        feed_key=feed.key,
        guid=one_line(_value(item, "id")) or None,
        url=_link(item, feed),
        title=_title(item),
        text=max(_texts(item), key=len, default=""),
        published_at=(parse_date(published_raw) if published_raw else None) or parsed,
        published_raw=published_raw,
        fetched_at=fetched_at,
    )


def _value(item: dict[str, Any], key: str) -> str:
    # Not `item.get`: feedparser's own serves other keys in place of missing ones, and warns.
    value = dict.get(item, key)
    return value if isinstance(value, str) else ""


def _title(item: dict[str, Any]) -> str:
    detail = item.get("title_detail") or {}
    return title_of(_value(item, "title"), is_plain=detail.get("type") == _PLAIN)


def _texts(item: dict[str, Any]) -> Iterator[str]:
    """Yield the summary, then the contents: where they are equally long the summary stands."""
    for detail in (item.get("summary_detail") or {}, *(item.get("content") or ())):
        if detail.get("type", "") in _TEXT_TYPES:
            yield text_of(_value(detail, "value"), is_plain=detail.get("type") == _PLAIN)


def _link(item: dict[str, Any], feed: Feed) -> str:
    link = _value(item, "feedburner_origlink") or _value(item, "link")
    # An RSS guid counts as a link unless it says otherwise, and most that do not say so are bare numbers: only whole addresses are taken.
    is_guid = item.get("guidislink") and link == _value(item, "id")
    return web_link(link, base="" if is_guid else feed.url)


def _date(item: dict[str, Any]) -> tuple[str | None, datetime | None]:
    """Return the date as written, and as feedparser understands it."""
    for key in ("published", "updated", "created"):
        raw = one_line(_value(item, key))
        if raw:
            return raw, _instant(dict.get(item, f"{key}_parsed"))
    return None, None


def _instant(parsed: Any) -> datetime | None:  # noqa: ANN401
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), tz=UTC) if parsed else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None

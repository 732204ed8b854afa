"""JSON Feed 1.0 and 1.1 (jsonfeed.org), which feedparser does not read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from monitor.core.dates import parse_date
from monitor.core.types import Entry, Feed, ParsedFeed
from monitor.errors import ParseError
from monitor.fetch.markup import one_line, text_of, title_of, web_link

_VERSIONS = {"https://jsonfeed.org/version/1": "json10", "https://jsonfeed.org/version/1.1": "json11"}


def is_json(body: bytes) -> bool:
    """Return whether a body looks like JSON rather than XML or a page, in whatever encoding JSON may come."""
    return body[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"{")


def parse_json_feed(body: bytes, *, feed: Feed, fetched_at: datetime) -> ParsedFeed:
    """Return the entries of a JSON Feed. Raises: ParseError where the bytes are no JSON, or JSON of another kind."""
    flaw = None
    # Of the encodings of Unicode, JSON's own is UTF-8; the first bytes tell the others (RFC 4627, section 3).
    encoding = json.detect_encoding(body)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as exc:
        text = body.decode(encoding, "replace")
        flaw = f"not {encoding.upper().removesuffix('-SIG')} from byte {exc.start} on"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise ParseError(f"Feed {feed.key!r} is no readable JSON ({exc}); check that {feed.key!r} is the address of a feed.") from exc
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise ParseError(f"Feed {feed.key!r} is JSON without a list of items; a JSON Feed has one (jsonfeed.org).")
    version = str(document.get("version", "")).replace("http:", "https:").rstrip("/")
    if version not in _VERSIONS:
        flaw = flaw or f"JSON Feed version {version[:80]!r} is unknown"
    return ParsedFeed(
        title=title_of(_text(document, "title"), is_plain=True),
        entries=tuple(_entry(item, feed, fetched_at) for item in items if isinstance(item, dict)),
        flaw=flaw,
        version=_VERSIONS.get(version, "json"),
    )


def _entry(item: dict[str, Any], feed: Feed, fetched_at: datetime) -> Entry:
    texts = (
        text_of(_text(item, "content_html")),
        text_of(_text(item, "content_text"), is_plain=True),
        text_of(_text(item, "summary"), is_plain=True),
    )
    published_raw = one_line(_text(item, "date_published") or _text(item, "date_modified")) or None
    return Entry(
        feed_key=feed.key,
        guid=one_line(_text(item, "id")) or None,
        url=web_link(_text(item, "url") or _text(item, "external_url"), base=feed.url),
        title=title_of(_text(item, "title"), is_plain=True),
        text=max(texts, key=len),
        published_at=parse_date(published_raw) if published_raw else None,
        published_raw=published_raw,
        fetched_at=fetched_at,
    )


def _text(item: dict[str, Any], key: str) -> str:
    # Ids are strings by the standard and numbers in the wild.
    value = item.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""

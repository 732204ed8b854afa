"""Google-news sitemaps: the articles of the last two days, as outlets list them for search engines (sitemaps.org, schema sitemap-news)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from lxml import etree

from monitor.core.dates import parse_date
from monitor.core.types import Entry, Feed, ParsedFeed
from monitor.errors import ParseError
from monitor.fetch.markup import one_line, title_of, web_link

_ROOT = re.compile(
    rb"[\xef\xbb\xbf\xff\xfe]*+(?:\s++|<\?(?>.*?\?>)|<!--(?>.*?-->)|<!DOCTYPE[^>\[]*+>)*+<(?:\w+:)?(urlset|sitemapindex)[\s>/]",
    re.DOTALL | re.IGNORECASE,
)
#: Sitemaps named in the message about an index: enough to choose from.
_N_NAMED = 3
_MAX_FLAW_CHARS = 200


def is_sitemap(body: bytes) -> bool:
    """Return whether a body is a sitemap or an index of them."""
    return _ROOT.match(body.replace(b"\0", b"")) is not None


def parse_sitemap(body: bytes, *, feed: Feed, fetched_at: datetime) -> ParsedFeed:
    """Return the entries of a news sitemap, in its order.

    Raises: ParseError where it is an index, or lists addresses without a word of news about them.
    """
    # A file of the web: nothing is fetched for it, nothing in it is expanded, and damage costs the damaged entry only.
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise ParseError(f"Feed {feed.key!r} is a sitemap that cannot be read ({exc}); open its address in a browser.") from exc
    if root is None:
        raise ParseError(f"Feed {feed.key!r} is a sitemap without content; open its address in a browser.")
    if _name(root) == "sitemapindex":
        addresses = list(filter(None, (_child(child, "loc") for child in root if _name(child) == "sitemap")))
        named = ", ".join(addresses[:_N_NAMED]) or "none"
        raise ParseError(f"Feed {feed.key!r} is an index of {len(addresses)} sitemaps, not a sitemap; list one of them instead: {named}")
    entries = tuple(_entries(root, feed, fetched_at))
    if not entries and any(_name(child) == "url" for child in root):
        raise ParseError(
            f"Feed {feed.key!r} is a sitemap without news: it lists addresses but no headlines; look for the outlet's news sitemap "
            "in its robots.txt."
        )
    flaw = parser.error_log.last_error
    return ParsedFeed(
        title=next((name for url in root for news in _named(url, "news") for name in [_publication(news)] if name), ""),
        entries=entries,
        flaw=None if flaw is None else f"XMLSyntaxError: {flaw.message}"[:_MAX_FLAW_CHARS],
        version="sitemap-news",
    )


def _entries(root: etree._Element, feed: Feed, fetched_at: datetime) -> Iterator[Entry]:
    for url in root:
        for news in _named(url, "news"):
            published_raw = one_line(_child(news, "publication_date") or _child(url, "lastmod")) or None
            yield Entry(
                feed_key=feed.key,
                guid=None,
                url=web_link(_child(url, "loc"), base=feed.url),
                title=title_of(_child(news, "title"), is_plain=True),
                text="",
                published_at=parse_date(published_raw) if published_raw else None,
                published_raw=published_raw,
                fetched_at=fetched_at,
            )


def _publication(news: etree._Element) -> str:
    return next((title_of(_child(found, "name"), is_plain=True) for found in _named(news, "publication")), "")


def _named(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in parent if _name(child) == name)


def _child(parent: etree._Element, name: str) -> str:
    return next(("".join(map(str, child.itertext())) for child in _named(parent, name)), "")


def _name(element: etree._Element) -> str:
    # Publishers spell the namespaces in many ways; the local names are always the same.
    tag: object = element.tag
    # An entity that is not expanded stands among the elements, and has no name.
    return etree.QName(tag).localname.lower() if isinstance(tag, str) else ""

"""From the address of a page to the feeds of its site, each fetched and read before it is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from protego import Protego
from selectolax.lexbor import LexborHTMLParser

from monitor.core.types import Feed, FeedKey, FetchResult, ParsedFeed
from monitor.core.urls import canonical_url, is_web_url, site_of
from monitor.errors import MonitorError, ParseError
from monitor.fetch.markup import MAX_MARKUP_CHARS, one_line
from monitor.ports import Clock, FeedFetcher, FeedParser

#: Most addresses that are asked for one page: enough for the feeds of a large outlet, few enough to be no burden to it.
MAX_TRIED = 12

_FEED_TYPES = frozenset(
    {
        "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/json",
        "application/xml", "text/xml", "application/x.atom+xml", "application/x-atom+xml", "application/x-rss+xml", "text/rss",
    }
)  # fmt: skip
_LOOKS_LIKE_FEED = re.compile(r"(?:^|[/._?=&-])(?:rss|feeds?|atom|rdf)(?:[/._?=&-]|$)|\.(?:rss|rdf|atom)$", re.IGNORECASE)
_COMMENTS = re.compile(r"comment", re.IGNORECASE)
_NEWS = re.compile(r"news", re.IGNORECASE)

#: Where the common publishing systems put their feeds; asked only where the page names none.
_USUAL_PLACES = ("/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/rss", "/index.xml", "/feed.json", "/feeds/posts/default")


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that was fetched and read."""

    #: Where it lies after redirects.
    url: str
    title: str
    version: str
    n_entries: int
    #: Latest date among the entries; None where none can be read.
    newest_at: datetime | None
    #: What led to it, in words.
    how: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found from one address."""

    feeds: tuple[FoundFeed, ...]
    #: Addresses that looked like feeds and are none, with the reason.
    refused: tuple[tuple[str, str], ...]


class FeedDiscovery:
    """Finds the feeds of a site through the fetcher, hence behind the guard."""

    def __init__(self, fetcher: FeedFetcher, parser: FeedParser, clock: Clock) -> None:
        self._fetcher = fetcher
        self._parser = parser
        self._clock = clock

    def find(self, url: str) -> Discovery:
        """Return the feeds that an address leads to, those of comments last; the address itself where it is a feed.

        Raises: FetchError, BlockedAddressError, BodyTooLargeError for the address itself; what it leads to may fail.
        """
        answer = self._fetcher.fetch(url)
        try:
            return Discovery((self._read(answer, "the address itself"),), ())
        except ParseError:
            pass
        found: dict[str, FoundFeed] = {}
        refused: list[tuple[str, str]] = []
        asked = {canonical_url(url), canonical_url(answer.url)}
        for address, how in self._candidates(answer, found):
            if canonical_url(address) in asked:
                continue
            if len(asked) > MAX_TRIED:
                break
            asked.add(canonical_url(address))
            try:
                feed = self._read(self._fetcher.fetch(address), how)
            except MonitorError as exc:
                refused.append((address, str(exc)))
                continue
            found.setdefault(canonical_url(feed.url), feed)
        ordered = sorted(found.values(), key=lambda feed: bool(_COMMENTS.search(f"{feed.url} {feed.title}")))
        return Discovery(tuple(ordered), tuple(refused))

    def _read(self, answer: FetchResult, how: str) -> FoundFeed:
        feed = Feed(FeedKey(answer.url), answer.url, answer.url)
        parsed: ParsedFeed = self._parser.parse(answer.body, feed=feed, content_type=answer.content_type, fetched_at=self._clock.now())
        dates = [entry.published_at for entry in parsed.entries if entry.published_at is not None]
        return FoundFeed(answer.url, parsed.title, parsed.version, len(parsed.entries), max(dates, default=None), how)

    def _candidates(self, page: FetchResult, found: dict[str, FoundFeed]) -> Iterator[tuple[str, str]]:
        """Yield addresses, likeliest first; those of the usual places only where nothing was found before them."""
        yield from named_on(page.body, page.url)
        yield from self._sitemaps(page.url)
        if not found:
            yield from ((urljoin(page.url, place), "a usual place") for place in _USUAL_PLACES)

    def _sitemaps(self, url: str) -> Iterator[tuple[str, str]]:
        try:
            robots = self._fetcher.fetch(urljoin(url, "/robots.txt")).body.decode("utf-8", "replace")
            addresses = [one_line(address) for address in Protego.parse(robots).sitemaps]
        except (MonitorError, ValueError):
            return
        yield from ((address, "a news sitemap of robots.txt") for address in addresses if _NEWS.search(address) and is_web_url(address))


def named_on(body: bytes, url: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses that a page declares as feeds, then those of its links that look like one, with how they were found."""
    tree = LexborHTMLParser(body[:MAX_MARKUP_CHARS])
    base_node = tree.css_first("base[href]")
    base = url if base_node is None else _join(url, base_node.attributes.get("href")) or url
    for link in tree.css("link[href]"):
        relations = (link.attributes.get("rel") or "").lower().split()
        kind = (link.attributes.get("type") or "").partition(";")[0].strip().lower()
        address = _join(base, link.attributes.get("href"))
        if address and ("feed" in relations or ("alternate" in relations and kind in _FEED_TYPES)):
            yield address, "declared in the page's head"
    site = site_of(urlsplit(url).hostname or "")
    for link in tree.css("a[href]"):
        address = _join(base, link.attributes.get("href"))
        if not address:
            continue
        parts = urlsplit(address)
        if _LOOKS_LIKE_FEED.search(f"{parts.netloc}{parts.path}?{parts.query}") and site_of(parts.hostname or "") == site:
            yield address, "linked on the page"


def _join(base: str, link: str | None) -> str:
    try:
        address = urljoin(base, one_line(link or ""))
    except ValueError:
        return ""
    return address if is_web_url(address) else ""

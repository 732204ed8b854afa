"""Feeds without HTTP and XML: a fetcher that serves what was published to it, and a parser that returns what was written for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.core.types import Entry, Feed, FeedKey, FetchResult, ParsedFeed
from monitor.errors import FetchError, MonitorError


@dataclass(frozen=True, slots=True)
class FakeRequest:
    """A call of the fetcher."""

    url: str
    etag: str | None
    last_modified: str | None


@dataclass(slots=True)
class FakeFetcher:
    """Serves documents from memory, conditionally; an address it does not know answers 404."""

    requests: list[FakeRequest] = field(default_factory=list)
    _documents: dict[str, FetchResult | MonitorError] = field(default_factory=dict)

    def publish(
        self,
        url: str,
        body: bytes,
        content_type: str = "application/rss+xml",
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Put a document under an address, in place of the one before, and return the address."""
        own = {"content-type": content_type, "etag": etag, "last-modified": last_modified}
        all_headers = {name: value for name, value in own.items() if value is not None}
        all_headers |= {name.lower(): value for name, value in (headers or {}).items()}
        self._documents[url] = FetchResult(url, 200, body, etag, last_modified, content_type, all_headers)
        return url

    def redirect(self, url: str, document: FetchResult) -> str:
        """Put the document of another address, with where it moved to, under this one, and return this one."""
        self._documents[url] = document
        return url

    def fail(self, url: str, error: MonitorError) -> str:
        """Make an address raise an error from now on, and return the address."""
        self._documents[url] = error
        return url

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> FetchResult:
        """Return the document, 304 without a body where it is unchanged, or raise what `fail` was given."""
        self.requests.append(FakeRequest(url, etag, last_modified))
        document = self._documents.get(url)
        if document is None:
            raise FetchError(f"{url} answered 404; publish it to the fake first.", status=404)
        if isinstance(document, MonitorError):
            raise document
        is_unchanged = etag == document.etag if etag is not None else last_modified is not None and last_modified == document.last_modified
        return replace(document, status=304, body=b"", content_type=None) if is_unchanged else document


@dataclass(slots=True)
class FakeParser:
    """Returns the entries that were written for a feed, whatever the bytes are.

    Entries are numbered: `parser.entry(feed, 1)` writes one with texts and an address made of its number, or writes it anew.
    """

    _entries: dict[FeedKey, dict[int, Entry]] = field(default_factory=dict)
    _errors: dict[FeedKey, MonitorError] = field(default_factory=dict)

    def entry(
        self,
        feed: Feed,
        number: int,
        *,
        title: str | None = None,
        text: str | None = None,
        guid: str | None = None,
        url: str | None = None,
        published_at: datetime | None = None,
    ) -> Entry:
        """Write an entry, or write it anew, and return it."""
        entry = Entry(
            feed_key=feed.key,
            guid=f"{feed.key}-{number}" if guid is None else guid,
            url=f"https://{feed.key}.example/articles/{number}" if url is None else url,
            title=f"Headline {number}" if title is None else title,
            text=f"Text of article {number}." if text is None else text,
            published_at=published_at,
            published_raw=published_at.isoformat() if published_at else None,
        )
        self._entries.setdefault(feed.key, {})[number] = entry
        return entry

    def remove(self, feed: Feed, number: int) -> None:
        """Take an entry out of the feed."""
        del self._entries[feed.key][number]

    def fail(self, feed: Feed, error: MonitorError | None) -> None:
        """Make a feed raise an error from now on; None heals it."""
        self._errors.pop(feed.key, None)
        if error is not None:
            self._errors[feed.key] = error

    def parse(self, body: bytes, *, feed: Feed, content_type: str | None, fetched_at: datetime) -> ParsedFeed:  # noqa: ARG002
        """Return the entries of the feed, in the order of their numbers, or raise what `fail` was given."""
        if feed.key in self._errors:
            raise self._errors[feed.key]
        entries = sorted(self._entries.get(feed.key, {}).items())
        return ParsedFeed(title=feed.source, entries=tuple(replace(entry, fetched_at=fetched_at) for _, entry in entries), version="fake")

"""The full text of an article's page."""

from __future__ import annotations

from monitor.fetch.markup import MAX_TEXT_CHARS
from monitor.ports import FeedFetcher

#: What a page may be; a video or a PDF is not worth the try.
_PAGE_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")


class TrafilaturaPageReader:
    """Gets a page through the fetcher, hence behind the guard, and takes its main text out with trafilatura."""

    def __init__(self, fetcher: FeedFetcher) -> None:
        self._fetcher = fetcher

    def read(self, url: str) -> str | None:
        """Return the main text of the page, paragraphs separated by newlines; None where none can be had.

        Raises: FetchError, BlockedAddressError, BodyTooLargeError.
        """
        page = self._fetcher.fetch(url)
        content_type = (page.content_type or _PAGE_TYPES[0]).partition(";")[0].strip().lower()
        if content_type not in _PAGE_TYPES or not page.body.strip():
            return None
        # Imported on first use: it takes a third of a second, and a quiet monitor never reads a page.
        import trafilatura

        try:
            text = trafilatura.extract(page.body, url=page.url, include_comments=False, include_tables=False, deduplicate=False)
        except Exception:  # A page that trafilatura cannot read is one without text: the feed's own text is used.
            return None
        return _lines(text) if text else None


def _lines(text: str) -> str | None:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(filter(None, lines))[:MAX_TEXT_CHARS].rstrip() or None

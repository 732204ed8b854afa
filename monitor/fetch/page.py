"""The page of a matched article: its full text, and what it says of itself."""

from __future__ import annotations

from monitor.core.hosts import crawl_spacing_s
from monitor.core.types import Page
from monitor.core.urls import canonical_url
from monitor.fetch.markup import MAX_TEXT_CHARS
from monitor.fetch.pace import PacedFetcher
from monitor.fetch.page_marks import marks_of, without_wall
from monitor.fetch.robots import Robots

#: What a page may be; a video or a PDF is not worth the try.
_PAGE_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")

#: Characters from which a text counts as whole even though its page says that it is for subscribers: some send it all and hide it.
_WHOLE_CHARS = 2_000


class TrafilaturaPageReader:
    """Gets a page through the fetcher, hence behind the guard, if its site's robots.txt has nothing against it, and takes its main text out."""

    def __init__(self, fetcher: PacedFetcher, *, max_crawl_delay_s: float = 10.0) -> None:
        """Take the fetcher, and the most seconds that a site may ask to lie between two requests."""
        self._fetcher = fetcher
        self._robots = Robots(fetcher)
        self._max_crawl_delay_s = max_crawl_delay_s

    def read(self, url: str) -> Page | None:
        """Return what the page says; None where it has no text, or a checkpoint stands in its place.

        Waits where the site's robots.txt asks for time between requests. Raises: FetchError, BlockedAddressError, BodyTooLargeError, RobotsError.
        """
        self._robots.check(url)
        spacing_s = crawl_spacing_s(self._robots.crawl_delay_s(url), self._max_crawl_delay_s)
        answer = self._fetcher.fetch_in_turn(url, spacing_s=spacing_s)
        if canonical_url(answer.url) != canonical_url(url):
            # Where a redirect led is another page, perhaps of another site with other rules.
            self._robots.check(answer.url)
        content_type = (answer.content_type or _PAGE_TYPES[0]).partition(";")[0].strip().lower()
        if content_type not in _PAGE_TYPES or not answer.body.strip():
            return None
        marks = marks_of(answer.body, answer.url)
        if marks.is_checkpoint:
            return None
        text, has_wall = without_wall(_main_text(answer.body, answer.url))
        if not text:
            return None
        is_stub = len(text) < _WHOLE_CHARS and (marks.is_locked or has_wall)
        return Page(answer.url, text, marks.canonical_url, marks.published_at, marks.modified_at, is_stub)


def _main_text(body: bytes, url: str) -> str:
    # Imported on first use: it takes a third of a second, and a quiet monitor never reads a page.
    import trafilatura

    try:
        text = trafilatura.extract(body, url=url, include_comments=False, include_tables=False, deduplicate=False)
    except Exception:  # A page that trafilatura cannot read is one without text: the feed's own text is used.
        return ""
    lines = (" ".join(line.split()) for line in (text or "").split("\n"))
    return "\n".join(filter(None, lines))[:MAX_TEXT_CHARS].rstrip()

from __future__ import annotations

import pytest

from monitor.errors import FetchError
from monitor.fetch.page import TrafilaturaPageReader
from monitor.testing.fake_feeds import FakeFetcher

URL = "https://gazette.example/ferry"
PARAGRAPHS = [
    "Negotiators of the two ministries met in the harbour town on Monday, for the third day in a row.",
    "They have agreed on a joint statement, which is to be read out on Friday, a spokesman of the transport ministry said.",
    "The ferry line had been closed since the winter, when both sides fell out over the cost of a new pier in the north.",
]
PAGE = f"""<!DOCTYPE html><html><head><title>Ferry talks</title><script>track()</script></head><body>
<nav><a href="/">Home</a> <a href="/world">World</a></nav>
<article><h1>Ferry talks near their end</h1>{"".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)}</article>
<footer>All rights reserved. Subscribe to our newsletter.</footer></body></html>""".encode()


def read(body: bytes, content_type: str = "text/html; charset=utf-8") -> str | None:
    fetcher = FakeFetcher()
    return TrafilaturaPageReader(fetcher).read(fetcher.publish(URL, body, content_type))


def test_the_main_text_comes_without_what_stands_around_it() -> None:
    text = read(PAGE)
    assert text is not None
    assert text.split("\n")[-3:] == PARAGRAPHS
    assert "newsletter" not in text


@pytest.mark.parametrize("body", [b"", b"   ", b"<html></html>", b"\x00\xff\xfe", b"<html><body><div></div></body></html>"])
def test_a_page_without_text_gives_none(body: bytes) -> None:
    assert read(body) is None


@pytest.mark.parametrize("content_type", ["application/pdf", "image/png", "video/mp4"])
def test_what_is_no_page_gives_none(content_type: str) -> None:
    assert read(PAGE, content_type) is None


def test_a_page_that_cannot_be_had_is_an_error() -> None:
    with pytest.raises(FetchError):
        TrafilaturaPageReader(FakeFetcher()).read(URL)

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from monitor.core.types import FetchResult, Page
from monitor.errors import FetchError, RobotsError
from monitor.fetch.http import HttpFetcher
from monitor.fetch.pace import PacedFetcher
from monitor.fetch.page import TrafilaturaPageReader
from monitor.fetch.page_marks import without_wall
from monitor.ports import FeedFetcher
from monitor.testing.fake_feeds import FakeFetcher
from monitor.testing.fakes import FrozenClock
from monitor.testing.loopback import Answer, LoopbackSite

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


ROBOTS = "https://gazette.example/robots.txt"


def page_reader(fetcher: FeedFetcher, clock: FrozenClock | None = None) -> TrafilaturaPageReader:
    clock = clock or FrozenClock()
    return TrafilaturaPageReader(PacedFetcher(fetcher, wait=clock.wait, now_s=lambda: clock.now().timestamp()), max_crawl_delay_s=10.0)


def read(body: bytes, content_type: str = "text/html; charset=utf-8", *, robots: str | None = None) -> Page | None:
    fetcher = FakeFetcher()
    if robots is not None:
        fetcher.publish(ROBOTS, robots.encode(), "text/plain")
    return page_reader(fetcher).read(fetcher.publish(URL, body, content_type))


def with_head(head: str, *, extra: str = "") -> bytes:
    return PAGE.replace(b"</head>", head.encode() + b"</head>").replace(b"</article>", extra.encode() + b"</article>")


def test_the_main_text_comes_without_what_stands_around_it() -> None:
    page = read(PAGE)
    assert page is not None
    assert page.text.split("\n")[-3:] == PARAGRAPHS
    assert "newsletter" not in page.text
    assert (page.url, page.canonical_url, page.published_at, page.modified_at, page.is_stub) == (URL, "", None, None, False)


def test_the_head_tells_address_and_dates() -> None:
    page = read(
        with_head(
            '<link rel="canonical" href="/world/ferry"><meta property="article:published_time" content="2026-03-02T12:00:00+01:00">'
            '<meta property="article:modified_time" content="2026-03-02T13:30:00Z">'
        )
    )
    assert page is not None
    assert page.canonical_url == "https://gazette.example/world/ferry"
    assert (page.published_at, page.modified_at) == (datetime(2026, 3, 2, 11, tzinfo=UTC), datetime(2026, 3, 2, 13, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "data",
    [
        '{"@type": "NewsArticle", "datePublished": "2026-03-02T11:00:00Z", "dateModified": "2026-03-02T13:30:00Z"}',
        '{"@graph": [{"@type": "WebSite"}, {"@type": "Article", "datePublished": "2026-03-02T11:00:00Z", "dateModified": "2026-03-02T13:30:00Z"}]}',
        '[{"mainEntity": {"datePublished": "2026-03-02T11:00:00Z", "dateModified": "2026-03-02T13:30:00Z"}}]',
    ],
)
def test_structured_data_tells_dates(data: str) -> None:
    page = read(with_head(f'<script type="application/ld+json">{data}</script>'))
    assert page is not None
    assert (page.published_at, page.modified_at) == (datetime(2026, 3, 2, 11, tzinfo=UTC), datetime(2026, 3, 2, 13, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "data", ["", "{", "[" * 50_000, "null", '"x"', '{"datePublished": 5}', '{"datePublished": "soon"}', f"[{'{},' * 9_999}0]"]
)
def test_broken_structured_data_is_no_data(data: str) -> None:
    page = read(with_head(f'<script type="application/ld+json">{data}</script>'))
    assert page is not None
    assert page.published_at is None


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/hostname", "http://[", ""])
def test_only_an_address_of_the_web_is_canonical(link: str) -> None:
    page = read(with_head(f'<link rel="canonical" href="{link}">'))
    assert page is not None
    assert page.canonical_url in ("", URL)


WALL = "<p>Subscribe to continue reading this article.</p><p>Already a subscriber? Log in.</p>"


@pytest.mark.parametrize(
    ("head", "extra"),
    [
        ("", WALL),
        ('<meta property="article:content_tier" content="locked">', ""),
        ('<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": "False"}</script>', ""),
        ('<script type="application/ld+json">{"isAccessibleForFree": false}</script>', WALL),
    ],
)
def test_what_stands_before_a_paywall_is_a_stub_without_the_wall(head: str, extra: str) -> None:
    page = read(with_head(head, extra=extra))
    assert page is not None
    assert page.is_stub
    assert page.text.split("\n")[-1] == PARAGRAPHS[-1]


def test_a_long_text_behind_a_wall_of_paint_is_whole() -> None:
    more = "".join(
        f"<p>Paragraph {n} tells of pilots, tolls, dredging and all that a treaty on a harbour has to settle in its annexes.</p>"
        for n in range(30)
    )
    page = read(with_head('<meta property="article:content_tier" content="metered">', extra=more))
    assert page is not None
    assert not page.is_stub


def test_a_sentence_on_subscriptions_is_no_wall() -> None:
    said = "The opera, which has sold four thousand subscriptions to continue its season, and whose chorus is on strike, " * 2
    text, has_wall = without_wall(f"{said}\nTo read the full story, subscribe.")
    assert (text, has_wall) == (said, True)


@pytest.mark.parametrize("title", ["Just a moment...", "Access Denied", "Attention Required! | Wall"])
def test_a_checkpoint_is_no_page(title: str) -> None:
    assert read(PAGE.replace(b"Ferry talks</title>", f"{title}</title>".encode())) is None


@pytest.mark.parametrize("body", [b"", b"   ", b"<html></html>", b"\x00\xff\xfe", b"<html><body><div></div></body></html>"])
def test_a_page_without_text_gives_none(body: bytes) -> None:
    assert read(body) is None


@pytest.mark.parametrize("content_type", ["application/pdf", "image/png", "video/mp4"])
def test_what_is_no_page_gives_none(content_type: str) -> None:
    assert read(PAGE, content_type) is None


def test_a_page_that_cannot_be_had_is_an_error() -> None:
    with pytest.raises(FetchError):
        page_reader(FakeFetcher()).read(URL)


ALLOWED = ["", "User-agent: *\nDisallow:", "User-agent: *\nDisallow: /private", "User-agent: other\nDisallow: /", "<html>no rules</html>"]
FORBIDDEN = [
    "User-agent: *\nDisallow: /",
    "\ufeffUser-agent: statuswatch\nDisallow: /fer",
    "User-agent: *\nAllow: /\n\nUser-agent: Statuswatch\nDisallow: /*ry$",
]


@pytest.mark.parametrize("robots", ALLOWED)
def test_a_page_that_robots_may_fetch_is_fetched(robots: str) -> None:
    assert read(PAGE, robots=robots) is not None


@pytest.mark.parametrize("robots", FORBIDDEN)
def test_a_page_that_robots_may_not_fetch_is_not(robots: str) -> None:
    fetcher = FakeFetcher()
    fetcher.publish(ROBOTS, robots.encode(), "text/plain")
    with pytest.raises(RobotsError, match="asks not to fetch this page"):
        page_reader(fetcher).read(fetcher.publish(URL, PAGE, "text/html"))
    assert [request.url for request in fetcher.requests] == [ROBOTS]


@pytest.mark.parametrize("status", [500, 503, 429, None])
def test_a_site_whose_rules_cannot_be_had_is_left_alone(status: int | None) -> None:
    fetcher = FakeFetcher()
    fetcher.publish(URL, PAGE, "text/html")
    fetcher.fail(ROBOTS, FetchError("out of order", status=status))
    with pytest.raises(RobotsError, match="cannot be had just now"):
        page_reader(fetcher).read(URL)


def test_rules_are_fetched_once_a_day_and_not_for_every_page() -> None:
    fetcher = FakeFetcher()
    fetcher.publish(ROBOTS, b"User-agent: *\nDisallow: /private", "text/plain")
    reader = page_reader(fetcher)
    for name in ("a", "b", "c"):
        reader.read(fetcher.publish(f"https://gazette.example/{name}", PAGE, "text/html"))
    assert [request.url for request in fetcher.requests].count(ROBOTS) == 1


def test_where_a_redirect_leads_is_asked_for_as_well() -> None:
    with LoopbackSite() as site:
        site.publish("/robots.txt", b"User-agent: *\nDisallow: /private", "text/plain")
        site.publish("/private/page", PAGE, "text/html")
        site.script("/page", Answer(302, {"Location": "/private/page"}))
        with pytest.raises(RobotsError):
            page_reader(HttpFetcher("Statuswatch/1", allowed_networks=["127.0.0.0/8"])).read(site.url("/page"))


DELAYS = [
    ("User-agent: *\nCrawl-delay: 4", 4.0),
    ("User-agent: *\nCrawl-delay: 600", 10.0),
    ("User-agent: *\nCrawl-delay: soon", 0.0),
    ("User-agent: other\nCrawl-delay: 4", 0.0),
    ("User-agent: *\nCrawl-delay: 4\n\nUser-agent: Statuswatch\nCrawl-delay: 7", 7.0),
]


@pytest.mark.parametrize(("robots", "spacing_s"), DELAYS)
def test_requests_to_a_host_lie_as_far_apart_as_its_rules_ask(robots: str, spacing_s: float) -> None:
    fetcher, clock = FakeFetcher(), FrozenClock()
    times: list[float] = []

    class Watched:
        def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> FetchResult:
            times.append(clock.now().timestamp())
            return fetcher.fetch(url, etag=etag, last_modified=last_modified)

    fetcher.publish(ROBOTS, robots.encode(), "text/plain")
    reader = page_reader(Watched(), clock)
    for name in ("a", "b"):
        reader.read(fetcher.publish(f"https://gazette.example/{name}", PAGE, "text/html"))
    assert [later - earlier for earlier, later in pairwise(times)] == [spacing_s, spacing_s]
    clock.advance(spacing_s + 1.0)
    before = clock.now()
    reader.read(fetcher.publish("https://gazette.example/late", PAGE, "text/html"))
    assert clock.now() == before


def test_a_page_waits_after_a_feed_of_its_host_and_not_after_that_of_another() -> None:
    fetcher, clock = FakeFetcher(), FrozenClock()
    paced = PacedFetcher(fetcher, wait=clock.wait, now_s=lambda: clock.now().timestamp())
    for url in (URL, "https://gazette.example/feed", "https://herald.example/feed"):
        fetcher.publish(url, PAGE, "text/html")
    fetcher.publish(ROBOTS, b"User-agent: *\nCrawl-delay: 4", "text/plain")
    reader = TrafilaturaPageReader(paced)
    reader.read(URL)
    clock.advance(60.0)
    begun = clock.now()
    paced.fetch("https://herald.example/feed")
    reader.read(URL)
    assert clock.now() == begun
    clock.advance(60.0)
    begun = clock.now()
    paced.fetch("https://gazette.example/feed")
    reader.read(URL)
    assert (clock.now() - begun).total_seconds() == 4.0


def test_those_who_wait_for_one_host_go_one_after_the_other() -> None:
    fetcher, waited = FakeFetcher(), list[float]()
    paced = PacedFetcher(fetcher, wait=waited.append, now_s=lambda: 100.0)
    fetcher.publish(URL, PAGE, "text/html")
    for _ in range(3):
        paced.fetch_in_turn(URL, spacing_s=4.0)
    assert waited == [4.0, 8.0]

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.core.types import Feed, FeedKey
from monitor.errors import FetchError, ParseError
from monitor.ports import FeedParser
from monitor.testing.fake_feeds import FakeFetcher, FakeParser, FakeRequest
from monitor.testing.loopback import Answer, LoopbackSite, SiteRequest

FEED = Feed(FeedKey("gazette"), "https://gazette.example/feed", "Gazette")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def titles(parser: FeedParser) -> list[str]:
    return [entry.title for entry in parser.parse(b"", feed=FEED, content_type=None, fetched_at=NOON).entries]


def test_the_fake_parser_returns_what_was_written_in_the_order_of_the_numbers() -> None:
    parser = FakeParser()
    parser.entry(FEED, 2)
    parser.entry(FEED, 1, title="First")
    assert titles(parser) == ["First", "Headline 2"]
    parser.entry(FEED, 1, title="First, edited")
    parser.remove(FEED, 2)
    assert titles(parser) == ["First, edited"]


def test_the_fake_parser_fails_on_demand() -> None:
    parser = FakeParser()
    parser.fail(FEED, ParseError("no feed"))
    with pytest.raises(ParseError):
        titles(parser)
    parser.fail(FEED, None)
    assert titles(parser) == []


def test_the_fake_fetcher_fails_on_demand_and_remembers_what_was_asked() -> None:
    fetcher = FakeFetcher()
    fetcher.fail(FEED.url, FetchError("timed out"))
    with pytest.raises(FetchError, match="timed out"):
        fetcher.fetch(FEED.url, etag="1")
    assert fetcher.requests == [FakeRequest(FEED.url, "1", None)]


def test_a_script_gives_its_answers_in_turn_and_the_last_one_for_ever() -> None:
    site = LoopbackSite()
    with site:
        site.script("/feed", Answer(500), Answer(404))
        request_answers = [site.answer(request).status for request in [_request()] * 3]
    assert request_answers == [500, 404, 404]
    assert len(site.requests) == 3


def _request() -> SiteRequest:
    return SiteRequest("GET", "/feed", {})

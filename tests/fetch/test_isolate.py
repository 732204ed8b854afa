"""The parser in a process of its own: what it reads, and how it ends where a feed goes too far."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.core.types import Feed, FeedHints, FeedKey, ParsedFeed
from monitor.errors import ParseError
from monitor.fetch.hints import read_hints
from monitor.fetch.isolate import IsolatedParser, _Worker
from monitor.fetch.parse import FeedparserParser
from monitor.ports import FeedParser

FEED = Feed(FeedKey("gazette"), "https://gazette.example/feed", "Gazette")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEEDS = Path(__file__).parents[1] / "feeds"
BODY = b"<rss version='2.0'><channel><title>G</title><ttl>30</ttl><item><title>Talks \xc3\xbc</title></item></channel></rss>"


@pytest.fixture(scope="module")
def parser() -> Iterator[IsolatedParser]:
    parser = IsolatedParser(n_processes=1)
    yield parser
    parser.close()


def parse(parser: IsolatedParser, body: bytes) -> list[str]:
    return [entry.title for entry in parser.parse(body, feed=FEED, content_type=None, fetched_at=NOON).entries]


@pytest.mark.parametrize("name", sorted(path.name for path in FEEDS.iterdir()))
def test_it_reads_what_the_parser_reads_and_refuses_what_it_refuses(parser: IsolatedParser, name: str) -> None:
    body = (FEEDS / name).read_bytes()
    expected = _outcome(FeedparserParser(), body)
    found = _outcome(parser, body)
    if isinstance(expected, ParsedFeed):
        expected = replace(expected, hints=read_hints(body))
    assert found == expected


def _outcome(parser: FeedParser, body: bytes) -> ParsedFeed | str:
    try:
        return parser.parse(body, feed=FEED, content_type="text/xml", fetched_at=NOON)
    except ParseError as exc:
        return str(exc)


def test_what_the_body_says_of_polling_comes_along(parser: IsolatedParser) -> None:
    assert parser.parse(BODY, feed=FEED, content_type=None, fetched_at=NOON).hints == FeedHints(period_s=1800)


def test_a_body_beyond_the_limit_is_not_even_sent() -> None:
    with pytest.raises(ParseError, match="more than the 10 that are parsed"):
        IsolatedParser(max_body_bytes=10).parse(BODY, feed=FEED, content_type=None, fetched_at=NOON)


def _only_worker(parser: IsolatedParser) -> _Worker:
    [worker] = parser._idle
    return worker


def test_a_process_that_does_not_answer_in_time_is_ended_and_replaced() -> None:
    parser = IsolatedParser(timeout_s=0.2, n_processes=1)
    assert parse(parser, BODY) == ["Talks ü"]
    stuck = _only_worker(parser)._process
    stuck.send_signal(signal.SIGSTOP)
    with pytest.raises(ParseError, match=r"'gazette' took longer than 0\.2 s to parse; its process was ended"):
        parse(parser, BODY)
    assert stuck.poll() is not None
    assert parse(parser, BODY) == ["Talks ü"]
    parser.close()


def test_a_process_that_dies_takes_no_other_feed_with_it() -> None:
    parser = IsolatedParser(n_processes=1)
    parse(parser, BODY)
    os.kill(_only_worker(parser)._process.pid, signal.SIGKILL)
    with pytest.raises(ParseError, match=r"'gazette' ended the process that parsed it \(status -9\)"):
        parse(parser, BODY)
    assert parse(parser, BODY) == ["Talks ü"]
    parser.close()


def test_a_feed_that_takes_more_memory_than_it_may_is_refused() -> None:
    parser = IsolatedParser(max_body_bytes=20_000_000, max_memory_bytes=600_000_000, timeout_s=60, n_processes=1)
    assert parse(parser, BODY) == ["Talks ü"]
    bomb = b'{"version": "https://jsonfeed.org/version/1.1", "items": [' + b"{}," * 6_000_000 + b"{}]}"
    with pytest.raises(ParseError, match=r"takes more memory to parse than it may"):
        parse(parser, bomb)
    assert parse(parser, BODY) == ["Talks ü"]
    parser.close()


def test_threads_share_the_processes() -> None:
    parser = IsolatedParser(n_processes=2)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: parse(parser, BODY), range(40))) == [["Talks ü"]] * 40
    assert len(parser._idle) <= 2
    parser.close()


def test_a_process_ends_with_its_master() -> None:
    parser = IsolatedParser(n_processes=1)
    parse(parser, BODY)
    process = _only_worker(parser)._process
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=20) == 0
    parser.close()

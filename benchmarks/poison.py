"""Feeds that stalled, filled or fooled other readers: `python -m benchmarks.poison [--only WORD]`.

Each is made, polled and stored by the real job: inflated, parsed in a process of its own, identified, written to an empty SQLite file. Three
figures, in seconds of CPU. *Reading* is inflating and parsing with the parsing process and the way to it and back, less what such a process takes
to start, measured in the same run. *Longest write* is what a feed costs the other jobs, which cannot write meanwhile: a flood is stored in
parts. *All* is the whole poll. Where a feed has two bodies the second is served at the next poll; the costlier poll counts. Exit status 1 where
reading or a write takes more than `LIMIT_S`, or the feed comes out otherwise than it should.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import logging
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from monitor.core.policy import PollPolicy
from monitor.core.types import Feed, FeedKey, FetchResult, ParsedFeed
from monitor.fetch.inflate import Inflater
from monitor.fetch.isolate import IsolatedParser
from monitor.jobs import poll
from monitor.ports import FeedParser
from monitor.store.session import SqlTransaction, SqlUnitOfWork
from monitor.testing.fakes import FrozenClock

#: CPU seconds that reading a feed, or one write, may take at most.
LIMIT_S = 2.0

#: Largest body, as the settings have it.
MAX_BODY_BYTES = 15_728_640

_FEED = Feed(FeedKey("poison"), "https://gazette.example/feed", "The Gazette")


@dataclass(frozen=True, slots=True)
class Poison:
    """A feed, what it does to others, and what must come of it here: the last poll's outcome, and all articles in the end."""

    name: str
    make: Callable[[], tuple[bytes, ...]]
    n_articles: int
    outcome: str = "ok"
    #: As the server claims.
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one."""

    outcome: str
    n_entries: int
    n_articles: int
    n_bytes: int
    #: Of the costliest poll: reading, its longest write, and all of it.
    read_s: float
    write_s: float
    cpu_s: float

    def is_right(self, poison: Poison) -> bool:
        """Return whether it is what must come of it."""
        return (self.outcome, self.n_articles) == (poison.outcome, poison.n_articles)


def _rss(items: Iterable[str], *, head: str = "") -> bytes:
    channel = f"<title>The Gazette</title><link>https://gazette.example/</link><description>News</description>{''.join(items)}"
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}<rss version="2.0"><channel>{channel}</channel></rss>'.encode()


def _item(number: int, text: str = "", *, guid: str | None = None, date: str | None = None) -> str:
    guid = f"https://gazette.example/{number}" if guid is None else guid
    date = f"Mon, 02 Mar 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} GMT" if date is None else date
    words = text or f"The harbour board met for the {number}th time."
    return (
        f"<item><guid>{guid}</guid><title>Story {number} of the harbour</title><link>https://gazette.example/{number}</link>"
        f"<pubDate>{date}</pubDate><description>{words}</description></item>"
    )


def _many(n_items: int) -> bytes:
    return _rss(map(_item, range(n_items)))


def _page_of(n_bytes: int) -> str:
    paragraph = (
        "&lt;p&gt;The &lt;b&gt;ministers&lt;/b&gt; met in &lt;a href='https://gazette.example/town'&gt;the town&lt;/a&gt;.&lt;/p&gt;"
    )
    return paragraph * (n_bytes // len(paragraph))


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
    return _rss([_item(1, "&l9;")], head=f'<!DOCTYPE rss [<!ENTITY l0 "lol">{entities}]>')


def _bomb() -> bytes:
    return gzip.compress(b" " * 315_000_000, 9)


def poisons(*, share: int = 1) -> tuple[Poison, ...]:
    """Return the feeds; those of many items with one item in `share`, which shows the same outcome in less time."""
    n50, n20, n5, n2 = (n_items // share for n_items in (50_000, 20_000, 5_000, 2_000))
    return (
        Poison("100,000 open comments in one item", lambda: (_rss([_item(1, "&lt;!--" * 100_000)]),), 1),
        Poison("the same in a CDATA section", lambda: (_rss([_item(1, f"<![CDATA[{'<!--' * 100_000}]]>")]),), 1),
        Poison("1 MB of &", lambda: (_rss([_item(1, "&" * 1_000_000)]),), 1),
        Poison("5.5 MB of HTML in one item", lambda: (_rss([_item(1, _page_of(5_500_000))]),), 1),
        Poison("elements 50,000 deep", lambda: (_rss([_item(1, "<b>" * 50_000 + "</b>" * 50_000)]),), 0, "ParseError"),
        Poison("HTML 50,000 deep", lambda: (_rss([_item(1, "&lt;b&gt;" * 50_000 + "The board met.")]),), 1),
        Poison("bare & and <, 20,000 items", lambda: (_rss(_item(n, f"Fish & chips < {n} pounds") for n in range(n20)),), n20),
        Poison("billion laughs", lambda: (_laughs(),), 0, "ParseError"),
        Poison("gzip bomb on the wire, 315 MB", lambda: (_bomb(),), 0, "BodyTooLargeError", "gzip"),
        Poison("gzip bomb as a file, 315 MB", lambda: (_bomb(),), 0, "ParseError"),
        Poison("a word of 1 MB", lambda: (_rss([_item(1, "x" * 1_000_000)]),), 1),
        Poison("14 MB, 2,000 items", lambda: (_rss(_item(n, f"{n} {_page_of(7_000)}") for n in range(n2)),), n2),
        Poison("one id for 20,000 items", lambda: (_rss(_item(n, guid="1") for n in range(n20)),), n20),
        Poison(
            "5,000 ids changed at once",
            lambda: (_many(n5), _rss(_item(n, guid=f"urn:new:{n}") for n in range(n5))),
            n5,
        ),
        Poison(
            "5,000 items anew, re-dated",
            lambda: (_many(n5), _rss(_item(n, date="Tue, 03 Mar 2026 12:00:00 GMT") for n in range(n5))),
            n5,
        ),
        Poison("5,000 headlines edited", lambda: (_many(n5), _many(n5).replace(b"of the harbour", b"of the harbour board")), n5),
        Poison("5,000 items, oldest first, 10 more", lambda: (_many(n5), _many(n5 + 10)), n5 + 10),
        Poison("5,000 items of the future", lambda: (_rss(_item(n, date="Mon, 02 Mar 2099 12:00:00 GMT") for n in range(n5)),), n5),
        Poison("5,000 items without dates", lambda: (_rss(_item(n, date="") for n in range(n5)),), n5),
        Poison(
            "a checkpoint in place of the feed", lambda: (b"<!DOCTYPE html><html><title>Just a moment...</title></html>",), 0, "ParseError"
        ),
        Poison("JSON 100,000 deep", lambda: (b'{"items":' * 100_000,), 0, "ParseError"),
        Poison(
            "JSON Feed of 20,000 items",
            lambda: (
                json.dumps(
                    {
                        "version": "https://jsonfeed.org/version/1.1",
                        "items": [{"id": str(n), "url": f"https://gazette.example/{n}", "title": f"Story {n}"} for n in range(n20)],
                    }
                ).encode(),
            ),
            n20,
        ),
        Poison("50,000 items", lambda: (_many(n50),), n50),
        Poison("50,000 items, one of them new", lambda: (_many(n50), _many(n50 + 1)), n50 + 1),
    )


class _Server:
    """Serves one body after the other, inflated as the fetcher does it."""

    def __init__(self, bodies: tuple[bytes, ...], encoding: str) -> None:
        self._bodies = list(bodies)
        self._encoding = encoding
        #: Spent on inflating the last body.
        self.cpu_s = 0.0

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> FetchResult:
        """Return the next body. Raises: BodyTooLargeError."""
        del etag, last_modified
        begun = time.process_time()
        try:
            inflater = Inflater(self._encoding, MAX_BODY_BYTES, what=url)
            inflater.feed(self._bodies.pop(0))
            return FetchResult(url, 200, inflater.finish(), None, None, "application/rss+xml")
        finally:
            self.cpu_s = time.process_time() - begun


class _TimedParser:
    """Tells what its own process spends on a parser."""

    def __init__(self, parser: FeedParser) -> None:
        self._parser = parser
        self.cpu_s = 0.0

    def parse(self, body: bytes, *, feed: Feed, content_type: str | None, fetched_at: datetime) -> ParsedFeed:
        """Parse a body."""
        begun = time.process_time()
        try:
            return self._parser.parse(body, feed=feed, content_type=content_type, fetched_at=fetched_at)
        finally:
            self.cpu_s += time.process_time() - begun


class _TimedUnitOfWork(SqlUnitOfWork):
    """Tells what the longest write took of CPU."""

    write_s = 0.0

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Open a write transaction."""
        begun = time.process_time()
        with super().transaction() as store:
            yield store
        self.write_s = max(self.write_s, time.process_time() - begun)


def take(poison: Poison, parser_of: Callable[[], FeedParser], close: Callable[[FeedParser], None] = lambda _: None) -> Outcome:
    """Poll a feed as often as it has bodies, and return what came of it. Parsers are closed before CPU is counted."""
    clock, bodies, read_s, cpu_s = FrozenClock(), poison.make(), 0.0, 0.0
    server = _Server(bodies, poison.encoding)
    with tempfile.TemporaryDirectory() as folder, closing(_TimedUnitOfWork(f"sqlite:///{Path(folder) / 'poison.db'}")) as uow:
        uow.upgrade()
        with uow.transaction() as store:
            store.feeds.sync([_FEED], now=clock.now())
        for _ in bodies:
            gc.collect()
            begun, begun_elsewhere, parser = _cpu_s(), _cpu_s(resource.RUSAGE_CHILDREN), parser_of()
            timed = _TimedParser(parser)
            polling = poll.Polling(uow, server, timed, clock, PollPolicy(), jitter=lambda: 0.0, pause=clock.wait)
            poll.run(polling, workers=1)
            close(parser)
            cpu_s = max(cpu_s, _cpu_s() - begun)
            read_s = max(read_s, server.cpu_s + timed.cpu_s + _cpu_s(resource.RUSAGE_CHILDREN) - begun_elsewhere)
            clock.advance(timedelta(days=1).total_seconds())
            with uow.transaction() as store:
                [state] = store.feeds.states()
                store.feeds.save(replace(state, next_poll_at=clock.now()))
        with uow.reading() as store:
            polls = store.feeds.polls(_FEED.key, limit=len(bodies))
    return Outcome(polls[0].outcome, polls[0].n_entries, sum(one.n_new for one in polls), len(bodies[-1]), read_s, uow.write_s, cpu_s)


def _isolated() -> IsolatedParser:
    return IsolatedParser(max_body_bytes=MAX_BODY_BYTES, timeout_s=30.0)


def _close(parser: FeedParser) -> None:
    assert isinstance(parser, IsolatedParser)
    parser.close()


def _cpu_s(*whose: int) -> float:
    used = [resource.getrusage(who) for who in whose or (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> int:
    """Print one line a feed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only feeds whose name has this word")
    words = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    small = Poison("one item", lambda: (_many(1),), 1)
    start_s = min(take(small, _isolated, _close).read_s for _ in range(3))
    print(f"{start_s:.2f} s of CPU to start the parsing process and read one item, taken off below")
    print(f"{'':38}{'bytes':>12}{'entries':>9}{'articles':>9}  {'outcome':18}{'reading':>9}{'longest write':>15}{'all':>8}")
    n_bad = 0
    for poison in (one for one in poisons() if words.only in one.name):
        found = take(poison, _isolated, _close)
        read_s, cpu_s = max(0.0, found.read_s - start_s), max(0.0, found.cpu_s - start_s)
        is_bad = max(read_s, found.write_s) > LIMIT_S or not found.is_right(poison)
        n_bad += is_bad
        line = f"{poison.name:38}{found.n_bytes:12,}{found.n_entries:9,}{found.n_articles:9,}  {found.outcome:18}{read_s:9.2f}{found.write_s:15.2f}{cpu_s:8.2f}"
        print(line + ("  BAD" if is_bad else ""), flush=True)
    print(f"{n_bad} bad")
    return 1 if n_bad else 0


if __name__ == "__main__":
    sys.exit(main())

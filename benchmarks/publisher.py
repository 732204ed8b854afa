"""A publisher with habits of its own, a poller on the same clock, and what the publisher sees of it: what `benchmarks.etiquette` judges by."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from monitor.core.policy import PollPolicy
from monitor.core.types import Feed, FeedKey
from monitor.fetch.http import HttpFetcher
from monitor.fetch.isolate import IsolatedParser
from monitor.jobs import poll
from monitor.ports import UnitOfWork
from monitor.testing.fakes import FrozenClock
from monitor.testing.loopback import Answer, LoopbackSite, SiteRequest
from monitor.testing.memory_store import MemoryUnitOfWork

START = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
HOUR_S = 3600.0
DAY_S = 86_400.0
POLICY = PollPolicy()
USER_AGENT = "Statuswatch/1 (feed monitor; desk@news.example)"

Habit = Callable[[SiteRequest, datetime], Answer]


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as the publisher saw it."""

    at: datetime
    request: SiteRequest

    @property
    def is_conditional(self) -> bool:
        """Whether it carried a validator."""
        return bool({"if-none-match", "if-modified-since"} & set(self.request.headers))


class Publisher(LoopbackSite):
    """A site whose paths behave as they are told, and that notes every visit with the time of the trial."""

    def __init__(self, clock: FrozenClock) -> None:
        super().__init__()
        self.clock = clock
        self.visits: list[Visit] = []
        self.habits: dict[str, Habit] = {}

    def answer(self, request: SiteRequest) -> Answer:
        """Note the visit and answer by habit."""
        self.visits.append(Visit(self.clock.now(), request))
        return self.habits[request.path](request, self.clock.now())


@dataclass
class Trial:
    """A publisher and a poller on one clock."""

    clock: FrozenClock
    site: Publisher
    uow: UnitOfWork
    fetcher: HttpFetcher
    parser: IsolatedParser
    randomness: random.Random = field(default_factory=lambda: random.Random(7))

    def follow(self, habit: Habit, *, path: str = "/feed?key=%7E&b=2", days: float = 2.0) -> list[Visit]:
        """Poll one feed with this habit for so long, and return its visits."""
        self.site.habits[path] = habit
        self.follow_all([path])
        return self.run_for(days)

    def follow_all(self, paths: list[str]) -> None:
        """Take these paths for the list of feeds."""
        feeds = [Feed(FeedKey(f"feed-{number}"), self.site.url(path), "Gazette") for number, path in enumerate(paths)]
        with self.uow.transaction() as store:
            store.feeds.sync(feeds, now=self.clock.now())

    def run_for(self, days: float) -> list[Visit]:
        """Run the poll job whenever something is due, for so long, and return the visits since."""
        n_before = len(self.site.visits)
        end = self.clock.now() + timedelta(days=days)
        while True:
            with self.uow.reading() as store:
                due = [state.next_poll_at for state in store.feeds.states() if state.health not in {"gone", "retired"}]
            # A tick comes every quarter of a minute, as in the daemon.
            following = max(min(due, default=end), self.clock.now() + timedelta(seconds=15))
            if following >= end:
                self.clock.at = end
                return self.site.visits[n_before:]
            self.clock.at = following
            poll.run(self.polling())

    def real_time(self) -> float:
        """Return the time of the machine, in seconds since 1970: it is the site's, too."""
        return time.time()

    def polling(self) -> poll.Polling:
        """Return a poller without any memory but the store's."""
        return poll.Polling(
            uow=self.uow,
            fetcher=self.fetcher,
            parser=self.parser,
            clock=self.clock,
            policy=POLICY,
            jitter=lambda: self.randomness.uniform(-1.0, 1.0),
            pause=self.clock.advance,
        )


def feed_body(number: int = 1, *, n_items: int = 10, channel: str = "") -> bytes:
    """Return a feed whose newest item is `number`."""
    items = "".join(
        f"<item><guid>https://gazette.example/{one}</guid><title>Story number {one}</title></item>"
        for one in range(number, number - n_items, -1)
    )
    return f"<rss version='2.0'><channel><title>Gazette</title>{channel}{items}</channel></rss>".encode()


def unchanged(etag: str | None = '"1"', last_modified: str | None = None, **headers: str) -> Habit:
    """Return the habit of a feed that never changes and knows conditional requests."""
    own = {"ETag": etag, "Last-Modified": last_modified} | {name.replace("_", "-"): value for name, value in headers.items()}
    told = {name: value for name, value in own.items() if value is not None}

    def answer(request: SiteRequest, at: datetime) -> Answer:
        del at
        asked = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
        is_known = asked[0] == etag if etag is not None else last_modified is not None and asked[1] == last_modified
        return Answer(304, told) if is_known else Answer(200, {"Content-Type": "text/xml", **told}, feed_body())

    return answer


def always(answer: Answer) -> Habit:
    """Return the habit of one answer for ever."""
    return lambda *_: answer


def gaps_s(visits: list[Visit]) -> list[float]:
    """Return the seconds between visits."""
    return [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(visits)]


def least_gap(visits: list[Visit], least_s: float, what: str) -> Iterator[str]:
    """Yield the fault of a gap that is too short, or of a poller that never came back."""
    gaps = gaps_s(visits)
    if not gaps:
        yield f"{what}: it never came back"
    elif min(gaps) < least_s:
        yield f"{what}: {min(gaps):.0f} s between two requests, not {least_s:.0f}"


def judge(criterion: Callable[[Trial], Iterator[str]], parser: IsolatedParser) -> list[str]:
    """Return the faults that a publisher finds by one criterion."""
    clock = FrozenClock(START)
    with Publisher(clock) as site:
        fetcher = HttpFetcher(USER_AGENT, allowed_networks=["127.0.0.0/8"])
        return list(criterion(Trial(clock, site, MemoryUnitOfWork(), fetcher, parser)))

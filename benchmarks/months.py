"""Poll a world of feeds for months of its time: `python -m benchmarks.months [--feeds 2000] [--days 60]`.

The real job, store, parser and policy; a clock that jumps; publishers that are healthy, flap, move, vanish, answer 304 for ever, change
their ids, date everything anew, or flood. Polls lie further apart than as shipped (`POLICY`), so that the whole is half a million requests.
At the end: every item that a feed served has exactly one article, and no host was asked more often than the policy allows. Exit status 1
otherwise. The database lies in memory (`/dev/shm`) where there is such a place.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import structlog
from sqlalchemy import func, select

from monitor.core.hosts import host_of
from monitor.core.policy import PollPolicy
from monitor.core.types import Feed, FeedKey, FetchResult, Health
from monitor.errors import FetchError
from monitor.fetch.parse import FeedparserParser
from monitor.jobs import poll, watch
from monitor.store import schema
from monitor.store.session import SqlUnitOfWork

START = datetime(2026, 3, 2, tzinfo=UTC)
#: The daemon looks every few seconds; here ten minutes pass at a time, so that answers are written in batches as under load.
TICK_S = 600.0
#: Seconds between two looks for feeds that went blind.
WATCH_S = 6 * 3600.0
#: Four polls a day where nothing is learned and at most one an hour: two months of 2,000 feeds are then half a million requests, not three.
#: All else is as shipped; what is shown (nothing lost, nothing doubled, hosts spared) holds or fails whatever the interval.
POLICY = PollPolicy(interval_s=6 * 3600.0, min_interval_s=3600.0)
#: Seconds between two items, of a hundred feeds: a wire, a few large desks, many outlets, and more that publish once a day.
PACES_S = [900.0] + [7200.0] * 9 + [6 * 3600.0] * 30 + [86_400.0] * 60
KINDS = ("healthy", "healthy", "flapping", "moved", "gone", "lying 304", "id churn", "re-dated", "flood", "noisy links", "edits")

#: Items that a feed shows at a time.
WINDOW = 12
#: Seconds that a server which answers 304 for ever shows an item for at least: longer than the wait for the daily probe, which alone can find it.
LIE_SHOWN_S = 1.5 * 86_400
#: Items of a flood: most are of hundreds, one in `RARE` of thousands.
FLOOD, GREAT_FLOOD, RARE = 300, 3000, 10


class SkippingClock:
    """A clock that ticks when told; within a host's turn it runs ahead by the pauses of that turn alone."""

    def __init__(self) -> None:
        self.base = START
        self.ahead_s = 0.0

    def now(self) -> datetime:
        """Return the time."""
        return self.base + timedelta(seconds=self.ahead_s)

    def wait(self, seconds: float) -> None:
        """Run ahead."""
        self.ahead_s += seconds

    def tick(self, seconds: float) -> None:
        """Go on."""
        self.base += timedelta(seconds=seconds)
        self.ahead_s = 0.0


@dataclass
class Publisher:
    """One feed, with a habit."""

    number: int
    kind: str
    url: str
    rng: random.Random
    #: Seconds between two items, on the average.
    pace_s: float
    turning_at: datetime
    n_flood: int = FLOOD
    born: list[datetime] = field(default_factory=list)
    served: set[int] = field(default_factory=set)
    requests: list[tuple[datetime, str, bool]] = field(default_factory=list)

    def grow(self, until: datetime) -> None:
        """Publish what is due."""
        last = self.born[-1] if self.born else START - timedelta(seconds=WINDOW * self.pace_s)
        while (following := last + timedelta(seconds=self.rng.uniform(0.5, 1.5) * self.pace_s)) <= until:
            if self.kind == "flood" and last < self.turning_at <= following:
                self.born += [self.turning_at] * self.n_flood
            self.born.append(last := following)

    def answer(self, url: str, at: datetime, etag: str | None) -> FetchResult:
        """Answer a request. Raises: FetchError."""
        self.requests.append((at, host_of(url), etag is not None))
        self.grow(at)
        moved_to = None
        if self.kind == "flapping":
            self._flap()
        if self.kind == "gone" and at >= self.turning_at:
            raise FetchError("answered 410", status=410)
        if self.kind == "moved" and at >= self.turning_at:
            there = self.url.replace("/feed/", "/moved/")
            if url != there and at > self.turning_at + timedelta(days=5):
                raise FetchError("answered 404", status=404)
            moved_to = None if url == there else there
        present = '"for ever"' if self.kind == "lying 304" else f'"{len(self.born)}-{at.date() if self.kind == "re-dated" else 0}"'
        if etag == present:
            return FetchResult(url, 304, b"", present, None, None, moved_to=moved_to)
        body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": self.kind, "items": list(self._items(at))}).encode()
        return FetchResult(url, 200, body, present, None, "application/feed+json", moved_to=moved_to)

    def _flap(self) -> None:
        luck = self.rng.random()
        if luck < 0.15:
            raise FetchError("timed out")
        if luck < 0.25:
            raise FetchError("answered 503", status=503, retry_after_s=self.rng.choice([None, 600.0, 7200.0]))
        if luck < 0.30:
            raise FetchError("answered 404", status=404)

    def _items(self, at: datetime) -> Iterator[dict[str, str]]:
        # A flood is shown for a day; a server that lies shows more than it lies about.
        is_flooded = self.kind == "flood" and at < self.turning_at + timedelta(days=1)
        n_lied = WINDOW + int(LIE_SHOWN_S / self.pace_s)
        window = self.n_flood + WINDOW if is_flooded else n_lied if self.kind == "lying 304" else WINDOW
        n_born = len(self.born)
        numbers = range(max(0, n_born - window), n_born)
        for number in numbers if self.number % 3 else reversed(numbers):
            self.served.add(number)
            yield self._item(number, at)

    def _item(self, number: int, at: datetime) -> dict[str, str]:
        name = f"{self.number}-{number}"
        url = f"https://news{self.number}.example/stories/{name}"
        title = f"Story {name}"
        if self.kind == "noisy links":
            url += f"?utm_source=feed&utm_campaign={at.timestamp():.0f}"
        if self.kind == "edits" and number % 5 == 0 and at - self.born[number] > timedelta(hours=6):
            title += ": what is known so far"
        guid = f"{name}-{at:%Y%m%d%H}" if self.kind == "id churn" else name
        published = at if self.kind == "re-dated" else self.born[number]
        return {
            "id": guid,
            "url": url,
            "title": title,
            "content_text": f"Words of story {name}: the ministers of district {number * 7919 % 10_007} met.",
            "date_published": published.isoformat(),
        }


@dataclass
class World:
    """All publishers, as the fetcher sees them."""

    clock: SkippingClock
    publishers: dict[str, Publisher]
    last_host: str = ""

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> FetchResult:
        """Ask a publisher."""
        del last_modified
        if host_of(url) != self.last_host:
            # A turn begins: the pauses of the one before are not its own.
            self.clock.ahead_s, self.last_host = 0.0, host_of(url)
        return self.publishers[url.replace("/moved/", "/feed/")].answer(url, self.clock.now(), etag)


def make_world(n_feeds: int, days: float, seed: int, great_flood: int = GREAT_FLOOD) -> World:
    """Return publishers of every kind, spread unevenly over hosts: a few have dozens of feeds, most have one."""
    rng = random.Random(seed)
    publishers = {}
    for number in range(n_feeds):
        host = number // 40 if number % 4 == 0 else number
        url = f"https://host{host}.example/feed/{number}"
        turning_at = START + timedelta(days=days * rng.uniform(0.2, 0.6))
        pace_s = rng.choice(PACES_S)
        n_flood = great_flood if number // len(KINDS) % RARE == 0 else FLOOD
        publishers[url] = Publisher(number, KINDS[number % len(KINDS)], url, random.Random(rng.random()), pace_s, turning_at, n_flood)
    return World(SkippingClock(), publishers)


def live(world: World, uow: SqlUnitOfWork, days: float, *, progress: bool = False) -> Counter[str]:
    """Poll for so many days; return how many notices of which kind went out."""
    feeds = [Feed(FeedKey(f"feed-{one.number}"), one.url, f"Outlet {one.number}") for one in world.publishers.values()]
    with uow.transaction() as store:
        store.feeds.sync(feeds, now=START)
    clock, rng = world.clock, random.Random(3)
    polling = poll.Polling(
        uow=uow,
        fetcher=world,
        parser=FeedparserParser(max_body_bytes=1 << 26),
        clock=clock,
        policy=POLICY,
        jitter=lambda: rng.uniform(-1.0, 1.0),
        pause=clock.wait,
    )
    notices: Counter[str] = Counter()
    end, day, watch_at, begun = START + timedelta(days=days), 0, START, time.process_time()
    while clock.base < end:
        # With one worker one host is asked after the other: whoever runs ahead does so alone.
        poll.run(polling, workers=1)
        clock.tick(max(TICK_S, min(3600.0, (_next_poll(uow) - clock.base).total_seconds())))
        if clock.base >= watch_at:
            watch_at = clock.base + timedelta(seconds=WATCH_S)
            told = watch.run(uow=uow, clock=clock, channels=("console",), policy=POLICY)
            notices += Counter(blind=told.n_blind, seeing=told.n_seeing)
        if progress and (clock.base - START).days > day:
            day = (clock.base - START).days
            print(f"day {day}: {time.process_time() - begun:.0f} s of CPU", file=sys.stderr, flush=True)
    return notices


def _next_poll(uow: SqlUnitOfWork) -> datetime:
    """Return when the next feed is due."""
    feeds = schema.feeds
    with uow.connect(is_readonly=True) as connection:
        following = connection.scalar(select(func.min(feeds.c.next_poll_at)).where(feeds.c.health != Health.GONE.value))
    return following or START


def faults(world: World, uow: SqlUnitOfWork) -> Iterator[str]:
    """Yield what went wrong."""
    titles: dict[int, Counter[int]] = defaultdict(Counter)
    with uow.connect(is_readonly=True) as connection:
        versions, articles = schema.article_versions, schema.articles
        for (title,) in connection.execute(
            select(versions.c.title).join(articles, articles.c.article_id == versions.c.article_id).where(versions.c.version == 1)
        ):
            feed, number = title.removeprefix("Story ").split(":")[0].split("-")
            titles[int(feed)][int(number)] += 1
        adopted = {row.feed_key: row.adopted_url for row in connection.execute(select(schema.feeds))}
    by_host: dict[str, list[datetime]] = defaultdict(list)
    for one in world.publishers.values():
        found = titles[one.number]
        if lost := one.served - found.keys():
            yield f"{one.kind} {one.number}: {len(lost)} items were served and not stored, e.g. {min(lost)}"
        if twice := [number for number, n_articles in found.items() if n_articles > 1]:
            yield f"{one.kind} {one.number}: {len(twice)} items have more than one article, e.g. {twice[0]}"
        times = [at for at, _, _ in one.requests]
        for at, host, _ in one.requests:
            by_host[host].append(at)
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
        if gaps and min(gaps) < POLICY.min_interval_s:
            yield f"{one.kind} {one.number}: asked again after {min(gaps):.0f} s"
        bare = [at for at, _, is_conditional in one.requests if not is_conditional]
        # A probe that happens to bring news raises a doubt until the next honest answer: then more probes are allowed, never two in a row.
        bare_gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(bare)]
        if one.kind == "healthy" and bare_gaps and min(bare_gaps) < POLICY.doubted_probe_after_s:
            yield f"{one.kind} {one.number}: asked without validators again after {min(bare_gaps):.0f} s"
        if one.kind == "healthy" and any(not was and not then for (_, _, was), (_, _, then) in pairwise(one.requests)):
            yield f"{one.kind} {one.number}: asked without validators twice in a row"
        if one.kind == "healthy" and len(bare) > 2 + 1.5 * (times[-1] - times[0]).total_seconds() / POLICY.probe_after_s:
            yield f"{one.kind} {one.number}: asked {len(bare)} times without validators"
        if one.kind == "gone" and sum(at >= one.turning_at for at in times) > 1:
            yield f"{one.kind} {one.number}: asked after 410"
        if one.kind == "moved" and world.clock.base > one.turning_at + timedelta(days=1) and adopted[f"feed-{one.number}"] is None:
            yield f"{one.kind} {one.number}: the new address was not adopted"
    for host, times in by_host.items():
        times.sort()
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
        if gaps and min(gaps) < POLICY.host_spacing_s:
            yield f"{host}: two requests {min(gaps):.1f} s apart"


def simulate(
    n_feeds: int, days: float, *, seed: int = 1, great_flood: int = GREAT_FLOOD, progress: bool = False
) -> tuple[World, Counter[str], list[str]]:
    """Return the world after so many days, the notices, and the faults."""
    world = make_world(n_feeds, days, seed, great_flood)
    in_memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=in_memory if in_memory.is_dir() else None) as folder,
        closing(SqlUnitOfWork(f"sqlite:///{Path(folder) / 'months.db'}")) as uow,
    ):
        uow.upgrade()
        notices = live(world, uow, days, progress=progress)
        return world, notices, list(faults(world, uow))


def main() -> int:
    """Print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=2000)
    parser.add_argument("--days", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    begun, begun_cpu = time.perf_counter(), time.process_time()
    world, notices, found = simulate(words.feeds, words.days, seed=words.seed, progress=True)
    everyone = world.publishers.values()
    n_requests, n_served = sum(len(one.requests) for one in everyone), sum(len(one.served) for one in everyone)
    n_born = sum(sum(at > START for at in one.born) for one in everyone)
    print(
        f"{words.feeds} feeds, {words.days:g} days in {time.perf_counter() - begun:.0f} s ({time.process_time() - begun_cpu:.0f} s of CPU): "
        f"{n_requests} requests, {n_served} items served"
    )
    print(f"{n_born} items born; {n_requests / words.feeds / words.days:.1f} requests a feed and day; notices: {dict(notices)}")
    for kind in sorted(set(KINDS)):
        ours = [one for one in everyone if one.kind == kind]
        print(f"  {kind:12} {len(ours):5} feeds {sum(len(one.requests) for one in ours) / len(ours) / words.days:6.1f} requests a day")
    for fault in found[:20]:
        print(f"FAULT {fault}")
    print(f"{len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

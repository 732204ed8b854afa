"""Whatever happens to the monitor, it makes at most one summary message of it: one test each, with the shipped settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from monitor.config.channels import CoverageSettings, QuietSettings, channel_rules
from monitor.core.policy import AlertPolicy, PollPolicy, StatusPolicy
from monitor.core.types import Alert, AlertKind, CoveragePolicy, Feed, FeedKey, IssueAlerts
from monitor.errors import FetchError
from monitor.jobs import assess, deliver, poll, release, watch
from monitor.jobs.poll import Polling
from monitor.testing.fake_feeds import FakeFetcher, FakeParser
from monitor.testing.fakes import FrozenClock, HashEncoder, RecordingNotifier
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.story import AGREED, CAKES, DENIED, GAZETTE, HERALD, ISSUE, START, STATEMENT, Item, judge, learn

TRIBUNE = Feed(FeedKey("tribune"), "https://tribune.example/rss", "Tribune")
SIGNED = Item(
    7,
    "Norland and Sudmark have signed the harbour treaty",
    "The harbour treaty between Norland and Sudmark was signed in Osthaven.",
    START + timedelta(hours=50),
)
#: The issue with the coverage that it needs by the shipped settings.
COVERED = replace(ISSUE, alerts=IssueAlerts(coverage=CoveragePolicy(min_share=CoverageSettings().min_share)))
#: What a feed tells of the whole course, two days of it.
COURSE = (CAKES, AGREED, STATEMENT, SIGNED)


@dataclass
class World:
    """The monitor over feeds in memory, with the shipped settings."""

    clock: FrozenClock = field(default_factory=lambda: FrozenClock(START + timedelta(hours=1)))
    uow: MemoryUnitOfWork = field(default_factory=MemoryUnitOfWork)
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)
    parser: FakeParser = field(default_factory=FakeParser)
    notifier: RecordingNotifier = field(default_factory=RecordingNotifier)
    encoder: HashEncoder = field(default_factory=HashEncoder)
    feeds: tuple[Feed, ...] = (GAZETTE, HERALD)

    def publish(self, feed: Feed, *items: Item, prefix: str = "") -> None:
        # A body like the last one is not parsed again.
        self.fetcher.publish(feed.url, f"{prefix}{[item.number for item in items]}".encode())
        for item in items:
            self.parser.entry(
                feed, item.number, title=item.title, text=item.text, published_at=item.at, guid=f"{prefix}{feed.key}-{item.number}"
            )

    def start(self) -> None:
        """What the daemon does at its start."""
        learn(self.uow, self.clock, encoder=self.encoder)
        with self.uow.transaction() as tx:
            tx.feeds.sync(self.feeds, now=self.clock.now())

    def tick(self) -> None:
        """Run every job once."""
        channels, rules = ["recording"], {"recording": channel_rules(QuietSettings(), None)}
        polling = Polling(self.uow, self.fetcher, self.parser, self.clock, PollPolicy(), jitter=lambda: 0.0, pause=self.clock.advance)
        poll.run(polling)
        judge(self.uow, encoder=self.encoder)
        assess.run(
            [ISSUE],
            uow=self.uow,
            clock=self.clock,
            status_policy=StatusPolicy(),
            alert_policy=AlertPolicy(),
            channels=channels,
            rules=rules,
        )
        watch.run(uow=self.uow, clock=self.clock, channels=channels, rules=rules, issues=[COVERED], policy=PollPolicy())
        release.run([ISSUE], uow=self.uow, clock=self.clock, rules=rules)
        deliver.run(uow=self.uow, notifiers={"recording": self.notifier}, clock=self.clock, policy=AlertPolicy(), wait=self.clock.wait)

    def run(self, *, until: datetime, every: timedelta = timedelta(minutes=30)) -> None:
        """Tick until an instant."""
        while self.clock.now() < until:
            self.clock.advance(every.total_seconds())
            self.tick()

    def told(self) -> list[Alert]:
        """What was posted since the last look."""
        sent, self.notifier.sent = self.notifier.sent, []
        return sent


@pytest.fixture
def world() -> World:
    return World()


def _followed(world: World, items: Sequence[Item] = ()) -> World:
    """A monitor that has been running for two hours and knows these items."""
    for feed in world.feeds:
        world.publish(feed, CAKES, *items)
    world.start()
    world.tick()
    world.run(until=world.clock.now() + timedelta(hours=2))
    world.told()
    return world


def _ids(alerts: Sequence[Alert]) -> list[str]:
    return [alert.headline.removeprefix(f"{ISSUE.title}: ") for alert in alerts]


def test_live_news_is_told_at_once_and_one_by_one(world: World) -> None:
    _followed(world)
    headlines = []
    for item in (AGREED, STATEMENT, SIGNED):
        world.clock.at = item.at
        world.publish(GAZETTE, item)
        world.run(until=item.at + timedelta(hours=1.5))
        headlines += _ids(world.told())
    assert headlines == [
        "talks under way → broadly agreed (reported)",
        "broadly agreed → joint statement (reported)",
        "joint statement → signed (reported)",
    ]


def test_the_first_poll_is_one_summary(world: World) -> None:
    world.clock.at = SIGNED.at + timedelta(days=2)
    world.publish(GAZETTE, *COURSE)
    world.publish(HERALD, *COURSE)
    world.start()
    world.tick()
    world.run(until=world.clock.now() + timedelta(hours=3))
    [summary] = world.told()
    assert summary.headline == f"{ISSUE.title}: talks under way → signed (3 changes)"
    assert summary.kind is AlertKind.SUMMARY


def test_a_restart_is_one_summary_of_what_was_missed(world: World) -> None:
    _followed(world)
    # Off for two hours, in which two steps were taken: no old news, yet one message.
    world.clock.at = SIGNED.at + timedelta(minutes=10)
    world.publish(GAZETTE, replace(STATEMENT, at=SIGNED.at - timedelta(hours=1)), SIGNED)
    world.start()
    world.tick()
    assert _ids(world.told()) == ["talks under way → signed (2 changes)"]
    # Started again without news, it is silent.
    world.start()
    world.run(until=world.clock.now() + timedelta(hours=3))
    assert world.told() == []


def test_a_new_feed_is_one_summary_of_what_it_alone_tells(world: World) -> None:
    _followed(world)
    world.clock.at = SIGNED.at + timedelta(days=1)
    world.tick()
    world.feeds = (*world.feeds, TRIBUNE)
    world.publish(TRIBUNE, *COURSE)
    world.start()
    world.run(until=world.clock.now() + timedelta(hours=3))
    assert _ids(world.told()) == ["talks under way → signed (3 changes)"]


def test_a_new_feed_that_tells_what_is_known_is_silent(world: World) -> None:
    _followed(world, (AGREED, STATEMENT))
    world.feeds = (*world.feeds, TRIBUNE)
    world.publish(TRIBUNE, AGREED, STATEMENT)
    world.start()
    world.run(until=world.clock.now() + timedelta(hours=3))
    assert world.told() == []


def test_a_model_upgrade_is_at_most_one_summary(world: World) -> None:
    _followed(world, (AGREED,))
    world.clock.at = SIGNED.at + timedelta(days=1)
    # Another model: a baseline of its own, and every article is judged anew. What the old one had not seen lies days back.
    world.publish(GAZETTE, STATEMENT, SIGNED)
    world.encoder = HashEncoder(512)
    world.start()
    world.run(until=world.clock.now() + timedelta(hours=3))
    assert len(world.told()) == 1
    world.encoder = HashEncoder(1024)
    world.start()
    world.run(until=world.clock.now() + timedelta(hours=3))
    assert world.told() == []


def test_a_mass_change_of_ids_is_silent(world: World) -> None:
    _followed(world, COURSE)
    for feed in world.feeds:
        world.publish(feed, *COURSE, prefix="new-")
    world.run(until=world.clock.now() + timedelta(hours=3))
    assert world.told() == []


@pytest.mark.parametrize("days", [30, -30])
def test_a_clock_jump_is_at_most_one_message(world: World, days: int) -> None:
    _followed(world, (AGREED,))
    world.clock.advance(timedelta(days=days).total_seconds())
    world.publish(GAZETTE, STATEMENT, SIGNED)
    world.run(until=world.clock.now() + timedelta(hours=3))
    first = world.told()
    world.clock.advance(-timedelta(days=days).total_seconds())
    world.run(until=world.clock.now() + timedelta(hours=3))
    alerts = [*first, *world.told()]
    assert len(alerts) == 1
    assert alerts[0].headline == f"{ISSUE.title}: broadly agreed → signed (2 changes)"


def test_a_long_outage_is_one_notice_of_its_beginning_one_of_its_end_and_one_summary(world: World) -> None:
    _followed(world)
    for feed in world.feeds:
        world.fetcher.fail(feed.url, FetchError("the network is unreachable"))
    began = world.clock.now()
    world.run(until=began + timedelta(days=2), every=timedelta(hours=1))
    [blind] = world.told()
    assert blind.headline.startswith(f"{ISSUE.title}: blind since ")
    assert blind.headline.endswith("2 of 2 sources failing")
    world.clock.at = DENIED.at + timedelta(days=2)
    for feed in world.feeds:
        world.publish(feed, *COURSE)
    world.run(until=world.clock.now() + timedelta(days=2), every=timedelta(hours=1))
    told = world.told()
    assert sorted(alert.kind for alert in told) == [AlertKind.NOTICE, AlertKind.SUMMARY]
    [seeing] = [alert for alert in told if alert.kind is AlertKind.NOTICE]
    assert seeing.headline.startswith(f"{ISSUE.title}: seeing again, was blind from ")
    [summary] = [alert for alert in told if alert.kind is AlertKind.SUMMARY]
    assert _ids([summary]) == ["talks under way → signed (3 changes)"]

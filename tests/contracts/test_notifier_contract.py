"""What every Notifier does, tried on each channel, on stand-ins of its server, and on the one that records."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from monitor.core.policy import AlertPolicy
from monitor.core.types import Alert, DeliveryState
from monitor.fetch.post import GuardedPoster
from monitor.jobs import deliver
from monitor.notify.apprise import AppriseNotifier
from monitor.notify.atom import AtomNotifier
from monitor.notify.console import ConsoleNotifier
from monitor.notify.slack import SlackNotifier
from monitor.notify.webhook import WebhookNotifier
from monitor.ports import Notifier
from monitor.testing.fakes import FrozenClock, RecordingBoard, RecordingNotifier
from monitor.testing.loopback import LoopbackSite
from monitor.testing.memory_store import MemoryUnitOfWork
from monitor.testing.slack_server import StandInSlack
from tests.examples import NOON, delivery


@dataclass(frozen=True)
class Channel:
    notifier: Notifier
    #: All that was posted, as text.
    posted: Callable[[], str]


@dataclass(frozen=True)
class Storing:
    """A channel whose alerts are stored before they are sent, as the outbox does."""

    inner: Notifier
    told: list[tuple[Alert, datetime]]

    @property
    def channel(self) -> str:
        return self.inner.channel

    def send(self, alert: Alert) -> str | None:
        self.told.insert(0, (alert, NOON))
        return self.inner.send(alert)


@pytest.fixture(params=["console", "slack", "webhook", "apprise", "atom", "recording", "board"])
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Channel]:
    with ExitStack() as stack:
        if request.param == "console":
            stream = io.StringIO()
            yield Channel(ConsoleNotifier(stream), stream.getvalue)
        elif request.param == "slack":
            slack = stack.enter_context(StandInSlack())
            notifier = SlackNotifier("xoxb-1", "#desk", base_url=slack.base_url, timeout_s=5, gap_s=0)
            yield Channel(notifier, lambda: "\n".join(message["text"] for message in slack.told))
        elif request.param in {"webhook", "apprise"}:
            site = stack.enter_context(LoopbackSite())
            url = site.publish("/hook", b"")
            poster = GuardedPoster("Test", timeout_s=5, allowed_networks=["127.0.0.0/8"])
            hook = WebhookNotifier(poster, url, "a secret of some length", clock=FrozenClock(NOON))
            mail = AppriseNotifier(url.replace("http:", "json:")) if request.param == "apprise" else hook
            yield Channel(mail, lambda: "\n".join(post.body.decode() for post in site.requests))
        elif request.param == "atom":
            told: list[tuple[Alert, datetime]] = []
            atom = AtomNotifier(tmp_path, lambda key: [row for row in told if row[0].issue_key == key])
            yield Channel(Storing(atom, told), lambda: "\n".join(path.read_text() for path in tmp_path.iterdir()))
        else:
            recording = RecordingBoard() if request.param == "board" else RecordingNotifier()
            yield Channel(recording, lambda: "\n".join(f"{alert.headline}\n{alert.detail}" for alert in recording.sent))


def test_it_has_a_name_that_stays(channel: Channel) -> None:
    assert channel.notifier.channel
    assert channel.notifier.channel == channel.notifier.channel


@pytest.mark.parametrize("is_notice", [False, True])
def test_it_posts_changes_and_notices(channel: Channel, is_notice: bool) -> None:
    receipt = channel.notifier.send(delivery(is_notice=is_notice).alert)
    assert receipt is None or receipt
    assert "Agreed" in channel.posted()
    assert "line" in channel.posted()


def test_each_post_is_a_post_of_its_own(channel: Channel) -> None:
    first, second = (channel.notifier.send(delivery(name).alert) for name in ("d-1", "d-2"))
    assert first is None or first != second
    assert channel.posted().count("Agreed") == 2


def test_the_deliver_job_settles_what_it_took_as_sent(channel: Channel) -> None:
    uow, name = MemoryUnitOfWork(), channel.notifier.channel
    with uow.transaction() as tx:
        tx.outbox.add(delivery(channel=name))
    delivered = deliver.run(uow=uow, notifiers={name: channel.notifier}, clock=FrozenClock(NOON), policy=AlertPolicy())
    assert delivered.n_sent == 1
    with uow.reading() as tx:
        assert [found.state for found in tx.outbox.list()] == [DeliveryState.SENT]

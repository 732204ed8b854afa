"""What every Notifier does, tried on the console, on Slack's stand-in and on the one that records."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from monitor.core.policy import AlertPolicy
from monitor.core.types import DeliveryState
from monitor.jobs import deliver
from monitor.notify.console import ConsoleNotifier
from monitor.notify.slack import SlackNotifier
from monitor.ports import Notifier
from monitor.testing.fakes import FrozenClock, RecordingBoard, RecordingNotifier
from monitor.testing.memory_store import MemoryUnitOfWork
from monitor.testing.slack_server import StandInSlack
from tests.examples import NOON, delivery


@dataclass(frozen=True)
class Channel:
    notifier: Notifier
    #: All that was posted, as text.
    posted: Callable[[], str]


@pytest.fixture(params=["console", "slack", "recording", "board"])
def channel(request: pytest.FixtureRequest) -> Iterator[Channel]:
    with ExitStack() as stack:
        if request.param == "console":
            stream = io.StringIO()
            yield Channel(ConsoleNotifier(stream), stream.getvalue)
        elif request.param == "slack":
            slack = stack.enter_context(StandInSlack())
            notifier = SlackNotifier("xoxb-1", "#desk", base_url=slack.base_url, timeout_s=5, gap_s=0)
            yield Channel(notifier, lambda: "\n".join(message["text"] for message in slack.told))
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

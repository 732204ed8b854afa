"""deliver: lease, post, settle; what may pass is tried again, what may not is visibly dead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from structlog.testing import capture_logs

from monitor.core.policy import AlertPolicy
from monitor.core.types import Alert, Delivery, DeliveryState
from monitor.errors import DeliveryError, DeliveryRefusedError, MonitorError
from monitor.jobs import deliver
from monitor.jobs.deliver import Delivered
from monitor.ports import Notifier
from monitor.testing.fakes import FrozenClock, RecordingNotifier
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.examples import NOON, after, delivery

POLICY = AlertPolicy(lease_s=120, retry_s=30, max_retry_s=300, max_attempts=4)
SENT, DUE, DEAD, LEASED = DeliveryState.SENT, DeliveryState.DUE, DeliveryState.DEAD, DeliveryState.LEASED


class World:
    """An outbox, one channel that fails as it is told, and a clock."""

    def __init__(self, *deliveries: Delivery, failures: tuple[MonitorError, ...] = ()) -> None:
        self.uow = MemoryUnitOfWork()
        self.clock = FrozenClock(after(60))
        self.slack = RecordingNotifier("slack", failures)
        with self.uow.transaction() as tx:
            for found in deliveries:
                tx.outbox.add(found)

    def deliver(self, notifier: Notifier | None = None) -> Delivered:
        return deliver.run(uow=self.uow, notifiers={"slack": notifier or self.slack}, clock=self.clock, policy=POLICY)

    def rows(self) -> dict[str, Delivery]:
        with self.uow.reading() as tx:
            return {row.delivery_id: row for row in tx.outbox.list()}


def test_what_is_due_is_posted_in_order_and_settled_with_its_receipt() -> None:
    world = World(delivery("d-2", minute=2), delivery("d-1", minute=1), delivery("n-1", minute=3, issue_key="", is_notice=True))
    assert world.deliver() == Delivered(n_sent=3)
    posted = [alert.alert_id for alert in world.slack.sent]
    assert posted.index("alert-d-1") < posted.index("alert-d-2")
    row = world.rows()["d-1"]
    assert (row.state, row.n_attempts, row.sent_at, row.last_error) == (SENT, 1, world.clock.now(), None)
    assert row.receipt == str(posted.index("alert-d-1") + 1)


def test_what_was_sent_is_not_sent_again() -> None:
    world = World(delivery())
    world.deliver()
    assert world.deliver() == Delivered()
    assert len(world.slack.sent) == 1


def test_the_lease_is_written_before_the_post() -> None:
    world = World(delivery())
    seen = []

    class Looking(RecordingNotifier):
        def send(self, alert: Alert) -> str | None:
            seen.append(world.rows()["d-1"])
            return super().send(alert)

    world.deliver(Looking("slack"))
    assert [(row.state, row.leased_until) for row in seen] == [(LEASED, world.clock.now() + timedelta(seconds=120))]


def test_a_crash_between_post_and_settlement_is_seen_and_posted_again() -> None:
    world = World(delivery())
    with world.uow.transaction() as tx:
        tx.outbox.lease(now=world.clock.now(), lease_s=120, limit=9)
    assert world.deliver() == Delivered()
    world.clock.advance(121)
    # A channel that only sends cannot be asked what it has: the post may be the second, and is counted as such.
    assert world.deliver() == Delivered(n_sent=1, n_blind=1)
    assert (world.rows()["d-1"].n_attempts, world.rows()["d-1"].n_blind) == (2, 1)


def test_a_failure_waits_twice_as_long_each_time_and_then_is_sent() -> None:
    world = World(delivery(), failures=(DeliveryError("hung up"), DeliveryError("hung up")))
    waits = []
    for _ in range(2):
        assert world.deliver() == Delivered(n_retried=1)
        row = world.rows()["d-1"]
        assert (row.state, row.last_error) == (DUE, "hung up")
        waits.append((row.due_at - world.clock.now()).total_seconds())
        assert world.deliver() == Delivered()
        world.clock.at = row.due_at
    assert waits == [30, 60]
    assert world.deliver() == Delivered(n_sent=1)
    assert (world.rows()["d-1"].last_error, world.rows()["d-1"].n_attempts) == (None, 3)


def test_a_channel_that_asks_to_wait_is_left_alone_as_long() -> None:
    world = World(delivery(), failures=(DeliveryError("slow down", retry_after_s=900),))
    world.deliver()
    assert world.rows()["d-1"].due_at == world.clock.now() + timedelta(seconds=900)


def test_a_failing_alert_does_not_overtake_nor_hold_up_another_issue() -> None:
    world = World(delivery("a-1"), delivery("a-2", minute=1), delivery("b-1", minute=2, issue_key="b"), failures=(DeliveryError("no"),))
    assert world.deliver() == Delivered(n_sent=1, n_retried=1)
    assert [alert.alert_id for alert in world.slack.sent] == ["alert-b-1"]
    world.clock.advance(30)
    world.deliver()
    assert [alert.alert_id for alert in world.slack.sent] == ["alert-b-1", "alert-a-1", "alert-a-2"]


def test_after_the_last_try_a_delivery_is_dead_and_says_why() -> None:
    world = World(delivery(), failures=tuple(DeliveryError("hung up") for _ in range(4)))
    total = []
    with capture_logs() as lines:
        for _ in range(5):
            total.append(world.deliver())
            world.clock.advance(400)
    assert total == [Delivered(n_retried=1)] * 3 + [Delivered(n_dead=1), Delivered()]
    assert (world.rows()["d-1"].state, world.rows()["d-1"].last_error) == (DEAD, "hung up")
    assert [line["state"] for line in lines if line["event"] == "delivery_failed"] == ["due", "due", "due", "dead"]


def test_a_refusal_is_dead_at_once_and_the_next_alert_is_posted() -> None:
    world = World(delivery("d-1"), delivery("d-2", minute=1), failures=(DeliveryRefusedError("is_archived"),))
    with capture_logs() as lines:
        assert world.deliver() == Delivered(n_sent=1, n_dead=1)
    assert (world.rows()["d-1"].state, world.rows()["d-1"].last_error) == (DEAD, "is_archived")
    assert [line["error"] for line in lines if line["event"] == "delivery_dead"] == ["is_archived"]


def test_a_dead_delivery_that_is_retried_is_posted() -> None:
    world = World(delivery(), failures=(DeliveryRefusedError("is_archived"),))
    world.deliver()
    with world.uow.transaction() as tx:
        assert tx.outbox.retry("d-1", now=world.clock.now())
    assert world.deliver() == Delivered(n_sent=1)


def test_an_unknown_channel_is_dead_and_names_the_next_step() -> None:
    world = World(delivery("d-1", channel="pager"))
    assert world.deliver() == Delivered(n_dead=1)
    assert world.rows()["d-1"].last_error == "channel 'pager' is not configured; set it up, then `monitor outbox retry d-1`"


def test_more_deliveries_than_one_lease_takes_are_all_posted() -> None:
    world = World(*(replace(delivery(f"d-{number}", issue_key=f"issue-{number}"), created_at=NOON) for number in range(25)))
    assert world.deliver() == Delivered(n_sent=25)

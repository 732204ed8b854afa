"""deliver on a channel that keeps what is posted: threads, edits, a look before posting again, turns, and a stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.policy import AlertPolicy
from monitor.core.types import ChannelState, Delivery, DeliveryState, Post, PostForm, Severity, Thread
from monitor.errors import (
    ChannelRefusedError,
    DeliveryError,
    DeliveryRefusedError,
    LookupRefusedError,
    MonitorError,
    RateLimitedError,
    ThreadGoneError,
    UnknownOutcomeError,
)
from monitor.jobs import deliver
from monitor.jobs.deliver import Delivered
from monitor.testing.fakes import FrozenClock, RecordingBoard, RecordingNotifier
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.examples import ISSUE, NOON, after, delivery

POLICY = AlertPolicy(lease_s=120, retry_s=30, max_retry_s=300, max_attempts=4)
LOST = UnknownOutcomeError("timed out")


class World:
    """An outbox, a board that fails as it is told beside a console, and a clock that moves when somebody waits."""

    def __init__(self, *deliveries: Delivery, failures: tuple[MonitorError | None, ...] = (), gap_s: float = 0.0) -> None:
        self.uow = MemoryUnitOfWork()
        self.clock = FrozenClock(after(60))
        self.board = RecordingBoard("slack", failures, gap_s=gap_s, clock=self.clock)
        self.console = RecordingNotifier("console")
        self.add(*deliveries)

    def add(self, *deliveries: Delivery) -> None:
        with self.uow.transaction() as tx:
            for found in deliveries:
                assert tx.outbox.add(found)

    def deliver(self, policy: AlertPolicy = POLICY, *, is_patient: bool = True) -> Delivered:
        notifiers = {"slack": self.board, "console": self.console}
        wait = self.clock.wait if is_patient else None
        return deliver.run(uow=self.uow, notifiers=notifiers, clock=self.clock, policy=policy, wait=wait)

    def rows(self) -> dict[str, Delivery]:
        with self.uow.reading() as tx:
            return {row.delivery_id: row for row in tx.outbox.list()}

    def posted(self) -> list[tuple[str, str | None]]:
        """Key and thread of every message, in order."""
        return [(post.key, post.thread) for post in self.board.messages.values()]

    def thread(self) -> Thread | None:
        with self.uow.reading() as tx:
            return tx.channels.thread(ISSUE, "slack")

    def state(self, channel: str = "slack") -> ChannelState:
        with self.uow.reading() as tx:
            return tx.channels.state(channel)


def later(name: str, minute: float = 1, *, to_label: str = "Signed", severity: Severity = Severity.NOTABLE) -> Delivery:
    """A later delivery of the same issue, to another status."""
    found = delivery(name, minute=minute)
    assert found.alert.change is not None
    change = replace(found.alert.change, at=after(minute))
    return replace(found, alert=replace(found.alert, to_label=to_label, severity=severity, change=change))


def test_a_change_opens_a_thread_and_answers_in_it() -> None:
    world = World(delivery())
    assert world.deliver() == Delivered(n_sent=1)
    assert world.posted() == [("root_olive-duties", None), ("alert-d-1", "1")]
    assert (world.rows()["d-1"].receipt, world.rows()["d-1"].unknown_since) == ("2", None)
    assert world.thread() == Thread("slack", ISSUE, "1", delivery().alert)


def test_the_next_change_answers_in_the_same_thread_and_the_root_is_edited() -> None:
    world = World(delivery(), later("d-2"))
    assert world.deliver() == Delivered(n_sent=2, n_edited=1)
    assert world.posted() == [("root_olive-duties", None), ("alert-d-1", "1"), ("alert-d-2", "1")]
    assert world.board.messages["1"].alert.to_label == "Signed"
    assert world.thread() == Thread("slack", ISSUE, "1", later("d-2").alert)


def test_each_issue_has_a_thread_of_its_own_and_a_notice_none() -> None:
    world = World(delivery("d-1"), delivery("d-2", issue_key="other"), delivery("n-1", issue_key="", is_notice=True))
    world.deliver()
    forms = [post.form for post in world.board.messages.values()]
    assert (forms.count(PostForm.ROOT), forms.count(PostForm.CHANGE), forms.count(PostForm.NOTICE)) == (2, 2, 1)


def test_a_reply_is_shown_in_the_channel_by_its_severity() -> None:
    world = World(delivery(), later("d-2", severity=Severity.MINOR))
    world.deliver()
    assert [post.is_shown for post in world.board.messages.values() if post.form is PostForm.CHANGE] == [True, False]


def test_a_root_that_could_not_be_edited_is_edited_later() -> None:
    world = World(delivery(), later("d-2"))
    world.board.edit_failures = [RateLimitedError("wait", retry_after_s=60)]
    assert world.deliver() == Delivered(n_sent=2, n_retried=1)
    assert world.rows()["root_alert-d-2@slack"].last_error == "wait"
    assert world.board.messages["1"].alert.to_label == "Agreed"
    world.clock.advance(59)
    world.deliver()
    assert world.board.messages["1"].alert.to_label == "Agreed"
    world.clock.advance(1)
    world.deliver()
    assert world.board.messages["1"].alert.to_label == "Signed"
    assert world.rows()["root_alert-d-2@slack"].state is DeliveryState.SENT


def test_an_edit_of_unknown_outcome_is_made_again_and_is_no_doubt_about_any_post() -> None:
    world = World(delivery(), later("d-2"))
    world.board.edit_failures = [UnknownOutcomeError("timed out")]
    world.deliver()
    edit = world.rows()["root_alert-d-2@slack"]
    assert (edit.state, edit.unknown_since, edit.n_blind) == (DeliveryState.DUE, None, 0)
    world.clock.advance(30)
    assert world.deliver() == Delivered(n_edited=1)
    assert (world.board.messages["1"].alert.to_label, world.board.n_looks) == ("Signed", 0)


def test_several_changes_told_before_the_root_can_be_edited_take_one_edit() -> None:
    world = World(delivery())
    world.deliver()
    world.board.edit_failures = [RateLimitedError("wait", retry_after_s=60)]
    world.add(later("d-2"))
    world.deliver()
    world.clock.advance(10)
    with world.uow.transaction() as tx:
        tx.channels.save(ChannelState("slack"))
    world.add(later("d-3", 2, to_label="Ratified"))
    assert world.deliver() == Delivered(n_sent=1)
    world.clock.advance(60)
    assert world.deliver() == Delivered(n_edited=1)
    assert world.board.messages["1"].alert.to_label == "Ratified"


def test_a_root_that_cannot_be_edited_holds_up_no_change() -> None:
    world = World(delivery(), later("d-2"), later("d-3", 2, to_label="Ratified"))
    world.board.edit_failures = [DeliveryError("refused")]
    assert world.deliver() == Delivered(n_sent=3, n_retried=1)


def test_edits_alone_are_made_while_posts_wait() -> None:
    world = World(delivery(), later("d-2"))
    world.board.edit_failures = [DeliveryError("refused")]
    world.deliver()
    world.clock.advance(30)
    world.add(later("d-3", 2))
    done = deliver.run(uow=world.uow, notifiers={"slack": world.board}, clock=world.clock, policy=POLICY, edits_only=True)
    assert done == Delivered(n_edited=1)
    assert world.rows()["d-3"].state is DeliveryState.DUE


def test_two_workers_never_edit_one_root_at_once_so_that_the_newest_wins_even_if_one_dies() -> None:
    world = World(delivery(), later("d-2"))
    slow = world.board.edit

    def edit_slowly(receipt: str, post: Post) -> None:
        world.board.edit = slow  # type: ignore[method-assign]
        # While this edit is on its way another worker tells the next change; then this one arrives, and its worker dies.
        world.add(later("d-3", 2, to_label="Ratified"))
        world.deliver()
        slow(receipt, post)
        raise KeyboardInterrupt

    world.board.edit = edit_slowly  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    assert world.board.messages["1"].alert.to_label == "Signed"
    world.clock.advance(POLICY.lease_s)
    world.deliver()
    assert world.board.messages["1"].alert.to_label == "Ratified"


def test_an_edit_refused_for_good_is_dead_and_the_next_change_tries_anew() -> None:
    world = World(delivery(), later("d-2"))
    world.board.edit_failures = [DeliveryRefusedError("edit_window_closed")]
    assert world.deliver() == Delivered(n_sent=2, n_dead=1)
    assert world.board.messages["1"].alert.to_label == "Agreed"
    dead = world.rows()["root_alert-d-2@slack"]
    assert (dead.state, dead.last_error) == (DeliveryState.DEAD, "edit_window_closed")
    world.add(later("d-3", 2, to_label="Ratified"))
    world.deliver()
    assert world.board.messages["1"].alert.to_label == "Ratified"


def test_a_change_that_was_dead_for_a_while_does_not_turn_the_root_back() -> None:
    world = World(delivery())
    world.deliver()
    world.add(later("d-2"), later("d-3", 2, to_label="Ratified"))
    world.board.failures = [DeliveryRefusedError("msg_blocks_too_long")]
    assert world.deliver() == Delivered(n_sent=1, n_edited=1, n_dead=1)
    with world.uow.transaction() as tx:
        tx.outbox.retry("d-2", now=world.clock.now())
    assert world.deliver() == Delivered(n_sent=1)
    assert world.board.messages["1"].alert.to_label == "Ratified"


@pytest.mark.parametrize("failures", [(LOST,), (None, LOST)], ids=["root", "reply"])
def test_a_post_that_arrived_without_an_answer_is_found_and_not_posted_again(failures: tuple[MonitorError | None, ...]) -> None:
    world = World(delivery(), failures=failures)
    assert world.deliver() == Delivered(n_retried=1)
    assert world.rows()["d-1"].unknown_since == world.clock.now()
    world.clock.advance(60)
    done = world.deliver()
    assert (done.n_sent, done.n_found) == (1, 1)
    assert world.posted() == [("root_olive-duties", None), ("alert-d-1", "1")]
    assert world.board.n_looks == 1


def test_a_post_that_did_not_arrive_is_looked_for_and_posted() -> None:
    world = World(delivery("n-1", issue_key="", is_notice=True))
    with world.uow.transaction() as tx:
        # A worker that died before it could post.
        tx.outbox.lease(now=world.clock.now(), lease_s=120, limit=9)
    world.clock.advance(120)
    assert world.deliver() == Delivered(n_sent=1)
    assert (world.board.n_looks, world.posted()) == (1, [("alert-n-1", None)])


def test_a_post_that_certainly_failed_is_not_looked_for() -> None:
    world = World(delivery("n-1", is_notice=True), failures=(DeliveryError("refused"), RateLimitedError("wait", retry_after_s=5)))
    assert world.deliver() == Delivered(n_retried=1)
    world.clock.advance(30)
    assert world.deliver() == Delivered(n_retried=1)
    world.clock.advance(5)
    assert world.deliver() == Delivered(n_sent=1)
    assert world.board.n_looks == 0


def test_a_look_that_fails_leaves_the_post_unknown_and_posts_nothing() -> None:
    world = World(delivery("n-1", is_notice=True), failures=(LOST,))
    world.deliver()
    world.board.find_failures = [UnknownOutcomeError("503"), RateLimitedError("wait", retry_after_s=9)]
    for _ in range(2):
        world.clock.advance(400)
        assert world.deliver() == Delivered(n_retried=1)
        assert world.rows()["n-1"].unknown_since == after(60)
    world.clock.advance(400)
    assert world.deliver() == Delivered(n_sent=1, n_found=1)
    assert len(world.posted()) == 1


def test_where_the_board_cannot_be_asked_it_is_posted_again_and_counted() -> None:
    world = World(delivery("n-1", is_notice=True), failures=(LOST,))
    world.deliver()
    world.board.find_failures = [LookupRefusedError("missing_scope")]
    world.clock.advance(60)
    assert world.deliver() == Delivered(n_sent=1, n_blind=1)
    assert len(world.posted()) == 2
    assert world.rows()["n-1"].n_blind == 1


def test_a_blind_post_that_certainly_failed_is_not_counted() -> None:
    world = World(delivery("n-1", is_notice=True), failures=(LOST, RateLimitedError("wait", retry_after_s=5)))
    world.deliver()
    world.board.find_failures = [LookupRefusedError("missing_scope")]
    world.clock.advance(60)
    assert world.deliver() == Delivered(n_retried=1)
    assert (world.rows()["n-1"].n_blind, world.rows()["n-1"].unknown_since) == (0, after(60))


def test_a_root_posted_for_a_delivery_that_died_is_found_for_the_next() -> None:
    world = World(delivery("d-1"), later("d-2"), failures=(LOST,))
    # What is found shows what the dead one told, so that it is edited.
    assert world.deliver(replace(POLICY, max_attempts=1)) == Delivered(n_sent=1, n_edited=1, n_dead=1, n_found=1)
    assert world.board.messages["1"].alert.to_label == "Signed"
    assert world.rows()["d-1"].state is DeliveryState.DEAD
    assert world.posted() == [("root_olive-duties", None), ("alert-d-2", "1")]


def test_a_thread_whose_root_was_removed_is_opened_anew() -> None:
    world = World(delivery())
    world.deliver()
    del world.board.messages["1"]
    world.add(later("d-2"))
    assert world.deliver() == Delivered(n_retried=1)
    assert world.thread() is None
    world.clock.advance(30)
    assert world.deliver() == Delivered(n_sent=1)
    assert world.posted()[-2:] == [("root_olive-duties", None), ("alert-d-2", "3")]


def test_a_root_that_is_gone_when_it_is_to_be_edited_is_forgotten() -> None:
    world = World(delivery(), later("d-2"))
    world.board.edit_failures = [ThreadGoneError("message_not_found")]
    world.deliver()
    assert world.thread() is None


def test_posts_to_one_channel_keep_the_gap_whoever_they_are_about() -> None:
    world = World(*(delivery(f"n-{number}", issue_key=f"i-{number}", is_notice=True) for number in range(4)), gap_s=1.0)
    assert world.deliver() == Delivered(n_sent=4)
    stamps = [world.board._posted_at[receipt] for receipt in world.board.messages]
    assert [(stamp - stamps[0]).total_seconds() for stamp in stamps] == [0, 1, 2, 3]


def test_a_root_and_its_reply_keep_the_gap_too() -> None:
    world = World(delivery(), gap_s=1.0)
    world.deliver()
    first, second = world.board._posted_at.values()
    assert second - first == timedelta(seconds=1)


def test_a_tick_ends_in_time_and_says_that_something_is_left() -> None:
    world = World(*(delivery(f"n-{number}", issue_key=f"i-{number}", is_notice=True) for number in range(9)), gap_s=1.0)
    assert world.deliver() == Delivered(n_sent=4, is_cut_short=True)
    world.clock.advance(1)
    assert world.deliver() == Delivered(n_sent=4, is_cut_short=True)
    world.clock.advance(1)
    assert world.deliver() == Delivered(n_sent=1)


def test_without_a_way_to_wait_the_next_turn_is_left_to_the_next_tick() -> None:
    world = World(*(delivery(f"n-{number}", issue_key=f"i-{number}", is_notice=True) for number in range(2)), gap_s=1.0)
    assert world.deliver(is_patient=False) == Delivered(n_sent=1, is_cut_short=True)


def test_a_rate_limit_holds_the_whole_channel_for_as_long_as_it_said_and_no_other() -> None:
    world = World(
        delivery("n-1", issue_key="a", is_notice=True),
        delivery("n-2", issue_key="b", is_notice=True),
        delivery("n-3", issue_key="a", channel="console", is_notice=True),
        failures=(RateLimitedError("wait", retry_after_s=45),),
    )
    assert world.deliver() == Delivered(n_sent=1, n_retried=1)
    assert [alert.alert_id for alert in world.console.sent] == ["alert-n-3"]
    world.clock.advance(40)
    assert world.deliver() == Delivered()
    world.clock.advance(4)
    assert world.deliver() == Delivered(n_sent=2)
    assert set(world.board._posted_at.values()) == {after(60) + timedelta(seconds=45)}


def test_an_outage_is_met_once_a_pause_and_not_once_a_delivery() -> None:
    names = [f"n-{number}" for number in range(20)]
    outage = (UnknownOutcomeError("503"),) * 6
    world = World(*(delivery(name, issue_key=name, is_notice=True) for name in names), failures=outage)
    world.board.find_failures = []
    n_failed = 0
    while world.board.failures:
        n_failed += world.deliver().n_retried
        world.clock.advance(300)
    assert n_failed <= 7
    while any(row.state is not DeliveryState.SENT for row in world.rows().values()):
        world.deliver()
        world.clock.advance(300)
    assert sorted(key for key, _ in world.posted()) == sorted(f"alert-{name}" for name in names)


def test_a_channel_that_refuses_everything_stops_at_once_and_the_others_are_told() -> None:
    world = World(
        delivery("d-1"), later("d-2"), delivery("d-3", issue_key="other"), failures=(ChannelRefusedError("Slack refused: is_archived"),)
    )
    # One is dead, the notice to the console is sent, nothing else is tried.
    assert world.deliver() == Delivered(n_sent=1, n_dead=1)
    assert world.posted() == []
    [notice] = world.console.sent
    assert notice.headline == "Alerts to slack have stopped"
    assert (world.state().stopped_at, world.state().last_error) == (world.clock.now(), "Slack refused: is_archived")
    states = {name: row.state for name, row in world.rows().items()}
    assert (states["d-1"], states["d-2"], states["d-3"]) == (DeliveryState.DEAD, DeliveryState.DUE, DeliveryState.DUE)
    world.clock.advance(100_000)
    assert world.deliver() == Delivered()


def test_a_stopped_channel_that_is_started_sends_what_waited_in_order() -> None:
    world = World(delivery("d-1"), later("d-2"), failures=(ChannelRefusedError("Slack refused: is_archived"),))
    world.deliver()
    with world.uow.transaction() as tx:
        tx.outbox.retry("d-1", now=world.clock.now())
    assert deliver.start_channels(uow=world.uow) == ["slack"]
    assert deliver.start_channels(uow=world.uow) == []
    assert world.deliver() == Delivered(n_sent=2, n_edited=1)
    assert [alert.alert_id for alert in world.board.sent] == ["alert-d-1", "alert-d-2"]


def test_a_stop_is_told_once_an_hour_at_most_and_never_to_a_stopped_channel() -> None:
    world = World(delivery("d-1"), failures=(ChannelRefusedError("token_revoked"), ChannelRefusedError("token_revoked")))
    with world.uow.transaction() as tx:
        tx.channels.save(ChannelState("console", stopped_at=NOON))
    world.deliver()
    assert world.console.sent == []
    assert [row.channel for row in world.rows().values()] == ["slack"]

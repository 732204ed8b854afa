"""What every ChannelStore promises: states by name, one thread an issue and channel."""

from __future__ import annotations

from monitor.core.types import ChannelState, IssueKey, Thread
from monitor.ports import UnitOfWork
from tests.examples import ISSUE, NOON, after, delivery


def _thread(issue_key: str = ISSUE, channel: str = "slack", receipt: str = "C1:17.0") -> Thread:
    return Thread(channel, IssueKey(issue_key), receipt, delivery().alert)


def test_a_channel_never_written_works(unit: UnitOfWork) -> None:
    with unit.reading() as tx:
        assert tx.channels.state("slack") == ChannelState("slack")
        assert tx.channels.states() == []


def test_states_come_back_whole_by_name(unit: UnitOfWork) -> None:
    first = ChannelState("pager", after(1), 3, NOON, "is_archived")
    with unit.transaction() as tx:
        tx.channels.save(ChannelState("slack"))
        tx.channels.save(ChannelState("pager"))
        tx.channels.save(first)
    with unit.reading() as tx:
        assert tx.channels.states() == [first, ChannelState("slack")]
        assert tx.channels.state("pager") == first


def test_an_issue_has_one_thread_a_channel(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        assert tx.channels.thread(ISSUE, "slack") is None
        tx.channels.save_thread(_thread())
        tx.channels.save_thread(_thread("other"))
        tx.channels.save_thread(_thread(channel="desk"))
        tx.channels.save_thread(_thread(receipt="C1:18.0"))
    with unit.reading() as tx:
        assert tx.channels.thread(ISSUE, "slack") == _thread(receipt="C1:18.0")
        assert tx.channels.thread(ISSUE, "desk") == _thread(channel="desk")


def test_a_thread_can_be_forgotten(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.channels.save_thread(_thread())
        tx.channels.save_thread(_thread("other"))
        tx.channels.forget_thread(ISSUE, "slack")
        tx.channels.forget_thread(ISSUE, "slack")
    with unit.reading() as tx:
        assert tx.channels.thread(ISSUE, "slack") is None
        assert tx.channels.thread(IssueKey("other"), "slack") is not None

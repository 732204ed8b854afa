"""What every Board does beside what a Notifier does: look-ups by key, threads, edits. Tried on Slack's stand-in and on the one that records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from monitor.core.types import Post, PostForm
from monitor.errors import RateLimitedError, ThreadGoneError, UnknownOutcomeError
from monitor.notify.slack import SlackNotifier
from monitor.ports import Board
from monitor.testing.fakes import FrozenClock, RecordingBoard
from monitor.testing.slack_server import ERROR_AFTER_POSTING, RATE_LIMITED, StandInSlack
from tests.examples import NOON, delivery

ALERT = delivery().alert
ROOT = Post("root_olive-duties", PostForm.ROOT, ALERT)
CHANGE = Post(ALERT.alert_id, PostForm.CHANGE, ALERT)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Case:
    board: Board
    clock: FrozenClock
    #: Makes the next post fail: asked to wait, or unknown after having posted.
    limit: Callable[[], None]
    lose_answer: Callable[[], None]
    #: Text of the messages as they read now, in order.
    shown: Callable[[], list[str]]


@pytest.fixture(params=["slack", "recording"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    clock = FrozenClock(NOON)
    if request.param == "recording":
        board = RecordingBoard("slack", clock=clock)
        yield Case(
            board,
            clock,
            lambda: board.failures.append(RateLimitedError("wait", retry_after_s=7)),
            lambda: board.failures.append(UnknownOutcomeError("500")),
            lambda: [f"now {post.alert.to_label}" for post in board.messages.values()],
        )
        return
    with StandInSlack(now=lambda: clock.now().timestamp()) as slack:
        notifier = SlackNotifier("xoxb-1", "#desk", base_url=slack.base_url, timeout_s=5)
        yield Case(
            notifier,
            clock,
            lambda: slack.script(RATE_LIMITED),
            lambda: slack.script(ERROR_AFTER_POSTING),
            lambda: [message["text"] for message in slack.messages],
        )


def test_it_is_a_board_with_a_gap(case: Case) -> None:
    assert isinstance(case.board, Board)
    assert case.board.gap_s >= 0


def test_what_was_posted_is_found_by_its_key(case: Case) -> None:
    receipt = case.board.post(ROOT)
    assert case.board.find(ROOT, since=NOON) == receipt
    assert case.board.find(replace(ROOT, key="root_other"), since=NOON) is None


def test_a_reply_is_found_in_its_own_thread_only(case: Case) -> None:
    first, second = case.board.post(ROOT), case.board.post(replace(ROOT, key="root_other"))
    reply = replace(CHANGE, thread=first)
    receipt = case.board.post(reply)
    assert len({first, second, receipt}) == 3
    assert case.board.find(reply, since=NOON) == receipt
    assert case.board.find(replace(reply, thread=second), since=NOON) is None


def test_what_was_posted_long_before_is_not_found(case: Case) -> None:
    case.board.post(ROOT)
    assert case.board.find(ROOT, since=NOON + HOUR) is None


def test_a_post_that_was_asked_to_wait_is_not_there(case: Case) -> None:
    case.board.post(replace(ROOT, key="root_other"))
    case.limit()
    with pytest.raises(RateLimitedError) as caught:
        case.board.post(ROOT)
    assert caught.value.retry_after_s == 7
    assert case.board.find(ROOT, since=NOON) is None


def test_a_post_of_unknown_outcome_is_found_where_it_arrived(case: Case) -> None:
    case.board.post(replace(ROOT, key="root_other"))
    case.lose_answer()
    with pytest.raises(UnknownOutcomeError):
        case.board.post(ROOT)
    assert case.board.find(ROOT, since=NOON) is not None


def test_an_edit_may_be_repeated_and_adds_no_message(case: Case) -> None:
    receipt = case.board.post(ROOT)
    edited = replace(ROOT, alert=replace(ALERT, to_label="Signed"))
    case.board.edit(receipt, edited)
    case.board.edit(receipt, edited)
    [shown] = case.shown()
    assert "now Signed" in shown


def test_a_message_that_is_gone_cannot_be_edited(case: Case) -> None:
    receipt = case.board.post(ROOT)
    if isinstance(case.board, RecordingBoard):
        case.board.messages.clear()
    else:
        receipt += "9"
    with pytest.raises(ThreadGoneError):
        case.board.edit(receipt, ROOT)


def test_a_check_posts_nothing(case: Case) -> None:
    assert case.board.check()
    assert case.shown() == []

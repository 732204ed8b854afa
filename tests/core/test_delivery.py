from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.delivery import (
    NOTICES,
    channel_failed,
    channel_started,
    channel_stopped,
    channel_works,
    in_doubt_since,
    next_post,
    settle_failed,
    settle_limited,
    settle_opened,
    settle_sent,
    stop_notice,
)
from monitor.core.policy import AlertPolicy
from monitor.core.types import ChannelState, Delivery, DeliveryState, PostForm, Severity, Thread
from tests.builders import make_delivery as example_delivery
from tests.examples import NOON, after
from tests.examples import delivery as example

POLICY = AlertPolicy()
LEASED = example_delivery(state=DeliveryState.LEASED, leased_until=after(2), n_attempts=1)
THREAD = Thread("slack", LEASED.alert.issue_key, "C1:17.0", LEASED.alert)


def fail(delivery: Delivery, *, is_permanent: bool = False, retry_after_s: float | None = None, policy: AlertPolicy = POLICY) -> Delivery:
    return settle_failed(delivery, "timed out", is_permanent=is_permanent, retry_after_s=retry_after_s, now=NOON, policy=policy)


def test_a_change_opens_its_thread_and_then_answers_in_it() -> None:
    root, reply = next_post(LEASED, None, POLICY), next_post(LEASED, THREAD, POLICY)
    assert (root.form, root.key, root.thread) == (PostForm.ROOT, "root_olive-duties", None)
    assert (reply.form, reply.key, reply.thread) == (PostForm.CHANGE, LEASED.alert.alert_id, "C1:17.0")


@pytest.mark.parametrize(
    ("severity", "show_from", "is_shown"),
    [
        (Severity.MINOR, Severity.NOTABLE, False),
        (Severity.NOTABLE, Severity.NOTABLE, True),
        (Severity.MAJOR, Severity.NOTABLE, True),
        (Severity.NOTABLE, Severity.MAJOR, False),
        (Severity.MINOR, Severity.MINOR, True),
    ],
)
def test_a_reply_is_shown_in_the_channel_by_its_severity(severity: Severity, show_from: Severity, is_shown: bool) -> None:
    delivery = replace(LEASED, alert=replace(LEASED.alert, severity=severity))
    assert next_post(delivery, THREAD, AlertPolicy(show_from=show_from)).is_shown is is_shown


def test_a_notice_stands_by_itself() -> None:
    notice = example("n-1", is_notice=True)
    post = next_post(notice, None, POLICY)
    assert (post.form, post.key, post.thread) == (PostForm.NOTICE, notice.alert.alert_id, None)


def test_only_a_root_is_in_doubt_for_the_sake_of_the_dead() -> None:
    root, reply = next_post(LEASED, None, POLICY), next_post(LEASED, THREAD, POLICY)
    assert in_doubt_since(LEASED, root, None) is None
    assert in_doubt_since(LEASED, root, after(-5)) == after(-5)
    assert in_doubt_since(LEASED, reply, after(-5)) is None
    unknown = replace(LEASED, unknown_since=after(-9))
    assert in_doubt_since(unknown, root, after(-5)) == in_doubt_since(unknown, reply, None) == after(-9)


def test_an_opened_thread_leaves_its_delivery_due() -> None:
    opened = settle_opened(replace(LEASED, unknown_since=NOON, last_error="timed out"), after(1))
    assert (opened.state, opened.due_at, opened.unknown_since, opened.last_error) == (DeliveryState.DUE, after(1), None, None)


def test_to_be_asked_to_wait_never_makes_a_delivery_dead() -> None:
    tired = replace(LEASED, n_attempts=POLICY.max_attempts)
    limited = settle_limited(tired, "rate limit", retry_after_s=7, now=NOON, policy=POLICY)
    assert (limited.state, limited.due_at, limited.last_error) == (DeliveryState.DUE, NOON + timedelta(seconds=7), "rate limit")
    unnamed = settle_limited(tired, "rate limit", retry_after_s=None, now=NOON, policy=POLICY)
    assert unnamed.due_at == NOON + timedelta(seconds=POLICY.retry_s)


def test_a_channel_waits_longer_with_each_failure_in_a_row_but_the_first() -> None:
    state = ChannelState("slack")
    waits = []
    for _ in range(10):
        state = channel_failed(state, "503", NOON, POLICY)
        waits.append((state.free_at - NOON).total_seconds() if state.free_at else 0)
    assert waits == [0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert channel_works(state) == ChannelState("slack", free_at=state.free_at)


def test_a_stopped_channel_keeps_the_instant_of_its_first_refusal() -> None:
    stopped = channel_stopped(channel_stopped(ChannelState("slack"), "is_archived", NOON), "is_archived", after(9))
    assert (stopped.stopped_at, stopped.last_error) == (NOON, "is_archived")
    assert channel_started(stopped) == ChannelState("slack")


def test_other_channels_are_told_why_one_was_stopped() -> None:
    notice = stop_notice(ChannelState("slack", stopped_at=NOON, last_error="Slack refused: is_archived"), NOON)
    assert (notice.issue_key, notice.change) == (NOTICES, None)
    assert notice.headline == "Alerts to slack have stopped"
    assert notice.detail[0] == "Slack refused: is_archived"
    assert "monitor outbox retry" in notice.detail[1]


def test_a_sent_delivery_keeps_its_receipt_and_forgets_its_error() -> None:
    sent = settle_sent(replace(LEASED, last_error="timed out"), "17.5", NOON)
    assert (sent.state, sent.receipt, sent.sent_at, sent.leased_until, sent.last_error) == (DeliveryState.SENT, "17.5", NOON, None, None)


@pytest.mark.parametrize(
    ("n_attempts", "wait_s"),
    [(0, 30), (1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 960), (7, 1920), (8, 3600), (9, 3600), (15, 3600)],
)
def test_the_wait_doubles_up_to_its_most(n_attempts: int, wait_s: float) -> None:
    failed = fail(replace(LEASED, n_attempts=n_attempts))
    assert failed.state is DeliveryState.DUE
    assert failed.due_at == NOON + timedelta(seconds=wait_s)
    assert (failed.leased_until, failed.last_error, failed.n_attempts) == (None, "timed out", n_attempts)


@given(st.integers(0, 15), st.none() | st.floats(0, 1e6))
def test_the_wait_is_never_shorter_than_the_channel_asked_for(n_attempts: int, retry_after_s: float | None) -> None:
    wait = fail(replace(LEASED, n_attempts=n_attempts), retry_after_s=retry_after_s).due_at - NOON
    assert wait >= timedelta(seconds=retry_after_s or 0)
    assert wait >= timedelta(seconds=POLICY.retry_s)


@pytest.mark.parametrize("n_attempts", [16, 17, 400])
def test_a_delivery_is_dead_after_its_last_try(n_attempts: int) -> None:
    dead = fail(replace(LEASED, n_attempts=n_attempts), retry_after_s=5)
    assert (dead.state, dead.leased_until, dead.last_error) == (DeliveryState.DEAD, None, "timed out")


def test_a_refusal_for_good_is_dead_at_once() -> None:
    assert fail(LEASED, is_permanent=True, retry_after_s=5).state is DeliveryState.DEAD


def test_a_thousand_tries_do_not_overflow() -> None:
    patient = AlertPolicy(max_attempts=1000)
    assert fail(replace(LEASED, n_attempts=999), policy=patient).due_at == NOON + timedelta(seconds=3600)

"""What to post next for a delivery, and what becomes of it, of its channel and of its thread afterwards.

A delivery takes one post a turn. A change on a board takes two turns where its issue has no thread yet: the first opens the thread, the
second answers in it. Whatever may have been posted without anybody knowing is looked for before it is posted again. An edit of a message that is
there is a delivery too; it makes the message say what is stored by then, so that it may be repeated, and one that waits stands for all later ones.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.alerts import make_notice
from monitor.core.policy import AlertPolicy
from monitor.core.types import Alert, ChannelState, Delivery, DeliveryAim, DeliveryState, IssueKey, Post, PostForm, Thread

#: Notices belong to no issue; the outbox keeps their order among themselves.
NOTICES = IssueKey("")


def next_post(delivery: Delivery, thread: Thread | None, policy: AlertPolicy) -> Post:
    """Return the message that a delivery needs next on a board: the root of its issue's thread where there is none, else the alert."""
    alert = delivery.alert
    if alert.change is None:
        return Post(alert.alert_id, PostForm.NOTICE, alert)
    if thread is None:
        return root_post(alert)
    is_shown = alert.severity.rank >= policy.show_from.rank
    return Post(alert.alert_id, PostForm.CHANGE, alert, thread=thread.receipt, is_shown=is_shown)


def root_post(alert: Alert, note: str = "") -> Post:
    """Return the root of an issue's thread, which shows where the issue stands after an alert."""
    return Post(f"root_{alert.issue_key}", PostForm.ROOT, alert, note=note)


def make_edit(aim: DeliveryAim, alert: Alert, channel: str, *, cause: str, now: datetime) -> Delivery:
    """Return an edit of what a channel shows of an alert, due now; `cause`, the name of an alert or an act, makes it one of its kind."""
    name = f"{aim.value}_{cause}"
    return Delivery(f"{name}@{channel}", replace(alert, alert_id=name), channel, DeliveryState.DUE, due_at=now, created_at=now, aim=aim)


def in_doubt_since(delivery: Delivery, post: Post, dead_in_doubt: datetime | None) -> datetime | None:
    """Return the instant since which the post may be on the channel already; None where it cannot be.

    A root belongs to all deliveries of its issue: it may also have been posted for one that has died since (`dead_in_doubt`).
    """
    known = [delivery.unknown_since, dead_in_doubt if post.form is PostForm.ROOT else None]
    return min((since for since in known if since is not None), default=None)


def is_news_to_root(thread: Thread, alert: Alert) -> bool:
    """Return whether the root is to be edited for an alert: not for one that it shows, nor for an older one that was dead for a while."""
    shown, told = thread.alert.change, alert.change
    if told is None or thread.alert.alert_id == alert.alert_id:
        return False
    return shown is None or told.at >= shown.at


def settle_opened(delivery: Delivery, now: datetime) -> Delivery:
    """Return the delivery as due at once: its thread is open, and it is to be posted there."""
    return replace(delivery, state=DeliveryState.DUE, due_at=now, leased_until=None, last_error=None, unknown_since=None)


def settle_sent(delivery: Delivery, receipt: str | None, now: datetime) -> Delivery:
    """Return the delivery as sent."""
    return replace(delivery, state=DeliveryState.SENT, receipt=receipt, sent_at=now, leased_until=None, last_error=None, unknown_since=None)


def settle_limited(delivery: Delivery, error: str, *, retry_after_s: float | None, now: datetime, policy: AlertPolicy) -> Delivery:
    """Return the delivery as due when the channel said; to be asked to wait is no failure, and never makes it dead."""
    due_at = now + timedelta(seconds=policy.retry_s if retry_after_s is None else retry_after_s)
    return replace(delivery, state=DeliveryState.DUE, due_at=due_at, leased_until=None, last_error=error)


def settle_failed(
    delivery: Delivery,
    error: str,
    *,
    is_permanent: bool,
    retry_after_s: float | None,
    now: datetime,
    policy: AlertPolicy,
) -> Delivery:
    """Return the delivery as due again later, or dead.

    The wait doubles with each attempt from `retry_s` to `max_retry_s`, and is never shorter than what the channel asked for.
    """
    if is_permanent or delivery.n_attempts >= policy.max_attempts:
        return replace(delivery, state=DeliveryState.DEAD, leased_until=None, last_error=error)
    wait_s = max(backoff_s(delivery.n_attempts, policy), retry_after_s or 0.0)
    return replace(delivery, state=DeliveryState.DUE, due_at=now + timedelta(seconds=wait_s), leased_until=None, last_error=error)


def backoff_s(n_failures: int, policy: AlertPolicy) -> float:
    """Return the seconds to wait after the n-th failure in a row."""
    # No float holds two to the power of a thousand and more.
    return min(policy.retry_s * 2.0 ** min(max(0, n_failures - 1), 64), policy.max_retry_s)


def channel_works(state: ChannelState) -> ChannelState:
    """Return a channel after a post that arrived."""
    return replace(state, n_failures=0, last_error=None)


def channel_limited(state: ChannelState, until: datetime, error: str) -> ChannelState:
    """Return a channel that asked to wait."""
    return replace(state, free_at=until, last_error=error)


def channel_failed(state: ChannelState, error: str, now: datetime, policy: AlertPolicy) -> ChannelState:
    """Return a channel after trouble on the other side.

    One failure may be the message's own; from the second in a row on the whole channel waits, so that an outage is not met once a delivery.
    """
    n_failures = state.n_failures + 1
    free_at = state.free_at if n_failures == 1 else now + timedelta(seconds=backoff_s(n_failures - 1, policy))
    return replace(state, n_failures=n_failures, free_at=free_at, last_error=error)


def channel_stopped(state: ChannelState, error: str, now: datetime) -> ChannelState:
    """Return a channel that refused for good. What is due on it waits, unspoilt, until somebody starts it again."""
    return replace(state, stopped_at=state.stopped_at or now, last_error=error)


def channel_started(state: ChannelState) -> ChannelState:
    """Return a channel that is to be tried again, as if nothing had been."""
    return ChannelState(state.channel)


def stop_notice(state: ChannelState, now: datetime) -> Alert:
    """Return what the other channels are told about one that was stopped."""
    return make_notice(
        NOTICES,
        key=f"stopped|{state.channel}",
        headline=f"Alerts to {state.channel} have stopped",
        detail=(
            state.last_error or "no reason known",
            "What is due there waits. Put it right, then run `monitor outbox retry`.",
        ),
        now=now,
    )

"""Change to alert, or a reason for silence; and what becomes of a delivery that failed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.core.ladder import Ladder
from monitor.core.policy import AlertPolicy
from monitor.core.types import Alert, AlertKind, Change, ChangeKind, Confirmation, Delivery, DeliveryState, IssueKey


@dataclass(frozen=True, slots=True)
class Suppressed:
    """No alert, and why."""

    reason: str


def decide_alert(change: Change, *, issue_title: str, ladder: Ladder, policy: AlertPolicy) -> Alert | Suppressed:
    """Decide whether a change is worth a person's attention now."""
    if change.is_history:
        return Suppressed("a first sighting is a baseline, never an alert")
    if change.kind.value not in policy.kinds:
        return Suppressed(f"changes of kind {change.kind.value} are recorded only (alerts.kinds: {', '.join(policy.kinds)})")
    if change.confidence < policy.min_confidence:
        return Suppressed(f"confidence {change.confidence:.2f} < {policy.min_confidence:.2f} (alerts.min_confidence)")
    before = ladder.status(change.from_status).label if change.from_status else None
    after = ladder.status(change.to_status).label
    sure = "" if change.confirmation is Confirmation.CONFIRMED else f" ({change.confirmation.value})"
    arrow = f"{before} → {after}" if before and change.kind is not ChangeKind.CONFIRMATION else after
    return Alert(
        alert_id=f"a_{change.change_id}",
        issue_key=change.issue_key,
        issue_title=issue_title,
        headline=f"{issue_title}: {arrow}{sure}",
        from_label=before,
        to_label=after,
        change=change,
    )


def make_notice(issue_key: IssueKey, *, key: str, headline: str, detail: tuple[str, ...], now: datetime) -> Alert:
    """Return a message that is no change: a feed gone blind, or seeing again. `key` and the hour name it for deduplication."""
    digest = hashlib.sha256(f"{key}|{now:%Y-%m-%dT%H}".encode()).hexdigest()[:16]
    return Alert(f"n_{digest}", issue_key, "Monitor", headline, None, "", None, detail, AlertKind.NOTICE)


def make_delivery(alert: Alert, channel: str, now: datetime) -> Delivery:
    """Return a delivery of an alert to a channel, due now."""
    return Delivery(f"{alert.alert_id}@{channel}", alert, channel, DeliveryState.DUE, due_at=now, created_at=now)


def settle_sent(delivery: Delivery, receipt: str | None, now: datetime) -> Delivery:
    """Return the delivery as sent."""
    return replace(delivery, state=DeliveryState.SENT, receipt=receipt, sent_at=now, leased_until=None, last_error=None)


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
    wait = min(policy.retry_s * 2.0 ** max(0, delivery.n_attempts - 1), policy.max_retry_s)
    due_at = now + timedelta(seconds=max(wait, retry_after_s or 0.0))
    return replace(delivery, state=DeliveryState.DUE, due_at=due_at, leased_until=None, last_error=error)

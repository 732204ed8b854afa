"""Change to alert, or a reason for silence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from monitor.core.ladder import Ladder, Phase
from monitor.core.policy import AlertPolicy
from monitor.core.types import Alert, AlertKind, Change, ChangeKind, Confirmation, Delivery, DeliveryState, IssueKey, Severity, Step


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
    return make_alert(change, issue_title=issue_title, ladder=ladder)


def make_alert(change: Change, *, issue_title: str, ladder: Ladder) -> Alert:
    """Return the alert that tells of a change, whether or not anybody wants to hear of it."""
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
        severity=severity_of(change),
        steps=tuple(Step(status.key, status.label, status.phase) for status in ladder.statuses),
    )


def severity_of(change: Change) -> Severity:
    """Return how much attention a change asks for.

    A detail or a confirmation tells a reader little new. A movement is notable; it is major where it is both confirmed and hard to take back:
    made official or further, or undone.
    """
    if change.kind in {ChangeKind.DETAIL, ChangeKind.CONFIRMATION}:
        return Severity.MINOR
    is_weighty = change.to_phase.rank >= Phase.ANNOUNCED.rank or change.to_phase in {Phase.COLLAPSED, Phase.REVERSED}
    return Severity.MAJOR if is_weighty and change.confirmation is Confirmation.CONFIRMED else Severity.NOTABLE


def make_notice(
    issue_key: IssueKey, *, key: str, headline: str, detail: tuple[str, ...], now: datetime, severity: Severity = Severity.NOTABLE
) -> Alert:
    """Return a message that is no change: a feed gone blind, or seeing again. `key` and the hour name it for deduplication."""
    digest = hashlib.sha256(f"{key}|{now:%Y-%m-%dT%H}".encode()).hexdigest()[:16]
    return Alert(f"n_{digest}", issue_key, "Monitor", headline, None, "", None, detail, kind=AlertKind.NOTICE, severity=severity)


def make_delivery(alert: Alert, channel: str, now: datetime) -> Delivery:
    """Return a delivery of an alert to a channel, due now."""
    return Delivery(f"{alert.alert_id}@{channel}", alert, channel, DeliveryState.DUE, due_at=now, created_at=now)

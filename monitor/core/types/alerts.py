"""Alerts and deliveries. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.types.articles import IssueKey
from monitor.core.types.status import Change


class DeliveryState(StrEnum):
    """Where a delivery stands in the outbox."""

    DUE = "due"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"


class AlertKind(StrEnum):
    """What a message is."""

    CHANGE = "change"  #: one change
    SUMMARY = "summary"  #: several messages told as one
    NOTICE = "notice"  #: on the monitor itself: a feed gone blind, or seeing again
    DIGEST = "digest"  #: the regular report


@dataclass(frozen=True, slots=True)
class Alert:
    """A message to a person, ready to be rendered for any channel."""

    #: Dedupe key: the same alert is never put twice into the outbox of a channel.
    alert_id: str
    issue_key: IssueKey
    issue_title: str
    #: One line that says it all, used as plain text and notification.
    headline: str
    from_label: str | None
    to_label: str
    #: None for notices (feed blind, seeing again).
    change: Change | None
    #: Further lines, e.g. of a notice.
    detail: tuple[str, ...] = ()
    kind: AlertKind = AlertKind.CHANGE
    #: The changes that a summary tells, in the order in which they happened.
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert to one channel: a row of the outbox."""

    delivery_id: str
    alert: Alert
    channel: str
    state: DeliveryState
    due_at: datetime
    created_at: datetime
    n_attempts: int = 0
    leased_until: datetime | None = None
    last_error: str | None = None
    #: What the channel returned, e.g. Slack's `ts`.
    receipt: str | None = None
    sent_at: datetime | None = None

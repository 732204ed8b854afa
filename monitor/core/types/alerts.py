"""Alerts, deliveries, and what is posted where. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.ladder import Phase
from monitor.core.types.articles import IssueKey
from monitor.core.types.severity import Severity
from monitor.core.types.status import Change


class DeliveryState(StrEnum):
    """Where a delivery stands in the outbox."""

    DUE = "due"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"


class DeliveryAim(StrEnum):
    """What a delivery does on its channel."""

    POST = "post"  #: the alert is posted
    ROOT = "root"  #: the root of the issue's thread is edited to show where the issue stands by then
    NOTE = "note"  #: the message of the alert's change is edited to say what people have come to by then

    @property
    def words(self) -> str:
        """What an edit is called in lists; empty for a post, which goes by its headline alone."""
        return {DeliveryAim.ROOT: "edit of the root", DeliveryAim.NOTE: "edit of the message"}.get(self, "")


class AlertKind(StrEnum):
    """What a message is."""

    CHANGE = "change"  #: one change
    SUMMARY = "summary"  #: several messages told as one
    NOTICE = "notice"  #: on the monitor itself: a feed gone blind, or seeing again
    DIGEST = "digest"  #: the regular report


@dataclass(frozen=True, slots=True)
class Step:
    """A status of the ladder, as a message shows it."""

    key: str
    label: str
    phase: Phase


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
    severity: Severity = Severity.NOTABLE
    #: The issue's ladder, in its order; empty for notices, and for alerts of a version that did not keep it.
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert to one channel, or an edit of what is there: a row of the outbox."""

    delivery_id: str
    alert: Alert
    channel: str
    state: DeliveryState
    due_at: datetime
    created_at: datetime
    n_attempts: int = 0
    leased_until: datetime | None = None
    last_error: str | None = None
    #: What the channel returned, e.g. Slack's channel and `ts`.
    receipt: str | None = None
    sent_at: datetime | None = None
    #: Earliest instant of a post of which nobody knows whether it arrived; None where the outcome of every post is known.
    unknown_since: datetime | None = None
    #: Number of posts made although an earlier one may have arrived, because the channel could not be asked.
    n_blind: int = 0
    aim: DeliveryAim = DeliveryAim.POST


class PostForm(StrEnum):
    """What one message on a channel is."""

    #: First message of an issue's thread; shows where the issue stands, and is edited with every change.
    ROOT = "root"
    CHANGE = "change"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Post:
    """One message on a channel that keeps what is posted."""

    #: Travels with the message, so that it can be found again. One key, one message.
    key: str
    form: PostForm
    alert: Alert
    #: Receipt of the root under which it is a reply; None: it stands by itself.
    thread: str | None = None
    #: Whether a reply is shown in the channel as well.
    is_shown: bool = True
    #: What became of the change, in words, e.g. who accepted it; takes the place of the buttons. On a root: that the issue is muted.
    note: str = ""
    #: Whether the buttons stand there beside the note: where nobody has said yet whether the change is right.
    keeps_buttons: bool = False


@dataclass(frozen=True, slots=True)
class Thread:
    """The messages about one issue on one channel."""

    channel: str
    issue_key: IssueKey
    #: Receipt of the root.
    receipt: str
    #: The alert that the root shows, or is to show: then an edit is in the outbox.
    alert: Alert


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How a channel fares: when it may be posted to again, and whether it was stopped."""

    channel: str
    #: Instant from which the next post may go; None: at once.
    free_at: datetime | None = None
    #: Failures in a row that somebody else's trouble explains: no answer, an answer of 500.
    n_failures: int = 0
    #: Instant at which it refused for good; None while it works. A stopped channel is posted to when somebody starts it again.
    stopped_at: datetime | None = None
    #: Why it was stopped, or failed last, in words.
    last_error: str | None = None

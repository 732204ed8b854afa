"""Outbox and channels in memory, under the same contract as the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.types import ChangeId, ChannelState, Delivery, DeliveryAim, DeliveryState, IssueKey, Thread
from monitor.errors import StoreError
from monitor.testing.memory_tables import Tables

# Within the outbox, `list` is a method.
Deliveries = list[Delivery]


class MemoryOutboxStore:
    """Deliveries on their way."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, delivery: Delivery) -> bool:
        """Put a delivery into the outbox; return False, writing nothing, where this alert and channel are there already."""
        rows, alert = self._tables.outbox, (delivery.alert.alert_id, delivery.channel)
        if any((row.alert.alert_id, row.channel) == alert for row in rows.values()):
            return False
        if delivery.delivery_id in rows:
            raise StoreError(f"the delivery {delivery.delivery_id!r} is in the outbox with another alert; name it differently")
        rows[delivery.delivery_id] = delivery
        return True

    def add_edit(self, delivery: Delivery) -> bool:
        """Put an edit into the outbox; return False, writing nothing, where one of the same message waits that nobody has leased."""
        waiting = [row for row in self._tables.outbox.values() if row.state is DeliveryState.DUE]
        return self.add(delivery) if all(_message(row) != _message(delivery) for row in waiting) else False

    def lease(
        self, *, now: datetime, lease_s: float, limit: int, gap_s: Mapping[str, float] | None = None, edits_only: bool = False
    ) -> Deliveries:
        """Take due deliveries, and those whose lease ran out, edits first, one for each issue and channel, until `now + lease_s`.

        A channel with a gap gives one post; a channel that was stopped, or is not free yet, gives none.
        """
        gap_s = gap_s or {}
        leased = []
        free = [row for row in self._ready(now) if self._is_free(row.channel, now)]
        edits, posts = [row for row in free if row.aim is not DeliveryAim.POST], [row for row in free if row.aim is DeliveryAim.POST]
        for row in (edits if edits_only else edits + posts)[:limit]:
            is_post = row.aim is DeliveryAim.POST
            if is_post and not self._is_free(row.channel, now):
                continue
            seconds = gap_s.get(row.channel, 0.0) if is_post else 0.0
            if seconds > 0:
                state = self._tables.channels.get(row.channel) or ChannelState(row.channel)
                self._tables.channels[row.channel] = replace(state, free_at=now + timedelta(seconds=seconds))
            taken = replace(row, state=DeliveryState.LEASED, leased_until=now + timedelta(seconds=lease_s), n_attempts=row.n_attempts + 1)
            self._tables.outbox[row.delivery_id] = replace(taken, unknown_since=(row.unknown_since or now) if is_post else None)
            leased.append(taken)
        return leased

    def _ready(self, now: datetime) -> Deliveries:
        oldest: dict[tuple[IssueKey, str, DeliveryAim], Delivery] = {}
        for row in sorted(self._tables.outbox.values(), key=lambda row: row.created_at):
            if row.state not in {DeliveryState.SENT, DeliveryState.DEAD}:
                oldest.setdefault((row.alert.issue_key, row.channel, row.aim), row)
        stopped = {state.channel for state in self._tables.channels.values() if state.stopped_at is not None}
        return [
            row
            for row in oldest.values()
            if row.channel not in stopped and (row.due_at if row.state is DeliveryState.DUE else row.leased_until or now) <= now
        ]

    def _is_free(self, channel: str, now: datetime) -> bool:
        state = self._tables.channels.get(channel)
        return state is None or state.free_at is None or state.free_at <= now

    def due_channels(self, *, now: datetime, edits_only: bool = False) -> set[str]:
        """Return the channels that have deliveries which wait for nothing but the channel's turn."""
        return {row.channel for row in self._ready(now) if not edits_only or row.aim is not DeliveryAim.POST}

    def dead_in_doubt(self, issue_key: IssueKey, channel: str) -> datetime | None:
        """Return the earliest instant since which the outcome of a dead delivery is unknown; None where there is none."""
        dead = [row for row in self._tables.outbox.values() if row.state is DeliveryState.DEAD]
        known = [row.unknown_since for row in dead if (row.alert.issue_key, row.channel) == (issue_key, channel)]
        return min((since for since in known if since is not None), default=None)

    def settle(self, delivery: Delivery) -> None:
        """Write what became of a leased delivery: sent, due again at `due_at`, or dead.

        What is sent stays sent. A worker whose lease ran out and was taken over can only report that it sent after all.
        Raises: StoreError where the delivery is unknown.
        """
        row = self._tables.outbox.get(delivery.delivery_id)
        if row is None:
            raise StoreError(f"the delivery {delivery.delivery_id!r} is not in the outbox; add it first")
        is_taken_over = row.n_attempts > delivery.n_attempts and delivery.state is not DeliveryState.SENT
        if row.state is DeliveryState.SENT or is_taken_over:
            return
        self._tables.outbox[row.delivery_id] = replace(
            row,
            state=delivery.state,
            due_at=delivery.due_at,
            leased_until=delivery.leased_until if delivery.state is DeliveryState.LEASED else None,
            last_error=delivery.last_error,
            receipt=delivery.receipt,
            sent_at=delivery.sent_at,
            unknown_since=delivery.unknown_since,
            n_blind=delivery.n_blind,
        )

    def list(self, *, states: Collection[str] | None = None, limit: int = 100) -> Deliveries:
        """Return deliveries, newest first."""
        rows = reversed([row for row in self._tables.outbox.values() if states is None or row.state in states])
        return sorted(rows, key=lambda row: row.created_at, reverse=True)[:limit]

    def of_change(self, change_id: ChangeId) -> Deliveries:
        """Return the deliveries that tell one change and no other, oldest first; edits are none."""
        posts = [row for row in self._tables.outbox.values() if row.aim is DeliveryAim.POST]
        rows = [row for row in posts if row.alert.change is not None and row.alert.change.change_id == change_id]
        return sorted(rows, key=lambda row: row.created_at)

    def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a dead delivery due again, its attempts counted afresh; return whether there was one."""
        row = self._tables.outbox.get(delivery_id)
        if row is None or row.state is not DeliveryState.DEAD:
            return False
        self._tables.outbox[delivery_id] = replace(row, state=DeliveryState.DUE, due_at=now, n_attempts=0, leased_until=None)
        return True


class MemoryChannelStore:
    """How the channels fare, and the threads on them."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def state(self, channel: str) -> ChannelState:
        """Return how a channel fares; one that was never written works."""
        return self._tables.channels.get(channel) or ChannelState(channel)

    def states(self) -> list[ChannelState]:
        """Return every channel that was ever written, by name."""
        return sorted(self._tables.channels.values(), key=lambda state: state.channel)

    def save(self, state: ChannelState) -> None:
        """Write how a channel fares."""
        self._tables.channels[state.channel] = state

    def thread(self, issue_key: IssueKey, channel: str) -> Thread | None:
        """Return an issue's thread on a channel; None where none was opened."""
        return self._tables.threads.get((channel, issue_key))

    def save_thread(self, thread: Thread) -> None:
        """Write a thread, in place of the one before."""
        self._tables.threads[thread.channel, thread.issue_key] = thread

    def forget_thread(self, issue_key: IssueKey, channel: str) -> None:
        """Remove a thread, so that the issue's next alert opens a new one."""
        if (channel, issue_key) in self._tables.threads:
            del self._tables.threads[channel, issue_key]


def _message(edit: Delivery) -> tuple[DeliveryAim, str, IssueKey, ChangeId | None]:
    """Return what names the message that an edit is about."""
    change = edit.alert.change if edit.aim is DeliveryAim.NOTE else None
    return edit.aim, edit.channel, edit.alert.issue_key, change.change_id if change is not None else None

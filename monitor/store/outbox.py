"""Deliveries on their way, in the database. Several workers may lease at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, exists, func, or_, select, tuple_, update

from monitor.core.types import ChangeId, ChannelState, Delivery, DeliveryAim, DeliveryState, IssueKey
from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.codec import from_columns, to_columns
from monitor.store.column_types import UtcDateTime
from monitor.store.statements import insert_once

#: The columns that settling writes.
_OUTCOME = ("state", "due_at", "leased_until", "last_error", "receipt", "sent_at", "unknown_since", "n_blind")
# Within the class, `list` is a method.
Deliveries = list[Delivery]


class SqlOutboxStore:
    """The OutboxStore of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, delivery: Delivery) -> bool:
        """Put a delivery into the outbox; return False, writing nothing, where this alert and channel are there already."""
        alert = delivery.alert
        named = {"alert_id": alert.alert_id, "issue_key": alert.issue_key, "change_id": alert.change.change_id if alert.change else None}
        return insert_once(self._connection, schema.outbox, to_columns(delivery) | named, unique=["alert_id", "channel"])

    def add_edit(self, delivery: Delivery) -> bool:
        """Put an edit into the outbox; return False, writing nothing, where one of the same message waits that nobody has leased."""
        table, alert = schema.outbox, delivery.alert
        same = and_(table.c.aim == delivery.aim.value, table.c.channel == delivery.channel, table.c.issue_key == alert.issue_key)
        if delivery.aim is DeliveryAim.NOTE and alert.change is not None:
            same &= table.c.change_id == alert.change.change_id
        waiting = select(table.c.delivery_id).where(schema.UNSETTLED, schema.EDIT, same, table.c.state == DeliveryState.DUE.value)
        # Locked, so that nobody leases it, and reads what is stored, before this transaction has written it.
        if self._connection.execute(waiting.limit(1).with_for_update()).first() is not None:
            return False
        return self.add(delivery)

    def lease(
        self, *, now: datetime, lease_s: float, limit: int, gap_s: Mapping[str, float] | None = None, edits_only: bool = False
    ) -> Deliveries:
        """Take due deliveries, and those whose lease ran out, edits first, one for each issue and channel, until `now + lease_s`.

        A channel with a gap gives one post; a channel that was stopped, or is not free yet, gives none.
        """
        gap_s = gap_s or {}
        leased_until = now + timedelta(seconds=lease_s)
        turns = {channel: False for channel, seconds in gap_s.items() if seconds > 0}
        leased = []
        found = self._read(_leasable(now).where(schema.EDIT).limit(limit))
        if not edits_only and len(found) < limit:
            found += self._read(_leasable(now).where(~schema.EDIT).limit(limit - len(found)))
        for delivery in found:
            if delivery.channel in turns and delivery.aim is DeliveryAim.POST:
                if turns[delivery.channel] or not self._take_turn(delivery.channel, now, gap_s[delivery.channel]):
                    continue
                turns[delivery.channel] = True
            leased.append(replace(delivery, state=DeliveryState.LEASED, leased_until=leased_until, n_attempts=delivery.n_attempts + 1))
        table = schema.outbox
        taken = update(table).where(table.c.delivery_id.in_([delivery.delivery_id for delivery in leased]))
        if leased:
            self._connection.execute(
                taken.values(
                    state=DeliveryState.LEASED.value,
                    leased_until=leased_until,
                    n_attempts=table.c.n_attempts + 1,
                    unknown_since=case(
                        (
                            table.c.aim == DeliveryAim.POST.value,
                            func.coalesce(table.c.unknown_since, bindparam("leased_at", now, UtcDateTime())),
                        )
                    ),
                )
            )
        return leased

    def _take_turn(self, channel: str, now: datetime, gap_s: float) -> bool:
        """Make the channel wait for the gap; return False where another worker has just taken the turn."""
        table = schema.channels
        insert_once(self._connection, table, to_columns(ChannelState(channel)))
        # The condition is judged anew once another worker's transaction has ended: only one of the two finds the channel free.
        is_free = or_(table.c.free_at.is_(None), table.c.free_at <= now)
        taken = update(table).where(table.c.channel == channel, is_free).values(free_at=now + timedelta(seconds=gap_s))
        return self._connection.execute(taken).rowcount == 1

    def settle(self, delivery: Delivery) -> None:
        """Write what became of a leased delivery: sent, due again at `due_at`, or dead.

        What is sent stays sent. A worker whose lease ran out and was taken over can only report that it sent after all.
        Raises: StoreError where the delivery is unknown.
        """
        table = schema.outbox
        known = table.c.delivery_id == delivery.delivery_id
        mine = table.c.state != DeliveryState.SENT.value
        if delivery.state is not DeliveryState.SENT:
            mine &= table.c.n_attempts <= delivery.n_attempts
        columns = to_columns(delivery)
        outcome = {name: columns[name] for name in _OUTCOME}
        if delivery.state is not DeliveryState.LEASED:
            outcome["leased_until"] = None
        written = self._connection.execute(update(table).where(known, mine).values(outcome))
        if written.rowcount == 0 and not self._connection.execute(select(exists().where(known))).scalar_one():
            raise StoreError(f"the delivery {delivery.delivery_id!r} is not in the outbox; add it first")

    def list(self, *, states: Collection[str] | None = None, limit: int = 100) -> Deliveries:
        """Return deliveries, newest first."""
        table = schema.outbox
        statement = select(table).order_by(table.c.created_at.desc(), table.c.delivery_number.desc()).limit(limit)
        if states is None:
            return self._read(statement)
        wanted = {str(state) for state in states}
        # The dead have an index of their own, which only the very words of its condition find.
        return self._read(statement.where(schema.DEAD if wanted == {DeliveryState.DEAD.value} else table.c.state.in_(wanted)))

    def of_change(self, change_id: ChangeId) -> Deliveries:
        """Return the deliveries that tell one change and no other, oldest first; edits are none."""
        table = schema.outbox
        return self._read(
            select(table).where(table.c.change_id == change_id, ~schema.EDIT).order_by(table.c.created_at, table.c.delivery_number)
        )

    def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a dead delivery due again, its attempts counted afresh; return whether there was one."""
        table = schema.outbox
        dead = update(table).where(table.c.delivery_id == delivery_id, table.c.state == DeliveryState.DEAD.value)
        due = {"state": DeliveryState.DUE.value, "due_at": now, "n_attempts": 0, "leased_until": None}
        return self._connection.execute(dead.values(due)).rowcount == 1

    def due_channels(self, *, now: datetime, edits_only: bool = False) -> set[str]:
        """Return the channels that have deliveries which wait for nothing but the channel's turn."""
        waiting = (_ready(now).where(schema.EDIT) if edits_only else _ready(now)).subquery()
        return set(self._connection.execute(select(waiting.c.channel).distinct()).scalars())

    def dead_in_doubt(self, issue_key: IssueKey, channel: str) -> datetime | None:
        """Return the earliest instant since which the outcome of a dead delivery is unknown; None where there is none."""
        table = schema.outbox
        dead = and_(table.c.issue_key == issue_key, table.c.channel == channel, table.c.state == DeliveryState.DEAD.value)
        since: datetime | None = self._connection.execute(select(func.min(table.c.unknown_since)).where(dead)).scalar_one()
        return since

    def _read(self, statement: Select[Any]) -> Deliveries:
        return [to_delivery(row) for row in self._connection.execute(statement)]


def to_delivery(row: Row[Any]) -> Delivery:
    """Return a row of the outbox as a delivery."""
    return from_columns(Delivery, row._mapping)


def _leasable(now: datetime) -> Select[Any]:
    table, channels = schema.outbox, schema.channels
    is_busy = exists().where(channels.c.channel == table.c.channel, channels.c.free_at > now)
    # PostgreSQL: rows that another worker is taking right now are passed over. SQLite lets in one writer at a time.
    return _ready(now).where(~is_busy).order_by(table.c.created_at, table.c.delivery_number).with_for_update(of=table, skip_locked=True)


def _ready(now: datetime) -> Select[Any]:
    """Return the deliveries that are due or were left, and wait for no older one, on channels that were not stopped."""
    table, channels = schema.outbox, schema.channels
    older = table.alias("older")
    is_ready = or_(
        and_(table.c.state == DeliveryState.DUE.value, table.c.due_at <= now),
        and_(table.c.state == DeliveryState.LEASED.value, table.c.leased_until <= now),
    )
    waits = exists().where(
        schema.unsettled(older),
        older.c.issue_key == table.c.issue_key,
        older.c.channel == table.c.channel,
        older.c.aim == table.c.aim,
        tuple_(older.c.created_at, older.c.delivery_number) < tuple_(table.c.created_at, table.c.delivery_number),
    )
    is_stopped = exists().where(channels.c.channel == table.c.channel, channels.c.stopped_at.is_not(None))
    return select(table).where(schema.unsettled(table), is_ready, ~waits, ~is_stopped)

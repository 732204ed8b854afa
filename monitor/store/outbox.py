"""Deliveries on their way, in the database. Several workers may lease at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, or_, select, tuple_, update

from monitor.core.types import Delivery, DeliveryState
from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.codec import from_columns, to_columns
from monitor.store.statements import insert_once

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

    def lease(self, *, now: datetime, lease_s: float, limit: int) -> Deliveries:
        """Take due deliveries, and those whose lease ran out, oldest first, one for each issue and channel, until `now + lease_s`."""
        leased_until = now + timedelta(seconds=lease_s)
        leased = [
            replace(delivery, state=DeliveryState.LEASED, leased_until=leased_until, n_attempts=delivery.n_attempts + 1)
            for delivery in self._read(_leasable(now).limit(limit))
        ]
        table = schema.outbox
        taken = update(table).where(table.c.delivery_id.in_([delivery.delivery_id for delivery in leased]))
        if leased:
            self._connection.execute(
                taken.values(state=DeliveryState.LEASED.value, leased_until=leased_until, n_attempts=table.c.n_attempts + 1)
            )
        return leased

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
        outcome = {name: columns[name] for name in ("state", "due_at", "leased_until", "last_error", "receipt", "sent_at")}
        if delivery.state is not DeliveryState.LEASED:
            outcome["leased_until"] = None
        written = self._connection.execute(update(table).where(known, mine).values(outcome))
        if written.rowcount == 0 and not self._connection.execute(select(exists().where(known))).scalar_one():
            raise StoreError(f"the delivery {delivery.delivery_id!r} is not in the outbox; add it first")

    def list(self, *, states: Collection[str] | None = None, limit: int = 100) -> Deliveries:
        """Return deliveries, newest first."""
        table = schema.outbox
        statement = select(table).order_by(table.c.created_at.desc(), table.c.delivery_number.desc()).limit(limit)
        return self._read(statement if states is None else statement.where(table.c.state.in_([str(state) for state in states])))

    def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a dead delivery due again, its attempts counted afresh; return whether there was one."""
        table = schema.outbox
        dead = update(table).where(table.c.delivery_id == delivery_id, table.c.state == DeliveryState.DEAD.value)
        due = {"state": DeliveryState.DUE.value, "due_at": now, "n_attempts": 0, "leased_until": None}
        return self._connection.execute(dead.values(due)).rowcount == 1

    def _read(self, statement: Select[Any]) -> Deliveries:
        return [to_delivery(row) for row in self._connection.execute(statement)]


def to_delivery(row: Row[Any]) -> Delivery:
    """Return a row of the outbox as a delivery."""
    return from_columns(Delivery, row._mapping)


def _leasable(now: datetime) -> Select[Any]:
    table = schema.outbox
    older = table.alias("older")
    is_ready = or_(
        and_(table.c.state == DeliveryState.DUE.value, table.c.due_at <= now),
        and_(table.c.state == DeliveryState.LEASED.value, table.c.leased_until <= now),
    )
    waits = exists().where(
        schema.unsettled(older),
        older.c.issue_key == table.c.issue_key,
        older.c.channel == table.c.channel,
        tuple_(older.c.created_at, older.c.delivery_number) < tuple_(table.c.created_at, table.c.delivery_number),
    )
    # PostgreSQL: rows that another worker is taking right now are passed over. SQLite lets in one writer at a time.
    return (
        select(table)
        .where(schema.unsettled(table), is_ready, ~waits)
        .order_by(table.c.created_at, table.c.delivery_number)
        .with_for_update(of=table, skip_locked=True)
    )

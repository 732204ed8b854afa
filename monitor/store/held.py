"""Alerts that wait for their time, how far digests have come, and spells of low coverage, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update

from monitor.core.types import ChangeId, CoverageSpell, DigestMark, HeldAlert, IssueKey
from monitor.store import schema
from monitor.store.codec import from_columns, to_columns
from monitor.store.statements import insert_once, insert_or_replace


class SqlHeldStore:
    """The HeldStore of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(self, held: HeldAlert) -> bool:
        """Keep an alert waiting; return False, writing nothing, where this alert and channel are there already."""
        alert = held.alert
        named = {"alert_id": alert.alert_id, "issue_key": alert.issue_key, "change_id": alert.change.change_id if alert.change else None}
        return insert_once(self._connection, schema.held_alerts, to_columns(held) | named, unique=["alert_id", "channel"])

    def waiting(self, channel: str) -> list[HeldAlert]:
        """Return what waits for a channel, in order of holding."""
        table = schema.held_alerts
        return self._read(select(table).where(table.c.channel == channel, schema.WAITING).order_by(table.c.held_number))

    def channels(self) -> list[str]:
        """Return the channels for which something waits, by name."""
        table = schema.held_alerts
        return list(self._connection.execute(select(table.c.channel).where(schema.WAITING).distinct().order_by(table.c.channel)).scalars())

    def postpone(self, held: Sequence[HeldAlert]) -> None:
        """Write the instants (`held_at`, `release_at`) of held alerts that wait on."""
        table = schema.held_alerts
        for row in held:
            this = update(table).where(table.c.alert_id == row.alert.alert_id, table.c.channel == row.channel, schema.WAITING)
            self._connection.execute(this.values(held_at=row.held_at, release_at=row.release_at))

    def mark_told(self, held: Sequence[HeldAlert], *, told_in: str) -> bool:
        """Record that held alerts are told in an alert. Return False where another worker has told one of them meanwhile: roll back."""
        table = schema.held_alerts
        n_marked = 0
        for row in held:
            this = update(table).where(table.c.alert_id == row.alert.alert_id, table.c.channel == row.channel, schema.WAITING)
            n_marked += self._connection.execute(this.values(told_in=told_in)).rowcount
        return n_marked == len(held)

    def of_change(self, change_id: ChangeId) -> list[HeldAlert]:
        """Return where a change waits, or waited, in order of holding."""
        table = schema.held_alerts
        return self._read(select(table).where(table.c.change_id == change_id).order_by(table.c.held_number))

    def recent(self, channel: str, *, since: datetime) -> list[tuple[IssueKey, datetime]]:
        """Return issue and instant of each message put into the outbox of a channel since an instant, oldest first."""
        table = schema.outbox
        put_out = select(table.c.issue_key, table.c.created_at).where(table.c.channel == channel, table.c.created_at >= since, ~schema.EDIT)
        rows = self._connection.execute(put_out.order_by(table.c.created_at, table.c.delivery_number))
        return [(IssueKey(row.issue_key), row.created_at) for row in rows]

    def digest_mark(self, channel: str) -> DigestMark | None:
        """Return how far a channel's digests have come; None where it never had one."""
        row = self._connection.execute(select(schema.digests).where(schema.digests.c.channel == channel)).one_or_none()
        return None if row is None else from_columns(DigestMark, row._mapping)

    def save_digest_mark(self, mark: DigestMark) -> None:
        """Write how far a channel's digests have come."""
        insert_or_replace(self._connection, schema.digests, to_columns(mark))

    def open_spells(self) -> list[CoverageSpell]:
        """Return the spells of low coverage that have not ended, by issue."""
        table = schema.coverage_spells
        rows = self._connection.execute(select(table).where(table.c.ended_at.is_(None)).order_by(table.c.issue_key, table.c.noticed_at))
        return [from_columns(CoverageSpell, row._mapping) for row in rows]

    def save_spell(self, spell: CoverageSpell) -> None:
        """Write a spell; the same issue and beginning of notice again replaces it."""
        insert_or_replace(self._connection, schema.coverage_spells, to_columns(spell))

    def _read(self, statement: Select[Any]) -> list[HeldAlert]:
        return [from_columns(HeldAlert, row._mapping) for row in self._connection.execute(statement)]

"""Alerts that wait for their time, digests, spells, and what happened meanwhile, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from monitor.core.types import ChangeId, CoverageSpell, DeliveryAim, DigestMark, HeldAlert, IssueKey
from monitor.testing.memory_tables import Tables


class MemoryHeldStore:
    """The HeldStore of one transaction."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def hold(self, held: HeldAlert) -> bool:
        """Keep an alert waiting; return False, writing nothing, where this alert and channel are there already."""
        key = (held.alert.alert_id, held.channel)
        if key in self._tables.held:
            return False
        self._tables.held[key] = held
        return True

    def waiting(self, channel: str) -> list[HeldAlert]:
        """Return what waits for a channel, in order of holding."""
        return [row for row in self._tables.held.values() if row.channel == channel and row.told_in is None]

    def channels(self) -> list[str]:
        """Return the channels for which something waits, by name."""
        return sorted({row.channel for row in self._tables.held.values() if row.told_in is None})

    def postpone(self, held: Sequence[HeldAlert]) -> None:
        """Write the instants (`held_at`, `release_at`) of held alerts that wait on."""
        for row in held:
            known = self._tables.held.get((row.alert.alert_id, row.channel))
            if known is not None and known.told_in is None:
                self._tables.held[row.alert.alert_id, row.channel] = replace(known, held_at=row.held_at, release_at=row.release_at)

    def mark_told(self, held: Sequence[HeldAlert], *, told_in: str) -> bool:
        """Record that held alerts are told in an alert. Return False where another worker has told one of them meanwhile: roll back."""
        n_marked = 0
        for row in held:
            known = self._tables.held.get((row.alert.alert_id, row.channel))
            if known is not None and known.told_in is None:
                self._tables.held[row.alert.alert_id, row.channel] = replace(known, told_in=told_in)
                n_marked += 1
        return n_marked == len(held)

    def of_change(self, change_id: ChangeId) -> list[HeldAlert]:
        """Return where a change waits, or waited, in order of holding."""
        return [row for row in self._tables.held.values() if row.alert.change is not None and row.alert.change.change_id == change_id]

    def recent(self, channel: str, *, since: datetime) -> list[tuple[IssueKey, datetime]]:
        """Return issue and instant of each message put into the outbox of a channel since an instant, oldest first."""
        rows = [
            row
            for row in self._tables.outbox.values()
            if row.channel == channel and row.created_at >= since and row.aim is DeliveryAim.POST
        ]
        return [(row.alert.issue_key, row.created_at) for row in sorted(rows, key=lambda row: row.created_at)]

    def digest_mark(self, channel: str) -> DigestMark | None:
        """Return how far a channel's digests have come; None where it never had one."""
        return self._tables.digests.get(channel)

    def save_digest_mark(self, mark: DigestMark) -> None:
        """Write how far a channel's digests have come."""
        self._tables.digests[mark.channel] = mark

    def open_spells(self) -> list[CoverageSpell]:
        """Return the spells of low coverage that have not ended, by issue."""
        rows = [row for row in self._tables.spells.values() if row.ended_at is None]
        return sorted(rows, key=lambda row: (row.issue_key, row.noticed_at))

    def save_spell(self, spell: CoverageSpell) -> None:
        """Write a spell; the same issue and beginning of notice again replaces it."""
        self._tables.spells[spell.issue_key, spell.noticed_at] = spell

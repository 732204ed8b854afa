"""What the jobs need to know of what waits, and of what happened meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from monitor.core.types import Activity, ChangeId, CoverageSpell, DigestMark, HeldAlert, IssueKey


class HeldStore(Protocol):
    """Alerts that wait for their time, how far digests have come, and spells of low coverage."""

    def hold(self, held: HeldAlert) -> bool:
        """Keep an alert waiting; return False, writing nothing, where this alert and channel are there already."""
        ...

    def waiting(self, channel: str) -> list[HeldAlert]:
        """Return what waits for a channel, in order of holding."""
        ...

    def channels(self) -> list[str]:
        """Return the channels for which something waits, by name."""
        ...

    def postpone(self, held: Sequence[HeldAlert]) -> None:
        """Write the instants (`held_at`, `release_at`) of held alerts that wait on."""
        ...

    def mark_told(self, held: Sequence[HeldAlert], *, told_in: str) -> bool:
        """Record that held alerts are told in an alert. Return False where another worker has told one of them meanwhile: roll back."""
        ...

    def of_change(self, change_id: ChangeId) -> list[HeldAlert]:
        """Return where a change waits, or waited, in order of holding."""
        ...

    def recent(self, channel: str, *, since: datetime) -> list[tuple[IssueKey, datetime]]:
        """Return issue and instant of each message put into the outbox of a channel since an instant, oldest first."""
        ...

    def digest_mark(self, channel: str) -> DigestMark | None:
        """Return how far a channel's digests have come; None where it never had one."""
        ...

    def save_digest_mark(self, mark: DigestMark) -> None:
        """Write how far a channel's digests have come."""
        ...

    def open_spells(self) -> list[CoverageSpell]:
        """Return the spells of low coverage that have not ended, by issue."""
        ...

    def save_spell(self, spell: CoverageSpell) -> None:
        """Write a spell; the same issue and beginning of notice again replaces it."""
        ...


class ActivityQueries(Protocol):
    """What happened in a span of time."""

    def activity(self, since: datetime, until: datetime) -> Activity:
        """Return what was polled, read, matched and changed from `since` on and before `until`, for every issue."""
        ...

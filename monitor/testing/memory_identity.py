"""Feeds' habits and servings in memory: the part of the FeedStore that core.identity and audits need."""

from __future__ import annotations

from datetime import datetime

from monitor.core.types import FeedKey, IdHabits, IdVerdict, Serving
from monitor.testing.memory_tables import Tables


class MemoryHabits:
    """Habits and servings of feeds."""

    _tables: Tables

    def habits(self, feed_key: FeedKey) -> IdHabits:
        """Return what the feed's ids were seen to do; all zero for a feed not yet read."""
        row = self._tables.habits.get(feed_key)
        return IdHabits() if row is None else row[0]

    def id_verdict(self, feed_key: FeedKey) -> IdVerdict | None:
        """Return by what the feed's items are known, and why; None for a feed not yet read."""
        row = self._tables.habits.get(feed_key)
        return None if row is None else row[1]

    def save_habits(self, feed_key: FeedKey, habits: IdHabits, verdict: IdVerdict, *, now: datetime) -> None:  # noqa: ARG002
        """Write a feed's habits and what follows from them."""
        self._tables.habits[feed_key] = (habits, verdict)

    def record_serving(self, serving: Serving) -> None:
        """Append to the record of what polls were served."""
        self._tables.servings[max(self._tables.servings, default=0) + 1] = serving

    def servings(self, feed_key: FeedKey, *, since: datetime, until: datetime) -> list[Serving]:
        """Return what polls of a feed were served from `since` on and before `until`, oldest first."""
        found = [serving for serving in self._tables.servings.values() if serving.feed_key == feed_key and since <= serving.at < until]
        return sorted(found, key=lambda serving: serving.at)

    def forget_servings(self, *, before: datetime) -> None:
        """Remove what polls were served before an instant."""
        for number in [number for number, serving in self._tables.servings.items() if serving.at < before]:
            del self._tables.servings[number]

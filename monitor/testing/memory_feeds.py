"""Feeds in memory, under the same contract as in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.hosts import host_of
from monitor.core.types import Feed, FeedKey, FeedState, Health, Poll
from monitor.errors import StoreError
from monitor.testing.memory_identity import MemoryHabits
from monitor.testing.memory_tables import FeedRow, Tables

#: What a feed whose address changed forgets, since it was learned of the old one. What the user was told of it is not forgotten.
_OF_ADDRESS = (
    "etag", "last_modified", "body_digest", "hints", "learned_interval_s", "is_304_doubted", "redirect_url", "n_redirects", "adopted_url",
    "last_error", "failing_since", "failure_weight", "health",
)  # fmt: skip


def _by_next_poll(state: FeedState) -> tuple[datetime, FeedKey]:
    return state.next_poll_at, state.feed.key


class MemoryFeedStore(MemoryHabits):
    """Feeds, their state and the record of polls."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def sync(self, feeds: Sequence[Feed], *, now: datetime) -> None:
        """Make the stored feeds those given; one whose address changed forgets what the old one taught, and its end, and is due now."""
        rows = self._tables.feeds
        for feed in feeds:
            known = rows.get(feed.key)
            state = known.state if known else FeedState(feed, next_poll_at=now)
            if state.feed.url != feed.url:
                fresh = FeedState(feed, next_poll_at=now)
                of_address = {name: getattr(fresh, name) for name in _OF_ADDRESS}
                state = replace(state, next_poll_at=now, **of_address)
            rows[feed.key] = FeedRow(replace(state, feed=feed))
        for key in rows.keys() - {feed.key for feed in feeds}:
            rows[key] = replace(rows[key], is_retired=True)

    def due(self, *, now: datetime, limit: int, host_limit: int | None = None, host_quiet_s: float = 0.0) -> list[FeedState]:
        """Return feeds with `next_poll_at <= now` that are neither gone nor retired, longest due first.

        Of one host no more than `host_limit`, and none where one of its feeds was asked within the last `host_quiet_s` seconds.
        """
        recently = now - timedelta(seconds=host_quiet_s)
        asked = {host_of(state.poll_url) for state in self.states() if state.last_poll_at is not None and state.last_poll_at > recently}
        taken: Counter[str] = Counter()
        ready = []
        for state in sorted(self._polled(), key=_by_next_poll):
            host = host_of(state.poll_url)
            is_held = host_quiet_s > 0 and host in asked
            if state.next_poll_at > now or is_held or (host_limit is not None and taken[host] >= host_limit):
                continue
            taken[host] += 1
            ready.append(state)
        return ready[:limit]

    def get(self, feed_keys: Collection[FeedKey]) -> dict[FeedKey, FeedState]:
        """Return the states of the feeds that exist."""
        return {state.feed.key: state for state in self.states() if state.feed.key in feed_keys}

    def of_host(self, host: str) -> list[FeedState]:
        """Return the feeds that are asked of a host and are neither gone nor retired, next poll first."""
        return sorted((state for state in self._polled() if host_of(state.poll_url) == host), key=_by_next_poll)

    def _polled(self) -> list[FeedState]:
        return [state for state in self.states() if state.health not in {Health.GONE, Health.RETIRED}]

    def states(self) -> list[FeedState]:
        """Return every feed's state, retired ones last, by key."""
        rows = sorted(self._tables.feeds.values(), key=lambda row: (row.is_retired, row.state.feed.key))
        return [replace(row.state, health=Health.RETIRED) if row.is_retired else row.state for row in rows]

    def save(self, state: FeedState) -> None:
        """Write a feed's state, not what the configuration says of it. Only `sync` brings a retired feed back."""
        known = self._tables.feeds.get(state.feed.key)
        if known is None:
            raise StoreError(f"the feed {state.feed.key!r} is unknown; list it in the configuration, and sync the feeds first")
        is_retired = state.health is Health.RETIRED
        written = replace(state, feed=known.state.feed, health=known.state.health if is_retired else state.health)
        self._tables.feeds[state.feed.key] = FeedRow(written, known.is_retired or is_retired)

    def record(self, poll: Poll) -> None:
        """Append to the record of polls."""
        self._tables.polls[max(self._tables.polls, default=0) + 1] = poll

    def polls(self, feed_key: FeedKey, *, limit: int) -> list[Poll]:
        """Return the latest polls of a feed, newest first."""
        newest = reversed([poll for poll in self._tables.polls.values() if poll.feed_key == feed_key])
        return sorted(newest, key=lambda poll: poll.at, reverse=True)[:limit]

    def forget_polls(self, *, before: datetime) -> int:
        """Remove the record of polls, and of what they were served, before an instant; return how many polls."""
        self.forget_servings(before=before)
        past = [number for number, poll in self._tables.polls.items() if poll.at < before]
        for number in past:
            del self._tables.polls[number]
        return len(past)

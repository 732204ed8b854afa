"""Feeds, their state and the record of polls, in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from monitor.core.hosts import host_of
from monitor.core.types import Feed, FeedKey, FeedState, Health, IdHabits, IdVerdict, Poll, Serving
from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.codec import from_columns, to_columns
from monitor.store.statements import chunks, insert_once, insert_or_replace

#: What a feed whose address changed forgets, since it was learned of the old one. What the user was told of it is not forgotten.
_OF_ADDRESS = (
    "etag", "last_modified", "body_digest", "hints", "learned_interval_s", "is_304_doubted", "redirect_url", "n_redirects", "adopted_url",
    "last_error", "failing_since", "failure_weight", "health",
)  # fmt: skip

_SAVE = update(schema.feeds).where(schema.feeds.c.feed_key == bindparam("saved_key"))

# Inline: nobody asks for the number of the row.
_RECORD, _RECORD_SERVING = schema.polls.insert().inline(), schema.servings.insert().inline()
_HABITS = select(schema.feed_habits).where(schema.feed_habits.c.feed_key == bindparam("wanted"))


class SqlFeedStore:
    """The FeedStore of one transaction. Being retired is kept beside a feed's health, which is there again when it is listed again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sync(self, feeds: Sequence[Feed], *, now: datetime) -> None:
        """Make the stored feeds those given; one whose address changed forgets what the old one taught, and its end, and is due now."""
        table = schema.feeds
        stored = {row.feed_key: row for row in self._connection.execute(select(table.c.feed_key, table.c.url))}
        for feed in feeds:
            columns = to_columns(feed) | {"is_retired": False}
            key = columns.pop("key")
            known = stored.get(key)
            if known is None:
                state = to_columns(FeedState(feed, next_poll_at=now))
                insert_once(self._connection, table, state | columns | {"feed_key": key, "host": host_of(feed.url)})
                continue
            if known.url != feed.url:
                fresh = to_columns(FeedState(feed, next_poll_at=now))
                columns |= {name: fresh[name] for name in _OF_ADDRESS} | {"host": host_of(feed.url), "next_poll_at": now}
            self._connection.execute(update(table).where(table.c.feed_key == key).values(columns))
        for keys in chunks(stored.keys() - {feed.key for feed in feeds}):
            self._connection.execute(update(table).where(table.c.feed_key.in_(keys)).values(is_retired=True))

    def due(self, *, now: datetime, limit: int, host_limit: int | None = None, host_quiet_s: float = 0.0) -> list[FeedState]:
        """Return feeds with `next_poll_at <= now` that are neither gone nor retired, longest due first.

        Of one host no more than `host_limit`, and none where one of its feeds was asked within the last `host_quiet_s` seconds.
        """
        table = schema.feeds
        order = table.c.next_poll_at, table.c.feed_key
        place = func.row_number().over(partition_by=table.c.host, order_by=order).label("place")
        is_due = table.c.next_poll_at <= now, table.c.health != Health.GONE.value, table.c.is_retired.is_(False)
        ready = select(table, place).where(*is_due)
        if host_quiet_s > 0:
            asked = select(table.c.host).where(table.c.last_poll_at > now - timedelta(seconds=host_quiet_s))
            ready = ready.where(table.c.host.not_in(asked))
        rows = ready.subquery()
        statement = select(rows).order_by(rows.c.next_poll_at, rows.c.feed_key).limit(limit)
        if host_limit is not None:
            statement = statement.where(rows.c.place <= host_limit)
        return [_state(row) for row in self._connection.execute(statement)]

    def get(self, feed_keys: Collection[FeedKey]) -> dict[FeedKey, FeedState]:
        """Return the states of the feeds that exist."""
        table = schema.feeds
        rows = (row for piece in chunks(feed_keys) for row in self._connection.execute(select(table).where(table.c.feed_key.in_(piece))))
        return {state.feed.key: state for state in map(_state, rows)}

    def of_host(self, host: str) -> list[FeedState]:
        """Return the feeds that are asked of a host and are neither gone nor retired, next poll first."""
        table = schema.feeds
        is_polled = table.c.host == host, table.c.health != Health.GONE.value, table.c.is_retired.is_(False)
        rows = self._connection.execute(select(table).where(*is_polled).order_by(table.c.next_poll_at, table.c.feed_key))
        return [_state(row) for row in rows]

    def states(self) -> list[FeedState]:
        """Return every feed's state, retired ones last, by key."""
        table = schema.feeds
        return [_state(row) for row in self._connection.execute(select(table).order_by(table.c.is_retired, table.c.feed_key))]

    def save(self, state: FeedState) -> None:
        """Write a feed's state, not what the configuration says of it. Only `sync` brings a retired feed back."""
        columns = to_columns(state)
        del columns["feed"]
        columns["host"] = host_of(state.poll_url)
        if state.health is Health.RETIRED:
            del columns["health"]
            columns["is_retired"] = True
        # The statement is made once, and told apart by the names of its values: building it anew costs more than running it.
        written = self._connection.execute(_SAVE, columns | {"saved_key": state.feed.key})
        if written.rowcount == 0:
            raise StoreError(f"the feed {state.feed.key!r} is unknown; list it in the configuration, and sync the feeds first")

    def record(self, poll: Poll) -> None:
        """Append to the record of polls."""
        self._connection.execute(_RECORD, to_columns(poll))

    def polls(self, feed_key: FeedKey, *, limit: int) -> list[Poll]:
        """Return the latest polls of a feed, newest first."""
        table = schema.polls
        newest = table.c.at.desc(), table.c.poll_number.desc()
        rows = self._connection.execute(select(table).where(table.c.feed_key == feed_key).order_by(*newest).limit(limit))
        return [from_columns(Poll, row._mapping) for row in rows]

    def forget_polls(self, *, before: datetime) -> int:
        """Remove the record of polls, and of what they were served, before an instant; return how many polls."""
        self._connection.execute(delete(schema.servings).where(schema.servings.c.at < before))
        return self._connection.execute(delete(schema.polls).where(schema.polls.c.at < before)).rowcount

    def habits(self, feed_key: FeedKey) -> IdHabits:
        """Return what the feed's ids were seen to do; all zero for a feed not yet read."""
        row = self._habits_row(feed_key)
        return IdHabits() if row is None else from_columns(IdHabits, row._mapping)

    def id_verdict(self, feed_key: FeedKey) -> IdVerdict | None:
        """Return by what the feed's items are known, and why; None for a feed not yet read."""
        row = self._habits_row(feed_key)
        return None if row is None else from_columns(IdVerdict, row._mapping)

    def save_habits(self, feed_key: FeedKey, habits: IdHabits, verdict: IdVerdict, *, now: datetime) -> None:
        """Write a feed's habits and what follows from them."""
        columns = to_columns(habits) | to_columns(verdict)
        insert_or_replace(self._connection, schema.feed_habits, columns | {"feed_key": feed_key, "updated_at": now})

    def record_serving(self, serving: Serving) -> None:
        """Append to the record of what polls were served."""
        self._connection.execute(_RECORD_SERVING, to_columns(serving))

    def servings(self, feed_key: FeedKey, *, since: datetime, until: datetime) -> list[Serving]:
        """Return what polls of a feed were served from `since` on and before `until`, oldest first."""
        table = schema.servings
        statement = select(table).where(table.c.feed_key == feed_key, table.c.at >= since, table.c.at < until)
        rows = self._connection.execute(statement.order_by(table.c.at, table.c.serving_number))
        return [from_columns(Serving, row._mapping) for row in rows]

    def _habits_row(self, feed_key: FeedKey) -> Row[Any] | None:
        return self._connection.execute(_HABITS, {"wanted": feed_key}).one_or_none()


def _state(row: Row[Any]) -> FeedState:
    columns = dict(row._mapping)
    columns["feed"] = columns | {"key": columns["feed_key"]}
    if columns["is_retired"]:
        columns["health"] = Health.RETIRED.value
    return from_columns(FeedState, columns)

"""How the channels fare, and the threads on them, in the database."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, delete, select

from monitor.core.types import ChannelState, IssueKey, Thread
from monitor.store import schema
from monitor.store.codec import from_columns, to_columns
from monitor.store.statements import insert_or_replace


class SqlChannelStore:
    """The ChannelStore of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def state(self, channel: str) -> ChannelState:
        """Return how a channel fares; one that was never written works."""
        table = schema.channels
        row = self._connection.execute(select(table).where(table.c.channel == channel)).one_or_none()
        return ChannelState(channel) if row is None else from_columns(ChannelState, row._mapping)

    def states(self) -> list[ChannelState]:
        """Return every channel that was ever written, by name."""
        table = schema.channels
        return [from_columns(ChannelState, row._mapping) for row in self._connection.execute(select(table).order_by(table.c.channel))]

    def save(self, state: ChannelState) -> None:
        """Write how a channel fares."""
        insert_or_replace(self._connection, schema.channels, to_columns(state))

    def thread(self, issue_key: IssueKey, channel: str) -> Thread | None:
        """Return an issue's thread on a channel; None where none was opened."""
        row = self._connection.execute(select(schema.threads).where(_named(issue_key, channel))).one_or_none()
        return None if row is None else from_columns(Thread, row._mapping)

    def save_thread(self, thread: Thread) -> None:
        """Write a thread, in place of the one before."""
        insert_or_replace(self._connection, schema.threads, to_columns(thread))

    def forget_thread(self, issue_key: IssueKey, channel: str) -> None:
        """Remove a thread, so that the issue's next alert opens a new one."""
        self._connection.execute(delete(schema.threads).where(_named(issue_key, channel)))


def _named(issue_key: IssueKey, channel: str) -> ColumnElement[bool]:
    return and_(schema.threads.c.issue_key == issue_key, schema.threads.c.channel == channel)

"""A store and a board whose user may die at any step: before and after transactions, commits and calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from monitor.core.types import Alert, Post
from monitor.ports import Board, Transaction, UnitOfWork

T = TypeVar("T")
#: Told of each step as it comes (see `MortalUnitOfWork` and `MortalBoard`); ends the process, or raises, where it is to end.
Meet = Callable[[str], None]


@dataclass
class MortalUnitOfWork:
    """A store whose user meets `begin` before a transaction, `commit` just before its end and `committed` after it."""

    inner: UnitOfWork
    meet: Meet

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction."""
        self.meet("begin")
        with self.inner.transaction() as store:
            yield store
            self.meet("commit")
        self.meet("committed")

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a view."""
        with self.inner.reading() as store:
            yield store


@dataclass
class MortalBoard:
    """A channel whose user meets `call` before whatever it asks, and `posted`, `found` or `edited` after it."""

    inner: Board
    meet: Meet

    @property
    def channel(self) -> str:
        """Its name."""
        return self.inner.channel

    @property
    def gap_s(self) -> float:
        """Its gap."""
        return self.inner.gap_s

    def send(self, alert: Alert) -> str | None:
        """Post an alert by itself."""
        return self._live("posted", lambda: self.inner.send(alert))

    def post(self, post: Post) -> str:
        """Post."""
        return self._live("posted", lambda: self.inner.post(post))

    def find(self, post: Post, *, since: datetime) -> str | None:
        """Look."""
        return self._live("found", lambda: self.inner.find(post, since=since))

    def edit(self, receipt: str, post: Post) -> None:
        """Edit."""
        self._live("edited", lambda: self.inner.edit(receipt, post))

    def check(self) -> str:
        """Say what the board says."""
        return self.inner.check()

    def _live(self, step: str, call: Callable[[], T]) -> T:
        self.meet("call")
        result = call()
        self.meet(step)
        return result

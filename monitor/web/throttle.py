"""Slows down guessing: how many failed sign-ins one address, and one user, may have. Pure but for what it remembers."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

#: Failures within the window after which no password is looked at: enough for typing errors, too few to guess 12 characters.
MAX_FAILURES = 5
WINDOW = timedelta(minutes=15)
#: Addresses remembered; a flood of others must not fill the memory.
MAX_REMEMBERED = 10_000


@dataclass
class Throttle:
    """Failed tries by address or user."""

    _failures: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait_s(self, *keys: str, now: datetime) -> float:
        """Return the seconds until one of the keys may try again; 0 where it may now."""
        with self._lock:
            return max((self._wait_s(key, now) for key in keys), default=0.0)

    def failed(self, *keys: str, now: datetime) -> None:
        """Remember a failed try of the keys."""
        with self._lock:
            for key in keys:
                recent = [at for at in self._failures.pop(key, []) if at > now - WINDOW]
                self._failures[key] = [*recent, now][-MAX_FAILURES:]
            while len(self._failures) > MAX_REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        """Forget the failed tries of the keys."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait_s(self, key: str, now: datetime) -> float:
        recent = [at for at in self._failures.get(key, []) if at > now - WINDOW]
        return (recent[0] + WINDOW - now).total_seconds() if len(recent) >= MAX_FAILURES else 0.0

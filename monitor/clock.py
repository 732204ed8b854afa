"""The system's clock: the one place that asks for the time, and that waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock that everything else is to ask.

    def wait(self, seconds: float) -> None:
        """Let seconds pass."""
        time.sleep(max(0.0, seconds))

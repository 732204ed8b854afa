"""Alerts on standard output, for people who try the monitor before they connect Slack."""

from __future__ import annotations

import sys
from typing import TextIO

from monitor.core.types import Alert
from monitor.notify.plain import plain_text


class ConsoleNotifier:
    """Prints alerts; it cannot fail but for a closed pipe."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Print to `stream`; None: standard output."""
        self._stream = stream

    @property
    def channel(self) -> str:
        """`console`."""
        return "console"

    def send(self, alert: Alert) -> str | None:
        """Print the alert between rules."""
        stream = self._stream or sys.stdout
        rule = "─" * 78
        print(rule, plain_text(alert), rule, sep="\n", file=stream, flush=True)
        return None

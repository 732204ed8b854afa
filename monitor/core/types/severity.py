"""How much attention an alert asks for."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How much attention an alert asks for, least first."""

    MINOR = "minor"
    NOTABLE = "notable"
    MAJOR = "major"

    @property
    def rank(self) -> int:
        """Place among the severities, 0 for the least."""
        return list(Severity).index(self)

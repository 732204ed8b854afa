"""Phases (the universal steps of a matter), statuses (their names on one ladder) and ladders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """A universal step of a matter; what a status of any ladder stands for."""

    PROPOSED = "proposed"
    TALKS = "talks"
    AGREED_IN_PRINCIPLE = "agreed_in_principle"
    ANNOUNCED = "announced"
    ADOPTED = "adopted"
    IN_EFFECT = "in_effect"
    COMPLETED = "completed"
    POSTPONED = "postponed"
    STALLED = "stalled"
    CONTESTED = "contested"
    DENIED = "denied"
    COLLAPSED = "collapsed"
    REVERSED = "reversed"

    @property
    def is_forward(self) -> bool:
        """Whether the phase lies on the forward line, from proposed to completed."""
        return self in FORWARD

    @property
    def rank(self) -> int:
        """Place on the forward line, 0 to 6; -1 for sideways and backward phases."""
        return FORWARD.index(self) if self in FORWARD else -1


#: The forward line, in order.
FORWARD = (
    Phase.PROPOSED,
    Phase.TALKS,
    Phase.AGREED_IN_PRINCIPLE,
    Phase.ANNOUNCED,
    Phase.ADOPTED,
    Phase.IN_EFFECT,
    Phase.COMPLETED,
)


@dataclass(frozen=True, slots=True)
class Status:
    """A ladder's named step."""

    key: str
    label: str
    phase: Phase
    #: Example sentences that tell this status from a neighbour of the same phase.
    cues: tuple[str, ...]
    #: Keys of the statuses that it may follow; empty means any.
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """The statuses of one kind of matter, forward ones in order, then sideways and backward ones."""

    key: str
    label: str
    statuses: tuple[Status, ...]

    def status(self, key: str) -> Status:
        """Return the status with this key. Raises KeyError where the ladder has none."""
        for status in self.statuses:
            if status.key == key:
                return status
        raise KeyError(key)

    def of_phase(self, phase: Phase) -> tuple[Status, ...]:
        """Return the statuses of a phase, in ladder order; empty where the ladder has none."""
        return tuple(status for status in self.statuses if status.phase is phase)

"""How likely an article has moved its matter to a phase: what its sentences tell, how far it is about the matter, and the course so far.

The numbers go into a forest of trees that was grown on the written storylines (`training.judge`), never on real ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitor.core.forest import Forest
from monitor.core.ladder import Phase
from monitor.core.telling import KINDS, N_PHASES
from monitor.core.types import Evidence, FloatArray, IssueState, Place, Signal, Stance

PHASES = tuple(Phase)
#: Phases that an analyst would call the same step, told in other words.
FAMILY = {
    Phase.PROPOSED: 0,
    Phase.TALKS: 0,
    Phase.AGREED_IN_PRINCIPLE: 1,
    Phase.ANNOUNCED: 2,
    Phase.ADOPTED: 2,
    Phase.IN_EFFECT: 3,
    Phase.COMPLETED: 3,
    Phase.POSTPONED: 4,
    Phase.STALLED: 4,
    Phase.CONTESTED: 4,
    Phase.DENIED: 5,
    Phase.COLLAPSED: 6,
    Phase.REVERSED: 6,
}
#: Family of the phases in which a matter is held up.
SETBACK = FAMILY[Phase.STALLED]
#: Least probability for a phase to be asked about, and how many are asked about.
LEAST, MOST = 0.12, 4
#: How many more the article as a whole may add.
MOST_TOLD = 3
#: Number of features that come from the article as a whole: the last of a row.
N_TOLD = 6 + len(KINDS)
#: Days since the last change beyond which more make no difference.
MAX_DAYS = 60.0
_TOLD = (tuple(Stance).index(Stance.ASSERTED), tuple(Stance).index(Stance.ATTRIBUTED))


@dataclass(frozen=True, slots=True)
class Course:
    """Where a matter stands and has been, as far as judging needs it."""

    phase: Phase
    held: frozenset[Phase]
    #: Days since the last change, or since the first article.
    days: float

    @property
    def furthest(self) -> int:
        """Rank of the furthest forward phase so far; -1 for none."""
        return max((phase.rank for phase in {self.phase, *self.held}), default=-1)


@dataclass(frozen=True, slots=True)
class Judge:
    """A trained forest, with the name of what it was grown on."""

    forest: Forest
    version: str

    def probabilities(self, evidence: Evidence, course: Course) -> dict[Phase, float]:
        """Return the probability of each candidate phase that the article has just moved the matter there."""
        return {phase: self.forest.probability(features(evidence, course, phase)) for phase in candidates(evidence)}


def course_of(state: IssueState, phase: Phase, held: frozenset[Phase], evidence: Evidence) -> Course:
    """Return the course of an issue at the time of a piece of evidence."""
    days = (evidence.published_at - state.since).total_seconds() / 86_400 if state.since else 0.0
    return Course(phase, held, max(0.0, days))


def candidates(evidence: Evidence) -> tuple[Phase, ...]:
    """Return the phases worth asking about: what sentences tell, likeliest first, then what the article as a whole tells.

    That something is proposed moves no matter that already stands somewhere.
    """
    best = np.zeros(N_PHASES, np.float32)
    for signal in evidence.signals:
        best = np.maximum(best, np.array(signal.phases, np.float32) * np.float32(0.5 if signal.place is Place.BODY else 1.0))
    whole = np.array(evidence.told[:N_PHASES] or [0.0] * N_PHASES, np.float32)
    return tuple(dict.fromkeys((*_likeliest(best, MOST), *_likeliest(whole, MOST_TOLD))))


def _likeliest(chances: FloatArray, most: int) -> tuple[Phase, ...]:
    order = [PHASES[number - 1] for number in np.argsort(-chances, kind="stable") if number > 0 and chances[number] >= LEAST]
    return tuple(phase for phase in order if phase is not Phase.PROPOSED)[:most]


def features(evidence: Evidence, course: Course, phase: Phase) -> FloatArray:
    """Return the numbers that the forest weighs for one candidate phase: (n,) float32."""
    column = 1 + PHASES.index(phase)
    kin = [1 + number for number, other in enumerate(PHASES) if FAMILY[other] == FAMILY[phase] and other is not Phase.PROPOSED]
    by_place = {place: [signal for signal in evidence.signals if signal.place is place] for place in Place}
    heads, leads, bodies = by_place[Place.HEADLINE], by_place[Place.LEAD], by_place[Place.BODY]
    # A flash has no lead and some feeds no headline: what is there then speaks for both.
    head = (heads or leads or bodies)[0]
    lead = max(leads or [head], key=lambda signal: signal.phases[column])
    body = max((signal.phases[column] * told(signal) for signal in bodies), default=0.0)
    at_head, at_lead = head.phases[column], lead.phases[column]
    done_head, done_lead = at_head * told(head), at_lead * told(lead)
    row = [
        at_head,
        at_lead,
        body,
        sum(head.phases[number] for number in kin),
        sum(lead.phases[number] for number in kin),
        done_head,
        done_lead,
        max(done_head, done_lead),
        min(done_head, done_lead),
        (done_head * done_lead) ** 0.5,
        *head.stances[2:],
        *lead.stances[2:],
        head.phases[0],
        lead.phases[0],
        at_head - max(value for number, value in enumerate(head.phases) if number != column),
        at_lead - max(value for number, value in enumerate(lead.phases) if number != column),
        head.phases[1],
        lead.phases[1],
        float(bool(heads)),
        float(bool(leads)),
        float(phase is course.phase),
        float(FAMILY[phase] == FAMILY[course.phase]),
        float(phase in course.held),
        float(phase.is_forward and course.phase.is_forward and phase.rank < course.phase.rank),
        float(phase.is_forward and phase.rank <= course.furthest and phase is not course.phase),
        float(course.phase.is_forward),
        float(phase.rank),
        float(course.phase.rank),
        float(course.furthest),
        float(FAMILY[course.phase]),
        float(FAMILY[phase]),
        float(PHASES.index(phase)),
        float(PHASES.index(course.phase)),
        min(course.days, MAX_DAYS),
        *(head if done_head >= done_lead else lead).likeness,
        *evidence.aboutness,
        *_told_features(evidence.told, course, phase),
    ]
    return np.array(row, dtype=np.float32)


def _told_features(chances: Sequence[float], course: Course, phase: Phase) -> list[float]:
    """Return what the article as a whole tells of this phase, of its family, of no step, of the present phase, and what it is to the matter."""
    at, by_family = dict(zip(PHASES, chances[1:N_PHASES], strict=True)), dict.fromkeys(FAMILY.values(), 0.0)
    for other, chance in at.items():
        by_family[FAMILY[other]] += chance
    return [
        at[phase],
        by_family[FAMILY[phase]],
        chances[0],
        at[phase] - max(chance for other, chance in at.items() if other is not phase),
        at[course.phase],
        by_family[FAMILY[course.phase]],
        *chances[N_PHASES:],
    ]


def doubted(chance: float, log_odds: float) -> float:
    """Return a probability, 0 to 1, with some log-odds taken off; added where they are negative."""
    if not 0.0 < chance < 1.0:
        return chance
    return 1.0 / (1.0 + (1.0 - chance) / chance * math.exp(log_odds))


def told(signal: Signal) -> float:
    """Return the probability that a sentence tells its step as done, by the outlet's word or another's."""
    return sum(signal.stances[number] for number in _TOLD)

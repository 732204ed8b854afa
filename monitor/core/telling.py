"""What an article, read as a whole beside its matter, tells: the numbers and their names."""

from __future__ import annotations

from monitor.core.ladder import Phase

#: What an article is to the matter. The first tells a step, new or again; the others tell none.
KINDS = ("told", "detail", "hedge", "background", "colour", "look-alike", "unrelated", "denied")
#: What each number means, in order: probabilities that the article tells of no step of this matter, or of each phase; then of each kind.
NAMES = ("no step", *(phase.value for phase in Phase), *KINDS)
N_PHASES = 1 + len(Phase)

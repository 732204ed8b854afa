"""What a replay's changes are worth against a storyline's labels.

A labelled change is *hit* by the first said change of the same phase (strict) or phase family (lenient) whose article lies between it and
the next labelled change. What hits nothing is a false alarm; one raised by an article that is not on the matter is a leak as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from monitor.core.judging import FAMILY
from monitor.core.ladder import Phase
from monitor.core.types import ArticleId, Change, ChangeKind
from monitor.jobs.replay import Replay
from monitor.training.corpus import Item, Storyline

#: Kinds of change that claim a movement of the status.
MOVES = frozenset({ChangeKind.STATUS, ChangeKind.DENIAL})


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over one or more storylines, from which the rates follow."""

    n_storylines: int = 0
    n_wanted: int = 0
    n_said: int = 0
    n_strict: int = 0
    n_lenient: int = 0
    n_leaks: int = 0
    #: Articles on the matter that are no change, and those of them that raised nothing.
    n_calm: int = 0
    n_quiet: int = 0
    #: Articles on the matter, and those of them that were matched; others, and those of them that were matched.
    n_on_matter: int = 0
    n_on_matter_matched: int = 0
    n_other: int = 0
    n_other_matched: int = 0
    #: Articles on the matter between a labelled change and its hit.
    delays: tuple[int, ...] = ()

    def __add__(self, other: Score) -> Score:
        """Return the counts together."""
        return Score(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @staticmethod
    def _rates(hits: int, said: int, wanted: int) -> tuple[float, float, float]:
        precision = hits / said if said else 0.0
        recall = hits / wanted if wanted else 0.0
        return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0

    @property
    def lenient(self) -> tuple[float, float, float]:
        """Precision, recall and F1 by phase family."""
        return self._rates(self.n_lenient, self.n_said, self.n_wanted)

    @property
    def strict(self) -> tuple[float, float, float]:
        """Precision, recall and F1 by phase."""
        return self._rates(self.n_strict, self.n_said, self.n_wanted)

    @property
    def false_alarms(self) -> float:
        """False alarms a storyline."""
        return (self.n_said - self.n_lenient) / max(1, self.n_storylines)

    @property
    def quiet_share(self) -> float:
        """Share of the calm articles on the matter that raised nothing."""
        return self.n_quiet / max(1, self.n_calm)

    @property
    def relevance_recall(self) -> float:
        """Share of the articles on the matter that were matched."""
        return self.n_on_matter_matched / max(1, self.n_on_matter)

    @property
    def relevance_leakage(self) -> float:
        """Share of the other articles that were matched."""
        return self.n_other_matched / max(1, self.n_other)

    @property
    def median_delay(self) -> float:
        """Median number of articles on the matter from a labelled change to its hit."""
        return median(self.delays) if self.delays else 0.0


def score(storyline: Storyline, replay: Replay) -> Score:
    """Score one replay."""
    items = [item for item in storyline.items if item.is_on_matter and item.mark != "S"]
    gold = [number for number, item in enumerate(items) if item.mark == "*"]
    said = [change for change in replay.changes if change.kind in MOVES]
    place = {item.article.article_id: number for number, item in enumerate(items)}
    matched = {step.article.article_id for step in replay.steps if step.match.is_match}
    raised = {change.article_id for change in said}
    calm = [item for item in items if item.mark != "*"]
    others = [item for item in storyline.items if not item.is_on_matter]
    lenient = align(items, gold, said, place, lambda first, second: FAMILY[first] == FAMILY[second])
    return Score(
        n_storylines=1,
        n_wanted=len(gold),
        n_said=len(said),
        n_strict=len(align(items, gold, said, place, lambda first, second: first is second)),
        n_lenient=len(lenient),
        n_leaks=sum(change.article_id not in place for change in said),
        n_calm=len(calm),
        n_quiet=sum(item.article.article_id not in raised for item in calm),
        n_on_matter=len(items),
        n_on_matter_matched=sum(item.article.article_id in matched for item in items),
        n_other=len(others),
        n_other_matched=sum(item.article.article_id in matched for item in others),
        delays=tuple(delay for _, _, delay in lenient),
    )


def align(
    items: Sequence[Item],
    gold: Sequence[int],
    said: Sequence[Change],
    place: Mapping[ArticleId, int],
    is_same: Callable[[Phase, Phase], bool],
) -> list[tuple[int, int, int]]:
    """Return (index in `gold`, index in `said`, delay in items) of the hits, one to one, earliest first."""
    taken: set[int] = set()
    hits = []
    for number, start in enumerate(gold):
        end = gold[number + 1] if number + 1 < len(gold) else len(items)
        wanted = items[start].phase
        for index, change in enumerate(said):
            at = place.get(change.article_id, -1)
            if index not in taken and start <= at < end and wanted is not None and is_same(wanted, change.to_phase):
                taken.add(index)
                hits.append((number, index, at - start))
                break
    return hits


def total(scores: Iterable[Score]) -> Score:
    """Return the counts of all storylines together."""
    return sum(scores, Score())

"""Growing a judge: the exported forest says what the library's own model says, and walks are labelled by the course."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from monitor.config.files import load_ladders
from monitor.core import telling
from monitor.core.aboutness import NAMES
from monitor.core.judging import PHASES, Course, Judge
from monitor.core.ladder import Phase
from monitor.core.types import FloatArray, Place, Signal, Stance
from monitor.training import judge as growing
from monitor.training import walks
from monitor.training.corpus import load_storyline
from tests.builders import ROOT, make_evidence
from tests.core.trees import leaf, log_odds, split
from tests.examples import NOON

SMALL = growing.Size(20, 10, 10)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "FIRST", SMALL)
    monkeypatch.setattr(growing, "SECOND", SMALL)


def data() -> tuple[FloatArray, np.ndarray]:
    rng = np.random.default_rng(11)
    rows = rng.normal(size=(400, 6)).astype(np.float32)
    rows[:, 3] = np.round(rows[:, 3])
    return rows, (rows[:, 0] + rows[:, 1] * rows[:, 3] + 0.3 * rng.normal(size=400) > 0.4).astype(int)


@pytest.mark.parametrize("n_forests", [1, 3])
def test_the_exported_forest_gives_the_librarys_own_probabilities(n_forests: int) -> None:
    rows, labels = data()
    forest = growing._forest(rows, labels, SMALL, n_forests)
    assert (forest.n_forests, len(forest.roots)) == (n_forests, 20 * n_forests)
    models = [
        HistGradientBoostingClassifier(
            max_iter=20,
            learning_rate=growing.LEARNING_RATE,
            max_leaf_nodes=SMALL.n_leaves,
            min_samples_leaf=10,
            l2_regularization=growing.SMOOTHING,
            max_features=growing.SHARE_OF_FEATURES,
            early_stopping=False,
            random_state=walks.SEED + number,
        ).fit(rows, labels)
        for number in range(n_forests)
    ]
    unseen = np.random.default_rng(12).normal(size=(200, 6)).astype(np.float32)
    found = [forest.probability(row) for row in unseen]
    raw = np.mean([model.decision_function(unseen) for model in models], axis=0)
    assert found == pytest.approx(list(1 / (1 + np.exp(-raw))), abs=1e-5)
    if n_forests == 1:
        assert found == pytest.approx(list(models[0].predict_proba(unseen)[:, 1]), abs=1e-5)


#: Every article as a whole tells of a signed pact too.
TOLD = (0.1, *(0.9 if phase is Phase.ADOPTED else 0.0 for phase in PHASES), 1.0, *(0.0 for _ in telling.KINDS[1:]))


def test_two_forests_mixed_give_the_mean_of_their_log_odds() -> None:
    first, second = split(0, 0.5, low=0.2, high=0.9), split(1, 0.0, low=0.6, high=0.3)
    for share in (0.0, 0.3, 1.0):
        both = growing.mixed(first, second, share)
        for row in ([0.0, -1.0], [1.0, -1.0], [0.0, 1.0], [1.0, 1.0]):
            values = np.array(row, np.float32)
            expected = (1 - share) * log_odds(first.probability(values)) + share * log_odds(second.probability(values))
            assert log_odds(both.probability(values)) == pytest.approx(expected, abs=1e-5)


STORYLINE = """title: Will the duties end?
ladder: agreement

S|2026-03-01T12:00:00Z|talks|Wire|Talks open|
=repeat|2026-03-02T12:00:00Z|talks|Gazette|Talks are open|
*|2026-03-03T12:00:00Z|adopted|Wire|Pact signed|
=repeat|2026-03-04T12:00:00Z|adopted|Gazette|Pact is signed|
-|2026-03-05T12:00:00Z|-|Herald|Another pact signed|
"""


def walk_of(tmp_path: Path) -> walks.Walk:
    """The storyline above, in which every article after the seed tells plainly of a signed pact."""
    path = tmp_path / "duties.txt"
    path.write_text(STORYLINE, encoding="utf-8")
    storyline = load_storyline(path, load_ladders(ROOT / "config" / "ladders"))
    phases = (0.1, *(0.9 if phase is Phase.ADOPTED else 0.0 for phase in PHASES))
    stances = tuple(float(stance is Stance.ASSERTED) for stance in Stance)
    signals = tuple(Signal(place, phases, stances, (0.5, 0.5)) for place in (Place.HEADLINE, Place.LEAD))
    steps = tuple(
        walks.Read(
            item,
            whole := make_evidence(
                article_id=item.article.article_id,
                published_at=NOON + timedelta(days=number),
                signals=signals,
                aboutness=(0.5,) * len(NAMES),
                told=TOLD,
            ),
            replace(whole, signals=signals[:1]),
        )
        for number, item in enumerate(storyline.items[1:])
    )
    return walks.Walk(storyline, Course(Phase.TALKS, frozenset(), 0.0), steps)


def test_a_walk_by_the_labels_wants_each_change_once(tmp_path: Path) -> None:
    rows, labels, moves = growing.rows_of(walk_of(tmp_path), None)
    assert len(rows) == len(labels) == 4
    assert labels == [0, 1, 0, 0]
    assert moves == []


def test_a_walk_by_a_judge_wants_what_it_has_not_said_yet(tmp_path: Path) -> None:
    walk = walk_of(tmp_path)
    _, labels, moves = growing.rows_of(walk, Judge(leaf(0.9), "hasty"))
    # It moved on at the first article, so that it stands where the change leads when the change comes.
    assert [(item.article.title, phase) for item, phase in moves] == [("Talks are open", Phase.ADOPTED)]
    assert labels == [0, 0, 0, 0]
    _, labels, moves = growing.rows_of(walk, Judge(leaf(0.1), "deaf"))
    # Nobody said it, so that the repeat may still say it; another matter's pact may not.
    assert (labels, moves) == ([0, 1, 1, 0], [])


def test_flashes_take_the_place_of_their_articles(tmp_path: Path) -> None:
    walk = walk_of(tmp_path)
    flashed = growing.flashes(walk)
    assert [len(step.evidence.signals) for step in walk.steps] == [2] * len(walk.steps)
    assert [step.evidence for step in flashed.steps] == [step.flash for step in walk.steps]


def test_a_grown_forest_tells_told_from_untold(small: None, tmp_path: Path) -> None:
    walk = walk_of(tmp_path)
    forest = growing.grow([walk] * 30)
    rows, _, _ = growing.rows_of(walk, None)
    chances = [forest.probability(row) for row in rows]
    assert all(0.0 < chance < 1.0 for chance in chances)
    assert chances[1] > chances[2]

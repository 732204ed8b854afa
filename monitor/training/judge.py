"""Grow the judge's forest on the storyline corpus: `python -m monitor.training.judge`.

Each storyline is walked as the daemon would, articles of other storylines strewn in as the rest of the world's news. For each article and
each phase that its sentences may tell, one row of `core.judging.features`, with the label: is the matter now in that phase's family, and
has nobody said so yet? Two walks: by the true course, then by the course that the first forest takes, so that it learns to live with its
own mistakes. `--held-out` grows it on four fifths of the storylines and prints the score on the fifth instead of writing weights.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.ensemble import HistGradientBoostingClassifier

from monitor.app import App
from monitor.config import load_settings
from monitor.core.forest import Forest
from monitor.core.judging import FAMILY, N_TOLD, Course, Judge, candidates, features
from monitor.core.ladder import Phase
from monitor.core.types import FloatArray
from monitor.reader.judge import WEIGHTS
from monitor.training.corpus import CORPUS, Item, digest_of, load_storylines
from monitor.training.walks import SEED, Walk, read_all

#: Part of the judge's word (as log-odds) that comes from a second, smaller judge: it does not hear the matter head, is grown on the storylines of
#: varied style only, and sees fewer strewn articles. The two err differently, on real streams above all (docs/accuracy.md).
SECOND_SHARE, SECOND_FILES, SECOND_STREWN, SECOND_SEED = 0.3, "abcdefg", 0.35, 3
LEARNING_RATE, SMOOTHING, SHARE_OF_FEATURES, N_FORESTS = 0.06, 5.0, 0.5, 3
#: Probability at which the walk by the forest's own course moves on.
WALK_AT = 0.5


def rows_of(walk: Walk, judge: Judge | None) -> tuple[list[FloatArray], list[int], list[tuple[Item, Phase]]]:
    """Walk a storyline by its labels, or by a judge; return rows, their labels, and the moves made."""
    rows: list[FloatArray] = []
    labels: list[int] = []
    moves: list[tuple[Item, Phase]] = []
    course, true_phase, is_said = walk.start, walk.start.phase, True
    since = walk.steps[0].evidence.published_at if walk.steps else None
    for step in walk.steps:
        item, at = step.item, step.evidence.published_at
        if item.mark == "*" and item.phase is not None:
            true_phase, is_said = item.phase, False
        days = max(0.0, (at - since).total_seconds() / 86_400) if since else 0.0
        course = replace(course, days=days)
        chances: dict[Phase, float] = {}
        for phase in candidates(step.evidence):
            row = features(step.evidence, course, phase)
            is_right = item.is_on_matter and not is_said and FAMILY[phase] == FAMILY[true_phase] and phase is not course.phase
            rows.append(row)
            labels.append(int(is_right))
            if judge is not None and phase is not course.phase:
                chances[phase] = judge.forest.probability(row)
        moved = item.phase if judge is None and item.mark == "*" else None
        if chances and max(chances.values()) >= WALK_AT:
            moved = max(chances, key=lambda phase: chances[phase])
            moves.append((item, moved))
        if moved is not None and moved is not course.phase:
            is_said = is_said or (item.is_on_matter and FAMILY[moved] == FAMILY[true_phase])
            course = Course(moved, course.held | {course.phase}, 0.0)
            since = at
    return rows, labels, moves


def flashes(walk: Walk) -> Walk:
    """Return the walk with a share of its articles cut to their headlines."""
    return replace(walk, steps=tuple(replace(step, evidence=step.flash) for step in walk.steps))


@dataclass(frozen=True, slots=True)
class Size:
    """How large a forest is grown; chosen on the storyline corpus (docs/accuracy.md)."""

    n_trees: int
    n_leaves: int
    least_rows: int


FIRST, SECOND = Size(220, 14, 60), Size(140, 10, 40)


def grow(walks: Sequence[Walk]) -> Forest:
    """Grow the judge's two forests on some walks, and mix them."""
    first = grow_one(walks, FIRST)
    rng = random.Random(SECOND_SEED)  # noqa: S311 - it drops articles.
    broad = [walk for walk in walks if walk.storyline.issue.key[0] in SECOND_FILES]
    thin = [
        replace(walk, steps=tuple(step for step in walk.steps if step.item.mark != "-" or rng.random() < SECOND_STREWN)) for walk in broad
    ]
    return mixed(first, grow_one(thin, SECOND, n_unheard=N_TOLD), SECOND_SHARE) if thin else first


def grow_one(walks: Sequence[Walk], size: Size, *, n_unheard: int = 0) -> Forest:
    """Grow one forest, first by the labels and then by its own course; it does not hear the last `n_unheard` features."""
    every = [*walks, *map(flashes, walks)]
    rows: list[FloatArray] = []
    labels: list[int] = []
    for walk in every:
        more, marks, _ = rows_of(walk, None)
        rows += more
        labels += marks
    # One forest will do to walk by.
    draft = Judge(_forest(_heard(rows, n_unheard), np.array(labels), size, n_forests=1), "draft")
    for walk in every:
        more, marks, _ = rows_of(walk, draft)
        rows += more
        labels += marks
    return _forest(_heard(rows, n_unheard), np.array(labels), size)


def _heard(rows: Sequence[FloatArray], n_unheard: int) -> FloatArray:
    table = np.stack(rows)
    return table[:, : table.shape[1] - n_unheard]


def mixed(first: Forest, second: Forest, share: float) -> Forest:
    """Return a forest whose log-odds are those of two, of the second by a share from 0 to 1."""
    offset = np.int32(len(first.feature))
    parts = ((first, (1.0 - share) / first.n_forests), (second, share / second.n_forests))
    return Forest(
        roots=np.concatenate([first.roots, second.roots + offset]),
        feature=np.concatenate([first.feature, second.feature]),
        threshold=np.concatenate([first.threshold, second.threshold]),
        left=np.concatenate([first.left, np.where(second.left < 0, -1, second.left + offset)]).astype(np.int32),
        right=np.concatenate([first.right, np.where(second.right < 0, -1, second.right + offset)]).astype(np.int32),
        value=np.concatenate([forest.value * np.float32(weight) for forest, weight in parts]),
        start=(1.0 - share) * first.start + share * second.start,
        n_forests=1,
    )


def _forest(rows: FloatArray, labels: np.ndarray, size: Size, n_forests: int = N_FORESTS) -> Forest:
    parts: dict[str, list[float]] = {"roots": [], "feature": [], "threshold": [], "left": [], "right": [], "value": []}
    starts = []
    for number in range(n_forests):
        model = HistGradientBoostingClassifier(
            max_iter=size.n_trees,
            learning_rate=LEARNING_RATE,
            max_leaf_nodes=size.n_leaves,
            min_samples_leaf=size.least_rows,
            l2_regularization=SMOOTHING,
            max_features=SHARE_OF_FEATURES,
            early_stopping=False,
            random_state=SEED + number,
        ).fit(rows, labels)
        starts.append(float(np.ravel(model._baseline_prediction)[0]))
        for (tree,) in model._predictors:
            offset = len(parts["feature"])
            parts["roots"].append(offset)
            for node in tree.nodes:
                is_leaf = bool(node["is_leaf"])
                parts["feature"].append(int(node["feature_idx"]))
                parts["threshold"].append(float(node["num_threshold"]))
                parts["left"].append(-1 if is_leaf else offset + int(node["left"]))
                parts["right"].append(-1 if is_leaf else offset + int(node["right"]))
                parts["value"].append(float(node["value"]) if is_leaf else 0.0)
    return Forest(
        roots=np.array(parts["roots"], np.int32),
        feature=np.array(parts["feature"], np.int32),
        threshold=np.array(parts["threshold"], np.float32),
        left=np.array(parts["left"], np.int32),
        right=np.array(parts["right"], np.int32),
        value=np.array(parts["value"], np.float32),
        start=float(np.mean(starts)),
        n_forests=n_forests,
    )


def main() -> None:
    """Grow, and write the weights or print the held-out score."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--held-out", action="store_true")
    ask.add_argument("--out", type=Path, default=WEIGHTS)
    ask.add_argument("--processes", type=int, default=2, help="storylines read at the same time; the weights are the same for every number")
    options = ask.parse_args()
    app = App(load_settings())
    storylines = load_storylines(CORPUS / "storylines", app.ladders)
    walks = read_all(app, storylines, options.processes)
    if options.held_out:
        judge = Judge(grow([walk for number, walk in enumerate(walks) if number % 5]), "held-out")
        found = [rows_of(walk, judge) for number, walk in enumerate(walks) if number % 5 == 0]
        print(f"{len(found)} storylines, {sum(len(moves) for _, _, moves in found)} moves at {WALK_AT}")
        chances = [(judge.forest.probability(row), label) for rows, labels, _ in found for row, label in zip(rows, labels, strict=True)]
        for low in np.arange(0.0, 1.0, 0.1):
            inside = [label for chance, label in chances if low <= chance < low + 0.1]
            print(f"said {low:.1f} to {low + 0.1:.1f}: right in {np.mean(inside) if inside else 0:.2f} of {len(inside)}")
        return
    forest = grow(walks)
    digest = digest_of(CORPUS / "storylines")
    save_file(
        {
            "roots": forest.roots,
            "feature": forest.feature.astype(np.int16),
            "threshold": forest.threshold,
            "left": forest.left,
            "right": forest.right,
            "value": forest.value,
            "start": np.array([forest.start], np.float32),
            "n_forests": np.array([forest.n_forests], np.int32),
        },
        options.out,
        metadata={"version": f"judge-{digest[:8]}", "corpus": digest, "reader": app.reader.reader_id},
    )
    print(f"{options.out.name}: {len(storylines)} storylines, {len(forest.roots)} trees, corpus {digest}")


if __name__ == "__main__":
    main()

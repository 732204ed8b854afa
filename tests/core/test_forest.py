"""The forest as arrays: a row's way through the trees."""

from __future__ import annotations

import math

import numpy as np
import pytest

from monitor.core.forest import Forest
from tests.core.trees import leaf, split


@pytest.mark.parametrize("chance", [0.05, 0.5, 0.95])
def test_a_single_leaf_gives_its_own_probability(chance: float) -> None:
    assert leaf(chance).probability(np.zeros(3, np.float32)) == pytest.approx(chance)


@pytest.mark.parametrize(("value", "expected"), [(0.9, 0.2), (1.0, 0.2), (1.1, 0.8), (math.inf, 0.8)])
def test_a_row_goes_left_up_to_the_threshold(value: float, expected: float) -> None:
    forest = split(feature=1, threshold=1.0, low=0.2, high=0.8)
    assert forest.probability(np.array([9.0, value], np.float32)) == pytest.approx(expected, abs=1e-6)


def test_trees_add_up_and_several_forests_are_averaged() -> None:
    leaves = np.array([1.0, -3.0, 0.5, 0.7], np.float32)
    numbers = np.arange(4, dtype=np.int32)
    ends = np.full(4, -1, np.int32)
    row = np.zeros(1, np.float32)
    for n_forests in (1, 2):
        forest = Forest(numbers, np.zeros(4, np.int32), np.zeros(4, np.float32), ends, ends, leaves, 0.25, n_forests)
        assert forest.probability(row) == pytest.approx(1 / (1 + math.exp(-(0.25 - 0.8 / n_forests))))

"""Forests small enough to be written by hand."""

from __future__ import annotations

import math

import numpy as np

from monitor.core.forest import Forest


def leaf(chance: float) -> Forest:
    """A forest that gives every row one probability."""
    return _forest(feature=[0], threshold=[0.0], left=[-1], right=[-1], value=[log_odds(chance)])


def split(feature: int, threshold: float, *, low: float, high: float) -> Forest:
    """A forest that gives one probability up to a feature's threshold, and another above it."""
    return _forest(
        feature=[feature, 0, 0],
        threshold=[threshold, 0.0, 0.0],
        left=[1, -1, -1],
        right=[2, -1, -1],
        value=[0.0, log_odds(low), log_odds(high)],
    )


def log_odds(chance: float) -> float:
    return math.log(chance / (1.0 - chance))


def _forest(feature: list[int], threshold: list[float], left: list[int], right: list[int], value: list[float]) -> Forest:
    return Forest(
        roots=np.zeros(1, np.int32),
        feature=np.array(feature, np.int32),
        threshold=np.array(threshold, np.float32),
        left=np.array(left, np.int32),
        right=np.array(right, np.int32),
        value=np.array(value, np.float32),
        start=0.0,
        n_forests=1,
    )

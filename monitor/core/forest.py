"""A forest of regression trees as arrays: what a trained judge weighs with. Pure evaluation; `training` grows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.core.types import FloatArray


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees one after another in flat arrays of length n_nodes; `roots` (n_trees,) says where each begins.

    A node with `left` < 0 is a leaf and adds its `value`; another sends a row left where its feature is at most the threshold.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: FloatArray
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: FloatArray
    #: Log-odds before any tree.
    start: float
    #: By what the sum of all trees is divided: the number of forests that were grown and laid side by side.
    n_forests: int

    def probability(self, row: FloatArray) -> float:
        """Return the probability of one row of features (n_features,)."""
        # All trees descend at once, one level a turn: a loop over them takes ten times as long.
        node = self.roots
        while True:
            left = self.left[node]
            is_inner = left >= 0
            if not is_inner.any():
                break
            below = np.where(row[self.feature[node]] <= self.threshold[node], left, self.right[node])
            node = np.where(is_inner, below, node)
        total = float(self.value[node].sum(dtype=np.float64))
        return 1.0 / (1.0 + math.exp(-(self.start + total / self.n_forests)))

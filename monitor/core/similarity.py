"""Cosine similarity: the only vector maths. Rows are float32 of length 1, or zeros for a text without words."""

from __future__ import annotations

import numpy as np

from monitor.core.types import FloatArray


def normalise(rows: FloatArray) -> FloatArray:
    """Return (n, dim) with each row at length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: FloatArray = np.divide(rows, lengths, out=np.zeros_like(rows, dtype=np.float32), where=lengths > 0).astype(np.float32)
    return unit


def cosines(query: FloatArray, bank: FloatArray) -> FloatArray:
    """Return (n,) cosines of a query (dim,) with a bank (n, dim), in [-1, 1]. Raises: ValueError naming both dimensions if they differ."""
    if query.shape[-1] != bank.shape[-1]:
        raise ValueError(f"a vector of {query.shape[-1]} dimensions cannot be compared with a bank of {bank.shape[-1]}")
    found: FloatArray = np.clip(bank @ query, -1.0, 1.0).astype(np.float32)
    return found


def top_k(query: FloatArray, bank: FloatArray, k: int) -> list[tuple[int, float]]:
    """Return (row, cosine) of the `k` most similar rows, best first; ties keep bank order."""
    scores = cosines(query, bank)
    order = np.argsort(-scores, kind="stable")[:k]
    return [(int(row), float(scores[row])) for row in order]

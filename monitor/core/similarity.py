"""Cosine similarity: the only vector maths. Rows are float32 of length 1, or zeros for a text without words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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


def signatures(rows: FloatArray) -> npt.NDArray[np.uint64]:
    """Return (n, words) with one bit a dimension: whether it is above 0; 64 dimensions a word, the last one filled up with 0."""
    packed = np.packbits(np.asarray(rows) > 0, axis=1)
    whole = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    whole[:, : packed.shape[1]] = packed
    return whole.view(np.uint64)


def hamming(sign: npt.NDArray[np.uint64], bank: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
    """Return (n,) numbers of bits in which a signature (words,) differs from those of a bank (words, n)."""
    found = np.zeros(bank.shape[1], dtype=np.uint16)
    for word, row in zip(sign, bank, strict=True):
        found += np.bitwise_count(row ^ word)
    return found

"""The vectors in memory as their signs: what is found by them, beside what is nearest in truth."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.core.similarity import normalise, top_k
from monitor.store import likeness
from monitor.store.likeness import _Bank

DIM = 384


def test_the_nearest_of_many_blocks_are_found_by_their_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "BLOCK", 1000)
    numbers = np.random.default_rng(7)
    stories = numbers.standard_normal((100, DIM), dtype=np.float32)
    rows = normalise(stories[numbers.integers(0, 100, 12_345)] + numbers.standard_normal((12_345, DIM), dtype=np.float32))
    bank = _Bank(DIM)
    for start in range(0, len(rows), 1700):
        bank.add(rows[start : start + 1700], list(range(start, min(start + 1700, len(rows)))))
    assert (bank.n, len(bank.blocks)) == (12_345, 13)
    n_found = 0
    for query in range(0, 12_345, 617):
        near = set(bank.nearest(rows[query], 300, bank.n))
        assert query in near
        assert len(near) == 300
        n_found += len(near & {row for row, _ in top_k(rows[query], rows, 30)})
    # Of the 30 nearest of each of the 21, all but a few are among the 300 with the most like signs.
    assert n_found >= 0.97 * 21 * 30
    # What was added later does not disturb who looks at the first.
    assert max(bank.nearest(rows[3], 50, 1500)) < 1500


def test_an_empty_bank_has_nothing_near() -> None:
    assert _Bank(3).nearest(np.zeros(3, dtype=np.float32), 5, 0) == []

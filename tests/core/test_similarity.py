from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.similarity import cosines, hamming, normalise, signatures, top_k
from monitor.core.types import FloatArray
from tests.builders import unit

NUMBERS = st.floats(-100, 100, width=32)
ROWS = st.lists(st.lists(NUMBERS, min_size=4, max_size=4), min_size=1, max_size=6).map(lambda rows: np.array(rows, dtype=np.float32))


@given(ROWS)
def test_normalised_rows_have_length_one_or_stay_zeros(rows: FloatArray) -> None:
    lengths = np.linalg.norm(normalise(rows), axis=1)
    long_enough = np.linalg.norm(rows, axis=1) > 1e-6
    assert np.allclose(lengths[long_enough], 1.0, atol=1e-5)
    assert np.isfinite(normalise(rows)).all()
    assert normalise(rows).dtype == np.float32


def test_a_row_of_zeros_is_like_nothing() -> None:
    zeros = normalise(np.zeros((2, 3), dtype=np.float32))
    assert not zeros.any()
    assert cosines(unit(1, 0, 0), zeros).tolist() == [0.0, 0.0]


@given(ROWS, ROWS)
def test_the_cosine_is_symmetric_and_bounded(first: FloatArray, second: FloatArray) -> None:
    left, right = normalise(first), normalise(second)
    table = np.array([cosines(row, right) for row in left])
    assert np.allclose(table, np.array([cosines(row, left) for row in right]).T, atol=1e-6)
    assert ((table >= -1.0) & (table <= 1.0)).all()


def test_a_vector_is_most_like_itself() -> None:
    assert cosines(unit(1, 2, 3), unit(1, 2, 3)[None, :])[0] == pytest.approx(1.0)
    assert cosines(unit(1, 2, 3), -unit(1, 2, 3)[None, :])[0] == pytest.approx(-1.0)


def test_vectors_of_two_dimensions_are_refused_naming_both() -> None:
    with pytest.raises(ValueError, match=r"384 dimensions .* bank of 256"):
        cosines(np.zeros(384, dtype=np.float32), np.zeros((2, 256), dtype=np.float32))


def test_the_most_similar_rows_come_best_first_and_ties_keep_their_order() -> None:
    bank = np.stack([unit(0, 1), unit(1, 0), unit(1, 1), unit(1, 0)])
    assert [row for row, _ in top_k(unit(1, 0), bank, 3)] == [1, 3, 2]


@given(ROWS, st.integers(1, 10))
def test_at_most_k_rows_come_and_never_more_than_there_are(rows: FloatArray, k: int) -> None:
    found = top_k(normalise(rows)[0], normalise(rows), k)
    assert len(found) == min(k, len(rows))
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


@pytest.mark.parametrize("dim", [1, 63, 64, 65, 384])
def test_signatures_differ_in_as_many_bits_as_the_signs_do(dim: int) -> None:
    rows = np.random.default_rng(dim).standard_normal((20, dim)).astype(np.float32)
    signs = signatures(rows)
    assert signs.shape == (20, -(-dim // 64))
    expected = ((rows[0] > 0) != (rows > 0)).sum(axis=1)
    assert hamming(signs[0], signs.T).tolist() == expected.tolist()

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.types import Change, Delivery, Evidence, IssueState
from monitor.errors import StoreError
from monitor.store.codec import from_bytes, from_columns, to_bytes, to_json
from tests.examples import change, delivery, evidence, state


@pytest.mark.parametrize("value", [change(), evidence(), state(), IssueState(state().issue_key), delivery(), delivery(is_notice=True)])
def test_a_value_survives_json(value: Change | Evidence | IssueState | Delivery) -> None:
    assert from_columns(type(value), json.loads(json.dumps(to_json(value)))) == value


@given(st.from_type(Change), st.datetimes(timezones=st.just(timezone(timedelta(hours=3)))), st.floats(0, 1))
def test_any_change_survives_json(found: Change, at: datetime, confidence: float) -> None:
    found = replace(found, at=at, confidence=confidence, evidence=(), baseline_evidence=())
    assert from_columns(Change, json.loads(json.dumps(to_json(found)))) == found


def test_numbers_from_vector_maths_become_plain_ones() -> None:
    scores: list[Any] = [np.float32(0.5), np.float64(0.5), np.int64(3), np.bool_(True)]
    assert [type(score) for score in to_json(scores)] == [float, float, int, bool]


def test_fields_that_an_older_row_lacks_take_their_default_and_unknown_ones_are_left_out() -> None:
    columns = to_json(evidence())
    del columns["headline"]
    assert from_columns(Evidence, columns | {"from_the_future": 1}) == replace(evidence(), headline="")


@pytest.mark.parametrize(("name", "value"), [("published_at", "yesterday"), ("claims", [{}]), ("claims", 7), ("claims", [7])])
def test_a_broken_row_is_named(name: str, value: object) -> None:
    with pytest.raises(StoreError, match="backup"):
        from_columns(Evidence, to_json(evidence()) | {name: value})


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        to_json(change(at=datetime(2026, 3, 1)))  # noqa: DTZ001 - this is what is refused


def test_vectors_are_little_endian_float32() -> None:
    assert to_bytes(np.array([1.0, -2.0])) == b"\x00\x00\x80\x3f\x00\x00\x00\xc0"


def test_vectors_come_back_as_rows() -> None:
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(from_bytes(to_bytes(rows), dim=3), rows)
    assert from_bytes(b"", dim=3).shape == (0, 3)


@pytest.mark.parametrize(("blob", "dim"), [(b"12345", 1), (b"1234" * 4, 3), (b"1234", 0)])
def test_bytes_that_are_no_vectors_are_refused(blob: bytes, dim: int) -> None:
    with pytest.raises(StoreError, match="float32"):
        from_bytes(blob, dim=dim)

"""What stalled, filled or fooled other readers; `python -m benchmarks.poison` times the same feeds at full size."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from benchmarks.poison import MAX_BODY_BYTES, Poison, poisons, take
from monitor.fetch.parse import FeedparserParser


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("poison", poisons(share=100), ids=lambda poison: poison.name)
def test_poison_comes_out_as_it_should(poison: Poison) -> None:
    found = take(poison, lambda: FeedparserParser(max_body_bytes=MAX_BODY_BYTES))
    assert (found.outcome, found.n_articles) == (poison.outcome, poison.n_articles)
    assert found.is_right(poison)

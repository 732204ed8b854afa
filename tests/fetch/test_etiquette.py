"""The poller under the eyes of a publisher: full marks on every criterion of `benchmarks.etiquette`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benchmarks.etiquette import CRITERIA
from benchmarks.publisher import Trial, judge
from monitor.fetch.isolate import IsolatedParser


@pytest.fixture(scope="module")
def parser() -> Iterator[IsolatedParser]:
    parser = IsolatedParser(n_processes=1)
    yield parser
    parser.close()


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda criterion: criterion.__name__)
def test_a_publisher_finds_no_fault(criterion: Callable[[Trial], Iterator[str]], parser: IsolatedParser) -> None:
    assert judge(criterion, parser) == []

"""Work done side by side in forked processes, which see what is in memory already: the states of the corpora are gigabytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

import torch

Item = TypeVar("Item")
Found = TypeVar("Found")
#: What a forked process is to do.
_work: list[Callable[[Any], Any]] = []


def side_by_side(work: Callable[[Item], Found], items: Sequence[Item], n_processes: int) -> list[Found]:
    """Return what `work` finds for each item, in their order, `n_processes` at a time with one thread each.

    `work` may be any closure; items and results are pickled.
    """
    with ProcessPoolExecutor(n_processes, get_context("fork"), _take, (work,)) as pool:
        return list(pool.map(_do, items))


def _take(work: Callable[[Any], Any]) -> None:
    torch.set_num_threads(1)
    _work[:] = [work]


def _do(item: Any) -> Any:  # noqa: ANN401 - whatever the work takes and finds.
    return _work[0](item)

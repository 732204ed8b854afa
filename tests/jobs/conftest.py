from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.testing.fakes import FrozenClock
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.story import START


@pytest.fixture
def uow() -> MemoryUnitOfWork:
    """An empty store."""
    return MemoryUnitOfWork()


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands after the story's end."""
    return FrozenClock(START + timedelta(days=3))

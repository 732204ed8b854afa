from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.fetch.dial import Timeouts
from monitor.fetch.http import HttpFetcher
from monitor.testing.loopback import LoopbackSite


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite() as site:
        yield site


@pytest.fixture
def fetcher() -> HttpFetcher:
    return HttpFetcher("monitor/1 (+https://monitor.example)", Timeouts(5, 5, 10), 1_000_000, 3, ["127.0.0.0/8"])

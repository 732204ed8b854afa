"""When each host was last asked, by whatever part of the program, so that pages can be asked for as far apart as their site wishes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from monitor.core.hosts import host_of, turn_wait_s
from monitor.core.types import FetchResult
from monitor.ports import FeedFetcher

#: Hosts whose last request is remembered: more than are asked within the longest delay.
_MAX_HOSTS = 10_000


class PacedFetcher:
    """Fetches through another fetcher and notes when; threads may share it. Times are of this process: a restart asks nobody twice at once."""

    def __init__(self, fetcher: FeedFetcher, *, wait: Callable[[float], None], now_s: Callable[[], float] = time.monotonic) -> None:
        """Take the fetcher, how to let seconds pass, and a clock that never jumps."""
        self._fetcher = fetcher
        self._wait = wait
        self._now_s = now_s
        self._last_s: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> FetchResult:
        """Fetch at once, and note that the host was asked, also where a redirect led. Raises: as the fetcher."""
        self._note(url)
        result = self._fetcher.fetch(url, etag=etag, last_modified=last_modified)
        if host_of(result.url) != host_of(url):
            self._note(result.url)
        return result

    def fetch_in_turn(self, url: str, *, spacing_s: float) -> FetchResult:
        """Fetch when the host has not been asked for `spacing_s` seconds; several that wait for one host go one after the other."""
        host = host_of(url)
        with self._lock:
            now_s = self._now_s()
            wait_s = turn_wait_s(self._last_s.get(host), now_s, spacing_s)
            if wait_s:
                # The turn is taken before it comes, so that nobody else takes it.
                self._last_s[host] = now_s + wait_s
        if wait_s:
            self._wait(wait_s)
        return self.fetch(url)

    def _note(self, url: str) -> None:
        host = host_of(url)
        with self._lock:
            self._last_s[host] = max(self._now_s(), self._last_s.get(host, 0.0))
            self._last_s.move_to_end(host)
            while len(self._last_s) > _MAX_HOSTS:
                self._last_s.popitem(last=False)

"""Posts to webhooks behind the guard: no redirect, no cookie, no proxy from the environment, one deadline, and an answer that is not read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import httpcore
import httpx

from monitor.core.dates import parse_date
from monitor.core.polling import retry_after_seconds
from monitor.errors import BlockedAddressError, FetchError
from monitor.fetch.dial import Exchange, GuardedBackend, Timeouts
from monitor.fetch.guard import Guard, Resolver, resolve_host
from monitor.fetch.http import PoolTransport, parse_url
from monitor.ports import PostAnswer


class GuardedPoster:
    """Implements `ports.HttpPoster`. Holds no state between posts, so that threads may share it."""

    def __init__(
        self, user_agent: str, *, timeout_s: float = 20.0, allowed_networks: Iterable[str] = (), resolve: Resolver = resolve_host
    ) -> None:
        """Take `timeout_s` seconds for one post in all; `allowed_networks` (like `10.20.0.0/16`) are let through the guard."""
        self._user_agent = user_agent
        self._timeout_s = timeout_s
        self._guard = Guard(allowed_networks, resolve=resolve)
        self._ssl_context = httpx.create_ssl_context(trust_env=False)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PostAnswer:
        """Post, and return the answer whatever its status. Raises: FetchError, BlockedAddressError; neither names path or query."""
        try:
            there = parse_url(url)
        except BlockedAddressError as exc:
            # What the parser says of an address may hold it; a webhook's is a secret.
            raise BlockedAddressError("the address is no http or https URL without user name and password") from exc
        exchange = Exchange(Timeouts(self._timeout_s, self._timeout_s, self._timeout_s, self._timeout_s))
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        own = {"User-Agent": self._user_agent, "Accept": "*/*", "Content-Length": str(len(body))}
        request = httpx.Request("POST", there, headers={**own, **headers}, content=body, extensions={"timeout": timeout})
        # As for feeds: the pool's backend asks the guard about every address and cuts every wait to what the exchange leaves.
        pool = httpcore.ConnectionPool(
            ssl_context=self._ssl_context, network_backend=GuardedBackend(self._guard, exchange), max_connections=1
        )
        exchange.begin_head()
        try:
            with PoolTransport(pool) as transport:
                response = transport.handle_request(request)
                # The body is left unread: nothing in it could change what becomes of the delivery.
                response.close()
        except httpx.TimeoutException as exc:
            raise FetchError(f"{there.host} gave no answer within {self._timeout_s:g} s") from exc
        except httpx.TransportError as exc:
            raise FetchError(f"{there.host} is not reached ({type(exc).__name__})") from exc
        answered_at = parse_date(response.headers.get("date", "")) or datetime.fromtimestamp(time.time(), UTC)
        return PostAnswer(response.status_code, retry_after_seconds(response.headers.get("retry-after"), answered_at))

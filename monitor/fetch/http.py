"""Conditional GET behind the guard. Beside `fetch.api` and `fetch.post` the only module that imports httpx.

One exchange is one chain of redirects within one deadline. Each gets a connection pool of its own, whose network backend asks the guard
about every address before it is dialled and cuts every wait to what the deadline leaves. There is no client object, hence no cookies,
no Referer, no proxy from the environment, and no request line in the log.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpcore
import httpx

from monitor.core.dates import parse_date
from monitor.core.polling import retry_after_seconds
from monitor.core.types import FetchResult
from monitor.errors import BlockedAddressError, FetchError
from monitor.fetch.dial import Exchange, GuardedBackend, Timeouts
from monitor.fetch.guard import Guard, Resolver, resolve_host
from monitor.fetch.inflate import ACCEPT_ENCODING, Inflater

#: Feeds first, pages next: some servers choose by it.
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/html;q=0.8, */*;q=0.5"
_HOST = re.compile(r"[^\s\[\]<>@\\^|%/?#]+")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT_REDIRECTS = frozenset({301, 308})


class HttpFetcher:
    """Gets feeds and pages over HTTP. Holds no state between exchanges, so that threads may share it."""

    def __init__(
        self,
        user_agent: str,
        timeouts: Timeouts | None = None,
        max_body_bytes: int = 8 * 1024 * 1024,
        max_redirects: int = 5,
        allowed_networks: Iterable[str] = (),
        *,
        max_header_bytes: int = 65_536,
        resolve: Resolver = resolve_host,
    ) -> None:
        """Take the settings.

        `max_body_bytes` holds on the wire and inflated, `max_header_bytes` for the head of each answer; `allowed_networks` (like
        `10.20.0.0/16`) are let through the guard.
        Raises: ConfigError where an allowed network is none.
        """
        self._user_agent = user_agent
        self._timeouts = timeouts or Timeouts()
        self._max_body_bytes = max_body_bytes
        self._max_redirects = max_redirects
        self._max_header_bytes = max_header_bytes
        self._guard = Guard(allowed_networks, resolve=resolve)
        self._ssl_context = httpx.create_ssl_context(trust_env=False)

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> FetchResult:
        """Return the answer; status 304 has an empty body. The answer's `url` is that of the last redirect.

        Raises: FetchError (network, time-out, HTTP error status), BlockedAddressError, BodyTooLargeError.
        """
        headers = [("User-Agent", self._user_agent), ("Accept", _ACCEPT), ("Accept-Encoding", ACCEPT_ENCODING)]
        if etag is not None:
            headers.append(("If-None-Match", etag))
        if last_modified is not None:
            headers.append(("If-Modified-Since", last_modified))
        # Byte for byte as received: httpx would encode text as ASCII.
        raw_headers = [(name.encode("ascii"), value.encode("latin-1", "xmlcharrefreplace")) for name, value in headers]
        is_conditional = etag is not None or last_modified is not None

        here = parse_url(url)
        moved_to: str | None = None
        is_permanent = True
        exchange = Exchange(self._timeouts, self._max_header_bytes)
        with self._transport(exchange) as transport:
            for _ in range(self._max_redirects + 1):
                answer = self._follow(transport, here, raw_headers, exchange, is_conditional)
                if isinstance(answer, FetchResult):
                    return replace(answer, moved_to=moved_to)
                here = answer.to
                # Only redirects that nothing temporary went before say that the feed has moved for good.
                is_permanent = is_permanent and answer.is_permanent
                moved_to = str(here.copy_with(fragment=None)) if is_permanent else moved_to
        raise FetchError(f"{_describe(parse_url(url))} was redirected more than {self._max_redirects} times; check its address.")

    @contextmanager
    def _transport(self, exchange: Exchange) -> Iterator[httpx.HTTPTransport]:
        pool = httpcore.ConnectionPool(
            ssl_context=self._ssl_context, network_backend=GuardedBackend(self._guard, exchange), max_connections=1
        )
        with PoolTransport(pool) as transport:
            yield transport

    def _follow(
        self, transport: httpx.HTTPTransport, url: httpx.URL, headers: list[tuple[bytes, bytes]], exchange: Exchange, is_conditional: bool
    ) -> FetchResult | _Redirect:
        """Ask one server; return its answer, or where it sends us."""
        limits = self._timeouts
        timeout = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s, "pool": limits.connect_s}
        request = httpx.Request("GET", url, headers=headers, extensions={"timeout": timeout})
        what = _describe(url)
        exchange.begin_head()
        try:
            response = transport.handle_request(request)
            exchange.end_head()
            try:
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    to = parse_url(response.headers["location"], base=url)
                    return _Redirect(to, is_permanent=response.status_code in _PERMANENT_REDIRECTS)
                _check_status(response, what, is_conditional)
                body = b"" if response.status_code == 304 else self._read_body(response, what)
            finally:
                response.close()
        except httpx.TimeoutException as exc:
            raise FetchError(f"{what} timed out after {exchange.spent_s:.1f} s; it is tried again at the next poll.") from exc
        except httpx.TransportError as exc:
            raise FetchError(f"{what} could not be had: {type(exc).__name__}, {_first_words(exc)}.") from exc
        return _result(str(url), response, body)

    def _read_body(self, response: httpx.Response, what: str) -> bytes:
        inflater = Inflater(response.headers.get("content-encoding", ""), self._max_body_bytes, what=what)
        length = response.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > self._max_body_bytes:
            raise inflater.too_large("on the wire")
        for chunk in response.iter_raw():
            inflater.feed(chunk)
        return inflater.finish()


class PoolTransport(httpx.HTTPTransport):
    """httpx over a pool of ours: it has no argument for the place where addresses are dialled, but httpcore has."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool


@dataclass(frozen=True, slots=True)
class _Redirect:
    """Where a server sends us."""

    to: httpx.URL
    is_permanent: bool


def parse_url(text: str, *, base: httpx.URL | None = None) -> httpx.URL:
    """Return an address that may be asked. Raises: BlockedAddressError."""
    source = f"The redirect from {_describe(base)}" if base is not None else "The address"
    try:
        url = httpx.URL(text) if base is None else base.join(text)
    except (httpx.InvalidURL, ValueError) as exc:
        raise BlockedAddressError(f"{source} cannot be read as a URL; write it like https://example.org/feed.xml.") from exc
    if url.scheme not in ("http", "https"):
        raise BlockedAddressError(f"{source} has the scheme {url.scheme!r}; only http and https are fetched.")
    if url.userinfo:
        raise BlockedAddressError(f"{source} to {_describe(url)} holds a user name or password, which would end up in logs; remove it.")
    # A number beyond 16 bits would be cut down to another port without a word; a bracket or blank belongs to no name.
    if not 0 < (80 if url.port is None else url.port) < 65536 or not _HOST.fullmatch(url.host):
        raise BlockedAddressError(f"{source} names no host and port that exist; write it like https://example.org/feed.xml.")
    return url


def _describe(url: httpx.URL) -> str:
    """Return what messages say of an address: host and path, since queries often hold keys."""
    return f"{url.host}{url.path}"


def _check_status(response: httpx.Response, what: str, is_conditional: bool) -> None:
    status = response.status_code
    if 200 <= status < 300 or (status == 304 and is_conditional):
        return
    if status == 304:
        raise FetchError(f"{what} answered 304 (not modified) though nothing was asked conditionally.", status=status)
    answered_at = parse_date(response.headers.get("date", "")) or datetime.fromtimestamp(time.time(), UTC)
    raise FetchError(
        f"{what} answered {status}; open it in a browser if this stays.",
        status=status,
        retry_after_s=retry_after_seconds(response.headers.get("retry-after"), answered_at),
    )


def _result(url: str, response: httpx.Response, body: bytes) -> FetchResult:
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name != "set-cookie":
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return FetchResult(
        url=url,
        status=response.status_code,
        body=body,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        content_type=headers.get("content-type"),
        headers=headers,
    )


def _first_words(exc: Exception) -> str:
    return str(exc).splitlines()[0][:120].rstrip(".") if str(exc) else "without a word"

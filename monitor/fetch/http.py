"""Conditional GET behind the guard. Beside `fetch.api` the only module that imports httpx and httpcore.

One exchange is one chain of redirects within one deadline. Each gets a connection pool of its own, whose network backend asks the guard
about every address before it is dialled and cuts every wait to what the deadline leaves. There is no client object, hence no cookies,
no Referer, no proxy from the environment, and no request line in the log.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from monitor.core.dates import parse_date
from monitor.core.polling import retry_after_seconds
from monitor.core.types import FetchResult
from monitor.errors import BlockedAddressError, FetchError
from monitor.fetch.guard import Guard, Resolver, resolve_host
from monitor.fetch.inflate import ACCEPT_ENCODING, Inflater

#: Feeds first, pages next: some servers choose by it.
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/html;q=0.8, */*;q=0.5"
_HOST = re.compile(r"[^\s\[\]<>@\\^|%/?#]+")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one exchange, in seconds."""

    #: For one connection, name look-up included.
    connect_s: float = 10.0
    #: For one silence of the server.
    read_s: float = 20.0
    #: For everything: all redirects, and a body that drips.
    total_s: float = 60.0


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
        resolve: Resolver = resolve_host,
    ) -> None:
        """Take the settings.

        `max_body_bytes` holds on the wire and inflated; `allowed_networks` (like `10.20.0.0/16`) are let through the guard.
        Raises: ConfigError where an allowed network is none.
        """
        self._user_agent = user_agent
        self._timeouts = timeouts or Timeouts()
        self._max_body_bytes = max_body_bytes
        self._max_redirects = max_redirects
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

        here = _parse_url(url)
        deadline = _Deadline(self._timeouts.total_s)
        with self._transport(deadline) as transport:
            for _ in range(self._max_redirects + 1):
                there = self._follow(transport, here, raw_headers, deadline, is_conditional)
                if isinstance(there, FetchResult):
                    return there
                here = there
        raise FetchError(f"{_describe(_parse_url(url))} was redirected more than {self._max_redirects} times; check its address.")

    @contextmanager
    def _transport(self, deadline: _Deadline) -> Iterator[httpx.HTTPTransport]:
        transport = httpx.HTTPTransport(verify=self._ssl_context, trust_env=False)
        # httpx has no argument for it, but httpcore has: the pool is where addresses are dialled.
        transport._pool = httpcore.ConnectionPool(
            ssl_context=self._ssl_context, network_backend=_GuardedBackend(self._guard, deadline), max_connections=1
        )
        with transport:
            yield transport

    def _follow(
        self, transport: httpx.HTTPTransport, url: httpx.URL, headers: list[tuple[bytes, bytes]], deadline: _Deadline, is_conditional: bool
    ) -> FetchResult | httpx.URL:
        """Ask one server; return its answer, or where it sends us."""
        limits = self._timeouts
        timeout = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s, "pool": limits.connect_s}
        request = httpx.Request("GET", url, headers=headers, extensions={"timeout": timeout})
        what = _describe(url)
        try:
            response = transport.handle_request(request)
            try:
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    return _parse_url(response.headers["location"], base=url)
                _check_status(response, what, is_conditional)
                body = b"" if response.status_code == 304 else self._read_body(response, what)
            finally:
                response.close()
        except httpx.TimeoutException as exc:
            raise FetchError(f"{what} timed out after {deadline.spent_s:.1f} s; it is tried again at the next poll.") from exc
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


class _Deadline:
    """The end of an exchange."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._begun = time.monotonic()

    @property
    def spent_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._begun

    def clip(self, timeout_s: float | None) -> float:
        """Return the time-out, or less if less is left. Raises: FetchError where nothing is left."""
        left_s = self._total_s - self.spent_s
        if left_s <= 0:
            raise FetchError(f"The exchange took longer than {self._total_s:g} s in all; it is tried again at the next poll.")
        return left_s if timeout_s is None else min(timeout_s, left_s)


class _GuardedBackend(httpcore.NetworkBackend):
    """Dials only what the guard has vetted, by number."""

    def __init__(self, guard: Guard, deadline: _Deadline) -> None:
        self._guard = guard
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, vet, and connect to the first address that answers."""
        addresses = self._guard.vet(host, port, self._deadline.clip(timeout))
        for address in addresses[:-1]:
            try:
                return self._dial(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._dial(addresses[-1], port, timeout, local_address, socket_options)

    def _dial(
        self, address: str, port: int, timeout: float | None, local_address: str | None, socket_options: Iterable[Any] | None
    ) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(
            address, port, timeout=self._deadline.clip(timeout), local_address=local_address, socket_options=socket_options
        )
        return _DeadlineStream(stream, self._deadline)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the exchange."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        return self._stream.read(max_bytes, self._deadline.clip(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write it all."""
        self._stream.write(buffer, self._deadline.clip(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted; the certificate is checked against the name, not the number that was dialled."""
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, self._deadline.clip(timeout)), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        """Return what httpcore asks about the socket."""
        return self._stream.get_extra_info(info)


def _parse_url(text: str, *, base: httpx.URL | None = None) -> httpx.URL:
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
    answered_at = parse_date(response.headers.get("date", ""))
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

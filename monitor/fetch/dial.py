"""Connections that go only where the guard lets them, and last no longer than their exchange may.

httpcore asks a network backend for every connection: here the address is resolved, vetted and dialled by number, and each wait is cut to
what is left of the limits.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

from monitor.errors import FetchError
from monitor.fetch.guard import Guard

#: Bytes read at a time: so much may the head of an answer grow beyond its limit unseen.
_N_READ = 16_384


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one exchange, in seconds."""

    #: For one connection, name look-up included.
    connect_s: float = 10.0
    #: For one silence of the server.
    read_s: float = 20.0
    #: For everything: all redirects, and a body that drips.
    total_s: float = 60.0
    #: From the end of a request to the first byte of its answer.
    first_byte_s: float = 20.0


class Exchange:
    """The limits of an exchange, and how far it has come."""

    def __init__(self, timeouts: Timeouts, max_header_bytes: int = 65_536) -> None:
        self._total_s = timeouts.total_s
        self._first_byte_s = timeouts.first_byte_s
        self._max_header_bytes = max_header_bytes
        self._begun = time.monotonic()
        #: Bytes of the present head so far; None while there is none to read.
        self._n_head: int | None = None

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

    def clip_read(self, timeout_s: float | None) -> float:
        """Return the time-out of a read, which for the first byte of an answer is one of its own."""
        if self._n_head == 0:
            timeout_s = self._first_byte_s
        return self.clip(timeout_s)

    def begin_head(self) -> None:
        """Note that a request goes out, so that what comes next is the head of an answer."""
        self._n_head = 0

    def count(self, n_bytes: int) -> None:
        """Count bytes that came. Raises: FetchError where they are more than a head may have."""
        if self._n_head is not None:
            # A read may bring the beginning of the body along, so that the limit holds for what came before it.
            if self._n_head > self._max_header_bytes:
                raise FetchError(f"The head of the answer is larger than {self._max_header_bytes:,} bytes, which no honest server sends.")
            self._n_head += n_bytes

    def end_head(self) -> None:
        """Note that what comes next is a body."""
        self._n_head = None


class GuardedBackend(httpcore.NetworkBackend):
    """Dials only what the guard has vetted, by number."""

    def __init__(self, guard: Guard, exchange: Exchange) -> None:
        self._guard = guard
        self._exchange = exchange
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
        addresses = self._guard.vet(host, port, self._exchange.clip(timeout))
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
            address, port, timeout=self._exchange.clip(timeout), local_address=local_address, socket_options=socket_options
        )
        return _DeadlineStream(stream, self._exchange)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the exchange."""

    def __init__(self, stream: httpcore.NetworkStream, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        piece = self._stream.read(min(max_bytes, _N_READ), self._exchange.clip_read(timeout))
        self._exchange.count(len(piece))
        return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write it all."""
        self._stream.write(buffer, self._exchange.clip(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted; the certificate is checked against the name, not the number that was dialled."""
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, self._exchange.clip(timeout)), self._exchange)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        """Return what httpcore asks about the socket."""
        return self._stream.get_extra_info(info)

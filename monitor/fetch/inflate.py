"""Inflating of compressed bodies, never beyond a limit: 50 kB on the wire can be 50 MB of zeros."""

from __future__ import annotations

import sys
import zlib
from typing import Protocol

import brotli

from monitor.errors import BodyTooLargeError, FetchError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: What we ask servers for, and the only codings that can be inflated.
ACCEPT_ENCODING = "gzip, deflate, br, zstd"

_CODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate", "br", "zstd"})
_DAMAGED = (zlib.error, brotli.error, zstd.ZstdError)

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"

#: Most bytes of history that a zstd body may refer to, as a power of 2: 8 MB, the most that RFC 9659 lets servers use.
_ZSTD_WINDOW_LOG = 23

#: A gzip body may be several members in a row; honest ones are few, and each costs a start.
_MAX_MEMBERS = 1000


class Inflater:
    """Takes a body chunk by chunk, and holds what it is inflated to."""

    def __init__(self, coding: str, max_body_bytes: int, *, what: str) -> None:
        """Begin a body with the value of its Content-Encoding; `what` names it in messages. Raises: FetchError (unknown coding)."""
        self._coding = coding.strip().lower()
        self._max_body_bytes = max_body_bytes
        self._what = what
        if self._coding not in _CODINGS:
            raise FetchError(f"{what} is sent in the coding {coding!r}, though only {ACCEPT_ENCODING} was asked for.")
        self._body = bytearray()
        self._n_wire = 0
        self._n_members = 0
        self._head = b""
        self._engine: _Engine | None = None
        self._is_done = False

    def feed(self, chunk: bytes) -> None:
        """Add a chunk as it came off the wire. Raises: BodyTooLargeError, FetchError (damaged)."""
        self._n_wire += len(chunk)
        if self._n_wire > self._max_body_bytes:
            raise self.too_large("on the wire")
        if self._coding in ("", "identity"):
            self._body += chunk
        elif not self._is_done:
            try:
                self._inflate(chunk)
            except _DAMAGED as exc:
                raise FetchError(f"{self._what} is damaged: its {self._coding} coding cannot be undone ({exc}).") from exc

    def finish(self) -> bytes:
        """Return the whole body. Raises: FetchError where it was cut short."""
        if self._engine is not None or (self._head and not self._n_members):
            raise FetchError(f"{self._what} was cut short: its {self._coding} coding does not end.")
        return bytes(self._body)

    def too_large(self, where: str) -> BodyTooLargeError:
        """Return the error that tells of a body beyond the limit."""
        return BodyTooLargeError(
            f"{self._what} is larger than {self._max_body_bytes:,} bytes {where}. If it is meant to be, raise the limit on body bytes."
        )

    def _inflate(self, chunk: bytes) -> None:
        data = self._head + chunk
        self._head = b""
        while data and not self._is_done:
            if self._engine is None:
                if len(data) < 2 and self._coding not in ("br", "zstd"):
                    # The first two bytes tell which coding it really is.
                    self._head = data
                    return
                if self._n_members and self._coding != "zstd" and not data.startswith(_GZIP_MAGIC):
                    # Some servers pad the last member; what follows it is not part of the body.
                    self._is_done = True
                    return
                self._engine = self._start(data)
            room = self._max_body_bytes - len(self._body)
            data = self._engine.inflate(data, room + 1, self._body)
            if len(self._body) > self._max_body_bytes:
                raise self.too_large("inflated")
            if self._engine.is_finished:
                self._engine = None
                self._is_done = self._coding in ("deflate", "br")

    def _start(self, data: bytes) -> _Engine:
        self._n_members += 1
        if self._n_members > _MAX_MEMBERS:
            raise FetchError(f"{self._what} is packed in more than {_MAX_MEMBERS} pieces, which no honest server does.")
        if self._coding == "br":
            return _Brotli()
        if self._coding == "zstd":
            return _Zstd()
        if self._coding != "deflate":
            return _Zlib(_GZIP)
        # "deflate" ought to come in a zlib envelope (RFC 9110, section 8.4.1.2), but many servers send it bare.
        has_envelope = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
        return _Zlib(_ZLIB if has_envelope else _RAW)


class _Engine(Protocol):
    """Inflates one member."""

    is_finished: bool

    def inflate(self, data: bytes, room: int, body: bytearray) -> bytes:
        """Add what the data inflates to, up to about `room` bytes, to the body; return what of the data was not used."""
        ...


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._engine = zlib.decompressobj(wbits)
        self.is_finished = False

    def inflate(self, data: bytes, room: int, body: bytearray) -> bytes:
        body += self._engine.decompress(data, room)
        self.is_finished = self._engine.eof
        return self._engine.unused_data if self.is_finished else self._engine.unconsumed_tail


class _Brotli:
    def __init__(self) -> None:
        self._engine = brotli.Decompressor()
        self.is_finished = False

    def inflate(self, data: bytes, room: int, body: bytearray) -> bytes:
        full = len(body) + room
        body += self._engine.process(data, output_buffer_limit=room)
        # It keeps what it has not used yet, and takes no more before it is emptied.
        while not self._engine.can_accept_more_data() and len(body) < full:
            body += self._engine.process(b"", output_buffer_limit=full - len(body))
        self.is_finished = self._engine.is_finished()
        return b""


class _Zstd:
    def __init__(self) -> None:
        self._engine = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
        self.is_finished = False

    def inflate(self, data: bytes, room: int, body: bytearray) -> bytes:
        full = len(body) + room
        body += self._engine.decompress(data, room)
        while not self._engine.eof and not self._engine.needs_input and len(body) < full:
            body += self._engine.decompress(b"", full - len(body))
        self.is_finished = self._engine.eof
        return self._engine.unused_data if self.is_finished else b""

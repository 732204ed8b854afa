"""Inflating of compressed bodies, never beyond a limit: 50 kB on the wire can be 50 MB of zeros."""

from __future__ import annotations

import zlib

from monitor.errors import BodyTooLargeError, FetchError

#: What we ask servers for, and the only codings that can be inflated.
ACCEPT_ENCODING = "gzip, deflate"

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"

#: A gzip body may be several members in a row; honest ones are few, and each costs a start.
_MAX_MEMBERS = 1000


class Inflater:
    """Takes a body chunk by chunk, and holds what it is inflated to."""

    def __init__(self, coding: str, max_body_bytes: int, *, what: str) -> None:
        """Begin a body with the value of its Content-Encoding; `what` names it in messages. Raises: FetchError (unknown coding)."""
        self._coding = coding.strip().lower()
        self._max_body_bytes = max_body_bytes
        self._what = what
        if self._coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise FetchError(f"{what} is sent in the coding {coding!r}, though only {ACCEPT_ENCODING} was asked for.")
        self._body = bytearray()
        self._n_wire = 0
        self._n_members = 0
        self._head = b""
        self._engine: zlib._Decompress | None = None
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
            except zlib.error as exc:
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
                if len(data) < 2:
                    # The first two bytes tell which coding it really is.
                    self._head = data
                    return
                if self._n_members and not data.startswith(_GZIP_MAGIC):
                    # Some servers pad the last member; what follows it is not part of the body.
                    self._is_done = True
                    return
                self._engine = self._start(data)
            room = self._max_body_bytes - len(self._body)
            self._body += self._engine.decompress(data, room + 1)
            if len(self._body) > self._max_body_bytes:
                raise self.too_large("inflated")
            data = self._engine.unconsumed_tail
            if self._engine.eof:
                data = self._engine.unused_data
                self._engine = None
                self._is_done = self._coding == "deflate"

    def _start(self, data: bytes) -> zlib._Decompress:
        self._n_members += 1
        if self._n_members > _MAX_MEMBERS:
            raise FetchError(f"{self._what} is packed in more than {_MAX_MEMBERS} pieces, which no honest server does.")
        if self._coding != "deflate":
            return zlib.decompressobj(_GZIP)
        # "deflate" ought to come in a zlib envelope (RFC 9110, section 8.4.1.2), but many servers send it bare.
        has_envelope = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.decompressobj(_ZLIB if has_envelope else _RAW)

"""Socket Mode's far end: a WebSocket (RFC 6455) that greets, sends envelopes and takes acknowledgements."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA

Envelope = dict[str, Any]


class SocketModeEnd:
    """All connections of one app. An envelope goes to the newest one, as Slack gives each to one of them."""

    def __init__(self) -> None:
        self._connections: list[BaseHTTPRequestHandler] = []
        self._news = threading.Condition()
        #: What clients have sent back, in order: `envelope_id`, and `payload` where they answered with one.
        self.acks: list[Envelope] = []

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Turn a request into a WebSocket and serve it until it ends."""
        key = request.headers.get("Sec-WebSocket-Key", "")
        accept = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()  # noqa: S324 - the protocol's own use of it
        request.wfile.write(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        request.close_connection = True
        hello = {"type": "hello", "num_connections": len(self._connections) + 1, "connection_info": {"app_id": "A0MONITOR"}}
        _write(request, _TEXT, json.dumps(hello).encode())
        with self._news:
            self._connections.append(request)
            self._news.notify_all()
        try:
            self._read(request)
        finally:
            with self._news:
                self._connections.remove(request)
                self._news.notify_all()

    def push(self, kind: str, payload: Envelope, *, envelope_id: str | None = None, timeout_s: float = 30) -> str:
        """Send an envelope (`interactive`, `slash_commands`, `events_api`) to the client, once there is one; return the envelope's id."""
        name = envelope_id or os.urandom(8).hex()
        envelope = {"envelope_id": name, "type": kind, "payload": payload, "accepts_response_payload": kind != "events_api"}
        self._send(envelope, timeout_s)
        return name

    def ask_to_reconnect(self, *, timeout_s: float = 30) -> None:
        """Tell the client, as Slack does now and then, that the connection will be closed."""
        self._send({"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "stand-in"}}, timeout_s)

    def drop(self) -> None:
        """Close every connection without a word."""
        with self._news:
            connections = list(self._connections)
        for request in connections:
            with suppress(OSError):
                request.connection.shutdown(2)

    def wait_for_ack(self, envelope_id: str, *, timeout_s: float = 30) -> Envelope:
        """Return the acknowledgement of an envelope. Raises TimeoutError where none comes."""

        def found() -> Envelope | None:
            return next((ack for ack in self.acks if ack.get("envelope_id") == envelope_id), None)

        with self._news:
            if not self._news.wait_for(lambda: found() is not None, timeout_s):
                raise TimeoutError(f"the envelope {envelope_id} was not acknowledged within {timeout_s:g} s")
            ack = found()
        assert ack is not None
        return ack

    def wait_for_connections(self, n: int, *, timeout_s: float = 30) -> bool:
        """Return whether there are `n` connections before the time is over."""
        with self._news:
            return self._news.wait_for(lambda: len(self._connections) == n, timeout_s)

    def _send(self, envelope: Envelope, timeout_s: float) -> None:
        with self._news:
            if not self._news.wait_for(lambda: bool(self._connections), timeout_s):
                raise TimeoutError(f"no client connected within {timeout_s:g} s")
            _write(self._connections[-1], _TEXT, json.dumps(envelope).encode())

    def _read(self, request: BaseHTTPRequestHandler) -> None:
        with suppress(OSError, ConnectionError):
            while True:
                frame = _frame(request)
                if frame is None:
                    return
                opcode, data = frame
                if opcode == _CLOSE:
                    _write(request, _CLOSE, data)
                    return
                if opcode == _PING:
                    _write(request, _PONG, data)
                elif opcode == _TEXT:
                    with self._news:
                        self.acks.append(json.loads(data))
                        self._news.notify_all()


def _frame(request: BaseHTTPRequestHandler) -> tuple[int, bytes] | None:
    """Return opcode and unmasked data of the next frame; None at the end. Messages here are short: each is one frame."""
    head = request.rfile.read(2)
    if len(head) < 2:
        return None
    opcode, length = head[0] & 0x0F, head[1] & 0x7F
    if length == 126:
        (length,) = struct.unpack("!H", request.rfile.read(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", request.rfile.read(8))
    mask = request.rfile.read(4) if head[1] & 0x80 else bytes(4)
    data = request.rfile.read(length)
    return opcode, bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))


def _write(request: BaseHTTPRequestHandler, opcode: int, data: bytes) -> None:
    if len(data) < 126:
        head = struct.pack("!BB", 0x80 | opcode, len(data))
    elif len(data) < 65_536:
        head = struct.pack("!BBH", 0x80 | opcode, 126, len(data))
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, len(data))
    request.wfile.write(head + data)

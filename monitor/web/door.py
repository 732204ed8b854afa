"""The door of the page: asks the gate, and gives every answer its headers. An ASGI middleware, so that it sees whatever is served."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.notify.slack_actions import MAX_BODY_BYTES
from monitor.web.gate import API, SAFE_METHODS, SLACK_PATH, Gate, Refusal, Request

#: Largest body of a request, bytes: a form with the longest note, in any script, is well below.
MAX_BODY = 65_536
#: No script or style but our own files, nothing from elsewhere, no frame around us, no form that leaves (CSP level 3).
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Nothing to other sites. To our own the origin is sent: with `no-referrer` browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
#: Kinds that are whole when they are sent, and get a validator.
_WHOLE = ("text/html", "application/json", "image/svg+xml", "application/atom+xml")


class Door:
    """Lets requests in, and answers out with their headers."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = request_of(scope)
        answer = _Answer(request, send, is_encrypted=self._gate.scheme(request) == "https")
        if request.method == "HEAD":
            scope = {**scope, "method": "GET"}
        admitted = _too_large(request) or self._gate.admit(request)
        if isinstance(admitted, Refusal):
            await answer.refuse(admitted)
            return
        scope.setdefault("state", {})
        scope["state"]["visitor"] = admitted
        await self.app(scope, receive, answer.send)


def request_of(scope: Scope) -> Request:
    """Return what the gate looks at of a request."""
    headers = Headers(scope=scope)
    # A proxy may add a header beside one that the client has sent: the last one is the proxy's.
    last = dict(headers.items())
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        scheme=scope.get("scheme", "http"),
        peer=client[0] if client else "",
        headers=last,
    )


def _too_large(request: Request) -> Refusal | None:
    if request.method in SAFE_METHODS:
        return None
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        return Refusal(411, "the request says not how long it is; send Content-Length")
    most = MAX_BODY_BYTES if request.path == SLACK_PATH else MAX_BODY
    return Refusal(413, f"the request has {length} bytes; {most} are the most") if int(length) > most else None


class _Answer:
    """One answer on its way out."""

    def __init__(self, request: Request, send: Send, *, is_encrypted: bool) -> None:
        self._request = request
        self._send = send
        self._is_encrypted = is_encrypted
        self._start: Message | None = None
        self._body: list[bytes] = []

    async def send(self, message: Message) -> None:
        """Pass a message on; what is whole is held back until its validator can be made."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if self._is_encrypted:
                headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            headers.setdefault("Cache-Control", "private, no-cache")
            headers.add_vary_header("Cookie")
            is_whole = message["status"] == 200 and headers.get("content-type", "").startswith(_WHOLE)
            if is_whole and self._request.method in SAFE_METHODS:
                self._start = message
                return
            await self._send(message)
        elif self._start is None:
            await self._send(message if self._request.method != "HEAD" else {**message, "body": b""})
        else:
            self._body.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._send_whole(self._start, b"".join(self._body))

    async def _send_whole(self, start: Message, body: bytes) -> None:
        headers = MutableHeaders(scope=start)
        etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        headers["ETag"] = etag
        given = [tag.strip().removeprefix("W/") for tag in self._request.headers.get("if-none-match", "").split(",")]
        if etag in given or "*" in given:
            del headers["content-length"]
            start, body = {**start, "status": 304}, b""
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body if self._request.method != "HEAD" else b""})

    async def refuse(self, refusal: Refusal) -> None:
        """Answer without asking any route."""
        is_api = self._request.path.startswith(API)
        body = json.dumps({"detail": refusal.why}) if is_api else refusal.why
        headers: dict[str, str] = {
            "content-type": "application/json" if is_api else "text/plain; charset=utf-8",
            "cache-control": "no-store",
        }
        if refusal.location is not None:
            headers["location"] = refusal.location
        if refusal.retry_after_s is not None:
            headers["retry-after"] = str(refusal.retry_after_s)
        if refusal.status == 401 and is_api:
            # Told without the challenge that has a browser ask and remember: it would send the password with every request from then on.
            headers["www-authenticate"] = 'X-Basic realm="Statuswatch"'
        encoded = body.encode()
        await self.send(_start(refusal.status, {**headers, "content-length": str(len(encoded))}.items()))
        await self.send({"type": "http.response.body", "body": encoded})


def _start(status: int, headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": raw}

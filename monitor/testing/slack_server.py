"""A stand-in for the Slack Web API on loopback: the shapes of the real one, and its ways to fail."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer to chat.postMessage."""

    status: int = 200
    body: dict[str, Any] = field(default_factory=lambda: {"ok": True})
    headers: dict[str, str] = field(default_factory=dict)
    #: A body that is no JSON, as a proxy between would send; in place of `body`.
    text: str | None = None
    #: Whether the message is kept although the answer tells of a failure: a 500 after having posted.
    is_posted: bool = False
    #: Close the connection without an answer.
    is_hung_up: bool = False


#: Frequent answers.
RATE_LIMITED = Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"})
SERVER_ERROR = Answer(500, {"ok": False, "error": "internal_error"})
HANG_UP = Answer(is_hung_up=True)


def refusal(error: str) -> Answer:
    """Return the answer by which Slack refuses for good."""
    return Answer(200, {"ok": False, "error": error})


class StandInSlack:
    """Serves `/api/` on 127.0.0.1 while its block runs; keeps the messages that were posted."""

    def __init__(self) -> None:
        """Start listening on a free port."""
        self.messages: list[dict[str, Any]] = []
        self._script: list[Answer] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's.
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def base_url(self) -> str:
        """What `slack.base_url` is to be set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    def script(self, *answers: Answer) -> None:
        """Give these answers to the next posts; after them, posts succeed."""
        self._script.extend(answers)

    def __enter__(self) -> StandInSlack:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers.get("Content-Length") or 0)).decode()
        is_json = "json" in (request.headers.get("Content-Type") or "")
        fields: dict[str, Any] = json.loads(raw or "{}") if is_json else {key: values[-1] for key, values in parse_qs(raw).items()}
        method = request.path.rsplit("/", 1)[-1]
        with self._lock:
            answer = self._script.pop(0) if self._script and method == "chat.postMessage" else Answer()
            is_taken = answer.body.get("ok") and answer.text is None and not answer.is_hung_up
            if method == "chat.postMessage" and (answer.is_posted or is_taken):
                fields["ts"] = f"1725600000.{len(self.messages):06d}"
                for name in ("blocks", "metadata"):
                    if isinstance(fields.get(name), str):
                        fields[name] = json.loads(fields[name])
                self.messages.append(fields)
        if answer.is_hung_up:
            request.close_connection = True
            request.connection.close()
            return
        body = {**answer.body, "ts": fields.get("ts"), "channel": fields.get("channel"), "user": "monitor", "team": "stand-in"}
        data = (json.dumps(body) if answer.text is None else answer.text).encode()
        request.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **answer.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)

"""A stand-in for an OpenAI-compatible server on loopback: `/v1/chat/completions`, its shapes, and its ways to fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer to a question."""

    #: What the model says; None is what a model says that refuses.
    content: str | None = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    #: As the server counts tokens; None: it does not.
    usage: Mapping[str, int] | None = None
    finish_reason: str = "stop"
    #: A body that stands in place of a completion.
    body: bytes | None = None
    #: Seconds between two bytes of the body; 0 sends it at once.
    drip_s: float = 0.0
    #: Close the connection without an answer.
    is_hung_up: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A request as the server got it."""

    path: str
    #: Lower-case names.
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def article(self) -> str:
        """The text of the last message: the question about one article."""
        return str(self.body["messages"][-1]["content"])


class StandInModel:
    """Serves on 127.0.0.1 while its block runs; keeps the questions that it was asked."""

    def __init__(self, *, knows_schemas: bool = True) -> None:
        """Start listening on a free port. Without `knows_schemas`, `response_format` is answered by 400, as older servers do."""
        self.questions: list[Question] = []
        self._knows_schemas = knows_schemas
        self._script: list[Reply] = []
        self._last = Reply()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                # A client that has had enough hangs up in the middle of a body: that is often what is tested.
                with suppress(ConnectionError):
                    outer._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's.
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Not as daemons: closing the server waits for its handlers, so that no socket outlives a test.
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def base_url(self) -> str:
        """What `language_model.base_url` is to be set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def script(self, *replies: Reply) -> None:
        """Give these replies to the next questions, the last one for ever."""
        self._script = list(replies)

    def close(self) -> None:
        """Stop serving, and wait until it is so."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop serving."""
        self.close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers.get("Content-Length") or 0)))
        question = Question(request.path, {name.lower(): value for name, value in request.headers.items()}, body)
        with self._lock:
            self.questions.append(question)
            reply = self._reply_to(question)
        if reply.is_hung_up:
            request.close_connection = True
            request.connection.close()
            return
        data = _completion(reply, body) if reply.body is None else reply.body
        request.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **reply.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        if not reply.drip_s:
            request.wfile.write(data)
            return
        for byte in data:
            if self._closing.wait(reply.drip_s):
                return
            request.wfile.write(bytes([byte]))

    def _reply_to(self, question: Question) -> Reply:
        if question.path != "/v1/chat/completions":
            return Reply(status=404, body=b'{"error": {"message": "there is no such path"}}')
        if "response_format" in question.body and not self._knows_schemas:
            return Reply(status=400, body=b'{"error": {"message": "unknown parameter response_format"}}')
        if self._script:
            self._last = self._script.pop(0)
        return self._last


def _completion(reply: Reply, body: Mapping[str, Any]) -> bytes:
    message = {"role": "assistant", "content": reply.content} | ({"refusal": "I will not."} if reply.content is None else {})
    choices = [{"index": 0, "message": message, "finish_reason": reply.finish_reason}]
    answer: dict[str, Any] = {"id": "chatcmpl-1", "object": "chat.completion", "model": body["model"], "choices": choices}
    return json.dumps(answer | ({"usage": dict(reply.usage)} if reply.usage is not None else {})).encode()

"""A stand-in for Slack on loopback: the Web API with the real one's shapes and ways to fail, and Socket Mode."""

from __future__ import annotations

import json
import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

from monitor.testing.slack_socket import SocketModeEnd
from monitor.testing.slack_workspace import Fields, Refusal, Workspace

POST = "chat.postMessage"


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer, in place of what the workspace would answer."""

    status: int = 200
    #: None: what the workspace answers.
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    #: A body that is no JSON, as a proxy between would send; in place of `body`.
    text: str | None = None
    #: Whether the call takes effect although the answer tells of a failure: a 500 after having posted.
    is_posted: bool = False
    #: Close the connection without an answer.
    is_hung_up: bool = False
    #: Seconds before the answer, after the effect; more than the client waits makes a time-out.
    delay_s: float = 0.0


#: Frequent answers.
RATE_LIMITED = Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"})
SERVER_ERROR = Answer(500, {"ok": False, "error": "internal_error"})
ERROR_AFTER_POSTING = Answer(500, {"ok": False, "error": "internal_error"}, is_posted=True)
HANG_UP = Answer(is_hung_up=True)
HANG_UP_AFTER_POSTING = Answer(is_hung_up=True, is_posted=True)
#: Longer than any client of the tests waits; ends early when the stand-in stops.
TIME_OUT = Answer(body={"ok": True}, delay_s=60)
TIME_OUT_AFTER_POSTING = Answer(body={"ok": True}, delay_s=60, is_posted=True)


def refusal(error: str) -> Answer:
    """Return the answer by which Slack refuses for good."""
    return Answer(200, {"ok": False, "error": error})


def slow(seconds: float) -> Answer:
    """Return the answer of the workspace, late."""
    return Answer(delay_s=seconds)


class StandInSlack:
    """Serves on 127.0.0.1 while its block runs; keeps what was posted."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        """Listen on a free port. `now` stamps the messages: give the clock of those who look for them."""
        self.workspace = Workspace(now)
        self.socket_mode = SocketModeEnd()
        #: Method and fields of every call, in order.
        self.calls: deque[tuple[str, Fields]] = deque(maxlen=10_000)
        #: What was posted to `response_url`s.
        self.responses: list[Fields] = []
        #: Asked about every call that no script answers: a fault, or None for none.
        self.chaos: Callable[[str, Fields], Answer | None] = lambda _method, _fields: None
        self._scripts: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="stand-in slack", daemon=True
        )

    @property
    def base_url(self) -> str:
        """What `slack.base_url` is to be set to."""
        return f"{self._url('http')}/api/"

    @property
    def response_url(self) -> str:
        """An address as interactions carry it, for late answers."""
        return f"{self._url('http')}/response/1"

    @property
    def messages(self) -> list[Fields]:
        """Every message, oldest first, as it reads now."""
        return self.workspace.messages

    def of_form(self, *forms: str) -> list[Fields]:
        """Return the messages that are roots, changes or notices (`core.types.PostForm`)."""
        return [message for message in self.messages if message["metadata"]["event_payload"]["form"] in forms]

    @property
    def told(self) -> list[Fields]:
        """The messages that tell something: changes and notices, but no roots of threads."""
        return self.of_form("change", "notice")

    def script(self, *answers: Answer, method: str = POST) -> None:
        """Give these answers to the next calls of a method; after them, the workspace answers."""
        self._scripts[method].extend(answers)

    def settle(self) -> None:
        """Wait until every request that was sent before has taken effect, also of clients that are no more."""
        with suppress(HTTPError), urlopen(self.base_url + "api.test", data=b"", timeout=60):  # noqa: S310 - our own address
            # Connections are accepted in order: what came before this one is counted by now.
            pass
        while self._server.n_open > 0:
            time.sleep(0.01)

    def __enter__(self) -> StandInSlack:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop serving; whoever is being kept waiting is let go."""
        self._closing.set()
        self.socket_mode.drop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler, raw: bytes) -> None:
        """Answer one request."""
        path = urlsplit(request.path).path
        fields = _fields(request, raw)
        if path.startswith("/response/"):
            self.responses.append(fields)
            _write(request, Answer(), {"ok": True})
            return
        method = path.rsplit("/", 1)[-1]
        with self._lock:
            self.calls.append((method, fields))
            script = self._scripts[method]
            answer = (script.popleft() if script else None) or self.chaos(method, fields) or Answer()
            has_effect = answer.is_posted or (answer.body is None and answer.text is None and not answer.is_hung_up)
            answer, body = self._take(request, method, fields, answer) if has_effect else (answer, answer.body or {})
        if answer.delay_s:
            # Its effect has been: who waits for effects does not wait for it.
            self._server.count(-1)
            self._closing.wait(answer.delay_s)
            self._server.count(1)
        if answer.is_hung_up:
            request.close_connection = True
            with suppress(OSError):
                request.connection.shutdown(2)
            return
        scopes = {"X-OAuth-Scopes": ",".join(sorted(self.workspace.scopes))}
        _write(request, answer, body if answer.body is None else answer.body, scopes)

    def _take(self, request: BaseHTTPRequestHandler, method: str, fields: Fields, answer: Answer) -> tuple[Answer, Fields]:
        """Let a call take effect, and return what is answered."""
        token = str(fields.pop("token", None) or request.headers.get("Authorization", "")).removeprefix("Bearer ")
        try:
            if not token:
                raise Refusal("not_authed")
            if method == "apps.connections.open":
                if not token.startswith("xapp-"):
                    raise Refusal("not_allowed_token_type")
                return answer, {"ok": True, "url": f"{self._url('ws')}/link/?ticket=1&app_id=A0MONITOR"}
            wait_s = self.workspace.seconds_to_wait(fields) if method == POST else 0.0
            if wait_s > 0:
                return Answer(429, headers={"Retry-After": str(max(1, math.ceil(wait_s)))}), {"ok": False, "error": "ratelimited"}
            return answer, self.workspace.call(method, fields)
        except Refusal as exc:
            return answer, exc.body

    def _url(self, scheme: str) -> str:
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"


def _fields(request: BaseHTTPRequestHandler, raw: bytes) -> Fields:
    query = {key: values[-1] for key, values in parse_qs(urlsplit(request.path).query).items()}
    if "json" in (request.headers.get("Content-Type") or ""):
        return {**query, **json.loads(raw or b"{}")}
    fields: Fields = {**query, **{key: values[-1] for key, values in parse_qs(raw.decode()).items()}}
    # Forms carry their structured fields as JSON.
    return {key: json.loads(value) if key in {"blocks", "metadata", "view", "attachments"} else value for key, value in fields.items()}


def _write(request: BaseHTTPRequestHandler, answer: Answer, body: Fields, headers: dict[str, str] | None = None) -> None:
    data = (json.dumps(body) if answer.text is None else answer.text).encode()
    with suppress(ConnectionError):
        request.send_response(answer.status)
        own = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(data))}
        for name, value in {**own, **(headers or {}), **answer.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # More than a handful of workers may knock at once.
    request_queue_size = 128

    def __init__(self, slack: StandInSlack) -> None:
        self.slack = slack
        self.n_open = 0
        self._counting = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Count a request from the moment at which its connection is accepted."""
        self.count(1)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Count it off when it was answered."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.count(-1)

    def count(self, n: int) -> None:
        """Count requests that have not had their effect yet."""
        with self._counting:
            self.n_open += n


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.server.slack.answer(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def do_GET(self) -> None:
        if (self.headers.get("Upgrade") or "").lower() == "websocket":
            self.server.slack.socket_mode.serve(self)
        else:
            self.server.slack.answer(self, b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's.
        """Say nothing."""

"""A web site on 127.0.0.1 for tests: real HTTP without a network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """A request as the site got it."""

    method: str
    #: With its query.
    path: str
    #: Lower-case names.
    headers: Mapping[str, str]
    #: What was posted.
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers. A body given as a function is called for each request, and its chunks are sent as they come."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[], Iterable[bytes]] = b""


class LoopbackSite:
    """A site with published documents and scripted answers; a context manager. Paths it does not know answer 404."""

    def __init__(self) -> None:
        #: All requests so far, in order.
        self.requests: list[SiteRequest] = []
        #: Set when the site goes down; a body that drips waits on it.
        self.closing = threading.Event()
        self._answers: dict[str, Answer] = {}
        self._scripts: dict[str, Iterator[Answer]] = {}
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="loopback site", daemon=True
        )

    @property
    def port(self) -> int:
        """The port that the system chose."""
        return int(self._server.server_address[1])

    def url(self, path: str) -> str:
        """Return the address of a path on this site."""
        return f"http://127.0.0.1:{self.port}{path}"

    def publish(
        self,
        path: str,
        body: bytes,
        content_type: str = "application/rss+xml",
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Put a document under a path, with the validators that a conditional GET is answered by, and return its address."""
        all_headers = {"Content-Type": content_type, **(headers or {})}
        if etag is not None:
            all_headers["ETag"] = etag
        if last_modified is not None:
            all_headers["Last-Modified"] = last_modified
        return self.script(path, Answer(200, all_headers, body))

    def script(self, path: str, *answers: Answer) -> str:
        """Make a path give these answers in turn, the last one for ever, and return its address."""
        with self._lock:
            self._scripts[path] = iter(answers)
            self._answers.pop(path, None)
        return self.url(path)

    def answer(self, request: SiteRequest) -> Answer:
        """Record a request and return what it is answered."""
        with self._lock:
            self.requests.append(request)
            scripted = next(self._scripts.get(request.path, iter(())), None)
            if scripted is not None:
                self._answers[request.path] = scripted
            answer = self._answers.get(request.path)
        if answer is None:
            return Answer(404, {"Content-Type": "text/plain"}, b"There is nothing here.")
        if answer.status == 200 and _is_unchanged(request.headers, answer.headers):
            return Answer(304, {name: value for name, value in answer.headers.items() if name != "Content-Type"})
        return answer

    def close(self) -> None:
        """Take the site down, and wait until it is."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _is_unchanged(asked: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Return whether a conditional request names the present version; an entity tag goes before a date (RFC 9110, section 13.2.2)."""
    if "if-none-match" in asked:
        return asked["if-none-match"] == headers.get("ETag")
    return "if-modified-since" in asked and asked["if-modified-since"] == headers.get("Last-Modified")


class _Server(ThreadingHTTPServer):
    # Not as daemons: closing the server waits for its handlers, so that no socket outlives a test.
    daemon_threads = False
    block_on_close = True

    def __init__(self, site: LoopbackSite) -> None:
        self.site = site
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer, and close the connection: tests are shorter than keep-alives."""
        self._exchange()

    def do_POST(self) -> None:
        """Read what is posted, and answer as to a question."""
        self._exchange(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _exchange(self, body: bytes = b"") -> None:
        request = SiteRequest(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        answer = self.server.site.answer(request)
        self.close_connection = True
        # A client that has had enough hangs up in the middle of a body: that is often what is tested.
        with suppress(ConnectionError):
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        if isinstance(answer.body, bytes):
            if answer.status != 304 and "Content-Length" not in answer.headers:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        # Without a length the body ends with the connection.
        self.end_headers()
        for chunk in answer.body():
            if self.server.site.closing.is_set():
                return
            self.wfile.write(chunk)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

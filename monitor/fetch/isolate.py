"""Parsing outside the daemon's process: no feed can stall it, fill its memory or crash it. See ADR 0012.

A few worker processes (`fetch.parse_worker`) are kept and given one body at a time. One that does not answer by the deadline is ended and
replaced; one that dies takes no other feed with it. What comes back is JSON, checked against the types: a parser that hostile bytes have
taken over must not reach the daemon through what it says.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from datetime import datetime

from pydantic import ValidationError

from monitor.core.types import Feed, ParsedFeed
from monitor.errors import ParseError
from monitor.fetch.parse_worker import LENGTH_BYTES, REPLIES, TASKS, Reply, Task

#: Bodies after which a worker is replaced: whatever its libraries leak is given back.
_N_BODIES = 2000

#: Bytes read or written at a time.
_N_PIPE = 1 << 16

#: What entries may come to, as a multiple of the largest body: JSON doubles quotation marks and line ends, and each entry names its feed.
_REPLY_FACTOR = 4


class IsolatedParser:
    """Parses in processes of its own. Threads may share it; each body has a process to itself while it is parsed."""

    def __init__(
        self,
        *,
        max_body_bytes: int = 8 * 1024 * 1024,
        timeout_s: float = 10.0,
        max_memory_bytes: int = 1024 * 1024 * 1024,
        n_processes: int = 2,
    ) -> None:
        """Start nothing yet: processes are made when there is something to parse."""
        self._max_body_bytes = max_body_bytes
        self._timeout_s = timeout_s
        self._arguments = (str(max_body_bytes), str(max_memory_bytes), str(timeout_s))
        self._turns = threading.BoundedSemaphore(n_processes)
        self._idle: list[_Worker] = []
        # Also at the end of the interpreter, so that no process outlives the daemon.
        self.close = weakref.finalize(self, _end_all, self._idle)

    def parse(self, body: bytes, *, feed: Feed, content_type: str | None, fetched_at: datetime) -> ParsedFeed:
        """Return the entries, in the order of the feed, markup removed, and what the body says of polling.

        Raises: ParseError where the bytes are no feed, too many, or more than the process can parse in its time and memory.
        """
        if len(body) > self._max_body_bytes:
            raise ParseError(f"Feed {feed.key!r} has {len(body):,} bytes, more than the {self._max_body_bytes:,} that are parsed.")
        with self._turns:
            worker = self._idle.pop() if self._idle else _Worker(self._arguments)
            try:
                reply = worker.ask(Task(feed, content_type, fetched_at), body, self._timeout_s, _REPLY_FACTOR * self._max_body_bytes)
            except BaseException:
                worker.end()
                raise
            if worker.n_bodies < _N_BODIES and self.close.alive:
                self._idle.append(worker)
            else:
                worker.end()
        if reply.parsed is None:
            raise ParseError(reply.error or f"Feed {feed.key!r} was not parsed, and the parser does not say why; please report it.")
        return reply.parsed


class _Worker:
    """One process, and what is said to it and heard from it."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        command = [sys.executable, "-P", "-m", "monitor.fetch.parse_worker", *arguments]
        self._process = subprocess.Popen(  # noqa: S603 - our own program, with numbers for arguments.
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)
        self.n_bodies = 0

    def ask(self, task: Task, body: bytes, timeout_s: float, max_reply_bytes: int) -> Reply:
        """Have a body parsed. Raises: ParseError where the process fails or is too slow; then it must be ended."""
        key = task.feed.key
        if not self.n_bodies:
            # The first body waits for the libraries to be imported as well, which on a busy machine takes seconds.
            timeout_s += 20.0
        self.n_bodies += 1
        head = TASKS.dump_json(task)
        message = b"".join(len(part).to_bytes(LENGTH_BYTES, "big") + part for part in (head, body))
        try:
            return REPLIES.validate_json(self._exchange(message, time.monotonic() + timeout_s, max_reply_bytes))
        except TimeoutError as exc:
            raise ParseError(f"Feed {key!r} took longer than {timeout_s:g} s to parse; its process was ended.") from exc
        except (OSError, EOFError) as exc:
            raise ParseError(f"Feed {key!r} ended the process that parsed it (status {self._status()}); please report it.") from exc
        except ValidationError as exc:
            raise ParseError(f"Feed {key!r} made its parser answer what cannot be read; please report it.") from exc

    def end(self) -> None:
        """End the process, at once."""
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()

    def _status(self) -> int | str:
        try:
            return self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return "unknown"

    def _exchange(self, message: bytes, deadline: float, max_reply_bytes: int) -> bytes:
        """Write a message while there is one, read the reply as it comes; all by the deadline."""
        left = memoryview(message)
        reply = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdin, selectors.EVENT_WRITE)
            selector.register(self._stdout, selectors.EVENT_READ)
            while True:
                left_s = deadline - time.monotonic()
                ready = selector.select(left_s) if left_s > 0 else []
                if not ready:
                    raise TimeoutError
                for key, _ in ready:
                    if key.fileobj is self._stdin:
                        left = left[os.write(self._stdin.fileno(), left[:_N_PIPE]) :]
                        if not left:
                            selector.unregister(self._stdin)
                        continue
                    piece = os.read(self._stdout.fileno(), _N_PIPE)
                    if not piece:
                        raise EOFError
                    reply += piece
                    if len(reply) > max_reply_bytes:
                        raise EOFError
                if len(reply) >= LENGTH_BYTES and len(reply) == LENGTH_BYTES + int.from_bytes(reply[:LENGTH_BYTES], "big"):
                    return bytes(reply[LENGTH_BYTES:])


def _end_all(workers: list[_Worker]) -> None:
    while workers:
        workers.pop().end()

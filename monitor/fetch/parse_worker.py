"""The process that parses: bodies come on standard input, entries go to standard output. `fetch.isolate` starts it and ends it.

It limits its own memory before it reads the first byte that somebody else wrote, and dies by itself when its time is up, even if the
daemon that would have ended it is no more.
"""

from __future__ import annotations

import gc
import math
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from pydantic import TypeAdapter

from monitor.core.types import Feed, ParsedFeed
from monitor.errors import ParseError
from monitor.fetch.hints import read_hints
from monitor.fetch.parse import FeedparserParser

#: Length of a part, big-endian, before the part itself.
LENGTH_BYTES = 8

#: Seconds that the process grants itself beyond what its master grants it.
_GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Task:
    """What goes along with a body."""

    feed: Feed
    content_type: str | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a body: entries, or why there are none."""

    parsed: ParsedFeed | None = None
    error: str | None = None


TASKS = TypeAdapter(Task)
REPLIES = TypeAdapter(Reply)


def main() -> None:
    """Serve until standard input ends. Arguments: most bytes of a body, most bytes of memory, seconds for a body."""
    max_body_bytes, max_memory_bytes, timeout_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    _limit(max_memory_bytes)
    parser = FeedparserParser(max_body_bytes=max_body_bytes)
    # What is there by now stays: looking through it again and again takes a sixth of the time that a large feed takes.
    gc.freeze()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (head := _read_part(source)) is not None and (body := _read_part(source)) is not None:
        signal.alarm(math.ceil(timeout_s + _GRACE_S))
        reply = REPLIES.dump_json(_parse(parser, TASKS.validate_json(head), body))
        signal.alarm(0)
        sink.write(len(reply).to_bytes(LENGTH_BYTES, "big") + reply)
        sink.flush()


def _parse(parser: FeedparserParser, task: Task, body: bytes) -> Reply:
    try:
        parsed = parser.parse(body, feed=task.feed, content_type=task.content_type, fetched_at=task.fetched_at)
        return Reply(replace(parsed, hints=read_hints(body)))
    except ParseError as exc:
        return Reply(error=str(exc))
    except MemoryError:
        return Reply(error=f"Feed {task.feed.key!r} takes more memory to parse than it may; it is not parsed.")
    except Exception as exc:
        return Reply(error=f"Feed {task.feed.key!r} broke the parser ({type(exc).__name__}: {exc}); please report it with the feed.")


def _limit(max_memory_bytes: int) -> None:
    # Where the system has no such limits, the deadline alone must do.
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (max_memory_bytes, max_memory_bytes))


def _read_part(source: BinaryIO) -> bytes | None:
    """Return the next part; None at the end, also where it comes in the middle of one."""
    length = source.read(LENGTH_BYTES)
    if len(length) < LENGTH_BYTES:
        return None
    n_bytes = int.from_bytes(length, "big")
    part = source.read(n_bytes)
    return part if len(part) == n_bytes else None


if __name__ == "__main__":
    main()

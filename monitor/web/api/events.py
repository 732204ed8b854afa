"""New changes as server-sent events (WHATWG HTML, section 9.2): a browser or a script learns of them without asking again and again."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from monitor.core.interchange import change_object
from monitor.errors import TransientError
from monitor.ports.pages import ChangeRow
from monitor.web.desk import AtDesk, Desk
from monitor.web.filters import BadRequestError

router = APIRouter(tags=["read"])
#: Seconds between two looks for new changes; a look costs one query on the primary key.
LOOK_S = 2.0
#: Seconds without a change after which a comment is sent, as proxies close what is silent (nginx: 60 s).
BEAT_S = 20.0
#: Changes sent at one look.
MOST = 100
#: Streams open at once: each holds a connection.
MAX_STREAMS = 50
_streams = threading.BoundedSemaphore(MAX_STREAMS)


#: One event of the stream, by its fields.
EVENT = {"type": "object", "properties": {name: {"type": "string"} for name in ("id", "event", "data")}}


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": EVENT}},
            "description": "events named `change`, each with a change as JSON",
        },
        400: {"description": "the last event's id is no number"},
        503: {"description": f"{MAX_STREAMS} streams are open already"},
    },
)
async def events(
    request: Request,
    desk: AtDesk,
    last_event_id: Annotated[str, Header(max_length=20, description="sent by a browser that comes back")] = "",
    since: Annotated[
        int | None, Query(ge=0, le=2**53, description="number after which changes are sent; without it, new ones only")
    ] = None,
    once: Annotated[bool, Query(description="end after the first look, for scripts and tests")] = False,
) -> StreamingResponse:
    """Tell changes from now on, or from after the last one seen."""
    if last_event_id and not (last_event_id.isascii() and last_event_id.isdigit()):
        raise BadRequestError(f"Last-Event-ID = {last_event_id!r} is no number; leave it out to begin with what is new")
    start = int(last_event_id) if last_event_id else since
    seen = min(start, 2**53) if start is not None else await run_sync(desk.pages.last_number)
    stream = _stream(request, desk, seen, is_once=once)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _stream(request: Request, desk: Desk, seen: int, *, is_once: bool) -> AsyncIterator[str]:
    if not _streams.acquire(blocking=False):
        yield "event: full\ndata: too many streams are open\n\n"
        return
    try:
        # The reader comes back after so many milliseconds, with the last id it has seen.
        yield "retry: 5000\n\n"
        silent_s = 0.0
        while not await request.is_disconnected():
            try:
                rows = await run_sync(partial(desk.pages.newer, seen, limit=MOST))
            except TransientError:
                rows = []
            for row in rows:
                yield _event(row)
                seen = row.number
            if is_once and len(rows) < MOST:
                return
            silent_s = 0.0 if rows else silent_s + LOOK_S
            if silent_s >= BEAT_S:
                yield ": watching\n\n"
                silent_s = 0.0
            if len(rows) < MOST:
                await anyio.sleep(LOOK_S)
    finally:
        _streams.release()


def _event(row: ChangeRow) -> str:
    return f"id: {row.number}\nevent: change\ndata: {json.dumps(change_object(row.change), ensure_ascii=True)}\n\n"

"""Slack's way in by HTTP: buttons and commands. No sign-in is asked, as each request carries Slack's own signature."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from monitor.web.desk import NotFoundError, desk_of
from monitor.web.gate import SLACK_PATH

router = APIRouter()


@router.post(SLACK_PATH)
async def act(request: Request) -> Response:
    """Take what Slack sends. Raises: NotFoundError where no signing secret is set."""
    endpoint = desk_of(request).app.slack_endpoint
    if endpoint is None:
        raise NotFoundError("no slack.signing_secret is set, so that nothing that Slack sends can be believed")
    # The act is written to the database before the answer: not on the thread that serves everybody.
    reply = await run_in_threadpool(endpoint.handle, dict(request.headers), await request.body())
    return Response(reply.body, reply.status, media_type=reply.content_type)

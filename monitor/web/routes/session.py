"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from monitor.web.desk import AtDesk
from monitor.web.door import request_of
from monitor.web.gate import Refusal, safe_next

router = APIRouter()
_TEXT = Form(max_length=1000)


@router.get("/sign-in", response_class=HTMLResponse)
def ask(request: Request, desk: AtDesk, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:  # noqa: A002 - the name in the address
    """Ask for user and password."""
    if desk.gate.settings.auth != "password":
        return RedirectResponse("/", status_code=303)
    return desk.page(request, "sign_in.html", next=safe_next(next), why=None, user=desk.gate.settings.user)


@router.post("/sign-in", response_class=HTMLResponse)
def sign_in(
    request: Request,
    desk: AtDesk,
    user: Annotated[str, _TEXT],
    password: Annotated[str, _TEXT],
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 - the name in the form
) -> Response:
    """Open a session."""
    gate, asked = desk.gate, request_of(request.scope)
    if gate.settings.auth != "password":
        return RedirectResponse("/", status_code=303)
    token = gate.sign_in(user, password, gate.client(asked))
    if isinstance(token, Refusal):
        answer: Response = desk.page(request, "sign_in.html", token.status, next=safe_next(next), why=token.why, user=user)
        if token.retry_after_s is not None:
            answer.headers["Retry-After"] = str(token.retry_after_s)
        return answer
    answer = RedirectResponse(safe_next(next), status_code=303)
    answer.set_cookie(
        gate.cookie_name(asked),
        token,
        max_age=int(gate.sessions.lifetime.total_seconds()),
        secure=gate.is_secure(asked),
        httponly=True,
        # Lax, not strict: a link in Slack must open the page that it leads to. What changes anything is a POST, which Lax keeps to our pages.
        samesite="lax",
    )
    return answer


@router.post("/sign-out")
def sign_out(request: Request, desk: AtDesk) -> Response:
    """End the session."""
    asked = request_of(request.scope)
    name = desk.gate.cookie_name(asked)
    desk.gate.sessions.close(request.cookies.get(name, ""))
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(name, secure=desk.gate.is_secure(asked), httponly=True, samesite="lax")
    return answer

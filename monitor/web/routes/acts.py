"""Acting on the page: forms to reviews. A form carries the token of its bearer, and a name of its own so that a double click acts once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse

from monitor.core.reviews import review_id, undo
from monitor.core.types import ArticleId, ChangeId, IssueKey, Review, ReviewAction, ReviewId, Via
from monitor.errors import ReviewError
from monitor.web.desk import AtDesk, Desk, NotFoundError, SignedIn, desk_of, visitor_of
from monitor.web.door import request_of
from monitor.web.filters import BadRequestError
from monitor.web.gate import safe_next

#: Hours of the mutes that the page offers; 0 holds until it is taken back.
MUTES_H = (8, 24, 72, 168, 0)


class ForgedFormError(ReviewError):
    """A form does not carry the token of its bearer: told as 403."""


async def checked_form(request: Request) -> None:
    """Make sure that a form was made by a page of ours for this visitor. Raises: ForgedFormError."""
    visitor, desk = visitor_of(request), desk_of(request)
    if visitor is None or visitor.is_script:
        return
    asked = request_of(request.scope)
    bearer = request.cookies.get(desk.gate.cookie_name(asked), "") if visitor.has_session else visitor.name
    given = (await request.form()).get("form_token", "")
    if not isinstance(given, str) or not desk.gate.sessions.is_form_token(bearer, given):
        raise ForgedFormError("this form was not made by this page, or before its last restart; load the page again, and repeat")


router = APIRouter(dependencies=[Depends(checked_form)])
_KEY = Form(max_length=200)


@router.post("/reviews")
def act(
    desk: AtDesk,
    visitor: SignedIn,
    action: Annotated[ReviewAction, Form()],
    issue: Annotated[str, _KEY],
    change: Annotated[str, _KEY] = "",
    article: Annotated[str, _KEY] = "",
    status: Annotated[str, _KEY] = "",
    other: Annotated[str, _KEY] = "",
    hours: Annotated[int, Form(ge=0, le=8760)] = 0,
    undoes: Annotated[str, _KEY] = "",
    note: Annotated[str, Form(max_length=4000)] = "",
    nonce: Annotated[str, Form(max_length=100)] = "",
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> RedirectResponse:
    """Record what a person says or does, and go back to where the form was."""
    name = review_id("page", visitor.name, nonce or secrets.token_hex(8), action.value)
    now = desk.now()
    if action is ReviewAction.UNDO:
        record(desk, take_back(desk, undoes, name=name, by=visitor.name, via=Via.PAGE, note=note))
    else:
        until = now + timedelta(hours=hours) if action is ReviewAction.MUTE and hours else None
        record(
            desk,
            Review(
                review_id=name,
                issue_key=IssueKey(issue),
                action=action,
                at=now,
                by=visitor.name,
                via=Via.PAGE,
                change_id=ChangeId(change) if change else None,
                article_id=ArticleId(article) if article else None,
                status_key=status or None,
                other_change_id=ChangeId(other) if other else None,
                until=until,
                note=note.strip(),
            ),
        )
    return RedirectResponse(safe_next(back), status_code=303)


def record(desk: Desk, review: Review) -> Review:
    """Do what a review says, by the way that every act takes. Raises: NotFoundError, ReviewError."""
    desk.issue(review.issue_key)
    return desk.app.review(review)


def take_back(desk: Desk, undoes: str, *, name: ReviewId, by: str, via: Via, note: str = "") -> Review:
    """Return the act that takes a review back. Raises: NotFoundError, BadRequestError."""
    if not undoes:
        raise BadRequestError("undo: no review is named; say which one in `undoes`")
    with desk.app.uow.reading() as store:
        target = store.reviews.get(ReviewId(undoes))
    if target is None:
        raise NotFoundError(f"there is no review {undoes!r}; the record of reviews lists them all")
    return undo(target, name=name, at=desk.now(), by=by, via=via, note=note.strip())

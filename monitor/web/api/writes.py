"""What can be done over the API. Bodies are JSON only, which no form of another site can send."""

from __future__ import annotations

import secrets
from datetime import UTC

from fastapi import APIRouter

from monitor.core.reviews import review_id
from monitor.core.types import ArticleId, ChangeId, IssueKey, Review, ReviewAction, Via
from monitor.web.api.lists import PROBLEMS
from monitor.web.api.models import ReviewIn, ReviewOut, review_out
from monitor.web.desk import AtDesk, SignedIn
from monitor.web.filters import BadRequestError
from monitor.web.routes.acts import record, take_back

router = APIRouter(tags=["act"], responses=PROBLEMS)


@router.post("/reviews", status_code=201)
def review(desk: AtDesk, visitor: SignedIn, said: ReviewIn) -> ReviewOut:
    """Say something of a change, do something to an issue, or take such an act back."""
    name = review_id("api", visitor.name, said.key or secrets.token_hex(8), said.action.value)
    if said.action is ReviewAction.UNDO:
        return review_out(record(desk, take_back(desk, said.undoes or "", name=name, by=visitor.name, via=Via.API, note=said.note)))
    if said.until is not None and said.until.tzinfo is None:
        raise BadRequestError(f"until = {said.until.isoformat()!r} has no zone; write e.g. 2024-09-06T18:00:00Z")
    return review_out(
        record(
            desk,
            Review(
                review_id=name,
                issue_key=IssueKey(said.issue),
                action=said.action,
                at=desk.now(),
                by=visitor.name,
                via=Via.API,
                change_id=ChangeId(said.change_id) if said.change_id else None,
                article_id=ArticleId(said.article_id) if said.article_id else None,
                status_key=said.status,
                other_change_id=ChangeId(said.other_change_id) if said.other_change_id else None,
                until=said.until.astimezone(UTC) if said.until else None,
                note=said.note.strip(),
            ),
        )
    )

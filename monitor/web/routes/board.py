"""The board: every issue with where it stands, and the changes that wait for a word."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.core.reviews import review_of_issue
from monitor.core.types import Health
from monitor.ports.pages import ChangeFilter, Reviewed
from monitor.web.desk import AtDesk

router = APIRouter()
#: Changes that wait, shown on the board: what two minutes suffice for. The list has the others.
N_OPEN = 8


@router.get("/", response_class=HTMLResponse)
def board(request: Request, desk: AtDesk) -> HTMLResponse:
    """Show the board."""
    overviews = desk.app.queries.issues()
    waiting = desk.pages.changes(ChangeFilter(reviewed=Reviewed.OPEN), limit=N_OPEN)
    names, now = desk.names(), desk.now()
    with desk.app.uow.reading() as store:
        reviews = {key: review_of_issue(key, store.reviews.of_issue(key), now=now) for key in names}
        dead = store.outbox.list(states={"dead"}, limit=1)
    feeds = desk.feeds()
    blind = [state for state in feeds if state.health in {Health.BLIND, Health.GONE}]
    return desk.page(
        request,
        "board.html",
        overviews=overviews,
        names=names,
        ladders={key: desk.ladder(name) for key, name in names.items()},
        reviews=reviews,
        waiting=waiting,
        feeds=feeds,
        blind=blind,
        last_poll_at=max((state.last_success_at for state in feeds if state.last_success_at), default=None),
        has_dead=bool(dead),
    )

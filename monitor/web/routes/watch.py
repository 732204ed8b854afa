"""What keeps watch: feeds, deliveries, the record of reviews, and the settings in force."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse

from monitor.core.remarks import remarks
from monitor.core.reviews import taken_back
from monitor.core.spells import gaps, overlap
from monitor.core.types import DeliveryState, IdPolicy, IdVerdict
from monitor.web.desk import AtDesk
from monitor.web.masked import rows_in_force

router = APIRouter()
#: Polls of a feed shown, deliveries and reviews listed.
N_POLLS, N_DELIVERIES, N_REVIEWS = 12, 200, 200


@router.get("/feeds", response_class=HTMLResponse)
def feeds(request: Request, desk: AtDesk) -> HTMLResponse:
    """Show the feeds with their health."""
    with desk.app.uow.reading() as store:
        states = store.feeds.states()
        verdicts = {state.feed.key: store.feeds.id_verdict(state.feed.key) for state in states}
        polls = {state.feed.key: store.feeds.polls(state.feed.key, limit=N_POLLS) for state in states}
    shares = {key: next((share for poll in found if (share := overlap(poll)) is not None), None) for key, found in polls.items()}
    told = {state.feed.key: [*remarks(state), *_known_by(verdicts[state.feed.key])] for state in states}
    missed = {key: gaps(found) for key, found in polls.items()}
    spells = desk.spells()[::-1][:20]
    return desk.page(request, "feeds.html", states=states, polls=polls, shares=shares, missed=missed, remarks=told, spells=spells)


def _known_by(verdict: IdVerdict | None) -> list[str]:
    """Return what is to be said of a feed's ids: nothing where they do what they should."""
    if verdict is None or verdict.policy is IdPolicy.BOTH:
        return []
    return [f"ids: items are known by their {verdict.policy.value}; {verdict.reason}"]


@router.get("/outbox", response_class=HTMLResponse)
def outbox(request: Request, desk: AtDesk, state: Annotated[DeliveryState | None, Query()] = None) -> HTMLResponse:
    """Show what is on its way, and what was sent."""
    with desk.app.uow.reading() as store:
        deliveries = store.outbox.list(states={state.value} if state else None, limit=N_DELIVERIES)
    return desk.page(request, "outbox.html", deliveries=deliveries, states=list(DeliveryState), state=state, names=desk.names())


@router.get("/reviews", response_class=HTMLResponse)
def reviews(request: Request, desk: AtDesk) -> HTMLResponse:
    """Show what people said and did, newest first."""
    with desk.app.uow.reading() as store:
        found = store.reviews.list(limit=N_REVIEWS)
    return desk.page(request, "reviews.html", reviews=found, undone=taken_back(found), names=desk.names())


@router.get("/settings", response_class=HTMLResponse)
def settings(request: Request, desk: AtDesk) -> HTMLResponse:
    """Show the settings in force, secrets masked."""
    return desk.page(request, "settings.html", rows=list(rows_in_force(desk.app.settings)))


@router.get("/alive", response_class=PlainTextResponse, include_in_schema=False)
def alive() -> str:
    """Tell a supervisor that the page answers."""
    return "alive\n"

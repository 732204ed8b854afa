"""One issue: its course as a picture, its log, denials, key facts, origins; and the same as a printable page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from monitor.core.excerpts import by_origin
from monitor.core.reviews import review_of_issue, taken_back
from monitor.core.types import Change, ChangeKind, ReviewAction
from monitor.ports.pages import ChangeFilter, IssueName, Read
from monitor.web.desk import AtDesk, Desk
from monitor.web.filters import write_mark
from monitor.web.picture import Course, draw

router = APIRouter(prefix="/issues")
#: Changes that are drawn: more would be a smear. Articles read that are listed, and their origins.
N_DRAWN, N_READ = 150, 80
#: Changes listed under the picture; the list of changes has the others.
N_LOG = 30


@router.get("/{key}", response_class=HTMLResponse)
def issue(request: Request, desk: AtDesk, key: str) -> HTMLResponse:
    """Show an issue."""
    found = desk.issue(key)
    shown = facts(desk, found, n_log=N_LOG)
    with desk.app.uow.reading() as store:
        reviews = store.reviews.of_issue(found.issue_key)
    # What sets the status is kept with the change that it made; it was done here, and can be taken back here.
    of_changes = [review for row in shown["log"].rows for review in row.reviews]
    by_hand = {review.review_id for review in of_changes if review.action is ReviewAction.SET_STATUS}
    reviews += [review for review in of_changes if review.review_id in by_hand or review.undoes in by_hand]
    reviews.sort(key=lambda review: (review.at, review.review_id))
    return desk.page(
        request,
        "issue.html",
        **shown,
        reviews=reviews[::-1],
        undone=taken_back(reviews),
    )


@router.get("/{key}/report", response_class=HTMLResponse)
def report(request: Request, desk: AtDesk, key: str) -> HTMLResponse:
    """Show an issue on one printable page."""
    return desk.page(request, "report.html", **facts(desk, desk.issue(key), n_log=N_LOG))


@router.get("/{key}/picture.svg")
def picture(desk: AtDesk, key: str) -> Response:
    """Return the picture as a file, its colours written in."""
    drawn = draw(course(desk, desk.issue(key)), is_alone=True)
    empty = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
    return Response(str(drawn or empty), media_type="image/svg+xml")


def course(desk: Desk, found: IssueName) -> Course:
    """Return what is drawn of an issue."""
    return Course(
        ladder=desk.ladder(found),
        changes=desk.pages.course(found.issue_key, limit=N_DRAWN),
        volume=desk.pages.volume(found.issue_key),
        spells=desk.spells(),
        now=desk.now(),
    )


def facts(desk: Desk, found: IssueName, *, n_log: int) -> dict[str, Any]:
    """Return what the page of an issue and its report show."""
    drawn = course(desk, found)
    log = desk.pages.changes(ChangeFilter(issue_key=found.issue_key), limit=n_log)
    reads = desk.pages.reads(found.issue_key, limit=N_READ)
    with desk.app.uow.reading() as store:
        state = store.issues.state(found.issue_key)
        baseline = store.issues.baseline(found.issue_key)
        said = review_of_issue(found.issue_key, store.reviews.of_issue(found.issue_key), now=desk.now())
        seeds = store.articles.get(baseline.seed_ids) if baseline else {}
    return {
        "issue": found,
        "names": {found.issue_key: found},
        "ladder": drawn.ladder,
        "state": state,
        "baseline": baseline,
        "seeds": list(seeds.values()),
        "said": said,
        "picture": draw(drawn),
        "log": log,
        "next": write_mark(log.after),
        "denials": open_denials(drawn.changes),
        "origins": origins(reads),
        "n_read": sum(n for _, n in drawn.volume),
        "spells": drawn.spells[-5:],
    }


def open_denials(changes: Sequence[Change]) -> list[Change]:
    """Return the denials after which nothing has moved on: what a party says is not so, and nobody has settled."""
    last_move = max((n for n, change in enumerate(changes) if change.kind in {ChangeKind.STATUS, ChangeKind.MANUAL}), default=-1)
    return [change for n, change in enumerate(changes) if change.kind is ChangeKind.DENIAL and n > last_move]


def origins(reads: Sequence[Read]) -> list[list[Read]]:
    """Return what was read in groups of one origin, each group's own report first, the greatest group first."""
    groups = by_origin(list(reads), lambda read: read.origin_keys)
    for group in groups:
        # The origin itself is the earliest; what follows are its copies.
        group.sort(key=lambda read: (read.published_at, read.article_id))
    return sorted(groups, key=lambda group: -len(group))

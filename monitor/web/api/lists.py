"""What can be read over the API. Lists are cut by cursor; every answer has an ETag."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from monitor.core.reviews import review_of_issue
from monitor.core.types import ArticleId, ChangeId, DeliveryState, IssueKey
from monitor.ports import IssueOverview
from monitor.web.api.models import (
    ArticleOut,
    ArticlesOut,
    ChangesOut,
    DeliveryOut,
    FeedOut,
    IssueOut,
    NeighbourOut,
    Problem,
    ReviewedChangeOut,
    ReviewOut,
    article_out,
    change_out,
    delivery_out,
    feed_out,
    issue_out,
    review_out,
)
from monitor.web.desk import AtDesk, Desk, NotFoundError
from monitor.web.filters import MOST, WantedArticles, WantedChanges, WantedPage, write_mark

#: What may come instead of an answer, told by OpenAPI.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "a parameter cannot be read"},
    401: {"model": Problem, "description": "nobody is signed in"},
    403: {"model": Problem, "description": "the user may read only, or the request comes from another site"},
    404: {"model": Problem, "description": "there is nothing under this name"},
    422: {"model": Problem, "description": "a parameter is missing or of the wrong kind"},
    503: {"model": Problem, "description": "the database is busy; try again"},
}
router = APIRouter(tags=["read"], responses=PROBLEMS)
_Key = Annotated[str, Path(max_length=200)]
_LIMIT = Query(ge=1, le=MOST)


@router.get("/issues")
def issues(desk: AtDesk) -> list[IssueOut]:
    """Give every issue with where it stands, by key."""
    return [_issue(desk, overview) for overview in desk.app.queries.issues()]


@router.get("/issues/{issue}")
def issue(desk: AtDesk, issue: _Key) -> IssueOut:
    """Give one issue."""
    found = next((overview for overview in desk.app.queries.issues() if overview.state.issue_key == issue), None)
    if found is None:
        raise NotFoundError(f"there is no issue {issue!r}")
    return _issue(desk, found)


@router.get("/changes")
def changes(desk: AtDesk, wanted: WantedChanges, page: WantedPage) -> ChangesOut:
    """Give the change log, newest first."""
    found = desk.pages.changes(wanted, after=page.after, limit=page.limit)
    return ChangesOut(items=[change_out(row) for row in found.rows], next=write_mark(found.after))


@router.get("/changes/{change_id}")
def change(desk: AtDesk, change_id: _Key) -> ReviewedChangeOut:
    """Give one change."""
    row = desk.pages.change(ChangeId(change_id))
    if row is None:
        raise NotFoundError(f"there is no change {change_id!r}")
    return change_out(row)


@router.get("/articles")
def articles(desk: AtDesk, wanted: WantedArticles, page: WantedPage) -> ArticlesOut:
    """Give the stored articles: newest published first, a search newest stored first, or nearest to an issue first."""
    found = desk.pages.articles(wanted, after=page.after, limit=page.limit)
    return ArticlesOut(items=[article_out(row) for row in found.rows], next=write_mark(found.after))


@router.get("/articles/{article_id}")
def article(desk: AtDesk, article_id: _Key) -> ArticleOut:
    """Give one article, whole."""
    row = desk.pages.article(ArticleId(article_id))
    if row is None:
        raise NotFoundError(f"there is no article {article_id!r}")
    return article_out(row)


@router.get("/articles/{article_id}/like")
def like(desk: AtDesk, article_id: _Key, limit: Annotated[int, Query(ge=1, le=100)] = 30) -> list[NeighbourOut]:
    """Give the articles most similar to one in meaning, best first; none where it has no vector yet."""
    row = desk.pages.article(ArticleId(article_id))
    if row is None:
        raise NotFoundError(f"there is no article {article_id!r}")
    near = desk.pages.like(row.article, limit=limit)
    return [NeighbourOut(article=article_out(found.row), similarity=found.similarity) for found in (near.neighbours if near else ())]


@router.get("/feeds")
def feeds(desk: AtDesk) -> list[FeedOut]:
    """Give every feed with its health, retired ones last."""
    with desk.app.uow.reading() as store:
        return [feed_out(state) for state in store.feeds.states()]


@router.get("/outbox")
def outbox(
    desk: AtDesk,
    state: Annotated[DeliveryState | None, Query(description="none means all")] = None,
    limit: Annotated[int, _LIMIT] = 100,
) -> list[DeliveryOut]:
    """Give deliveries, newest first."""
    with desk.app.uow.reading() as store:
        return [delivery_out(found) for found in store.outbox.list(states={state.value} if state else None, limit=limit)]


@router.get("/reviews")
def reviews(desk: AtDesk, issue: Annotated[str, Query(max_length=200)] = "", limit: Annotated[int, _LIMIT] = 100) -> list[ReviewOut]:
    """Give what people said and did, newest first."""
    with desk.app.uow.reading() as store:
        return [review_out(found) for found in store.reviews.list(IssueKey(issue) if issue else None, limit=limit)]


def _issue(desk: Desk, overview: IssueOverview) -> IssueOut:
    key = overview.state.issue_key
    with desk.app.uow.reading() as store:
        return issue_out(overview, review_of_issue(key, store.reviews.of_issue(key), now=desk.now()).mute)

"""The articles that were read or passed over, and one of them with its versions and every verdict."""

from __future__ import annotations

from itertools import pairwise

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.core.excerpts import edits
from monitor.core.reviews import review_of_issue
from monitor.core.types import ArticleId
from monitor.ports.pages import Verdict
from monitor.web.desk import AtDesk, NotFoundError
from monitor.web.filters import WantedArticles, WantedPage, write_mark

router = APIRouter(prefix="/articles")
#: Articles shown as being like one.
N_LIKE = 30


@router.get("", response_class=HTMLResponse)
def articles(request: Request, desk: AtDesk, wanted: WantedArticles, page: WantedPage, q: str = "") -> HTMLResponse:
    """Show the stored articles."""
    found = desk.pages.articles(wanted, after=page.after, limit=page.limit)
    with desk.app.uow.reading() as store:
        seeds = store.articles.get({match.nearest_seed for row in found.rows for match in row.matches})
    return desk.page(
        request,
        "articles.html",
        wanted=wanted,
        typed=q,
        found=found,
        next=write_mark(found.after),
        is_first=page.after is None,
        names=desk.names(),
        verdicts=list(Verdict),
        seeds=seeds,
    )


@router.get("/{article_id}", response_class=HTMLResponse)
def article(request: Request, desk: AtDesk, article_id: str) -> HTMLResponse:
    """Show one article, from its feeds to what came of it."""
    row = desk.pages.article(ArticleId(article_id))
    if row is None:
        raise NotFoundError(f"there is no article {article_id!r}; it may never have been in a feed")
    with desk.app.uow.reading() as store:
        versions = store.articles.versions(row.article.article_id)
        seeds = store.articles.get([match.nearest_seed for match in row.matches])
        reviews = {match.issue_key: store.reviews.of_issue(match.issue_key) for match in row.matches}
    promoted = {
        key: next((one for one in review_of_issue(key, said, now=desk.now()).promoted if one.article_id == row.article.article_id), None)
        for key, said in reviews.items()
    }
    return desk.page(
        request,
        "article.html",
        row=row,
        article=row.article,
        versions=[(old, new, edits(old, new)) for old, new in pairwise(versions)][::-1],
        trace=desk.app.queries.trace(row.article),
        seeds=seeds,
        promoted=promoted,
        n_reviews={key: len(said) for key, said in reviews.items()},
        names=desk.names(),
    )


@router.get("/{article_id}/like", response_class=HTMLResponse)
def like(request: Request, desk: AtDesk, article_id: str) -> HTMLResponse:
    """Show the articles most similar to one in meaning."""
    row = desk.pages.article(ArticleId(article_id))
    if row is None:
        raise NotFoundError(f"there is no article {article_id!r}; it may never have been in a feed")
    found = desk.pages.like(row.article, limit=N_LIKE)
    return desk.page(request, "like.html", article=row.article, found=found, names=desk.names())

"""The change log, and one change with everything that it rests on."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.core.excerpts import by_origin, excerpt_of
from monitor.core.reading import weight_of
from monitor.core.reviews import review_of_change, taken_back
from monitor.core.types import ArticleId, ChangeId, ChangeKind, Quote
from monitor.ports.pages import ChangeFilter, Reviewed
from monitor.web.desk import AtDesk, Desk, NotFoundError
from monitor.web.filters import WantedChanges, WantedPage, write_mark

router = APIRouter(prefix="/changes")
#: Other changes of the issue that one may be merged with.
N_OTHERS = 20
#: Articles read for the issue, among which copies of the proof are looked for.
N_READ = 200


@router.get("", response_class=HTMLResponse)
def changes(request: Request, desk: AtDesk, wanted: WantedChanges, page: WantedPage) -> HTMLResponse:
    """Show the change log."""
    found = desk.pages.changes(wanted, after=page.after, limit=page.limit)
    verdicts = {row.number: review_of_change(row.change.change_id, row.reviews).verdict for row in found.rows}
    return desk.page(
        request,
        "changes.html",
        wanted=wanted,
        found=found,
        verdicts=verdicts,
        next=write_mark(found.after),
        is_first=page.after is None,
        names=desk.names(),
        kinds=list(ChangeKind),
        reviewed=list(Reviewed),
    )


@router.get("/{change_id}", response_class=HTMLResponse)
def change(request: Request, desk: AtDesk, change_id: str) -> HTMLResponse:
    """Show one change."""
    row = desk.pages.change(ChangeId(change_id))
    if row is None:
        raise NotFoundError(f"there is no change {change_id!r}; the change log lists them all")
    found = row.change
    name = desk.issue(found.issue_key)
    others = desk.pages.changes(ChangeFilter(issue_key=found.issue_key), limit=N_OTHERS).rows
    reads = desk.pages.reads(found.issue_key, limit=N_READ)
    quoted = {quote.article_id for quote in found.evidence}
    copies = [group for group in by_origin(reads, lambda read: read.origin_keys) if any(read.article_id in quoted for read in group)]
    article = desk.pages.article(found.article_id) if found.article_id else None
    match = next((match for match in article.matches if match.issue_key == found.issue_key), None) if article else None
    claims = [
        (claim, weight_of(claim, desk.app.settings.status.policy()))
        for assessment in (desk.app.queries.trace(article.article).assessments if article else ())
        if assessment.evidence.issue_key == found.issue_key
        for claim in assessment.evidence.claims[:5]
    ]
    return desk.page(
        request,
        "change.html",
        row=row,
        change=found,
        issue=name,
        names={name.issue_key: name},
        ladder=desk.ladder(name),
        said=review_of_change(found.change_id, row.reviews),
        undone=taken_back(row.reviews),
        now_quotes=_excerpts(desk, found.evidence),
        old_quotes=_excerpts(desk, found.baseline_evidence),
        copies=copies,
        match=match,
        claims=claims[:5],
        article=article,
        others=[other for other in others if other.number != row.number],
        deliveries=desk.pages.deliveries(found.change_id),
        policy=desk.app.settings.status.policy(),
        alerts=desk.app.settings.alerts,
    )


def _excerpts(desk: Desk, quotes: tuple[Quote, ...]) -> list[tuple[Quote, object]]:
    """Return quotes with their paragraphs."""
    with desk.app.uow.reading() as store:
        versions = {key: store.articles.versions(ArticleId(key)) for key in {quote.article_id for quote in quotes}}
    return [(quote, excerpt_of(quote, versions[quote.article_id])) for quote in quotes]

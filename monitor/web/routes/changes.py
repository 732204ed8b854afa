"""The change log, and one change with everything that it rests on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.core.cue_words import Piece, Role, compared, marked_words, pieces_of
from monitor.core.excerpts import Excerpt, by_origin, excerpt_of
from monitor.core.ladder import Phase
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
    now_quotes = _shown(desk, found.evidence, found.to_phase)
    old_quotes = _shown(desk, found.baseline_evidence, found.from_phase)
    now_quotes, old_quotes = _beside(now_quotes, old_quotes), _beside(old_quotes, now_quotes)
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
        now_quotes=now_quotes,
        old_quotes=old_quotes,
        copies=copies,
        match=match,
        claims=claims[:5],
        article=article,
        others=[other for other in others if other.number != row.number],
        deliveries=desk.pages.deliveries(found.change_id),
        policy=desk.app.settings.status.policy(),
        alerts=desk.app.settings.alerts,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A quote in its paragraph, cut at the words that carry its step."""

    quote: Quote
    excerpt: Excerpt
    pieces: tuple[Piece, ...]

    @property
    def step_words(self) -> tuple[str, ...]:
        """The words that name the step."""
        return marked_words(self.pieces, Role.STEP)

    @property
    def told_words(self) -> tuple[str, ...]:
        """The words that say how the sentence stands to it."""
        return marked_words(self.pieces, Role.TOLD)


def _shown(desk: Desk, quotes: tuple[Quote, ...], phase: Phase | None) -> list[Shown]:
    """Return quotes that tell of a phase with their paragraphs."""
    with desk.app.uow.reading() as store:
        versions = {key: store.articles.versions(ArticleId(key)) for key in {quote.article_id for quote in quotes}}
    return [
        Shown(
            quote,
            excerpt_of(quote, versions[quote.article_id]),
            pieces_of(quote.quote, phase, quote.stance, is_headline=quote.field == "title") if phase else (Piece(quote.quote),),
        )
        for quote in quotes
    ]


def _beside(quotes: list[Shown], others: list[Shown]) -> list[Shown]:
    """Return quotes, the first compared with the first of the other side: these two stand side by side."""
    first = [replace(quote, pieces=compared(quote.pieces, others[0].pieces)) for quote in quotes[:1] if others]
    return first + quotes[len(first) :]

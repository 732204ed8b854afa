"""Every view as a file: CSV for spreadsheets, JSON Lines for programs, Atom for readers of feeds. They go out as they are read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from monitor.core.atom import MAX_ENTRIES, atom_document
from monitor.core.interchange import article_object, change_object, instant_text
from monitor.core.types import Change, IssueKey
from monitor.core.visible import defused, visible
from monitor.ports.pages import ArticleFilter, ChangeFilter, IssueName
from monitor.web.api.models import change_out, delivery_out, feed_out, review_out
from monitor.web.atom import entry_of
from monitor.web.desk import AtDesk, Desk, NotFoundError
from monitor.web.door import request_of
from monitor.web.filters import MOST, WantedArticles, WantedChanges

router = APIRouter()
#: Deliveries and reviews of a file.
N_RECORDS = 10_000
Row = Mapping[str, Any]


@router.get("/changes.{suffix}")
def changes(desk: AtDesk, suffix: str, wanted: WantedChanges) -> Response:
    """Give the change log, newest first."""
    if suffix == "jsonl":
        return _lines((change_object(change) for change in _all_changes(desk, wanted)), "changes")
    names = desk.names()
    return _file(suffix, "changes", (_change_row(desk, names, row) for row in _all_rows(desk, wanted)))


@router.get("/articles.{suffix}")
def articles(desk: AtDesk, suffix: str, wanted: WantedArticles) -> Response:
    """Give the stored articles of a view."""
    if suffix == "jsonl":
        return _lines(_whole_articles(desk, wanted), "articles")
    return _file(suffix, "articles", _article_rows(desk, wanted))


@router.get("/feeds.{suffix}")
def feeds(desk: AtDesk, suffix: str) -> Response:
    """Give the feeds with their health."""
    with desk.app.uow.reading() as store:
        states = store.feeds.states()
    return _file(suffix, "feeds", (feed_out(state).model_dump(mode="json") for state in states))


@router.get("/outbox.{suffix}")
def outbox(desk: AtDesk, suffix: str) -> Response:
    """Give deliveries, newest first."""
    with desk.app.uow.reading() as store:
        deliveries = store.outbox.list(limit=N_RECORDS)
    return _file(suffix, "outbox", (delivery_out(delivery).model_dump(mode="json") for delivery in deliveries))


@router.get("/reviews.{suffix}")
def reviews(desk: AtDesk, suffix: str) -> Response:
    """Give what people said and did, newest first."""
    with desk.app.uow.reading() as store:
        found = store.reviews.list(limit=N_RECORDS)
    return _file(suffix, "reviews", (review_out(review).model_dump(mode="json") for review in found))


@router.get("/issues.{suffix}")
def issues(desk: AtDesk, suffix: str) -> Response:
    """Give the board."""
    names = desk.names()
    rows = (
        {
            "issue": overview.state.issue_key,
            "title": overview.title,
            "status": desk.label_of(names, overview.state.issue_key, overview.state.status_key),
            "since": instant_text(overview.state.since) if overview.state.since else None,
            "confirmation": overview.state.confirmation.value,
            "origins": list(overview.state.origins),
            "n_articles_matched": overview.n_articles_matched,
            "n_changes": overview.n_changes,
            "last_evidence_at": instant_text(overview.last_evidence_at) if overview.last_evidence_at else None,
        }
        for overview in desk.app.queries.issues()
    )
    return _file(suffix, "issues", rows)


@router.get("/atom.xml")
def atom(request: Request, desk: AtDesk) -> Response:
    """Give the change log of all issues as a feed."""
    return _atom(request, desk, ChangeFilter(), "Statuswatch: changes", "/atom.xml", "/changes")


@router.get("/issues/{key}/atom.xml")
def issue_atom(request: Request, desk: AtDesk, key: str) -> Response:
    """Give the change log of one issue as a feed."""
    issue = desk.issue(key)
    wanted = ChangeFilter(issue_key=issue.issue_key)
    return _atom(request, desk, wanted, f"Statuswatch: {issue.title}", f"/issues/{key}/atom.xml", f"/issues/{key}")


def _atom(request: Request, desk: Desk, wanted: ChangeFilter, title: str, feed_path: str, page_path: str) -> Response:
    names, asked = desk.names(), request_of(request.scope)
    address = f"{desk.gate.scheme(asked)}://{asked.headers.get('host', '')}"
    entries = [
        entry_of(change, names[change.issue_key].title, _before(desk, names, change), _after(desk, names, change), address=address)
        for change in (row.change for row in desk.pages.changes(wanted, limit=MAX_ENTRIES).rows)
    ]
    here = f"{address}{feed_path}"
    body = atom_document(visible(title), entries, feed_id=here, self_link=here, page_link=f"{address}{page_path}")
    return Response(body, media_type="application/atom+xml")


def _before(desk: Desk, names: Mapping[IssueKey, IssueName], change: Change) -> str | None:
    return desk.label_of(names, change.issue_key, change.from_status) if change.from_status else None


def _after(desk: Desk, names: Mapping[IssueKey, IssueName], change: Change) -> str:
    return desk.label_of(names, change.issue_key, change.to_status)


def _all_rows(desk: Desk, wanted: ChangeFilter) -> Iterator[Any]:
    after = None
    while True:
        page = desk.pages.changes(wanted, after=after, limit=MOST)
        yield from page.rows
        after = page.after
        if after is None:
            return


def _all_changes(desk: Desk, wanted: ChangeFilter) -> Iterator[Change]:
    return (row.change for row in _all_rows(desk, wanted))


def _all_articles(desk: Desk, wanted: ArticleFilter) -> Iterator[Any]:
    after = None
    while True:
        page = desk.pages.articles(wanted, after=after, limit=MOST)
        yield from page.rows
        after = page.after
        if after is None:
            return


def _whole_articles(desk: Desk, wanted: ArticleFilter) -> Iterator[Row]:
    """Yield articles in the format that `monitor replay` reads, whole."""
    pending: list[Any] = []
    for row in _all_articles(desk, wanted):
        pending.append(row.article)
        if len(pending) == MOST:
            yield from _whole(desk, pending)
            pending = []
    yield from _whole(desk, pending)


def _whole(desk: Desk, articles: list[Any]) -> Iterator[Row]:
    with desk.app.uow.reading() as store:
        found = store.articles.get([article.article_id for article in articles])
    return (article_object(replace(article, text=found[article.article_id].text)) for article in articles if article.article_id in found)


def _change_row(desk: Desk, names: Mapping[IssueKey, IssueName], row: Any) -> Row:  # noqa: ANN401 - a ChangeRow
    change, told = row.change, change_out(row)
    lead = change.evidence[0] if change.evidence else None
    return {
        "at": instant_text(change.at),
        "issue": change.issue_key,
        "title": names[change.issue_key].title,
        "kind": change.kind.value,
        "before": _before(desk, names, change),
        "after": _after(desk, names, change),
        "confirmation": change.confirmation.value,
        "confidence": change.confidence,
        "origins": list(change.origins),
        "quote": lead.quote if lead else None,
        "source": lead.source if lead else None,
        "url": lead.url if lead else None,
        "before_quote": change.baseline_evidence[0].quote if change.baseline_evidence else None,
        "reason": change.reason,
        "verdict": told.verdict.value if told.verdict else None,
        "notes": [f"{review.by}: {review.note}" for review in told.reviews if review.note],
        "is_history": change.is_history,
        "change_id": change.change_id,
    }


def _article_rows(desk: Desk, wanted: ArticleFilter) -> Iterator[Row]:
    for row in _all_articles(desk, wanted):
        article = row.article
        base = {
            "published_at": instant_text(article.published_at),
            "source": article.source,
            "title": article.title,
            "url": article.url,
            "article_id": article.article_id,
            "version": article.version,
        }
        unjudged = dict.fromkeys(("issue", "is_match", "score", "threshold", "nearest_seed", "reason"))
        for match in row.matches or (None,):
            judged = unjudged if match is None else {"issue": match.issue_key} | {name: getattr(match, name) for name in list(unjudged)[1:]}
            yield base | judged


def _file(suffix: str, name: str, rows: Iterable[Row]) -> Response:
    writers: dict[str, Callable[[Iterable[Row], str], Response]] = {"csv": _table, "jsonl": _lines}
    if suffix not in writers:
        raise NotFoundError(f"{name}.{suffix}: there is no such file; csv and jsonl there are")
    return writers[suffix](rows, name)


def _lines(rows: Iterable[Row], name: str) -> Response:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=_named(f"{name}.jsonl"))


def _table(rows: Iterable[Row], name: str) -> Response:
    return StreamingResponse(csv_lines(rows), media_type="text/csv; charset=utf-8", headers=_named(f"{name}.csv"))


def csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a table for spreadsheets: with the mark by which they know UTF-8, and no cell that they would compute (RFC 4180)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    is_first = True
    for row in rows:
        if is_first:
            buffer.write("\ufeff")
            writer.writerow(row)
            is_first = False
        writer.writerow([_cell(value) for value in row.values()])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    if is_first:
        yield "\ufeff"


def _cell(value: object) -> str:
    if isinstance(value, str):
        return defused(visible(value))
    if isinstance(value, list | tuple):
        return defused(visible("; ".join(map(str, value))))
    # Numbers stay numbers, a minus sign and all.
    return "" if value is None else str(value)


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}

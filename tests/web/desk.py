"""A small desk for tests: an application over rows made by hand, harmless or hostile, and a client over its page."""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from monitor.app import App
from monitor.config import Settings
from monitor.config.settings import DatabaseSettings, WebSettings
from monitor.core.ladder import Ladder
from monitor.core.reviews import undo
from monitor.core.text import head_text, text_hash
from monitor.core.types import (
    Article,
    ArticleId,
    Change,
    ChangeId,
    ChangeKind,
    Confirmation,
    Delivery,
    Embedding,
    Entry,
    Feed,
    FeedKey,
    FeedState,
    Health,
    IssueKey,
    Poll,
    Quote,
    ReviewAction,
    ReviewId,
    Via,
)
from monitor.ports import Transaction
from monitor.testing.fakes import FrozenClock
from monitor.web.server import build
from tests import examples
from tests.builders import LADDER
from tests.examples import ISSUE, NOON, after

PASSWORD = "a long enough password"
NOW = NOON + timedelta(days=3)


@dataclass(frozen=True)
class DeskApp(App):
    """An application that reads no files: its ladders are the tests' own."""

    @cached_property
    def ladders(self) -> dict[str, Ladder]:
        return {"agreement": LADDER}


@dataclass(frozen=True)
class Words:
    """What is said in every place where words come from outside."""

    title: str = "Duties on olives to end"
    text: str = "Tunisia and Brussels have agreed. “We agreed,” they said."
    source: str = "Wire"
    url: str = "https://news.example/a-1"
    issue: str = "Will the duties on olives end?"
    error: str = "the server said 500"
    note: str = "asked the desk"


def open_app(folder: Path, template: Path, **web: object) -> DeskApp:
    """Return an application over a new database in a folder."""
    path = folder / "monitor.db"
    path.write_bytes(template.read_bytes())
    sections = {
        "database": DatabaseSettings.model_validate({"url": f"sqlite:///{path}"}),
        "web": WebSettings.model_validate({"port": 0, **web}),
    }
    settings = Settings.model_construct(**{name: field.get_default() for name, field in Settings.model_fields.items()} | sections)
    return DeskApp(settings, FrozenClock(NOW))


@contextmanager
def client_of(app: App, **options: object) -> Iterator[TestClient]:
    """Yield a client over the page that follows no redirects and raises what the page does not explain."""
    with closing(app.uow):
        yield TestClient(build(app), base_url="http://127.0.0.1:8470", follow_redirects=False, client=("127.0.0.1", 5000), **options)  # type: ignore[arg-type]


def article(key: str, words: Words, *, version: int = 1, minute: float = 0) -> Article:
    return Article(ArticleId(key), words.url, words.source, words.title, words.text, after(minute), after(minute + 5), version)


def quote(key: str, words: Words) -> Quote:
    found = examples.quote(key)
    end = min(33, len(words.text))
    return replace(found, source=words.source, url=words.url, quote=words.text[:end], start=0, end=end, field="text")


def change(number: int, kind: ChangeKind, words: Words, *, before: str | None, now: str) -> Change:
    return Change(
        ChangeId(f"c_{number:016x}"),
        ISSUE,
        after(number * 60),
        ArticleId("" if kind is ChangeKind.MANUAL else "a-1"),
        kind,
        before,
        now,
        LADDER.status(before).phase if before else None,
        LADDER.status(now).phase,
        Confirmation.REPORTED,
        0.9,
        (words.source,),
        f"told: {words.title}",
        () if kind is ChangeKind.MANUAL else (quote("a-1", words), quote("a-2", words)),
        (quote("a-2", words),),
        is_history=before is None,
    )


def fill(tx: Transaction, words: Words) -> None:
    """Store one of everything that a page can show."""
    feed = Feed(FeedKey("wire"), "https://wire.example/rss", words.source)
    tx.feeds.sync([feed], now=NOON)
    failing = FeedState(feed, NOON, last_error=words.error, failing_since=after(-600), health=Health.BLIND, failure_weight=3)
    tx.feeds.save(failing)
    for minute, outcome in ((-3000, "ok"), (-2900, "FetchError"), (-900, "ok"), (-600, "ParseError")):
        tx.feeds.record(Poll(feed.key, after(minute), outcome, detail=words.error))
    tx.issues.ensure(ISSUE, title=words.issue, ladder_key="agreement")
    tx.issues.ensure(IssueKey("quiet"), title="Nothing yet?", ladder_key="gone")
    tx.articles.add(article("a-1", words), fingerprints=["f-1"])
    tx.articles.add(article("a-1", replace(words, text=f"{words.text} They signed."), version=2), fingerprints=[])
    tx.articles.add(article("a-2", words, minute=-30), fingerprints=["f-2"])
    tx.articles.add(article("s-1", replace(words, title=f"Seed: {words.title}"), minute=-90), fingerprints=["f-3"])
    entry = Entry(feed.key, "guid", words.url, words.title, words.text, NOON, words.title, after(5))
    tx.articles.add_entry(entry, identity="e-1", article_id=ArticleId("a-1"))
    vector = np.array([0.6, 0.8, 0], dtype=np.float32)
    for key in ("a-1", "a-2"):
        stored = tx.articles.get([ArticleId(key)])[ArticleId(key)]
        tx.articles.add_embeddings([Embedding(text_hash(head_text(stored.title, stored.text)), "m", vector)])
    tx.issues.save_baseline(replace(examples.baseline(), seed_ids=(ArticleId("s-1"),), threshold_reason=f"learned: {words.title}"))
    tx.articles.add_match(replace(examples.match("a-1", version=2), reason=words.title, anchors=(words.title,)))
    tx.articles.add_match(examples.match("a-2", is_match=False, score=0.2))
    for key in ("a-1", "a-2"):
        found = replace(examples.evidence(key, version=2 if key == "a-1" else 1), source=words.source, url=words.url, origin=words.source)
        tx.issues.add_evidence(replace(found, headline=words.title))
        tx.issues.mark_seen(found, verdict=f"no: {words.title}", now=NOON)
    moves = [
        (ChangeKind.STATUS, None, "talks-under-way"),
        (ChangeKind.STATUS, "talks-under-way", "broadly-agreed"),
        (ChangeKind.CONFIRMATION, "broadly-agreed", "broadly-agreed"),
        (ChangeKind.DENIAL, "broadly-agreed", "denied"),
    ]
    changes = [change(number, kind, words, before=before, now=now) for number, (kind, before, now) in enumerate(moves, start=1)]
    for move in changes:
        tx.issues.add_change(move, now=move.at)
    state = replace(examples.state(), last_change_id=changes[-1].change_id, status_key="denied", phase=LADDER.status("denied").phase)
    tx.issues.advance(replace(state, quotes=(quote("a-1", words),), origins=(words.source,)), expected_revision=0)
    posted = examples.delivery("d-1")
    alert = replace(posted.alert, change=changes[1], headline=words.title, issue_title=words.issue)
    tx.outbox.add(replace(posted, alert=alert, last_error=words.error))
    notice: Delivery = examples.delivery("d-2", is_notice=True)
    tx.outbox.add(replace(notice, alert=replace(notice.alert, headline=words.title)))
    noted = examples.review("r_1", ReviewAction.NOTE, change_id=changes[1].change_id, note=words.note, by=words.source or "mara")
    tx.reviews.add(noted)
    accepted = examples.review("r_2", minute=1, change_id=changes[3].change_id, note=words.note)
    tx.reviews.add(accepted)
    tx.reviews.add(undo(accepted, name=ReviewId("r_3"), at=after(2), by="jo", via=Via.SLACK, note=words.note))
    tx.reviews.add(examples.review("r_4", ReviewAction.MUTE, minute=3, change_id=None, until=NOW + timedelta(days=1), note=words.note))


def pages() -> tuple[str, ...]:
    """Return the address of every page and file that shows what is stored."""
    return (
        "/",
        "/issues/olive-duties",
        "/issues/quiet",
        "/issues/olive-duties/report",
        "/issues/olive-duties/picture.svg",
        "/changes",
        "/changes?reviewed=open",
        "/changes/c_0000000000000002",
        "/changes/c_0000000000000001",
        "/articles",
        "/articles?q=agreed",
        "/articles/a-1",
        "/articles/a-1/like",
        "/feeds",
        "/outbox",
        "/reviews",
        "/settings",
    )


def files() -> tuple[str, ...]:
    """Return the address of every export."""
    tables = tuple(
        f"/{name}.{suffix}" for name in ("changes", "articles", "feeds", "outbox", "reviews", "issues") for suffix in ("csv", "jsonl")
    )
    return (*tables, "/atom.xml", "/issues/olive-duties/atom.xml")


def form_token(page: str) -> str:
    """Return the token that the forms of a page carry."""
    marker = 'name="form_token" value="'
    return html.unescape(page.split(marker, 1)[1].split('"', 1)[0])

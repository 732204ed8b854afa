"""Examples of the core types for tests of the store. Every argument has a default; every field can be told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from monitor.core.ladder import Phase
from monitor.core.types import (
    Alert,
    Anchor,
    Article,
    ArticleId,
    Baseline,
    Change,
    ChangeId,
    ChangeKind,
    Claim,
    Confirmation,
    Delivery,
    DeliveryState,
    Entry,
    Evidence,
    Feed,
    FeedKey,
    IssueKey,
    IssueState,
    Match,
    Place,
    Quote,
    Review,
    ReviewAction,
    ReviewId,
    Signal,
    Speaker,
    Stance,
    Via,
    Vote,
)
from monitor.ports import Transaction

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISSUE = IssueKey("olive-duties")
ARTICLE = ArticleId("a-1")


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def feed(key: str = "wire", *, url: str | None = None, source: str = "Wire", interval_s: float | None = None) -> Feed:
    return Feed(FeedKey(key), url or f"https://{key}.example/rss", source, interval_s=interval_s, language="fr")


def article(article_id: str = ARTICLE, *, version: int = 1, title: str = "Duties to end", published_at: datetime = NOON) -> Article:
    return Article(
        ArticleId(article_id),
        f"https://news.example/{article_id}",
        "Wire",
        title,
        "“Agreed”, they said — Zürich.",
        published_at,
        published_at + timedelta(seconds=1.5),
        version,
    )


def entry(feed_key: str = "wire", *, url: str = "https://feed.example/go/1") -> Entry:
    return Entry(FeedKey(feed_key), "guid-1", url, "Duties", "Text", NOON, "Sun, 01 Mar 2026 12:00:00 GMT", after(5))


def quote(article_id: str = ARTICLE) -> Quote:
    return Quote(
        ArticleId(article_id),
        "Wire",
        "https://news.example/a-1",
        NOON,
        "We agreed.",
        3,
        13,
        Stance.ATTRIBUTED,
        Speaker.PARTY,
        0.75,
        "title",
    )


def state(issue_key: IssueKey = ISSUE) -> IssueState:
    return IssueState(
        issue_key,
        status_key="broadly-agreed",
        phase=Phase.AGREED_IN_PRINCIPLE,
        since=NOON,
        confirmation=Confirmation.CONFIRMED,
        origins=("Wire", "Ministry"),
        origin_keys=("byline:wire", "url:ministry"),
        quotes=(quote(),),
        votes=(Vote("signed", "Gazette", 0.4, after(3), quote("a-2"), ("key",)),),
        history=("talks-under-way",),
        last_change_id=ChangeId("c-1"),
        revision=7,
    )


def baseline(issue_key: IssueKey = ISSUE, baseline_id: str = "b-1") -> Baseline:
    return Baseline(
        issue_key,
        baseline_id,
        "model-1",
        np.eye(2, 3, dtype=np.float32),
        np.full((4, 3), 0.1, dtype=np.float32),
        np.array([0.6, 0.8, 0], dtype=np.float32),
        (Anchor("Tunisia", 1.0), Anchor("Brussels", 0.66)),
        0.48,
        "between 0.41 and 0.55",
        (ArticleId("s-1"), ArticleId("s-2")),
    )


def match(article_id: str = ARTICLE, *, version: int = 1, baseline_id: str = "b-1", score: float = 0.7, is_match: bool = True) -> Match:
    return Match(ISSUE, ArticleId(article_id), version, baseline_id, is_match, score, 0.5, 0.66, ArticleId("s-1"), 0.4, ("Tunisia",), "why")


def evidence(article_id: str = ARTICLE, *, version: int = 1, published_at: datetime = NOON, issue_key: IssueKey = ISSUE) -> Evidence:
    claim = Claim(Phase.ADOPTED, "signed", Stance.DENIED, Speaker.OFFICIAL, 0.8, "Not signed.", 0, 11, Place.LEAD, "cue")
    return Evidence(
        issue_key,
        ArticleId(article_id),
        version,
        "Wire",
        "https://news.example/a-1",
        published_at,
        "Wire",
        0.7,
        (claim, claim),
        "reader-1",
        "Duties to end",
        (Signal(Place.HEADLINE, (0.25, *(0.0625,) * 12, 0.0), (0.5, 0.5, 0.0, 0.0, 0.0, 0.0), (0.25, 0.75)),),
        (0.5, 0.25),
        ("byline:wire", "url:a-1"),
    )


def change(change_id: str = "c-1", *, at: datetime = NOON, issue_key: IssueKey = ISSUE, article_id: str = ARTICLE) -> Change:
    return Change(
        ChangeId(change_id),
        issue_key,
        at,
        ArticleId(article_id),
        ChangeKind.STATUS,
        "talks-under-way",
        "broadly-agreed",
        Phase.TALKS,
        Phase.AGREED_IN_PRINCIPLE,
        Confirmation.REPORTED,
        0.9,
        ("Wire",),
        "decisive",
        (quote(article_id),),
        (quote("s-1"), quote("s-2")),
        is_history=True,
    )


def delivery(name: str = "d-1", *, minute: float = 0, issue_key: str = ISSUE, channel: str = "slack", is_notice: bool = False) -> Delivery:
    told = None if is_notice else change(f"c-{name}", issue_key=IssueKey(issue_key))
    alert = Alert(f"alert-{name}", IssueKey(issue_key), "Olive duties", "Agreed", "Talks", "Agreed", told, ("line",))
    return Delivery(name, alert, channel, DeliveryState.DUE, due_at=after(minute), created_at=after(minute))


def review(review_id: str = "r-1", action: ReviewAction = ReviewAction.ACCEPT, *, minute: float = 0, **fields: Any) -> Review:
    about: dict[str, Any] = {"issue_key": ISSUE, "change_id": ChangeId("c-1"), "note": "seen", "by": "mara", "via": Via.PAGE}
    return Review(ReviewId(review_id), action=action, at=after(minute), **about | fields)


def fill(tx: Transaction, *article_ids: str) -> None:
    """Store the feed, the issue and articles that other rows point to."""
    tx.feeds.sync([feed()], now=NOON)
    tx.issues.ensure(ISSUE, title="Will the duties end?", ladder_key="agreement")
    for article_id in article_ids or (ARTICLE,):
        tx.articles.add(article(article_id), fingerprints=[])

"""What the API gives and takes, as OpenAPI tells it. Changes and articles have the fixed format of docs/formats.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from monitor.core.interchange import article_object, change_object
from monitor.core.reviews import review_of_change
from monitor.core.types import ChangeKind, Delivery, FeedState, Review, ReviewAction
from monitor.log import mask_secrets
from monitor.ports import IssueOverview
from monitor.ports.pages import ArticleRow, ChangeRow


class Answer(BaseModel):
    """Whatever is given."""

    model_config = ConfigDict(frozen=True)


class QuoteOut(Answer):
    """A sentence as proof."""

    article_id: str
    source: str
    url: str
    published_at: datetime
    quote: str
    start: int = Field(description="offset of the first character in the article's `field`")
    end: int
    field: str = Field(description="title or text")
    stance: str
    speaker: str
    score: float


class ReviewOut(Answer):
    """What one person said or did."""

    review_id: str
    issue: str
    action: ReviewAction
    at: datetime
    by: str
    via: str
    change_id: str | None
    article_id: str | None
    status: str | None
    other_change_id: str | None
    until: datetime | None
    undoes: str | None
    note: str


class ChangeOut(Answer):
    """A row of the change log."""

    change_id: str
    issue: str
    at: datetime
    article_id: str
    kind: ChangeKind
    from_status: str | None
    to_status: str
    from_phase: str | None
    to_phase: str
    confirmation: str
    confidence: float
    origins: list[str]
    reason: str
    evidence: list[QuoteOut]
    baseline_evidence: list[QuoteOut]
    is_history: bool


class ReviewedChangeOut(ChangeOut):
    """A row of the change log with what people said of it."""

    recorded_at: datetime
    verdict: ReviewAction | None = Field(description="the latest word that nobody has taken back")
    reviews: list[ReviewOut]


class MatchOut(Answer):
    """What was judged of an article's relevance to an issue."""

    issue: str
    is_match: bool
    score: float
    threshold: float
    similarity: float
    nearest_seed: str
    anchor_share: float
    anchors: list[str]
    reason: str


class ArticleOut(Answer):
    """A stored article."""

    id: str
    published_at: datetime
    source: str
    url: str
    title: str
    text: str = Field(description="in lists only its beginning")
    version: int
    first_seen_at: datetime
    matches: list[MatchOut]


class NeighbourOut(Answer):
    """An article with its likeness to another."""

    article: ArticleOut
    similarity: float


class IssueOut(Answer):
    """Where an issue stands."""

    issue: str
    title: str
    ladder: str
    status: str | None
    phase: str | None
    since: datetime | None
    confirmation: str
    origins: list[str]
    n_articles_matched: int
    n_changes: int
    last_evidence_at: datetime | None
    threshold: float | None
    muted_until: datetime | None = Field(description="null where it is not muted, or without end: see is_muted")
    is_muted: bool


class FeedOut(Answer):
    """A polled feed."""

    feed: str
    url: str
    source: str
    health: str
    next_poll_at: datetime
    last_poll_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None
    learned_interval_s: float | None
    last_gap_at: datetime | None
    adopted_url: str | None
    failing_since: datetime | None
    last_error: str | None


class DeliveryOut(Answer):
    """An alert on its way to a channel."""

    delivery_id: str
    alert_id: str
    channel: str
    issue: str
    change_id: str | None
    headline: str
    aim: str = Field(description="post: the alert is posted; root, note: the thread's root, or the change's message, is edited")
    state: str
    n_attempts: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    last_error: str | None


class ChangesOut(Answer):
    """A page of changes, newest first."""

    items: list[ReviewedChangeOut]
    next: str | None = Field(description="the cursor of the page after; null at the end")


class ArticlesOut(Answer):
    """A page of articles."""

    items: list[ArticleOut]
    next: str | None = Field(description="the cursor of the page after; null at the end")


class ReviewIn(BaseModel):
    """What a person says or does. `key` makes a retry harmless: the same key acts once."""

    model_config = ConfigDict(extra="forbid")

    action: ReviewAction
    issue: str = Field("", max_length=200, description="needed but for undo")
    change_id: str | None = Field(None, max_length=200)
    article_id: str | None = Field(None, max_length=200)
    status: str | None = Field(None, max_length=200, description="a key of the issue's ladder")
    other_change_id: str | None = Field(None, max_length=200)
    until: datetime | None = Field(None, description="end of a mute; null: until it is undone")
    undoes: str | None = Field(None, max_length=200)
    note: str = Field("", max_length=4000)
    key: str = Field("", max_length=100)


class Problem(Answer):
    """Why there is no answer."""

    detail: str


def review_out(review: Review) -> ReviewOut:
    """Return a review as the API gives it."""
    return ReviewOut(
        review_id=review.review_id,
        issue=review.issue_key,
        action=review.action,
        at=review.at,
        by=review.by,
        via=review.via.value,
        change_id=review.change_id,
        article_id=review.article_id,
        status=review.status_key,
        other_change_id=review.other_change_id,
        until=review.until,
        undoes=review.undoes,
        note=review.note,
    )


def change_out(row: ChangeRow) -> ReviewedChangeOut:
    """Return a change as the API gives it."""
    verdict = review_of_change(row.change.change_id, row.reviews).verdict
    return ReviewedChangeOut(
        **change_object(row.change),
        recorded_at=row.recorded_at,
        verdict=verdict.action if verdict else None,
        reviews=[review_out(review) for review in row.reviews],
    )


def article_out(row: ArticleRow) -> ArticleOut:
    """Return an article as the API gives it."""
    names = ("is_match", "score", "threshold", "similarity", "nearest_seed", "anchor_share", "anchors", "reason")
    matches: list[dict[str, Any]] = [
        {"issue": match.issue_key} | {name: getattr(match, name) for name in names} | {"anchors": list(match.anchors)}
        for match in row.matches
    ]
    own = {"version": row.article.version, "first_seen_at": row.article.first_seen_at}
    return ArticleOut(**article_object(row.article), **own, matches=[MatchOut(**match) for match in matches])


def issue_out(overview: IssueOverview, mute: Review | None) -> IssueOut:
    """Return an issue as the API gives it."""
    state = overview.state
    return IssueOut(
        issue=state.issue_key,
        title=overview.title,
        ladder=overview.ladder_key,
        status=state.status_key,
        phase=state.phase.value if state.phase else None,
        since=state.since,
        confirmation=state.confirmation.value,
        origins=list(state.origins),
        n_articles_matched=overview.n_articles_matched,
        n_changes=overview.n_changes,
        last_evidence_at=overview.last_evidence_at,
        threshold=overview.threshold,
        muted_until=mute.until if mute else None,
        is_muted=mute is not None,
    )


def feed_out(state: FeedState) -> FeedOut:
    """Return a feed as the API gives it, nothing secret in its address."""
    return FeedOut(
        feed=state.feed.key,
        url=mask_secrets(state.feed.url),
        source=state.feed.source,
        health=state.health.value,
        next_poll_at=state.next_poll_at,
        last_poll_at=state.last_poll_at,
        last_success_at=state.last_success_at,
        last_new_at=state.last_new_at,
        learned_interval_s=state.learned_interval_s,
        last_gap_at=state.last_gap_at,
        adopted_url=mask_secrets(state.adopted_url) if state.adopted_url else None,
        failing_since=state.failing_since,
        last_error=mask_secrets(state.last_error) if state.last_error else None,
    )


def delivery_out(delivery: Delivery) -> DeliveryOut:
    """Return a delivery as the API gives it."""
    alert = delivery.alert
    return DeliveryOut(
        delivery_id=delivery.delivery_id,
        alert_id=alert.alert_id,
        channel=delivery.channel,
        issue=alert.issue_key,
        change_id=alert.change.change_id if alert.change else None,
        headline=alert.headline,
        aim=delivery.aim.value,
        state=delivery.state.value,
        n_attempts=delivery.n_attempts,
        created_at=delivery.created_at,
        due_at=delivery.due_at,
        sent_at=delivery.sent_at,
        last_error=mask_secrets(delivery.last_error) if delivery.last_error else None,
    )

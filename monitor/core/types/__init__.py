"""The nouns of the project, frozen, one module a family. Instants are aware UTC; vectors are float32 rows of length 1."""

from __future__ import annotations

from monitor.core.types.alerts import Alert, Delivery, DeliveryState
from monitor.core.types.articles import Anchor, Article, ArticleId, Baseline, Embedding, FloatArray, Issue, IssueKey, Match, Seed
from monitor.core.types.feeds import Entry, Feed, FeedKey, FeedState, FetchResult, Health, ParsedFeed, Poll
from monitor.core.types.status import (
    Change,
    ChangeId,
    ChangeKind,
    Claim,
    Confirmation,
    Evidence,
    IssueState,
    Place,
    Quote,
    Sentence,
    SentenceReading,
    Speaker,
    Stance,
    StatusDecision,
    Vote,
)

__all__ = [
    "Alert",
    "Anchor",
    "Article",
    "ArticleId",
    "Baseline",
    "Change",
    "ChangeId",
    "ChangeKind",
    "Claim",
    "Confirmation",
    "Delivery",
    "DeliveryState",
    "Embedding",
    "Entry",
    "Evidence",
    "Feed",
    "FeedKey",
    "FeedState",
    "FetchResult",
    "FloatArray",
    "Health",
    "Issue",
    "IssueKey",
    "IssueState",
    "Match",
    "ParsedFeed",
    "Place",
    "Poll",
    "Quote",
    "Seed",
    "Sentence",
    "SentenceReading",
    "Speaker",
    "Stance",
    "StatusDecision",
    "Vote",
]

"""Changes and articles as JSON objects: the formats that replay, exports, the API and webhooks share (docs/formats.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor.core.types import Article, Change, Quote


def instant_text(at: datetime) -> str:
    """Return an instant as ISO 8601 in UTC with a Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def quote_object(quote: Quote) -> dict[str, Any]:
    """Return one object of `evidence`; `start` and `end` count characters in the article's `field`."""
    return {
        "article_id": quote.article_id,
        "source": quote.source,
        "url": quote.url,
        "published_at": instant_text(quote.published_at),
        "quote": quote.quote,
        "start": quote.start,
        "end": quote.end,
        "field": quote.field,
        "stance": quote.stance.value,
        "speaker": quote.speaker.value,
        "score": quote.score,
    }


def change_object(change: Change) -> dict[str, Any]:
    """Return a change as the interface format has it, with `is_history` beside."""
    return {
        "change_id": change.change_id,
        "issue": change.issue_key,
        "at": instant_text(change.at),
        "article_id": change.article_id,
        "kind": change.kind.value,
        "from_status": change.from_status,
        "to_status": change.to_status,
        "from_phase": change.from_phase.value if change.from_phase else None,
        "to_phase": change.to_phase.value,
        "confirmation": change.confirmation.value,
        "confidence": change.confidence,
        "origins": list(change.origins),
        "reason": change.reason,
        "evidence": [quote_object(quote) for quote in change.evidence],
        "baseline_evidence": [quote_object(quote) for quote in change.baseline_evidence],
        "is_history": change.is_history,
    }


def article_object(article: Article) -> dict[str, Any]:
    """Return an article as JSON Lines have it."""
    return {
        "id": article.article_id,
        "published_at": instant_text(article.published_at),
        "source": article.source,
        "url": article.url,
        "title": article.title,
        "text": article.text,
    }

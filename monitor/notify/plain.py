"""An alert as plain text: what a console shows, and what Slack shows where it cannot show blocks."""

from __future__ import annotations

from monitor.core.types import Alert, Quote


def plain_text(alert: Alert) -> str:
    """Return the alert as lines of text: headline, proof, reason."""
    change = alert.change
    if change is None:
        return "\n".join([alert.headline, *alert.detail])
    origins = len(set(change.origins))
    lines = [
        alert.headline,
        (
            f"{change.confirmation.value}, {origins} independent origin{'s' if origins != 1 else ''}: {', '.join(dict.fromkeys(change.origins))}; "
            f"confidence {change.confidence:.2f}"
        ),
        *(f"now:    {quote_line(quote)}" for quote in change.evidence[:2]),
        *(f"before: {quote_line(quote)}" for quote in change.baseline_evidence[:1]),
        f"why:    {change.reason}",
    ]
    return "\n".join([*lines, *alert.detail])


def quote_line(quote: Quote) -> str:
    """Return a quote with source, time and link on one line."""
    link = f" {quote.url}" if quote.url else ""
    return f"“{quote.quote}” — {quote.source}, {quote.published_at:%d %b %Y %H:%M} UTC{link}"

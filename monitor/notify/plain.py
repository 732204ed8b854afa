"""An alert in plain words: what a console shows, and what Slack shows where it cannot show blocks."""

from __future__ import annotations

from datetime import datetime

from monitor.core.types import Alert, Change, Quote


def plain_text(alert: Alert) -> str:
    """Return the alert as lines of text: headline, ladder, proof, reason."""
    change = alert.change
    if change is None:
        return "\n".join([alert.headline, *alert.detail])
    lines = [
        alert.headline,
        who_says_so(change),
        *(f"steps:  {ladder_line(alert)}" for _ in alert.steps[:1]),
        *(f"now:    {quote_line(quote)}" for quote in change.evidence[:2]),
        *(f"before: {quote_line(quote)}" for quote in change.baseline_evidence[:1]),
        f"why:    {change.reason}",
    ]
    return "\n".join([*lines, *alert.detail])


def moved(alert: Alert) -> str:
    """Return before and after, or where the matter stands where nothing was before."""
    return f"{alert.from_label} → {alert.to_label}" if alert.from_label else alert.to_label


def standing(alert: Alert) -> str:
    """Return where the issue stands, on one line."""
    return f"{alert.issue_title}: now {alert.to_label}"


def who_says_so(change: Change) -> str:
    """Return how far a change is vouched for, by whom, and how sure it is."""
    origins = list(dict.fromkeys(change.origins))
    names = f": {', '.join(origins)}" if origins else ""
    return (
        f"{change.confirmation.value}, {len(origins)} independent origin{'s' if len(origins) != 1 else ''}{names}; "
        f"confidence {change.confidence:.2f}"
    )


def ladder_line(alert: Alert) -> str:
    """Return the forward steps of the ladder on one line, the present one in brackets; a status off the line stands behind it."""
    here = alert.change.to_status if alert.change else None
    steps = [f"[{step.label}]" if step.key == here else step.label for step in alert.steps if step.phase.is_forward]
    aside = [f"[{step.label}]" for step in alert.steps if not step.phase.is_forward and step.key == here]
    return " / ".join([" > ".join(steps), *aside])


def quote_line(quote: Quote) -> str:
    """Return a quote with source, time and link on one line."""
    link = f" {quote.url}" if quote.url else ""
    return f"“{quote.quote}” — {quote.source}, {instant_text(quote.published_at)}{link}"


def instant_text(at: datetime) -> str:
    """Return an instant as people write it, with its zone."""
    return f"{at:%d %b %Y %H:%M} UTC"

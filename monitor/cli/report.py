"""A replay as one HTML page without scripts or outside addresses."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.core.types import Change, Quote
    from monitor.jobs.replay import Replay, Step

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top}"
    "blockquote{border-left:3px solid #666;margin:.5rem 0;padding-left:.8rem}.meta{color:#555}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}.meta{color:#aaa}td,th{border-color:#444}}"
)


def html_report(result: Replay) -> str:
    """Return the page: what the seeds taught, each change with its proof, each article with its verdict."""
    learned = result.learned
    body = [
        f"<h1>{escape(result.issue.title)}</h1>",
        (
            f"<p class=meta>{len(result.steps)} articles, {sum(step.match.is_match for step in result.steps)} matched, "
            f"{len(result.changes)} changes. Threshold {learned.baseline.threshold:.2f}: {escape(learned.baseline.threshold_reason)}.</p>"
        ),
        "<h2>What the seeds tell</h2>",
        *map(_change, learned.history),
        "<h2>Changes</h2>",
        *(map(_change, result.changes) if result.changes else ["<p>None.</p>"]),
        "<h2>Articles that matched</h2>",
        _table(step for step in result.steps if step.match.is_match),
        "<h2>Near misses</h2>",
        _table(sorted((step for step in result.steps if not step.match.is_match), key=lambda step: -step.match.score)[:20]),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(result.issue.title)}</title><style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _change(change: Change) -> str:
    quotes = "".join(_quote(quote) for quote in change.evidence)
    return (
        f"<h3>{change.at:%Y-%m-%d %H:%M} UTC: {escape(change.from_status or '—')} → {escape(change.to_status)}</h3>"
        f"<p class=meta>{escape(change.kind.value)}, {escape(change.confirmation.value)}, confidence {change.confidence:.2f}. "
        f"{escape(change.reason)}</p>{quotes}"
    )


def _quote(quote: Quote) -> str:
    return f"<blockquote>{escape(quote.quote)}<br><span class=meta>{escape(quote.source)}, {quote.published_at:%Y-%m-%d %H:%M} UTC</span></blockquote>"


def _table(steps: Iterable[Step]) -> str:
    rows = "".join(
        f"<tr><td>{step.article.published_at:%Y-%m-%d %H:%M}<td>{escape(step.article.title or step.article.text[:80])}"
        f"<td>{step.match.score:.2f} / {step.match.threshold:.2f}<td>{escape(step.reason)}"
        for step in steps
    )
    return f"<table><tr><th>Time<th>Article<th>Score / threshold<th>Verdict</tr>{rows}</table>"

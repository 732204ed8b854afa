"""Changes as entries of an Atom feed, for readers and other programs."""

from __future__ import annotations

from html import escape

import nh3

from monitor.core.atom import AtomEntry
from monitor.core.types import Change, Quote
from monitor.core.visible import visible
from monitor.web.shown import link

#: What a reader of feeds needs to show a change; everything else is cleaned away, whatever reader it is.
_TAGS = {"p", "blockquote", "cite", "strong", "a"}


def entry_of(change: Change, issue: str, before: str | None, after: str, *, address: str) -> AtomEntry:
    """Return a change as an entry, with its issue's title and the labels of its statuses before (None: first sighting) and after.

    `address` is where the page is reached, without a slash at its end.
    """
    course = f"{before} → {after}" if before and before != after else after
    return AtomEntry(
        f"tag:statuswatch,2024:change/{change.change_id}",
        visible(f"{issue}: {course} ({change.kind.value})"),
        change.at,
        _content(change),
        change.kind.value,
        f"{address}/changes/{change.change_id}",
        is_html=True,
    )


def _content(change: Change) -> str:
    parts = [f"<p><strong>{change.confirmation.value}</strong>, confidence {change.confidence:.2f}</p>"]
    parts += [_quoted("Now", quote) for quote in change.evidence]
    parts += [_quoted("Before", quote) for quote in change.baseline_evidence[:1]]
    parts.append(f"<p>{escape(visible(change.reason))}</p>")
    return nh3.clean(
        "".join(parts),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )


def _quoted(when: str, quote: Quote) -> str:
    source = f"{escape(visible(quote.source))}, {quote.published_at:%Y-%m-%d}"
    url = link(quote.url)
    cited = f'<a href="{escape(url)}">{source}</a>' if url else source
    return f"<p>{when}</p><blockquote>{escape(visible(quote.quote))} <cite>{cited}</cite></blockquote>"

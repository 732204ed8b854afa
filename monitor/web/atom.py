"""The change log as an Atom feed (RFC 4287), for readers and other programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from xml.etree import ElementTree as ET

import nh3

from monitor.core.interchange import instant_text
from monitor.core.types import Change, Quote
from monitor.core.visible import visible
from monitor.web.shown import link

ATOM = "http://www.w3.org/2005/Atom"
#: What a reader of feeds needs to show a change; everything else is cleaned away, whatever reader it is.
_TAGS = {"p", "blockquote", "cite", "strong", "a"}


def atom_feed(
    changes: Sequence[tuple[Change, str, str | None, str]], *, title: str, address: str, feed_path: str, page_path: str, now: datetime
) -> bytes:
    """Return a feed of changes, each with its issue's title and the labels of its statuses before (None: first sighting) and after.

    `address` is where the page is reached, without a slash at its end.
    """
    feed = ET.Element("feed", xmlns=ATOM)
    _add(feed, "title", visible(title))
    _add(feed, "id", f"{address}{feed_path}")
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=f"{address}{feed_path}")
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=f"{address}{page_path}")
    # The feed is as new as its newest entry, so that the same changes give the same bytes.
    _add(feed, "updated", instant_text(max((change.at for change, *_ in changes), default=now)))
    _add(ET.SubElement(feed, "author"), "name", "Statuswatch")
    for change, issue, before, after in changes:
        entry = ET.SubElement(feed, "entry")
        page = f"{address}/changes/{change.change_id}"
        _add(entry, "title", visible(f"{issue}: {f'{before} → {after}' if before and before != after else after} ({change.kind.value})"))
        _add(entry, "id", f"tag:statuswatch,2024:change/{change.change_id}")
        _add(entry, "updated", instant_text(change.at))
        _add(entry, "published", instant_text(change.at))
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=page)
        ET.SubElement(entry, "category", term=change.kind.value)
        _add(entry, "content", _content(change)).set("type", "html")
    ET.indent(feed)
    body: str = ET.tostring(feed, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'.encode()


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


def _add(parent: ET.Element, tag: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    # XML takes no control characters but tab and line feeds; `visible` leaves no others, and no half of a surrogate pair is ever stored.
    element.text = text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    return element

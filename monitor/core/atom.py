"""Atom feeds (RFC 4287): entries to a document. Texts from outside stay text: nothing in them can become markup of the feed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from monitor.core.interchange import instant_text

_ATOM = "http://www.w3.org/2005/Atom"
#: Entries kept in a feed: readers ask at least once a month, and few issues change more often than daily.
MAX_ENTRIES = 100
#: Characters that no XML document may hold (XML 1.0, section 2.2).
_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class AtomEntry:
    """One entry. `content` is text, or HTML that is clean already where `is_html`; `link` is empty where there is none."""

    entry_id: str
    title: str
    at: datetime
    content: str
    category: str
    link: str = ""
    is_html: bool = False


def atom_document(title: str, entries: Sequence[AtomEntry], *, feed_id: str, self_link: str = "", page_link: str = "") -> bytes:
    """Return a feed of the first entries, in the order given, newest first; the same entries give the same bytes."""
    ElementTree.register_namespace("", _ATOM)
    feed = ElementTree.Element(_name("feed"))
    # The feed has a date also where nothing has happened yet; the epoch, as an empty feed must not look new each time it is asked.
    updated = max((entry.at for entry in entries), default=datetime.fromtimestamp(0, UTC))
    _add(feed, "id", feed_id)
    _add(feed, "title", title)
    _add(feed, "updated", instant_text(updated))
    _add(_add(feed, "author"), "name", "Statuswatch")
    if self_link:
        _add(feed, "link", attributes={"rel": "self", "type": "application/atom+xml", "href": self_link})
    if page_link:
        _add(feed, "link", attributes={"rel": "alternate", "type": "text/html", "href": page_link})
    for entry in entries[:MAX_ENTRIES]:
        _add_entry(feed, entry)
    document: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _add_entry(feed: ElementTree.Element, entry: AtomEntry) -> None:
    element = _add(feed, "entry")
    _add(element, "id", entry.entry_id)
    _add(element, "title", entry.title)
    _add(element, "updated", instant_text(entry.at))
    if entry.link:
        _add(element, "link", attributes={"rel": "alternate", "href": entry.link})
    _add(element, "category", attributes={"term": entry.category})
    _add(element, "content", entry.content, attributes={"type": "html" if entry.is_html else "text"})


def _add(parent: ElementTree.Element, name: str, text: str = "", *, attributes: Mapping[str, str] | None = None) -> ElementTree.Element:
    clean = {key: _UNPRINTABLE.sub("", value) for key, value in (attributes or {}).items()}
    element = ElementTree.SubElement(parent, _name(name), clean)
    element.text = _UNPRINTABLE.sub("", text) or None
    return element


def _name(name: str) -> str:
    return f"{{{_ATOM}}}{name}"

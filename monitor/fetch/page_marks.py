"""What a page says of itself in its head: its own address, its dates, whether it is for subscribers (Open Graph, JSON-LD, schema.org)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from monitor.core.dates import parse_date
from monitor.core.urls import is_web_url
from monitor.fetch.markup import MAX_MARKUP_CHARS, one_line

#: Deepest nesting of structured data that is looked into, and most values: honest pages need a tenth.
_MAX_DEPTH = 12
_MAX_VALUES = 5_000

_PUBLISHED = (
    'meta[property="article:published_time"]',
    'meta[itemprop="datePublished"]',
    'meta[name="parsely-pub-date"]',
    'meta[name="date"]',
)
_MODIFIED = ('meta[property="article:modified_time"]', 'meta[property="og:updated_time"]', 'meta[itemprop="dateModified"]')
_TIER = 'meta[property="article:content_tier"], meta[name="article:content_tier"]'

#: Lines of a wall: they ask for a subscription, a log-in or a registration, and tell nothing.
_WALL = re.compile(
    r"\b(?:subscri(?:be|ption)s?\b.{0,40}\b(?:to (?:continue|keep|read|unlock|access)|required|only)|(?:to|you) (?:continue|keep) reading|"
    r"to (?:read|unlock|access) (?:the (?:full|rest)|this (?:full )?(?:article|story))|already (?:a subscriber|subscribed|a member|have an account)|"
    r"(?:this|the full) (?:article|story|content) is (?:only )?(?:for|available (?:only )?to) (?:our )?(?:subscribers|members)|for subscribers only|"
    r"(?:register|sign up|log ?in|sign in|create (?:a free|an) account)\b.{0,30}\bto (?:continue|read|view)|free articles? (?:left|remaining)|"
    r"you(?:'|’)ve reached your (?:free )?(?:article )?limit|start your (?:free )?trial|get unlimited access)",
    re.IGNORECASE,
)
#: Titles of pages that stand in place of the article: they ask whether we are human.
_CHECKPOINT = re.compile(
    r"^\s*(?:just a moment|attention required|access denied|are you (?:a robot|human)|please verify|verify you are human|403 forbidden|"
    r"pardon our interruption|robot check|enable javascript)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PageMarks:
    """What a page says of itself."""

    canonical_url: str
    published_at: datetime | None
    modified_at: datetime | None
    #: Whether the page says that it is not free to read.
    is_locked: bool
    #: Whether it is a checkpoint in place of the page.
    is_checkpoint: bool


def marks_of(body: bytes, url: str) -> PageMarks:
    """Return what the head of a page says; an address is whole, a date aware and in UTC."""
    tree = LexborHTMLParser(body[:MAX_MARKUP_CHARS])
    data = list(_structured(tree))
    title = tree.css_first("title")
    return PageMarks(
        canonical_url=_canonical(tree, url),
        published_at=_date(tree, _PUBLISHED, data, "datePublished"),
        modified_at=_date(tree, _MODIFIED, data, "dateModified"),
        is_locked=_is_locked(tree, data),
        is_checkpoint=title is not None and _CHECKPOINT.match(title.text(deep=True) or "") is not None,
    )


def without_wall(text: str) -> tuple[str, bool]:
    """Return a text without the lines that only ask for a subscription, and whether there were any."""
    lines = text.split("\n")
    # A long line that mentions a subscription is a sentence of the article.
    kept = [line for line in lines if len(line) > _MAX_WALL_CHARS or not _WALL.search(line)]
    return "\n".join(kept), len(kept) < len(lines)


#: Characters beyond which a line is no mere request.
_MAX_WALL_CHARS = 200


def _canonical(tree: LexborHTMLParser, url: str) -> str:
    for selector, attribute in (('link[rel="canonical"]', "href"), ('meta[property="og:url"]', "content")):
        node = tree.css_first(selector)
        address = _whole(url, node.attributes.get(attribute)) if node is not None else ""
        if address:
            return address
    return ""


def _whole(base: str, link: str | None) -> str:
    try:
        address = urljoin(base, one_line(link or "")) if link else ""
    except ValueError:
        return ""
    return address if is_web_url(address) else ""


def _date(tree: LexborHTMLParser, selectors: tuple[str, ...], data: list[dict[str, Any]], key: str) -> datetime | None:
    written = [str(one[key]) for one in data if isinstance(one.get(key), str)]
    for selector in selectors:
        node = tree.css_first(selector)
        written += [node.attributes.get("content") or ""] if node is not None else []
    return next((found for raw in written for found in [parse_date(raw)] if found is not None), None)


def _is_locked(tree: LexborHTMLParser, data: list[dict[str, Any]]) -> bool:
    tier = tree.css_first(_TIER)
    if tier is not None and (tier.attributes.get("content") or "").strip().lower() in {"locked", "metered"}:
        return True
    # schema.org writes a boolean, pages also write it as text.
    return any(str(one.get("isAccessibleForFree", "")).lower() == "false" for one in data)


def _structured(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """Yield the objects of the page's JSON-LD, outer ones first."""
    left = _MAX_VALUES
    for node in tree.css('script[type="application/ld+json"]'):
        try:
            stack: list[tuple[int, Any]] = [(0, json.loads(node.text(deep=True) or ""))]
        except (ValueError, RecursionError):
            continue
        while stack and left > 0:
            depth, value = stack.pop(0)
            left -= 1
            if isinstance(value, dict):
                yield value
            inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
            if depth < _MAX_DEPTH:
                stack += [(depth + 1, one) for one in inner[:_MAX_VALUES] if isinstance(one, dict | list)]

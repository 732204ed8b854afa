"""Foreign words made harmless for Slack: nothing in them becomes a mention, a link, a format, an emoji or another direction of reading."""

from __future__ import annotations

import re
import unicodedata

#: Keeps inline marks from pairing up, and is shown as nothing.
_BREAK = "\u200b"
#: What has no width or is shown as nothing although it is no format character: fillers, a joiner of graphemes, supplementary variants.
_BLANKS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\U000e0000-\U000e0fff]")
#: Joiners belong to Persian, to Indic scripts and to emoji, and nowhere else: between two characters that are not ASCII they stay.
_JOINERS = {"\u200c", "\u200d"}
_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
#: Inline marks, and the colons of an emoji's name.
_MARKS = re.compile(r"[*_~`]|:(?=[\w+'-]+:)")
#: At the start of a line Slack reads a quotation even in an escaped angle bracket.
_QUOTATION = re.compile("^(\\s*)&gt;", re.M)


def visible(text: str) -> str:
    """Return text as a reader sees it: without directional marks, invisible characters and controls, line feeds kept."""
    text = _LINE_BREAKS.sub("\n", text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(text, place) for place in range(len(text)))


def line(text: str) -> str:
    """Return visible text on one line, with single blanks."""
    return " ".join(visible(text).split())


def escape(text: str) -> str:
    """Return visible text in which Slack reads nothing but letters.

    Slack knows three control characters (&, <, >); a zero-width space keeps its other marks from being read.
    """
    safe = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _MARKS.sub(lambda mark: _BREAK + mark[0], safe)
    return _QUOTATION.sub(rf"\1{_BREAK}&gt;", safe)


def escape_line(text: str) -> str:
    """Return text escaped, on one line."""
    return escape(line(text))


def cut(text: str, limit: int) -> str:
    """Return text of at most `limit` characters, an ellipsis where it was cut; never through an escaped character."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    ampersand = kept.rfind("&")
    if ampersand > kept.rfind(";"):
        kept = kept[:ampersand]
    return f"{kept}…"


def _shown(text: str, place: int) -> str:
    character = text[place]
    if character == "\n":
        return character
    if character in _JOINERS:
        around = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
        return character if len(around) == 2 and not any(neighbour.isascii() for neighbour in around) else ""
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    # Format characters (directions among them), halves of pairs and private ones: whatever they do, a headline does not need it.
    return "" if category in {"Cf", "Cs", "Co"} or _BLANKS.match(character) else character

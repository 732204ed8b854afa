"""Text from outside as it may be shown: nothing in it that turns the reading order, hides, or moves the cursor."""

from __future__ import annotations

#: Directional marks and overrides, which can make a headline read as something else, and invisible blanks.
_INVISIBLE = dict.fromkeys(map(ord, "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"))
#: Control characters but for the line feed.
_CONTROLS = dict.fromkeys([*range(10), *range(11, 32), *range(127, 160)], " ")
#: What a spreadsheet takes for the beginning of a formula, as typed and in full width (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def visible(text: str) -> str:
    """Return the text without directional marks, invisible blanks and control characters but line feeds."""
    return text.translate(_INVISIBLE).translate(_CONTROLS)


def defused(cell: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe goes before what would begin one."""
    return f"'{cell}" if cell.lstrip(" \n").startswith(_FORMULA) else cell

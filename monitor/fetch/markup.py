"""Values of feeds, cleaned. Markup to text: scripts and styles dropped, entities decoded, one paragraph a line, never more than a cap."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from monitor.core.urls import is_plain_url, is_web_url

#: Most characters of a text. Longer than any article; what follows would only cost sentence reading.
MAX_TEXT_CHARS = 60_000

#: Most characters of a headline.
MAX_TITLE_CHARS = 500

#: Most characters of markup that are looked at: pages carry several times as much markup as text.
MAX_MARKUP_CHARS = 10 * MAX_TEXT_CHARS

#: Characters that no database or terminal should get: controls other than blanks, NUL first of all, and halves of characters.
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\ud800-\udfff]")

_TAG = re.compile(r"</?([a-z][^\s/>]*)", re.IGNORECASE)

#: Elements that begin and end a line.
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "caption", "dd", "details", "dialog", "div", "dl", "dt", "fieldset",
        "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "nav", "ol",
        "option", "p", "pre", "section", "summary", "table", "td", "th", "tr", "ul",
    }
)  # fmt: skip

#: Elements whose content is no text to read. All of them hold characters only, so that none can be nested.
_DROPPED = frozenset({"iframe", "noembed", "noframes", "script", "style", "textarea", "title"})

#: What in a text that claims to be plain shows that it is markup after all: a closing or common tag, or an entity.
_LOOKS_LIKE_MARKUP = re.compile(
    r"</[a-z][a-z0-9]{0,15}>|<(?:a|b|br|div|em|i|img|p|span|strong)(?:\s[^<>]*|/)?>|&#?[a-z0-9]{1,31};", re.IGNORECASE
)
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")


def text_of(markup: str, *, is_plain: bool = False) -> str:
    """Return the text of a snippet, paragraphs separated by newlines; `is_plain` tells that it claims not to be markup."""
    if markup.isprintable() and "<" not in markup and "&" not in markup:
        # Bare words, as most headlines and many summaries are.
        return " ".join(markup[:MAX_MARKUP_CHARS].split())[:MAX_TEXT_CHARS].rstrip()
    snippet = _UNWANTED.sub("", markup[:MAX_MARKUP_CHARS])
    is_text = is_plain and not _LOOKS_LIKE_MARKUP.search(snippet)
    lines = _PARAGRAPH_BREAK.split(snippet) if is_text else _strip(snippet).split("\n")
    text = "\n".join(filter(None, (" ".join(line.split()) for line in lines)))
    # Entities such as `&#8;` may have brought unwanted characters back.
    return _UNWANTED.sub("", text)[:MAX_TEXT_CHARS].rstrip()


def title_of(markup: str, *, is_plain: bool = False) -> str:
    """Return the text of a headline, on one line."""
    return text_of(markup[: 10 * MAX_TITLE_CHARS], is_plain=is_plain).replace("\n", " ")[:MAX_TITLE_CHARS].rstrip()


def one_line(text: str) -> str:
    """Return a value that is no markup (an id, a date, an address) on one line, without unwanted characters."""
    if text.isprintable() and " " not in text:
        # What nearly all are.
        return text
    return " ".join(_UNWANTED.sub("", text).split())


def web_link(link: str, *, base: str) -> str:
    """Return a link as a whole web address, resolved against the feed's; empty where it is none."""
    if is_plain_url(link):
        return link
    text = one_line(link).replace(" ", "%20")
    if not text:
        return ""
    try:
        url = urljoin(base, text)
    except ValueError:
        return ""
    return url if is_web_url(url) else ""


def _strip(markup: str) -> str:
    if "<" not in markup and "&" not in markup:
        # Most headlines and many summaries are bare words, for which no tree need be grown.
        return " ".join(markup.split())
    # Line breaks of the source are blanks; those of the blocks are lines.
    tree = LexborHTMLParser(_TAG.sub(_flatten, " ".join(markup.split())))
    for node in tree.css(", ".join(_DROPPED)):
        node.decompose()
    root = tree.body or tree.root
    return "" if root is None else root.text(deep=True, separator="", strip=False)


def _flatten(tag: re.Match[str]) -> str:
    """Turn every tag into one that cannot be nested: building a tree costs the square of its depth, and hostile snippets are deep."""
    name = tag.group(1).lower()
    if name in _DROPPED:
        return tag.group(0)
    return "\n<br" if name in _BLOCKS else "<br"

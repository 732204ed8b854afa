"""An alert as Slack blocks: pure, checked against Slack's limits by slack-sdk's own models and by length here."""

from __future__ import annotations

from typing import Any

from slack_sdk.models.blocks import Block, ContextBlock, DividerBlock, HeaderBlock, MarkdownTextObject, PlainTextObject, SectionBlock

from monitor.core.types import Alert, Quote
from monitor.notify.plain import plain_text

#: Slack's limits, in characters (docs.slack.dev, Block Kit reference).
MAX_HEADER = 150
MAX_SECTION = 3000
#: The `text` beside blocks is cut by Slack past 40,000 and wanted below 4,000.
MAX_TEXT = 3900
#: What the parts may take, so that all blocks together stay below the 13,000 characters that Slack takes in one message.
MAX_TITLE = 300
MAX_ORIGINS = 600
MAX_QUOTE = 600
MAX_SOURCE = 100
MAX_URL = 1000
MAX_REASON = 1900
#: Directional marks and overrides, which can make a headline read as something else, and invisible blanks.
_INVISIBLE = dict.fromkeys(map(ord, "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"))
#: Control characters but for the line feed.
_CONTROLS = dict.fromkeys([*range(10), *range(11, 32), *range(127, 160)], " ")
#: Slack takes no text without a character.
NO_WORDS = "(no words)"


def escape(text: str) -> str:
    """Return text in which nothing can become a mention, a link or a format of Slack's.

    Slack knows three control characters (&, <, >); a zero-width space keeps its inline marks from pairing up.
    """
    safe = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "*_~`":
        safe = safe.replace(mark, f"\u200b{mark}")
    return safe


def visible(text: str) -> str:
    """Return the text without directional marks, invisible blanks and control characters but line feeds."""
    return text.translate(_INVISIBLE).translate(_CONTROLS)


def cut(text: str, limit: int) -> str:
    """Return text of at most `limit` characters, an ellipsis where it was cut; never through an escaped character."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    ampersand = kept.rfind("&")
    if ampersand > kept.rfind(";"):
        kept = kept[:ampersand]
    return f"{kept}…"


def message(alert: Alert) -> dict[str, Any]:
    """Return `text` and `blocks` of a chat.postMessage call, and `metadata` that carries the alert's key."""
    blocks: list[Block] = [HeaderBlock(text=PlainTextObject(text=cut(_header(alert), MAX_HEADER), emoji=False))]
    change = alert.change
    if change is None:
        blocks.append(_section("\n".join(escape(line) for line in alert.detail) or escape(alert.headline)))
    else:
        n_origins = len(set(change.origins))
        origins = cut(escape(", ".join(dict.fromkeys(change.origins))), MAX_ORIGINS)
        blocks.append(_section(f"*{cut(escape(alert.issue_title), MAX_TITLE)}*"))
        blocks.append(
            _section(
                f"*{change.confirmation.value}* · {n_origins} independent origin{'s' if n_origins != 1 else ''} "
                f"({origins}) · confidence {change.confidence:.2f}"
            )
        )
        blocks += [_section(f"*Now* {_quote(quote)}") for quote in change.evidence[:2]]
        blocks += [_section(f"*Before* {_quote(quote)}") for quote in change.baseline_evidence[:1]]
        blocks.append(DividerBlock())
        blocks.append(ContextBlock(elements=[MarkdownTextObject(text=cut(f"Why: {escape(change.reason)}", MAX_REASON))]))
    return {
        "text": cut(escape(plain_text(alert)), MAX_TEXT).strip() or NO_WORDS,
        "blocks": [block.to_dict() for block in blocks],
        "metadata": {"event_type": "monitor_alert", "event_payload": {"alert_id": alert.alert_id, "issue": alert.issue_key}},
    }


def _header(alert: Alert) -> str:
    before = f"{alert.from_label} → " if alert.from_label else ""
    header = alert.headline if alert.change is None else f"{before}{alert.to_label}"
    # Plain text, in which Slack reads no marks; a header is one line.
    return " ".join(visible(header).split()) or NO_WORDS


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=MarkdownTextObject(text=cut(text, MAX_SECTION).strip() or NO_WORDS, verbatim=True))


def _quote(quote: Quote) -> str:
    source = cut(escape(quote.source), MAX_SOURCE)
    url = quote.url.replace("&", "&amp;")
    if _is_linkable(url):
        source = f"<{url}|{source.replace('|', '/')}>"
    words = cut(escape(quote.quote), MAX_QUOTE)
    return f"“{words}”\n{source}, {quote.published_at:%d %b %Y %H:%M} UTC"


def _is_linkable(url: str) -> bool:
    """Return whether an address may stand in a link of Slack's: one that holds its control characters, or is endless, is left out."""
    return url.startswith(("http://", "https://")) and len(url) <= MAX_URL and url.isprintable() and not set(url) & set('<>|" ')

"""Slack messages as a page of HTML, the way a channel shows them: for a preview before anything is posted, and for the documentation."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LINK = re.compile(r"&lt;(https?://[^|]+?)\|(.*?)&gt;")
_BOLD = re.compile(r"(?<![\u200b\w])\*(?!\s)(.+?)(?<![\s\u200b])\*(?!\w)")
_STYLE = """
body { margin: 0; padding: 24px; background: #fff; color: #1d1c1d; font: 15px/1.46 "DejaVu Sans", "Segoe UI", Arial, sans-serif; max-width: 760px }
.message { display: grid; grid-template-columns: 36px 1fr; gap: 0 10px; padding: 10px 0; border-top: 1px solid #eee }
.reply { margin-left: 46px; border-left: 3px solid #ddd; padding-left: 12px }
.face { width: 36px; height: 36px; border-radius: 6px; background: #2b5d8c; color: #fff; text-align: center; line-height: 36px; font-weight: 700 }
.who { font-weight: 700 } .app { background: #eee; border-radius: 2px; font-size: 10px; padding: 1px 3px; margin: 0 6px; color: #616061 }
.when, .context, .shown { color: #616061; font-size: 12.5px }
h1 { font-size: 18px; margin: 6px 0 } p { margin: 4px 0 8px }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin: 6px 0 } a { color: #1264a3; text-decoration: none }
button, select { font: inherit; font-size: 13px; border: 1px solid #bbb; border-radius: 4px; background: #fff; padding: 4px 10px; margin: 2px 4px 2px 0 }
.primary { background: #007a5a; border-color: #007a5a; color: #fff; font-weight: 700 } .danger { color: #c01343; border-color: #c01343 }
hr { border: 0; border-top: 1px solid #ddd }
"""


def page(messages: Sequence[Mapping[str, Any]], *, title: str) -> str:
    """Return a page that needs nothing beside itself. A message with `thread_ts` is shown as a reply."""
    shown = "\n".join(_message(message) for message in messages)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body>\n{shown}\n</body></html>\n"
    )


def mrkdwn(text: str) -> str:
    """Return Slack's mark-up, of which this project writes bold words and links, as HTML."""
    # Entities are Slack's spelling of three characters; whatever else looks like a tag is words.
    safe = html.escape(text, quote=False)
    safe = re.sub(r"&amp;(amp|lt|gt);", r"\0\1;", safe)
    safe = _LINK.sub(lambda link: f'<a href="{link[1].replace(chr(34), "&quot;")}">{link[2]}</a>', safe)
    safe = _BOLD.sub(r"<b>\1</b>", safe)
    return _entities(safe).replace("\u200b", "").replace("\n", "<br>\n")


def _entities(text: str) -> str:
    return text.replace("\0", "&")


def _message(message: Mapping[str, Any]) -> str:
    is_reply = "thread_ts" in message
    shown = '<div class="shown">replied to a thread, also shown in the channel</div>' if message.get("reply_broadcast") else ""
    body = "\n".join(_block(block) for block in message["blocks"])
    return (
        f'<div class="message{" reply" if is_reply else ""}"><div class="face">S</div><div><span class="who">Statuswatch</span>'
        f'<span class="app">APP</span>\n{shown}{body}</div></div>'
    )


def _block(block: Mapping[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<h1>{html.escape(block['text']['text'])}</h1>"
        case "divider":
            return "<hr>"
        case "actions":
            return f"<div>{''.join(_elements(block['elements']))}</div>"
        case "context":
            return "".join(f'<p class="context">{_text(element)}</p>' for element in block["elements"])
        case _ if "fields" in block:
            fields = "".join(f"<div>{_text(field)}</div>" for field in block["fields"])
            return f'<div class="fields">{fields}</div>'
        case _:
            return f"<p>{_text(block['text'])}</p>"


def _text(found: Mapping[str, Any]) -> str:
    return mrkdwn(found["text"]) if found["type"] == "mrkdwn" else html.escape(found["text"])


def _elements(elements: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for element in elements:
        if element["type"] == "button":
            yield f'<button class="{element.get("style", "")}">{html.escape(element["text"]["text"])}</button>'
        else:
            options = "".join(f"<option>{html.escape(option['text']['text'])}</option>" for option in element["options"])
            yield f"<select><option>{html.escape(element['placeholder']['text'])}</option>{options}</select>"

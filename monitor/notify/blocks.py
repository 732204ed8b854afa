"""A post as Slack blocks: pure. slack-sdk's models check each element's limits, and the parts are cut here so that they always hold.

The root of a thread is two lines, where the issue stands and its ladder. A change is the whole case: before and after, the ladder, who says
so, the new sentence beside the one it changes, the sources, why it fired, and the buttons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    Option,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
    TextObject,
)

from monitor.core.types import Alert, Change, Post, PostForm, Quote, Step
from monitor.notify import actions
from monitor.notify.escaping import cut, escape, escape_line, line
from monitor.notify.plain import instant_text, moved, plain_text, standing, who_says_so

#: Slack's limits, in characters (docs.slack.dev, Block Kit reference).
MAX_HEADER = 150
MAX_SECTION = 3000
#: The `text` beside blocks is cut by Slack past 40,000 and wanted below 4,000.
MAX_TEXT = 3900
#: What the parts may take, so that all blocks together stay below what Slack takes in one message: it documents no number, but people
#: have seen 9,597 characters accepted and 11,341 refused (slackapi/bolt-js#2867).
MAX_TITLE = 300
MAX_LABEL = 60
MAX_LADDER = 800
MAX_ORIGINS = 500
MAX_QUOTE = 600
MAX_SOURCE = 100
MAX_URL = 500
MAX_SOURCES = 1200
MAX_REASON = 1000
MAX_DETAIL = 600
#: Slack takes 100 options of 75 characters in a menu; a ladder has a dozen.
MAX_OPTION = 60
MAX_OPTIONS = 25
MAX_NOTE = 300
#: The course of a summary, which leaves room for the change that it leads to.
MAX_COURSE = 2000
MAX_NOTICE_SECTION, MAX_NOTICE_SECTIONS, MAX_NOTICE_LINE = 2400, 3, 1200
#: Slack takes no text without a character.
NO_WORDS = "(no words)"
#: Name of our messages among a channel's.
EVENT_TYPE = "monitor_alert"


def message(post: Post, *, has_buttons: bool = True) -> dict[str, Any]:
    """Return `text`, `blocks` and `metadata` of a post; the metadata carries its key."""
    match post.form:
        case PostForm.ROOT:
            text, blocks = " · ".join(filter(None, [standing(post.alert), post.note])), list(_root(post.alert, post.note))
        case PostForm.CHANGE if post.alert.change is not None:
            text, blocks = plain_text(post.alert), list(_change(post, post.alert.change, has_buttons))
        case _:
            text, blocks = plain_text(post.alert), list(_notice(post.alert))
    return {
        "text": cut(escape(text), MAX_TEXT).strip() or NO_WORDS,
        "blocks": [block.to_dict() for block in blocks],
        "metadata": {
            "event_type": EVENT_TYPE,
            "event_payload": {"alert_id": post.key, "form": post.form.value, "issue": post.alert.issue_key},
        },
    }


def key_of(message: dict[str, Any]) -> str | None:
    """Return the key that a message of Slack's carries; None where it is not ours."""
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    key = payload.get("alert_id") if isinstance(payload, dict) else None
    return key if isinstance(key, str) else None


def _root(alert: Alert, note: str) -> Iterator[Block]:
    change = alert.change
    lines = [f"*{_words(alert.issue_title, MAX_TITLE)}*", f"Now: *{_label(alert.to_label)}*"]
    if change is not None:
        lines[1] += f" · {change.confirmation.value} · since {instant_text(change.at)}"
    yield _section("\n".join(lines))
    if note:
        yield _context(cut(escape_line(note), MAX_NOTE))
    hint = "Each change is a reply in this thread."
    yield _context(f"{_ladder(alert)}\n{hint}" if alert.steps else hint)


def _change(post: Post, change: Change, has_buttons: bool) -> Iterator[Block]:
    alert = post.alert
    yield HeaderBlock(text=PlainTextObject(text=cut(line(moved(alert)), MAX_HEADER) or NO_WORDS, emoji=False))
    title = f"*{_words(alert.issue_title, MAX_TITLE)}*"
    yield _section(f"{title}\n{_ladder(alert)}" if alert.steps else title)
    yield _section(cut(escape_line(who_says_so(change)), MAX_ORIGINS))
    sides = [("Now", alert.to_label, quote) for quote in change.evidence[:1]]
    sides += [("Before", alert.from_label or "", quote) for quote in change.baseline_evidence[:1]]
    if sides:
        yield SectionBlock(fields=[_side(*side) for side in sides])
    sources = list(_sources(change.evidence[1:]))
    if sources:
        yield _section("\n".join(["*Also*", *sources]))
    yield _context(cut(f"Why: {escape_line(change.reason)}", MAX_REASON))
    if alert.changes:
        # A summary: the whole course, of which the above is where it leads.
        yield _section(cut("\n".join(["*Course*", *(escape_line(text) for text in alert.detail)]), MAX_COURSE))
    elif alert.detail:
        yield _context(cut(" · ".join(escape_line(text) for text in alert.detail), MAX_DETAIL))
    if post.note:
        yield _context(cut(escape_line(post.note), MAX_NOTE))
    if has_buttons and (post.keeps_buttons or not post.note):
        yield _buttons(alert, change)


def _notice(alert: Alert) -> Iterator[Block]:
    yield HeaderBlock(text=PlainTextObject(text=cut(line(alert.headline), MAX_HEADER) or NO_WORDS, emoji=False))
    section = ""
    n_sections = 0
    for text in map(escape, alert.detail):
        # A digest fills several sections; a line is never parted.
        if section and len(section) + len(text) >= MAX_NOTICE_SECTION:
            yield _section(section)
            section, n_sections = "", n_sections + 1
            if n_sections == MAX_NOTICE_SECTIONS:
                yield _context("The rest is left out here: monitor log, or the page, has it all")
                return
        section = f"{section}\n{cut(text, MAX_NOTICE_LINE)}" if section else cut(text, MAX_NOTICE_LINE)
    yield _section(section or escape(alert.headline))


def _ladder(alert: Alert) -> str:
    """Return the ladder as a line of steps: ● where the matter stands, ◐ where it stood, ○ all other.

    Statuses off the line (stalled, denied, ...) are shown only where the matter stands on one or comes from one.
    """
    change = alert.change
    here, there = (change.to_status, change.from_status) if change else (None, None)

    def shown(step: Step) -> str:
        label = _label(step.label)
        if step.key == here:
            return f"● *{label}*"
        return f"{'◐' if step.key == there else '○'} {label}"

    forward = " › ".join(shown(step) for step in alert.steps if step.phase.is_forward)
    aside = [shown(step) for step in alert.steps if not step.phase.is_forward and step.key in {here, there}]
    whole = "  ‖  ".join([part for part in (forward, *aside) if part])
    if len(whole) <= MAX_LADDER:
        return whole
    # A ladder of somebody's own may be endless: then the two steps that matter.
    return " › ".join(shown(step) for step in sorted(alert.steps, key=lambda step: step.key == here) if step.key in {here, there})


def _label(label: str) -> str:
    return _words(label, MAX_LABEL)


def _words(text: str, limit: int) -> str:
    """Return foreign words on one line, harmless and not endless; something in any case, as Slack reads two marks around nothing as marks."""
    found = cut(escape_line(text), limit).strip()
    return found if found.strip("\u200b*_~`") else NO_WORDS


def _side(name: str, label: str, quote: Quote) -> TextObject:
    head = f"*{name}* · {_label(label)}" if label else f"*{name}*"
    return MarkdownTextObject(text=f"{head}\n“{_words(quote.quote, MAX_QUOTE)}”\n{_source(quote)}", verbatim=True)


def _sources(quotes: Sequence[Quote]) -> Iterator[str]:
    """Yield a line for each further source, as many as there is room for, and how many were left out."""
    room = MAX_SOURCES
    for number, quote in enumerate(quotes):
        text = f"• {_source(quote)}: “{_words(quote.quote, MAX_QUOTE // 3)}”"
        room -= len(text)
        if room < 0:
            yield f"and {len(quotes) - number} more"
            return
        yield text


def _source(quote: Quote) -> str:
    source = _words(quote.source, MAX_SOURCE)
    url = quote.url.replace("&", "&amp;")
    if _is_linkable(url):
        source = f"<{url}|{source.replace('|', '/')}>"
    return f"{source}, {instant_text(quote.published_at)}"


def _is_linkable(url: str) -> bool:
    """Return whether an address may stand in a link of Slack's: one that holds its control characters, or is endless, is left out."""
    return url.startswith(("http://", "https://")) and len(url) <= MAX_URL and url.isprintable() and not set(url) & set('<>|" ')


def _buttons(alert: Alert, change: Change) -> Block:
    value = str(change.change_id)
    elements: list[ButtonElement | StaticSelectElement] = [
        ButtonElement(text="Accept", action_id=actions.ACCEPT, value=value, style="primary"),
        ButtonElement(text="Not a change", action_id=actions.NOT_A_CHANGE, value=value, style="danger"),
        ButtonElement(text="Same as before", action_id=actions.SAME_AS_BEFORE, value=value),
        ButtonElement(text="Mute 24 h", action_id=actions.MUTE_24H, value=value),
    ]
    others = [step for step in alert.steps if step.key != change.to_status][:MAX_OPTIONS]
    if others:
        options = [
            Option(
                value=actions.pack_status(change.change_id, step.key),
                text=PlainTextObject(text=cut(line(step.label), MAX_OPTION) or NO_WORDS, emoji=False),
            )
            for step in others
        ]
        elements.append(StaticSelectElement(placeholder="Wrong status: it is …", action_id=actions.WRONG_STATUS, options=options))
    return ActionsBlock(block_id=actions.BLOCK, elements=elements)


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=MarkdownTextObject(text=cut(text, MAX_SECTION).strip() or NO_WORDS, verbatim=True))


def _context(text: str) -> ContextBlock:
    return ContextBlock(elements=[MarkdownTextObject(text=cut(text, MAX_SECTION).strip() or NO_WORDS, verbatim=True)])

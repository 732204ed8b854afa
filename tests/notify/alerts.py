"""Arbitrary alerts, and a judge who knows what Slack takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from monitor.core.ladder import Phase
from monitor.core.types import (
    Alert,
    AlertKind,
    ArticleId,
    Change,
    ChangeId,
    ChangeKind,
    Confirmation,
    IssueKey,
    Post,
    PostForm,
    Quote,
    Speaker,
    Stance,
    Step,
)
from monitor.testing.slack_limits import problems

#: What must not get through, or must not be broken: mentions, links, marks, entities, controls, directions, invisible blanks.
_TRAPS = (
    "<!channel>", "<!here|all>", "<@U123>", "<#C123>", "<http://x|y>", "&lt;", "&", "<", ">", "`code`", "```", "*bold*", "_it_", "~no~",
    "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\r\n", "\u2028", "\u202e", "\u2066", "\u00ad", "\u3164", "\U000e0041", ":tada:", "\n> quoted", "&gt;", "\n*", "\u200b", "\u200d", "\ufeff", "\U0001f600",
    "Wörter", "اتفاق", "x" * 700, "&" * 700, "<" * 4000,
)  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(_TRAPS), st.text(max_size=8)), max_size=3).map("".join)
urls = st.one_of(
    st.just(""),
    texts,
    texts.map(lambda rest: f"https://gazette.example/{rest}"),
    st.just("https://gazette.example/?" + "a=1&" * 900),
)
quotes = st.builds(
    Quote,
    article_id=st.just(ArticleId("a-1")),
    source=texts,
    url=urls,
    published_at=st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001
    quote=texts,
    start=st.just(0),
    end=st.just(1),
    stance=st.sampled_from(Stance),
    speaker=st.sampled_from(Speaker),
    score=st.floats(0, 1),
)
changes = st.builds(
    Change,
    change_id=st.just(ChangeId("c-1")),
    issue_key=st.just(IssueKey("issue")),
    at=st.just(datetime(2024, 9, 27, 18, tzinfo=UTC)),
    article_id=st.just(ArticleId("a-1")),
    kind=st.sampled_from(ChangeKind),
    from_status=st.just("before"),
    to_status=st.just("after"),
    from_phase=st.just(Phase.TALKS),
    to_phase=st.just(Phase.ADOPTED),
    confirmation=st.sampled_from(Confirmation),
    confidence=st.floats(0, 1),
    origins=st.lists(texts, max_size=3).map(tuple),
    reason=texts,
    evidence=st.lists(quotes, max_size=3).map(tuple),
    baseline_evidence=st.lists(quotes, max_size=3).map(tuple),
)
steps = st.builds(Step, key=st.sampled_from(["before", "after", "other", "k" * 40]), label=texts, phase=st.sampled_from(Phase))
alerts = st.builds(
    Alert,
    alert_id=st.just("a_c-1"),
    issue_key=st.just(IssueKey("issue")),
    issue_title=texts,
    headline=texts,
    from_label=st.none() | texts,
    to_label=texts,
    change=st.none() | changes,
    detail=st.one_of(st.lists(texts, max_size=3), st.lists(texts, min_size=1, max_size=3).map(lambda lines: lines * 30)).map(tuple),
    kind=st.sampled_from(AlertKind),
    changes=st.lists(changes, max_size=2).map(tuple),
)

posts = st.builds(
    Post,
    key=st.just("a_c-1"),
    form=st.sampled_from(PostForm),
    alert=alerts,
    thread=st.none() | st.just("C1:17.0"),
    is_shown=st.booleans(),
    note=texts,
    keeps_buttons=st.booleans(),
)

#: A link as `notify.blocks` makes them, the only thing in angle brackets that may stand in a message.
_LINK = re.compile(r"<https?://[^<>|\s]+\|[^<>|]*>")
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
#: Marks of our own: bold words, and nothing else.
_BOLD = re.compile(r"\*[^*\n]+\*")


def check_message(body: dict[str, Any]) -> None:
    """Assert what Slack's documentation asks of a message, and that nothing in it can become a mention, a format or another direction."""
    json.dumps(body).encode()
    assert problems(body) == []
    assert not set("<>") & set(body["text"])
    for block in body["blocks"]:
        for text in _text_objects(block):
            assert not set("\x00\x07\x1b\x7f\x85\u202e\u2066\ufeff\u00ad\u3164\U000e0041") & set(text["text"])
            if text["type"] == "mrkdwn":
                _check_mrkdwn(text["text"])


def _check_mrkdwn(text: str) -> None:
    bare = _LINK.sub("", text)
    assert not set("<>") & set(bare), bare
    assert not _ENTITY.search(text), text
    assert not re.search(r"^\s*&gt;", text, re.M), text
    for mark in "_~`":
        assert mark not in bare.replace(f"\u200b{mark}", ""), text
    assert "*" not in _BOLD.sub("", bare.replace("\u200b*", "")), text
    assert not re.search(r"(?<!\u200b):[\w+'-]+:", bare), text


def _text_objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if part.get("type") in {"mrkdwn", "plain_text"}:
            yield part
            return
        for value in part.values():
            yield from _text_objects(value)
    elif isinstance(part, list):
        for value in part:
            yield from _text_objects(value)

"""Arbitrary alerts, and a judge who knows what Slack takes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from monitor.core.ladder import Phase
from monitor.core.types import Alert, ArticleId, Change, ChangeId, ChangeKind, Confirmation, IssueKey, Quote, Speaker, Stance

#: What must not get through, or must not be broken: mentions, links, marks, entities, controls, directions, invisible blanks.
_TRAPS = (
    "<!channel>", "<!here|all>", "<@U123>", "<#C123>", "<http://x|y>", "&lt;", "&", "<", ">", "`code`", "```", "*bold*", "_it_", "~no~",
    "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\r\n", "\u2028", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\U0001f600",
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
alerts = st.builds(
    Alert,
    alert_id=st.just("a_c-1"),
    issue_key=st.just(IssueKey("issue")),
    issue_title=texts,
    headline=texts,
    from_label=st.none() | texts,
    to_label=texts,
    change=st.none() | changes,
    detail=st.lists(texts, max_size=3).map(tuple),
)

#: A link as `notify.blocks` makes them, the only thing in angle brackets that may stand in a message.
_LINK = re.compile(r"<https?://[^<>|\s]+\|[^<>|]*>")
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


def check_message(body: dict[str, Any]) -> None:
    """Assert what Slack's documentation asks of a message, and that nothing in it can become a mention, a format or another direction."""
    json.dumps(body).encode()
    assert 0 < len(body["text"]) <= 4000
    assert not set("<>") & set(body["text"])
    assert 0 < len(body["blocks"]) <= 50
    assert sum(_length(block) for block in body["blocks"]) <= 13_000
    for block in body["blocks"]:
        _check_block(block)


def _check_block(block: dict[str, Any]) -> None:
    match block["type"]:
        case "header":
            assert block["text"]["type"] == "plain_text"
            assert 0 < len(block["text"]["text"]) <= 150
            assert "\n" not in block["text"]["text"]
        case "section":
            assert block["text"]["text"].strip()
            assert len(block["text"]["text"]) <= 3000
        case "context":
            assert 0 < len(block["elements"]) <= 10
        case kind:
            assert kind == "divider"
    for text in _texts(block):
        assert not set("\x00\x07\x1b\x7f\x85\u202e\u2066\ufeff") & set(text["text"])
        if text["type"] == "mrkdwn":
            bare = _LINK.sub("", text["text"])
            assert not set("<>") & set(bare), bare
            assert not _ENTITY.search(text["text"]), text["text"]
            assert "`" not in bare.replace("\u200b`", "")


def _texts(block: dict[str, Any]) -> list[dict[str, Any]]:
    return [block["text"]] if "text" in block else block.get("elements", [])


def _length(block: dict[str, Any]) -> int:
    return sum(len(text["text"]) for text in _texts(block))

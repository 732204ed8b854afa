"""Messages as a page: what Slack would show, and nothing that runs."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings

from benchmarks.picture import DOCS, picture
from monitor.core.types import Post
from monitor.notify.blocks import message
from monitor.notify.picture import mrkdwn, page
from tests.notify.alerts import posts

ROOT = Path(__file__).parents[2]


def test_marks_become_html() -> None:
    assert mrkdwn("*now* · <https://x.example/?a=1&amp;b=2|Wire &amp; Co>") == (
        '<b>now</b> · <a href="https://x.example/?a=1&amp;b=2">Wire &amp; Co</a>'
    )
    assert mrkdwn("one\ntwo") == "one<br>\ntwo"


def test_words_stay_words() -> None:
    assert mrkdwn("&lt;script&gt; \u200b*not bold\u200b*") == "&lt;script&gt; *not bold*"
    assert mrkdwn("<script>") == "&lt;script&gt;"


@given(posts)
@settings(max_examples=50)
def test_nothing_of_a_feed_becomes_a_tag(post: Post) -> None:
    tags = set(re.findall(r"<(/?[a-z0-9]+)", page([message(post)], title=post.alert.headline)))
    ours = {"html", "head", "meta", "title", "style", "body", "div", "span", "h1", "hr", "p", "a", "b", "br", "button", "select", "option"}
    assert {tag.lstrip("/") for tag in tags} <= ours


def test_the_page_in_the_documentation_is_what_is_posted_today() -> None:
    assert (ROOT / DOCS).read_text(encoding="utf-8") == picture(), "run `python -m benchmarks.picture`"

"""Foreign words cannot reach anybody, lead anywhere, look like anything, or hide."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from monitor.notify.escaping import cut, escape, escape_line, line, visible
from tests.notify.alerts import texts


@given(texts)
def test_escaped_text_holds_nothing_that_slack_reads(text: str) -> None:
    safe = escape(text)
    assert not set("<>") & set(safe)
    assert all(safe[place - 1] == "\u200b" for place, mark in enumerate(safe) if mark in "*_~`")
    assert not re.search("^\\s*&gt;", safe, re.M)


@given(texts)
def test_visible_text_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    assert line(line(text)) == line(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> deal", "&lt;!channel&gt; deal"),
        ("<@U012AB3CD> says", "&lt;@U012AB3CD&gt; says"),
        ("<https://evil.example|Reuters>", "&lt;https://evil.example|Reuters&gt;"),
        ("`rm` *now* _it_ ~no~", "\u200b`rm\u200b` \u200b*now\u200b* \u200b_it\u200b_ \u200b~no\u200b~"),
        ("Deal :tada: at 10:30", "Deal \u200b:tada: at 10:30"),
        ("> quoted\n&gt; twice", "\u200b&gt; quoted\n&amp;gt; twice"),
        ("AT&amp;T", "AT&amp;amp;T"),
    ],
)
def test_what_slack_would_read_is_shown_as_it_was_written(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sig\u200bned", "signed"),
        ("sig\u200dned", "signed"),
        ("not\u2060 signed\u00ad", "not signed"),
        ("\u202edengis", "dengis"),
        ("\u3164\u115f\u2800a", "a"),
        ("a" + "".join(chr(0xE0000 + ord(letter)) for letter in "hidden"), "a"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀 flies", "👩\u200d🚀 flies"),
        ("bell\x07 and\x1b[31m", "bell  and [31m"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
    ],
    ids=range(10),
)
def test_nothing_is_hidden_and_nothing_turns_the_reading(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_line_is_one_line() -> None:
    assert line("  one\n\n two\t three ") == "one two three"
    assert escape_line("one\n> two") == "one &gt; two"


def test_a_cut_never_goes_through_an_escaped_character() -> None:
    assert cut("ab&amp;cd", 6) == "ab…"
    assert cut("ab&amp;cd", 8) == "ab&amp;…"
    assert cut("short", 5) == "short"

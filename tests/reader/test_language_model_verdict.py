"""Verdicts: read out of whatever a model wraps them in, and the quote looked up in the article."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.ladder import Ladder, Phase, Status
from monitor.core.text import split_sentences
from monitor.core.types import Speaker, Stance
from monitor.errors import PermanentError
from monitor.reader.verdict import find_quote, parse_verdict
from tests.reader.questions import verdict
from tests.story import AGREED, LADDER, article

STORY = replace(
    article(AGREED),
    title="‘Broadly agreed’, says ministry",
    text="OSTHAVEN, Sept 2 - Norland’s ministry said: “We have   agreed on the treaty.” It names no date. Sudmark is silent.",
)
SENTENCES = split_sentences(STORY.title, STORY.text)


def found(quote: str) -> str | None:
    sentence = find_quote(quote, SENTENCES, STORY)
    return None if sentence is None else " ".join(sentence.text.split())


@pytest.mark.parametrize(
    "content",
    [
        verdict(),
        f"```json\n{verdict()}\n```",
        f"<think>Is it {{done}}? I was told to say {{}}.</think>\n{verdict()}\nThat is my verdict.",
        f"{verdict(phase='signed')} No, that is no phase. {verdict()}",
        json.dumps(json.loads(verdict()) | {"more": {"phase": "adopted"}}),
    ],
)
def test_a_verdict_is_found_in_its_wrapping_and_the_last_one_counts(content: str) -> None:
    result = parse_verdict(content, LADDER)
    assert (result.phase, result.status_key, result.confidence) == (Phase.AGREED_IN_PRINCIPLE, "broadly_agreed", 0.93)
    assert (result.stance, result.speaker) == (Stance.ASSERTED, Speaker.OUTLET)


def test_a_status_that_is_left_open_is_the_ladder_s_first_of_the_phase() -> None:
    assert parse_verdict(verdict(status=None), LADDER).status_key == "broadly_agreed"


def test_a_phase_that_the_ladder_has_not_has_no_status() -> None:
    bare = Ladder("bare", "Bare", (Status("signed", "signed", Phase.ADOPTED, ()),))
    assert parse_verdict(verdict(status=None), bare).status_key is None


def test_a_verdict_on_another_matter_tells_no_step() -> None:
    result = parse_verdict(verdict(about_matter=False, stance="whatever"), LADDER)
    assert (result.phase, result.status_key, result.quote, result.is_about_matter) == (None, None, "", False)


@given(st.text() | st.text(alphabet='{}[]":,0123456789eE-. abnu\\'))
def test_no_answer_whatever_breaks_the_reader(content: str) -> None:
    with pytest.raises(PermanentError):
        parse_verdict(content, LADDER)


@given(
    st.fixed_dictionaries(
        {key: st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) for key in json.loads(verdict())}
    )
)
def test_no_value_of_an_answer_breaks_the_reader(answer: dict[str, object]) -> None:
    try:
        result = parse_verdict(json.dumps(answer), LADDER)
    except PermanentError:
        return
    assert 0 <= result.confidence <= 1
    assert result.phase is None


@pytest.mark.parametrize(
    ("quote", "sentence"),
    [
        ("'Broadly agreed', says ministry", "‘Broadly agreed’, says ministry"),
        ("Norland's ministry said", "Norland’s ministry said: “We have agreed on the treaty.”"),
        ("We have agreed on the treaty.", "Norland’s ministry said: “We have agreed on the treaty.”"),
        ('"We have   agreed on\tthe treaty"', "Norland’s ministry said: “We have agreed on the treaty.”"),
        ("OSTHAVEN, Sept 2 - Norland’s ministry said", "Norland’s ministry said: “We have agreed on the treaty.”"),
        ("treaty.” It names no date. Sudmark", "It names no date."),
        ("Sudmark is silent.", "Sudmark is silent."),
        ("Sudmark is silent, too.", None),
        ("We have ... the treaty", None),
        ("says ministry Norland’s ministry", None),
        ("OSTHAVEN, Sept", None),
        ("“”", None),
        ("treaty", None),
        ("", None),
    ],
)
def test_a_quote_is_looked_up_whatever_its_blanks_and_quotation_marks(quote: str, sentence: str | None) -> None:
    assert found(quote) == sentence


@given(st.data())
def test_every_run_of_words_of_a_sentence_is_found_in_the_article(data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(SENTENCES)).text.split()
    start = data.draw(st.integers(0, len(words) - 2))
    assert found(" ".join(words[start : data.draw(st.integers(start + 2, len(words)))])) is not None

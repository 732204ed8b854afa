from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.text import LEAD_CHARS, PASSAGE_WORDS, head_text, is_abbreviation, passages, sentence_case, split_sentences, text_hash
from monitor.core.types import Place

PROSE = st.text(alphabet=st.sampled_from('aB.!?"”’)(<> \n\t-–/,0é\u2028\r'), max_size=120)


def sentences(text: str, title: str = "") -> list[str]:
    return [sentence.text for sentence in split_sentences(title, text)]


@given(st.text(max_size=60) | PROSE, st.text(max_size=200) | PROSE)
def test_offsets_point_at_the_sentence_in_whatever_text(title: str, text: str) -> None:
    for sentence in split_sentences(title, text):
        field = title if sentence.place is Place.HEADLINE else text
        assert field[sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip()
        assert sentence.text


@given(st.text(max_size=200) | PROSE)
def test_sentences_stand_in_order_and_never_overlap(text: str) -> None:
    found = split_sentences("", text)
    assert all(before.end <= after.start for before, after in pairwise(found))


@given(st.text(max_size=200) | PROSE)
def test_every_word_beyond_the_dateline_is_in_some_sentence(text: str) -> None:
    found = split_sentences("", f"said. {text}")
    covered = {position for sentence in found for position in range(sentence.start, sentence.end)}
    words = [position for position, character in enumerate(f"said. {text}") if character.isalpha()]
    assert set(words) <= covered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They signed. They left.", ["They signed.", "They left."]),
        ("Did they sign? They did! Good.", ["Did they sign?", "They did!", "Good."]),
        ("The U.S. Army left.", ["The U.S. Army left."]),
        ("Workers in Pontiac, Mich. Thursday voted.", ["Workers in Pontiac, Mich. Thursday voted."]),
        ("Talks open on Jan. 3. Workers wait.", ["Talks open on Jan. 3.", "Workers wait."]),
        ("Rovian Corp. Chairman Gen. J. Dent resigned.", ["Rovian Corp. Chairman Gen. J. Dent resigned."]),
        ("Sable Inc. <SBL.N> said it sold a unit. It gave no price.", ["Sable Inc. <SBL.N> said it sold a unit.", "It gave no price."]),
        ("It paid 3 mln dlrs. The bank paid 4 pct. Both closed.", ["It paid 3 mln dlrs.", "The bank paid 4 pct.", "Both closed."]),
        ("The envoy was ill. The talks went on.", ["The envoy was ill.", "The talks went on."]),
        ("He said no. They left.", ["He said no.", "They left."]),
        ("Smelter No. 4 closed.", ["Smelter No. 4 closed."]),
        ("“It is over.” She left.", ["“It is over.”", "She left."]),
        ("(It was late.) They left.", ["(It was late.)", "They left."]),
        ("They waited... Nothing came.", ["They waited...", "Nothing came."]),
        ("It closed. Élan bought it. Österreich agreed.", ["It closed.", "Élan bought it.", "Österreich agreed."]),
        ("One line\nAnother line", ["One line", "Another line"]),
        ("They signed.\r\nThey left.", ["They signed.", "They left."]),
        ("***\n12.5\nThey signed.", ["They signed."]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "dateline",
    [
        "GENEVA, March 4 - ",
        "PONTIAC, Mich., March 26 - ",
        "LONDON, Jan. 3, 2024 — ",
        "BAGHDAD, Sept 6 (Reuters) - ",
        "WASHINGTON (AP) — ",
        "(Reuters) -",
        "(Reuters) - ",
        "Shafaq News/ ",
        "NEW YORK, March 20 - ",
    ],
)
def test_a_dateline_is_no_part_of_the_lead(dateline: str) -> None:
    text = f"{dateline}Both sides signed. They left."
    assert sentences(text) == ["Both sides signed.", "They left."]
    assert text[split_sentences("", text)[0].start :].startswith("Both")


@pytest.mark.parametrize("text", ["US-led troops left.", "The two sides - at last - signed.", "GM and the union agreed - again."])
def test_a_dash_in_running_text_is_no_dateline(text: str) -> None:
    assert sentences(text) == [text]


def test_a_capitals_paragraph_with_a_dash_far_in_is_no_dateline() -> None:
    text = "THE GOVERNMENT AND THE MINERS UNION SETTLED THEIR LONG DISPUTE ON TUESDAY - MINISTER"
    assert sentences(text) == [text]


@pytest.mark.parametrize("first", ["Deal is done", "DEAL IS DONE", "  Deal is done  "])
def test_a_first_line_that_repeats_the_headline_is_left_out(first: str) -> None:
    found = split_sentences("Deal is done", f"\n{first}\nBoth sides signed.")
    assert [(sentence.text, sentence.place) for sentence in found] == [
        ("Deal is done", Place.HEADLINE),
        ("Both sides signed.", Place.LEAD),
    ]


def test_a_later_line_that_repeats_the_headline_stays() -> None:
    assert sentences("They met.\nDeal is done", "Deal is done") == ["Deal is done", "They met.", "Deal is done"]


def test_the_headline_counts_its_offsets_in_the_title() -> None:
    headline = split_sentences("  Deal is done ", "They met.")[0]
    assert (headline.text, headline.start, headline.end) == ("Deal is done", 2, 14)


def test_the_lead_is_at_most_two_sentences_of_the_first_paragraph() -> None:
    places = [sentence.place for sentence in split_sentences("", "One came. Two came. Three came.\nFour came.")]
    assert places == [Place.LEAD, Place.LEAD, Place.BODY, Place.BODY]


def test_a_first_paragraph_without_words_is_not_the_lead() -> None:
    assert [sentence.place for sentence in split_sentences("", "* * *\nOne came.\nTwo came.")] == [Place.LEAD, Place.BODY]


@pytest.mark.parametrize(
    ("word", "following", "expected"),
    [
        ("Mich", "", True),
        ("CORP", "", True),
        ("U.S", "", True),
        ("J", "", True),
        ("vs", "", True),
        ("No", " 4", True),
        ("no", " They", False),
        ("ill", "", False),
        ("mass", "", False),
        ("dlrs", "", False),
        ("treaty", "", False),
    ],
)
def test_abbreviations_are_told_from_words(word: str, following: str, expected: bool) -> None:
    assert is_abbreviation(word, following) is expected


@pytest.mark.parametrize("text", ["." * 30_000, "A. " * 10_000, "a." * 15_000, "AB" + " " * 30_000, "!?" * 15_000 + "x", "A" * 30_000])
def test_hostile_text_does_not_take_quadratic_time(text: str) -> None:
    began = time.process_time()
    split_sentences("", text)
    assert time.process_time() - began < 2.0


def test_the_head_is_headline_and_lead() -> None:
    assert head_text("Deal is done", "Both sides signed. They left.") == "Deal is done. Both sides signed. They left."


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("", "", ""),
        ("Deal is done", "", "Deal is done"),
        ("  ", "They met.", "They met."),
        ("GREECE SIGNS OIL PACT", "", "Greece signs oil pact"),
    ],
)
def test_the_head_makes_do_with_what_there_is(title: str, text: str, expected: str) -> None:
    assert head_text(title, text) == expected


def test_the_head_keeps_whole_sentences_within_its_limit() -> None:
    text = " ".join(f"Sentence number {number} is here." for number in range(60))
    lead = head_text("", text)
    assert len(lead) <= LEAD_CHARS
    assert lead.endswith("is here.")


@given(st.text(max_size=80), st.text(max_size=3000) | PROSE)
def test_the_head_never_outgrows_its_limits(title: str, text: str) -> None:
    assert len(head_text(title, text)) <= len(sentence_case(title.strip())) + 2 + 2 * LEAD_CHARS


def test_one_endless_sentence_is_cut() -> None:
    assert len(head_text("", "word " * 5000)) == 2 * LEAD_CHARS


def test_passages_are_whole_sentences_of_about_eighty_words() -> None:
    text = " ".join(f"Sentence number {number} has six words." for number in range(100))
    found = passages(text)
    assert " ".join(found) == text
    assert all(PASSAGE_WORDS <= len(piece.split()) < PASSAGE_WORDS + 6 for piece in found[:-1])
    assert all(piece.endswith("words.") for piece in found)


def test_a_text_without_words_has_no_passages() -> None:
    assert passages("12.5\n***") == ()


@pytest.mark.parametrize(
    ("headline", "expected"),
    [
        ("UAW STRIKES GM <GM> PLANT", "Uaw strikes gm <gm> plant"),
        ("Union strikes plant", "Union strikes plant"),
        ("EU-US", "EU-US"),
        ("EC-US TALKS END", "Ec-us talks end"),
        ("", ""),
    ],
)
def test_only_a_capitals_headline_is_lowered(headline: str, expected: str) -> None:
    assert sentence_case(headline) == expected


def test_a_text_hash_is_sixteen_stable_digits_that_tell_texts_apart() -> None:
    assert text_hash("They signed.") == "6af8fd26c1a9eb09"
    assert text_hash("They signed") != text_hash("They signed.")

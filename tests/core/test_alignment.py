"""What an edit changed, and what two texts have in common."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.alignment import MAX_EDITS, aligned_pairs, aligned_share, edits_between
from monitor.core.types import Edit

TITLE = "Ferry talks resume"
FIRST = "The two ministries met again on Monday."
SECOND = "They have broadly agreed on a joint statement, a spokesman said."
THIRD = "The line has been closed since the winter."


def test_a_rewritten_sentence_is_kept_with_what_it_said_before() -> None:
    after = "They have signed a joint statement, a spokesman said."
    assert edits_between((TITLE, f"{FIRST} {SECOND} {THIRD}"), (TITLE, f"{FIRST} {after} {THIRD}")) == (Edit(SECOND, after),)


def test_added_and_struck_out_sentences_stand_alone() -> None:
    assert edits_between((TITLE, FIRST), (TITLE, f"{FIRST} {THIRD}")) == (Edit("", THIRD),)
    assert edits_between((TITLE, f"{FIRST} {THIRD}"), (TITLE, FIRST)) == (Edit(THIRD, ""),)


def test_another_headline_is_an_edit() -> None:
    assert edits_between((TITLE, FIRST), ("Ferry talks end in agreement", FIRST)) == (Edit(TITLE, "Ferry talks end in agreement"),)


def test_quotation_marks_blanks_and_case_are_no_edit() -> None:
    assert edits_between((TITLE, "“Yes,” she  said."), (TITLE.upper(), '"Yes," she said.')) == ()


def test_no_edit_is_longer_than_its_cap() -> None:
    edits = edits_between(("", ""), ("", "\n".join(f"Sentence number {n} of many." for n in range(500))))
    assert len(edits) == MAX_EDITS


WIRE = [
    "The transport ministers of Norland and Sudmark have reached a provisional deal on the harbour treaty.",
    "It would open the northern channel to freight from next spring, two officials said.",
    "The text still has to be approved by both cabinets, and neither has set a date.",
]
REWRITTEN = [
    "A provisional deal on the harbour treaty has been reached by the transport ministers of Norland and Sudmark, our correspondent writes.",
    "From next spring it would open the northern channel to freight.",
    "Both cabinets still have to approve the text.",
    "Readers have sent us pictures of the harbour in the snow, which we print on page nine.",
]


def test_reproduced_wire_copy_is_seen_though_few_word_runs_survive() -> None:
    pairs = aligned_pairs(WIRE, REWRITTEN)
    assert pairs == ((0, 0), (1, 1), (2, 2))
    assert aligned_share(WIRE, REWRITTEN, len(pairs)) == 1.0


def test_two_reports_of_one_event_in_their_own_words_are_not_copies() -> None:
    own = [
        "Freight ships may soon pass north again after a breakthrough between the neighbours, which had been at odds for months.",
        "Diplomats briefed on the matter described the mood as warm and said that lawyers were at work on the wording.",
        "Fishing towns fear for their catch and have called a protest for Sunday.",
    ]
    assert aligned_pairs(WIRE, own) == ()


def test_short_sentences_align_with_nothing() -> None:
    short = ["He declined to comment."] * 3
    assert aligned_pairs(short, short) == ()
    assert aligned_share(short, WIRE, 0) == 0.0


TEXTS = st.lists(st.text(alphabet="abc de.\n", max_size=60), max_size=5)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_alignment_is_symmetric_and_a_share(first: list[str], second: list[str]) -> None:
    pairs = aligned_pairs(first, second)
    assert len(pairs) == len(aligned_pairs(second, first))
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert 0.0 <= aligned_share(first, second, len(pairs)) <= 1.0


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_a_text_never_differs_from_itself(title: str, text: str) -> None:
    assert edits_between((title, text), (title, text)) == ()

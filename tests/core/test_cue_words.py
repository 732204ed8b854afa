from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.cue_words import Piece, Role, compared, marked_words, pieces_of
from monitor.core.ladder import Phase
from monitor.core.types import Stance


def drawn(sentence: str, phase: Phase, stance: Stance = Stance.ASSERTED, *, is_headline: bool = False) -> str:
    """Return a sentence with its step words in [] and the words that tell how in {}."""
    signs = {Role.STEP: "[{}]", Role.TOLD: "{{{}}}", None: "{}"}
    return "".join(signs[piece.role].format(piece.text) for piece in pieces_of(sentence, phase, stance, is_headline=is_headline))


@pytest.mark.parametrize(
    ("phase", "stance", "told"),
    [
        (Phase.PROPOSED, Stance.ASSERTED, "Residents [called for] an inquiry."),
        (Phase.TALKS, Stance.ASSERTED, "Both sides [sat down] for [talks] on Monday."),
        (Phase.AGREED_IN_PRINCIPLE, Stance.ATTRIBUTED, "They have [agreed in principle], an official said."),
        (Phase.AGREED_IN_PRINCIPLE, Stance.ASSERTED, "Negotiators [reached a tentative deal] overnight."),
        (Phase.ANNOUNCED, Stance.ASSERTED, "The end of the mission was [announced] in a [joint statement]."),
        (Phase.ADOPTED, Stance.CONDITIONAL, "The treaty {could} be [ratified] {if} the committee agrees."),
        (Phase.ADOPTED, Stance.EXPECTED, "The pact {will} be [signed] on Friday."),
        (Phase.ADOPTED, Stance.DENIED, "The ministry {denied} that it had been [signed]."),
        (Phase.IN_EFFECT, Stance.ASSERTED, "The treaty [entered into force] at midnight."),
        (Phase.COMPLETED, Stance.ASSERTED, "[The last soldiers] left the base."),
        (Phase.POSTPONED, Stance.ASSERTED, "The vote was [put off] until spring."),
        (Phase.STALLED, Stance.ASSERTED, "The talks are [deadlocked] over two villages."),
        (Phase.CONTESTED, Stance.ASSERTED, "Two states [sued] to stop it."),
        (Phase.DENIED, Stance.ASSERTED, "The board [turned the offer down]."),
        (Phase.COLLAPSED, Stance.ASSERTED, "The merger [fell through]."),
        (Phase.REVERSED, Stance.ASSERTED, "The court [struck down] the licence."),
        # What the main clause says goes before what hangs on it.
        (Phase.ADOPTED, Stance.ASSERTED, "Parliament [ratified] the water treaty, which both had signed in June."),
    ],
)
def test_the_words_that_carry_a_step_are_found(phase: Phase, stance: Stance, told: str) -> None:
    sentence = told.translate(str.maketrans("", "", "[]{}"))
    assert drawn(sentence, phase, stance) == told


def test_the_future_of_a_headline_stands_in_its_to() -> None:
    assert drawn("Mexico to sign loan", Phase.ADOPTED, Stance.EXPECTED, is_headline=True) == "Mexico {to} [sign] loan"


@pytest.mark.parametrize(
    ("sentence", "phase"),
    [
        ("Pens out at last as neighbours share the dam.", Phase.ADOPTED),
        ("The work took up most of last year.", Phase.COMPLETED),
        ("The assignment was resigned to others.", Phase.ADOPTED),
        ("", Phase.TALKS),
    ],
)
def test_a_sentence_without_a_known_word_gets_no_mark(sentence: str, phase: Phase) -> None:
    assert pieces_of(sentence, phase, Stance.ASSERTED) == (Piece(sentence),)


@given(st.text(), st.sampled_from(Phase), st.sampled_from(Stance), st.booleans())
def test_the_pieces_are_the_sentence(sentence: str, phase: Phase, stance: Stance, is_headline: bool) -> None:
    pieces = pieces_of(sentence, phase, stance, is_headline=is_headline)
    assert "".join(piece.text for piece in pieces) == sentence


def test_beside_each_other_only_what_differs_stands_out() -> None:
    now = pieces_of("Parliament ratified and the king signed.", Phase.ADOPTED, Stance.ASSERTED)
    before = pieces_of("They Signed it.", Phase.ADOPTED, Stance.ASSERTED)
    assert [(piece.text, piece.is_shared) for piece in compared(now, before) if piece.role] == [("ratified", False), ("signed", True)]
    assert compared(now, ()) == now


def test_each_word_is_named_once() -> None:
    pieces = pieces_of("Talks on talks may resume; talks may end.", Phase.TALKS, Stance.CONDITIONAL)
    assert marked_words(pieces, Role.STEP) == ("Talks", "talks", "resume")
    assert marked_words(pieces, Role.TOLD) == ("may",)

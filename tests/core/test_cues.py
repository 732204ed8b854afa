"""Reading by the ladder's nearest cue."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.core.cues import CUE_CEILING, CUE_FLOOR, cue_texts, read_by_cues
from monitor.core.ladder import Phase
from monitor.core.types import Place, Sentence, SentenceReading, Stance
from monitor.testing.fakes import HashEncoder
from tests.builders import LADDER, coalition_issue, unit


def read(text: str, place: Place = Place.LEAD) -> SentenceReading:
    encoder = HashEncoder()
    cues = encoder.embed([cue for _, cue in cue_texts(LADDER)])
    [reading] = read_by_cues([Sentence(text, 0, len(text), place)], encoder.embed([text]), LADDER, cues)
    return reading


def test_every_cue_stands_beside_the_key_of_its_status() -> None:
    ladder = coalition_issue().ladder
    pairs = cue_texts(ladder)
    assert len(pairs) == sum(len(status.cues) for status in ladder.statuses)
    assert all(cue in ladder.status(key).cues for key, cue in pairs)


@pytest.mark.parametrize(("key", "cue"), cue_texts(LADDER))
def test_a_cue_reads_as_its_own_status(key: str, cue: str) -> None:
    reading = read(cue)
    assert (reading.status_key, reading.phase, reading.score) == (key, LADDER.status(key).phase, 1.0)
    assert f"nearest cue “{cue}” at 1.00" in reading.reason


def test_a_sentence_near_no_cue_tells_of_no_step() -> None:
    reading = read("Rain fell over the orchards.")
    assert (reading.phase, reading.status_key, reading.score) == (None, None, 0.0)


def test_stance_is_read_off_the_words() -> None:
    assert read("They will sign the text, they signed the text.").stance is Stance.EXPECTED
    assert read("They signed the text.").stance is Stance.ASSERTED


def test_the_score_grows_with_the_cosine_and_shrinks_beside_a_rival() -> None:
    sentence = Sentence("x", 0, 1, Place.LEAD)
    cues = [unit(1, 0, 0, 0, 0), unit(0, 1, 0, 0, 0), unit(0, 0, 1, 0, 0), unit(0, 0, 0, 1, 0)]

    def score(first: float, second: float) -> float:
        rest = (1.0 - first**2 - second**2) ** 0.5
        [reading] = read_by_cues([sentence], unit(first, second, 0, 0, rest)[None], LADDER, np.stack(cues))
        assert reading.phase in {Phase.TALKS, None}
        return reading.score

    assert score(CUE_FLOOR - 0.01, 0.0) == 0.0
    assert 0.0 < score(0.4, 0.0) < score(0.5, 0.0) < score(CUE_CEILING, 0.0) == pytest.approx(1.0, abs=1e-5)
    assert score(0.6, 0.59) < score(0.6, 0.3)


def test_no_sentences_give_no_readings() -> None:
    encoder = HashEncoder()
    assert read_by_cues([], encoder.embed([]), LADDER, encoder.embed(["x"] * len(cue_texts(LADDER)))) == ()

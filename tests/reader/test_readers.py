"""The two local readers on an encoder without a model, and the judge's weights from disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from monitor.core.ladder import Ladder, Phase, Status
from monitor.core.text import split_sentences
from monitor.core.types import FloatArray, Place, ReadingContext, Sentence, Speaker, Stance
from monitor.reader.cue_reader import CueReader
from monitor.reader.head import PHASES, STANCES, HeadReading, ReadingHead
from monitor.reader.head_reader import HeadReader
from monitor.reader.judge import load_judge
from monitor.reader.matter_head import MatterHead
from monitor.testing.fakes import HashEncoder
from tests.builders import LADDER, make_article, make_issue
from tests.core.trees import split

ARTICLE = make_article(title="They signed the text", text="They signed the text. They sat down for talks, said the minister. Rain fell.")
SENTENCES = split_sentences(ARTICLE.title, ARTICLE.text)
CONTEXT = ReadingContext(make_issue(make_article("s-1"), make_article("s-2", text="They sat.")), ARTICLE)


class FixedHead(ReadingHead):
    """A head that reads every sentence as one phase and stance."""

    def __init__(self, phase: Phase | None, stance: Stance = Stance.ASSERTED) -> None:
        super().__init__()
        self._phase, self._stance = phase, stance

    def mixed(self, state: FloatArray) -> FloatArray:
        last: FloatArray = state[-1]
        return last

    def read(self, states: object) -> list[HeadReading]:
        assert isinstance(states, list)
        return [HeadReading(_peak(PHASES.index(self._phase), 14), _peak(STANCES.index(self._stance), 6)) for _ in states]


def _peak(place: int, length: int) -> FloatArray:
    row = np.full(length, 0.2 / (length - 1), np.float32)
    row[place] = 0.8
    return row


def test_the_head_reader_gives_one_reading_a_sentence_with_all_its_probabilities() -> None:
    readings = HeadReader(HashEncoder(), FixedHead(Phase.ADOPTED)).read(SENTENCES, CONTEXT)
    assert [reading.sentence for reading in readings] == list(SENTENCES)
    for reading in readings:
        assert (reading.phase, reading.status_key, reading.stance) == (Phase.ADOPTED, "signed", Stance.ASSERTED)
        assert reading.score == pytest.approx(0.8)
        assert (len(reading.phases), len(reading.stances), len(reading.likeness)) == (14, 6, 2)
        assert reading.reason.startswith("phase 0.80 before ")
    assert [reading.sentence.place for reading in readings][:2] == [Place.HEADLINE, Place.LEAD]
    assert {reading.speaker for reading in readings} >= {Speaker.OUTLET}


def test_a_sentence_that_tells_of_no_step_has_no_status() -> None:
    readings = HeadReader(HashEncoder(), FixedHead(None)).read(SENTENCES, CONTEXT)
    assert {(reading.phase, reading.status_key) for reading in readings} == {(None, None)}


def test_a_phase_that_the_ladder_lacks_has_no_status() -> None:
    readings = HeadReader(HashEncoder(), FixedHead(Phase.STALLED)).read(SENTENCES, CONTEXT)
    assert {(reading.phase, reading.status_key) for reading in readings} == {(Phase.STALLED, None)}


def test_among_statuses_of_one_phase_the_nearest_cue_decides() -> None:
    two = Ladder(
        "t",
        "T",
        (
            Status("signed", "signed", Phase.ADOPTED, ("They signed the text.",)),
            Status("ratified", "ratified", Phase.ADOPTED, ("Parliament ratified it.",)),
        ),
    )
    context = replace(CONTEXT, issue=replace(CONTEXT.issue, ladder=two))
    texts = ["Parliament ratified it at night.", "At last they signed the text."]
    sentences = [Sentence(text, 0, len(text), Place.LEAD) for text in texts]
    readings = HeadReader(HashEncoder(), FixedHead(Phase.ADOPTED)).read(sentences, context)
    assert [reading.status_key for reading in readings] == ["ratified", "signed"]


def test_likeness_is_one_for_the_seeds_own_words() -> None:
    seed = make_article("s-1", title="", text="Olives travel free of duty.")
    context = ReadingContext(make_issue(seed, title="Olives travel free of duty."), seed)
    [reading] = HeadReader(HashEncoder(), FixedHead(None)).read([Sentence(seed.text, 0, 27, Place.LEAD)], context)
    assert reading.likeness == pytest.approx((1.0, 1.0), abs=1e-5)


def test_a_matter_and_its_cues_are_embedded_once() -> None:
    encoder = HashEncoder()
    for reader in (HeadReader(encoder, FixedHead(None)), CueReader(encoder)):
        encoder.texts.clear()
        reader.read(SENTENCES[:1], CONTEXT)
        n_first = len(encoder.texts)
        encoder.texts.clear()
        reader.read(SENTENCES[:1], CONTEXT)
        assert len(encoder.texts) < n_first


@pytest.mark.parametrize("reader", [HeadReader(HashEncoder(), FixedHead(None)), CueReader(HashEncoder())], ids=["head", "cues"])
def test_no_sentences_give_no_readings(reader: HeadReader | CueReader) -> None:
    assert reader.read([], CONTEXT) == ()


def test_a_reader_is_known_by_its_weights() -> None:
    head = ReadingHead()
    assert HeadReader(HashEncoder(), head).reader_id == f"{head.version} {MatterHead().version}"
    assert CueReader(HashEncoder()).reader_id == "cues-1"


def test_the_cue_reader_takes_the_step_of_the_nearest_cue() -> None:
    readings = CueReader(HashEncoder()).read(SENTENCES, CONTEXT)
    assert [reading.sentence for reading in readings] == list(SENTENCES)
    assert readings[1].status_key == "signed"
    assert {reading.status_key for reading in readings} <= {*(status.key for status in LADDER.statuses), None}
    # Shouted headlines are read like any other.
    [loud] = CueReader(HashEncoder()).read([Sentence("THEY SIGNED THE TEXT", 0, 20, Place.HEADLINE)], CONTEXT)
    assert loud.status_key == "signed"


def test_a_judge_is_what_was_saved(tmp_path: Path) -> None:
    forest = split(feature=1, threshold=0.5, low=0.2, high=0.8)
    arrays = {name: getattr(forest, name) for name in ("roots", "threshold", "left", "right", "value")}
    arrays |= {"feature": forest.feature.astype(np.int16), "start": np.array([0.0], np.float32), "n_forests": np.array([1], np.int32)}
    save_file(arrays, tmp_path / "judge.safetensors", metadata={"version": "judge-1"})
    judge = load_judge(tmp_path / "judge.safetensors")
    assert judge.version == "judge-1"
    for row in ([0.0, 0.4], [0.0, 0.6]):
        assert judge.forest.probability(np.array(row, np.float32)) == forest.probability(np.array(row, np.float32))

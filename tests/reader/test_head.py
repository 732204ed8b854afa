"""The reading head on its shipped weights, and weights that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from monitor.core.ladder import Phase
from monitor.core.types import FloatArray
from monitor.errors import ModelError
from monitor.reader.head import PHASES, STANCES, TENSORS, WEIGHTS, ReadingHead
from monitor.reader.judge import load_judge
from monitor.training.corpus import CORPUS, digest_of

#: Layers and dimensions of the bundled encoder.
N_LAYERS, DIM = 7, 384


def states(*n_tokens: int) -> list[FloatArray]:
    rng = np.random.default_rng(7)
    return [rng.normal(size=(N_LAYERS, count, DIM)).astype(np.float32) for count in n_tokens]


def test_each_sentence_gets_probabilities_of_phases_and_stances() -> None:
    found = ReadingHead().read(states(2, 5, 96))
    assert len(found) == 3
    for reading in found:
        assert (reading.phases.shape, reading.stances.shape) == ((len(PHASES),), (len(STANCES),))
        for chances in (reading.phases, reading.stances):
            assert chances.sum() == pytest.approx(1.0, abs=1e-5)
            assert (chances >= 0).all()


def test_no_step_comes_before_the_phases() -> None:
    assert list(PHASES) == [None, *Phase]


def test_sentences_are_read_each_for_itself() -> None:
    head = ReadingHead()
    some = states(4, 9)
    both, alone = head.read(some), head.read(some[1:])
    assert np.array_equal(both[1].phases, alone[0].phases)
    assert head.read([]) == []


def test_very_large_states_overflow_nothing() -> None:
    [reading] = ReadingHead().read([state * 1e6 for state in states(3)])
    assert np.isfinite(reading.phases).all()


def test_the_weights_say_what_they_were_trained_on() -> None:
    head = ReadingHead()
    assert head.version.startswith("head-")
    assert head.encoder_id.startswith("all-MiniLM-L6-v2@")
    assert head.metadata["corpus"].startswith(head.version.removeprefix("head-"))


def test_the_weights_belong_to_the_corpus_that_is_here() -> None:
    assert ReadingHead().metadata["corpus"] == digest_of(CORPUS / "sentences")


@pytest.mark.parametrize("content", [None, b"", b"not weights at all"])
def test_weights_that_cannot_be_read_are_named_with_the_next_step(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    if content is not None:
        path.write_bytes(content)
    for load in (ReadingHead, load_judge):
        with pytest.raises(ModelError, match=r"broken\.safetensors: the (reader|judge)'s weights cannot be read .*; reinstall"):
            load(path)


def test_cut_off_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(WEIGHTS.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"cut\.safetensors"):
        ReadingHead(path)


def test_weights_without_a_name_are_unknown_and_fit_no_encoder(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file(dict.fromkeys(TENSORS, np.zeros(1, np.float16)), path)
    assert (ReadingHead(path).version, ReadingHead(path).encoder_id) == ("unknown", "")


@pytest.mark.parametrize("load", [ReadingHead, load_judge])
def test_weights_that_lack_a_part_are_refused_by_its_name(load: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"something": np.zeros(3, np.float32)}, path)
    with pytest.raises(ModelError, match=r"other\.safetensors: the (reader's weights lack hidden\.bias|judge's weights lack feature), "):
        load(path)

"""The encoder: vectors, token states, and weights that are not what they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monitor.embed import encoder as module
from monitor.embed.encoder import BUNDLED_SHA256, MAX_STATE_TOKENS, SentenceEncoder
from monitor.errors import ModelError
from monitor.reader.head import ReadingHead

pytestmark = pytest.mark.xdist_group("model")

TEXTS = ("Ministers signed the pact.", "", "The two sides sat down for talks in a villa by the lake.", "  \n")


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(batch_size=2)


def test_vectors_are_float32_rows_of_length_one_and_blank_texts_zeros(encoder: SentenceEncoder) -> None:
    rows = encoder.embed(TEXTS)
    assert rows.shape == (4, encoder.dim)
    assert rows.dtype == np.dtype(np.float32)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1.0, 0.0, 1.0, 0.0], abs=1e-5)
    assert encoder.embed([]).shape == (0, encoder.dim)


def test_texts_of_like_meaning_are_nearer(encoder: SentenceEncoder) -> None:
    signed, sealed, cakes = encoder.embed(["Ministers signed the pact.", "The treaty was sealed by ministers.", "Bake at 180 degrees."])
    assert signed @ sealed > 0.5 > signed @ cakes


def test_token_states_have_layers_tokens_and_dimensions_in_the_order_of_the_texts(encoder: SentenceEncoder) -> None:
    texts = [TEXTS[2], TEXTS[0], "word " * 300]
    states = encoder.token_states(texts)
    assert {state.shape[0] for state in states} == {7}
    assert {state.shape[2] for state in states} == {encoder.dim}
    assert states[0].shape[1] > states[1].shape[1] > 2
    assert states[2].shape[1] == MAX_STATE_TOKENS
    assert {state.dtype for state in states} == {np.dtype(np.float32)}
    assert encoder.token_states([]) == []


def test_the_mean_of_the_last_states_is_the_vector(encoder: SentenceEncoder) -> None:
    texts = [TEXTS[0], TEXTS[2], "Oslo"]
    for state, vector in zip(encoder.token_states(texts), encoder.embed(texts), strict=True):
        mean = state[-1].mean(axis=0)
        assert mean / np.linalg.norm(mean) == pytest.approx(vector, abs=1e-4)


def test_the_id_names_weights_and_precision_and_the_head_was_trained_on_it(encoder: SentenceEncoder) -> None:
    assert encoder.model_id == f"all-MiniLM-L6-v2@{BUNDLED_SHA256['model.safetensors'][:12]}/fp32"
    assert ReadingHead().encoder_id == encoder.model_id


def test_nothing_is_loaded_before_the_first_text() -> None:
    SentenceEncoder("./nowhere")


def test_changed_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.BUNDLED_SHA256, "tokenizer.json", "0" * 64)
    with pytest.raises(ModelError, match=r"tokenizer\.json has sha256 be50c3628f2b, expected 000000000000; .*encoder\.model"):
        SentenceEncoder().embed(["x"])


def test_missing_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.BUNDLED_SHA256, "vocabulary.txt", "0" * 64)
    with pytest.raises(ModelError, match=r"vocabulary\.txt has sha256 missing"):
        _ = SentenceEncoder().model_id


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at-all", "~/nowhere", "model.bin"])
def test_a_folder_that_is_not_there_is_refused_by_the_name_of_its_setting(name: str) -> None:
    with pytest.raises(ModelError, match=r"encoder\.model '.*' is not a folder; name a folder"):
        SentenceEncoder(name).embed(["x"])


def test_a_folder_without_a_model_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"encoder\.model '.*' cannot be loaded"):
        SentenceEncoder(str(tmp_path)).embed(["x"])

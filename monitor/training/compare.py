"""Compare ways of reading a sentence's phase and stance on unseen fields: `python -m monitor.training.compare` prints the table of docs/accuracy.md.

All are trained on nine tenths of the fields of the sentence corpus and asked about the tenth: the nearest cue of the ladders, a linear head on
the pooled vector, the head on token states, and the last two with explicit features beside them (words and pairs of words, and what the
grammar reads of stance and speaker). Then the learning curve: the head on token states with fewer fields to learn from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from monitor.config import load_settings
from monitor.config.files import load_ladders, resolve
from monitor.core.grammar import denied_thing, speaker_of, stance_of
from monitor.core.similarity import normalise
from monitor.core.text import sentence_case
from monitor.core.types import FloatArray, Speaker
from monitor.embed.encoder import SentenceEncoder
from monitor.reader.head import PHASES, STANCES
from monitor.training.corpus import LabelledSentence, load_sentences
from monitor.training.train import collate, encode, fit, held_out_fields, predict

#: Words that stand in fewer sentences are names and numbers.
LEAST_SENTENCES = 4
#: Numbers of fields of the learning curve.
FIELDS = (10, 20, 40)


def explicit(sentences: Sequence[LabelledSentence], inside: Sequence[int]) -> csr_matrix:
    """Return (n, n_features): words and pairs of words, and what the grammar reads."""
    texts = [sentence_case(sentence.text) for sentence in sentences]
    words = CountVectorizer(ngram_range=(1, 2), min_df=LEAST_SENTENCES, binary=True).fit([texts[number] for number in inside])
    read = np.array(
        [
            [
                *(stance_of(text) is stance for stance in STANCES),
                *(speaker_of(text) is speaker for speaker in Speaker),
                bool(denied_thing(text)),
            ]
            for text in texts
        ],
        dtype=np.float32,
    )
    return hstack([words.transform(texts), csr_matrix(read)]).tocsr()


def linear(rows: csr_matrix | FloatArray, labels: np.ndarray, inside: Sequence[int], outside: Sequence[int]) -> np.ndarray:
    """Return the labels that a logistic regression on `inside` finds for `outside`."""
    found: np.ndarray = LogisticRegression(max_iter=300, C=1.0).fit(rows[inside], labels[inside]).predict(rows[outside])
    return found


def by_cue(vectors: FloatArray, outside: Sequence[int], encoder: SentenceEncoder) -> np.ndarray:
    """Return the phase of the nearest cue of any ladder; cues tell of steps only, so that none is never found."""
    ladders = load_ladders(resolve(load_settings().paths.ladders))
    pairs = [(status.phase, cue) for ladder in ladders.values() for status in ladder.statuses for cue in status.cues]
    nearest = (vectors[outside] @ encoder.embed([cue for _, cue in pairs]).T).argmax(1)
    return np.array([PHASES.index(pairs[number][0]) for number in nearest])


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    sentences = load_sentences()
    encoder = SentenceEncoder()
    states = encode(sentences, encoder)
    vectors = normalise(np.stack([state[-1].astype(np.float32).mean(axis=0) for state in states]))
    held = held_out_fields(sentences)
    inside = [number for number, sentence in enumerate(sentences) if sentence.field not in held]
    outside = [number for number, sentence in enumerate(sentences) if sentence.field in held]
    phases = np.array([PHASES.index(sentence.phase) for sentence in sentences])
    stances = np.array([STANCES.index(sentence.stance) for sentence in sentences])
    beside = explicit(sentences, inside)
    by_words = np.array([STANCES.index(stance_of(sentences[number].text, sentences[number].phase)) for number in outside])
    row("nearest cue; grammar", by_cue(vectors, outside, encoder), by_words, phases[outside], stances[outside])
    for name, rows in (
        ("explicit features", beside),
        ("linear, pooled vector", vectors),
        ("linear, pooled vector + explicit", hstack([csr_matrix(vectors * 8.0), beside]).tocsr()),
    ):
        row(name, linear(rows, phases, inside, outside), linear(rows, stances, inside, outside), phases[outside], stances[outside])
    head = fit(states, torch.tensor(phases), torch.tensor(stances), inside)
    logits = [[], []]  # type: list[list[np.ndarray]]
    with torch.inference_mode():
        for start in range(0, len(sentences), 64):
            for kept, found in zip(logits, head(*collate(states, range(start, min(start + 64, len(sentences))))), strict=True):
                kept.append(found.log_softmax(1).numpy())
    of_phase, of_stance = (np.concatenate(kept) for kept in logits)
    row("head, token states", of_phase[outside].argmax(1), of_stance[outside].argmax(1), phases[outside], stances[outside])
    # The head knows the sentences inside by heart, so that a second reader can only learn its weight from a part that it has not seen.
    half, rest = outside[::2], outside[1::2]
    both = hstack([csr_matrix(np.concatenate([of_phase, of_stance], axis=1)), beside]).tocsr()
    row("head, token states (other half)", of_phase[rest].argmax(1), of_stance[rest].argmax(1), phases[rest], stances[rest])
    row("head + explicit (other half)", linear(both, phases, half, rest), linear(both, stances, half, rest), phases[rest], stances[rest])
    fields = sorted({sentence.field for sentence in sentences} - held)
    for count in FIELDS:
        known = set(fields[:: len(fields) // count][:count])
        few = [number for number in inside if sentences[number].field in known]
        found = predict(fit(states, torch.tensor(phases), torch.tensor(stances), few), states, outside)
        row(f"head, {count} fields, {len(few)} sentences", found[0].numpy(), found[1].numpy(), phases[outside], stances[outside])


def row(name: str, found_phases: np.ndarray, found_stances: np.ndarray, phases: np.ndarray, stances: np.ndarray) -> None:
    """Print one row: phase right, phase macro F1, stance right, stance macro F1."""
    right, score = (found_phases == phases).mean(), f1_score(phases, found_phases, average="macro", zero_division=0.0)
    print(
        f"| {name} | {right:.3f} | {score:.3f} | {(found_stances == stances).mean():.3f} "
        f"| {f1_score(stances, found_stances, average='macro', zero_division=0.0):.3f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()

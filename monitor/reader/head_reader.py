"""The status reader of the default installation: the encoder's token states read by the trained head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monitor.core.grammar import speaker_of
from monitor.core.ladder import Ladder, Phase
from monitor.core.similarity import cosines, normalise
from monitor.core.text import head_text, sentence_case
from monitor.core.types import FloatArray, Issue, ReadingContext, Sentence, SentenceReading
from monitor.ports import StateEncoder
from monitor.reader.head import PHASES, STANCES, ReadingHead


class HeadReader:
    """Implements `ports.StatusReader`: phase and stance from the head, the status within a phase from the ladder's cues."""

    def __init__(self, encoder: StateEncoder, head: ReadingHead | None = None) -> None:
        """Read with this encoder's states; `head` None loads the weights that ship."""
        self._encoder = encoder
        self._head = head or ReadingHead()
        self._cues: dict[tuple[Ladder, Phase], tuple[list[str], FloatArray]] = {}
        self._matters: dict[tuple[str, ...], tuple[FloatArray, FloatArray]] = {}

    @property
    def reader_id(self) -> str:
        """Name and version of the weights."""
        return self._head.version

    def read(self, sentences: Sequence[Sentence], context: ReadingContext) -> tuple[SentenceReading, ...]:
        """Return one reading a sentence, in their order. Raises: ModelError."""
        ladder = context.issue.ladder
        if not sentences:
            return ()
        texts = [sentence_case(sentence.text) for sentence in sentences]
        states = self._encoder.token_states(texts)
        found = self._head.read(states)
        # The encoder's own sentence vector is the mean of its last states: no second pass.
        vectors = normalise(np.stack([state[-1].mean(axis=0) for state in states]))
        question, seeds = self._matter(context.issue)
        return tuple(
            replace(
                self._reading(sentence, vector, reading.phases, reading.stances, ladder),
                likeness=(float(vector @ question), float((seeds @ vector).max())),
            )
            for sentence, reading, vector in zip(sentences, found, vectors, strict=True)
        )

    def _matter(self, issue: Issue) -> tuple[FloatArray, FloatArray]:
        """Return the vectors of the question (dim,) and of the seeds' heads (n, dim), embedded once an issue."""
        texts = (issue.title, *(head_text(seed.article.title, seed.article.text) for seed in issue.seeds))
        if texts not in self._matters:
            vectors = self._encoder.embed(texts)
            self._matters[texts] = (vectors[0], vectors[1:] if len(vectors) > 1 else vectors)
        return self._matters[texts]

    def _reading(self, sentence: Sentence, vector: FloatArray, phases: FloatArray, stances: FloatArray, ladder: Ladder) -> SentenceReading:
        best = int(np.argmax(phases))
        phase = PHASES[best]
        stance = STANCES[int(np.argmax(stances))]
        second = int(np.argsort(phases)[-2])
        rival = PHASES[second]
        return SentenceReading(
            sentence=sentence,
            phase=phase,
            stance=stance,
            speaker=speaker_of(sentence.text),
            score=float(phases[best]),
            status_key=self._status(vector, phase, ladder) if phase else None,
            phases=tuple(map(float, phases)),
            stances=tuple(map(float, stances)),
            reason=f"phase {phases[best]:.2f} before {rival.value if rival else 'none'} {phases[second]:.2f}; stance {stances.max():.2f}",
        )

    def _status(self, vector: FloatArray, phase: Phase, ladder: Ladder) -> str | None:
        """Return the ladder's status of a phase whose cue is nearest; None where the ladder has none for it."""
        statuses = ladder.of_phase(phase)
        if len(statuses) <= 1:
            return statuses[0].key if statuses else None
        if (ladder, phase) not in self._cues:
            pairs = [(status.key, cue) for status in statuses for cue in status.cues]
            self._cues[ladder, phase] = ([key for key, _ in pairs], self._encoder.embed([cue for _, cue in pairs]))
        keys, vectors = self._cues[ladder, phase]
        return keys[int(cosines(vector, vectors).argmax())]

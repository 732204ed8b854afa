"""The status reader of the default installation: the encoder's token states read by the trained head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitor.core.grammar import speaker_of
from monitor.core.ladder import Ladder, Phase
from monitor.core.similarity import cosines
from monitor.core.text import sentence_case
from monitor.core.types import FloatArray, ReadingContext, Sentence, SentenceReading
from monitor.ports import StateEncoder
from monitor.reader.head import PHASES, STANCES, ReadingHead


class HeadReader:
    """Implements `ports.StatusReader`: phase and stance from the head, the status within a phase from the ladder's cues."""

    def __init__(self, encoder: StateEncoder, head: ReadingHead | None = None) -> None:
        """Read with this encoder's states; `head` None loads the weights that ship."""
        self._encoder = encoder
        self._head = head or ReadingHead()
        self._cues: dict[tuple[Ladder, Phase], tuple[list[str], FloatArray]] = {}

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
        found = self._head.read(self._encoder.token_states(texts))
        return tuple(
            self._reading(sentence, text, reading.phases, reading.stances, ladder)
            for sentence, text, reading in zip(sentences, texts, found, strict=True)
        )

    def _reading(self, sentence: Sentence, text: str, phases: FloatArray, stances: FloatArray, ladder: Ladder) -> SentenceReading:
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
            status_key=self._status(text, phase, ladder) if phase else None,
            reason=f"phase {phases[best]:.2f} before {rival.value if rival else 'none'} {phases[second]:.2f}; stance {stances.max():.2f}",
        )

    def _status(self, text: str, phase: Phase, ladder: Ladder) -> str | None:
        """Return the ladder's status of a phase whose cue is nearest; None where the ladder has none for it."""
        statuses = ladder.of_phase(phase)
        if len(statuses) <= 1:
            return statuses[0].key if statuses else None
        if (ladder, phase) not in self._cues:
            pairs = [(status.key, cue) for status in statuses for cue in status.cues]
            self._cues[ladder, phase] = ([key for key, _ in pairs], self._encoder.embed([cue for _, cue in pairs]))
        keys, vectors = self._cues[ladder, phase]
        return keys[int(cosines(self._encoder.embed([text])[0], vectors).argmax())]

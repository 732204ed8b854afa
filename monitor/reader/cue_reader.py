"""A status reader by example: each sentence takes the step of the ladder's cue that it is nearest to."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.core.cues import cue_texts, read_by_cues
from monitor.core.ladder import Ladder
from monitor.core.text import sentence_case
from monitor.core.types import FloatArray, ReadingContext, Sentence, SentenceReading
from monitor.ports import Encoder


class CueReader:
    """Implements `ports.StatusReader` on an encoder; a ladder's cues are embedded once."""

    def __init__(self, encoder: Encoder) -> None:
        """Read with this encoder's vectors."""
        self._encoder = encoder
        self._cues: dict[Ladder, FloatArray] = {}

    @property
    def reader_id(self) -> str:
        """Name and version."""
        return "cues-1"

    def read(self, sentences: Sequence[Sentence], context: ReadingContext) -> tuple[SentenceReading, ...]:
        """Return one reading a sentence, in their order; the question plays no part. Raises: ModelError."""
        ladder = context.issue.ladder
        if not sentences:
            return ()
        if ladder not in self._cues:
            self._cues[ladder] = self._encoder.embed([cue for _, cue in cue_texts(ladder)])
        vectors = self._encoder.embed([sentence_case(sentence.text) for sentence in sentences])
        return read_by_cues(sentences, vectors, ladder, self._cues[ladder])

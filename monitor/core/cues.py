"""The first status reading: the cue of the ladder that a sentence is nearest to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitor.core.grammar import speaker_of, stance_of
from monitor.core.ladder import Ladder
from monitor.core.similarity import cosines
from monitor.core.types import FloatArray, Place, Sentence, SentenceReading

#: Cosine from which a sentence is taken to tell its nearest cue's step, and at which its score reaches 1. Chosen on the written
#: storylines (docs/accuracy.md): below 0.30 nearly all nearest cues are chance.
CUE_FLOOR = 0.30
CUE_CEILING = 0.65


def cue_texts(ladder: Ladder) -> tuple[tuple[str, str], ...]:
    """Return (status key, cue) of every cue, in ladder order."""
    return tuple((status.key, cue) for status in ladder.statuses for cue in status.cues)


def read_by_cues(
    sentences: Sequence[Sentence], vectors: FloatArray, ladder: Ladder, cue_vectors: FloatArray
) -> tuple[SentenceReading, ...]:
    """Read sentences (vectors (n, dim)) by the ladder's cues (vectors in the order of `cue_texts`).

    The score grows from 0 at `CUE_FLOOR` to 1 at `CUE_CEILING`, and shrinks where a cue of another phase is nearly as near.
    """
    keys = [key for key, _ in cue_texts(ladder)]
    phases = np.array([ladder.status(key).phase.value for key in keys])
    readings = []
    for sentence, vector in zip(sentences, vectors, strict=True):
        scores = cosines(vector, cue_vectors)
        best = int(scores.argmax())
        status = ladder.status(keys[best])
        rivals = scores[phases != status.phase.value]
        margin = float(scores[best] - rivals.max()) if rivals.size else 1.0
        level = (float(scores[best]) - CUE_FLOOR) / (CUE_CEILING - CUE_FLOOR)
        score = min(max(level, 0.0), 1.0) * min(1.0, 0.6 + 4.0 * margin)
        phase = status.phase if score > 0 else None
        readings.append(
            SentenceReading(
                sentence=sentence,
                phase=phase,
                stance=stance_of(sentence.text, phase, is_headline=sentence.place is Place.HEADLINE),
                speaker=speaker_of(sentence.text),
                score=score,
                status_key=status.key if phase else None,
                reason=f"nearest cue “{cue_texts(ladder)[best][1]}” at {float(scores[best]):.2f}, {margin:.2f} before another phase",
            )
        )
    return tuple(readings)

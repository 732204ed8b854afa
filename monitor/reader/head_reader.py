"""The status reader of the default installation: the encoder's token states, read sentence by sentence and beside the matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monitor.core.grammar import denied_thing, speaker_of
from monitor.core.ladder import Ladder, Phase
from monitor.core.similarity import cosines
from monitor.core.text import head_text, sentence_case
from monitor.core.types import FloatArray, Issue, ReadingContext, Sentence, SentenceReading, Stance
from monitor.ports import StateEncoder
from monitor.reader.head import PHASES, STANCES, ReadingHead
from monitor.reader.matter_head import MatterHead
from monitor.reader.matter_rows import Parts, TextStates, parts_of, question_of, row_of, seed_lines, states_of


class HeadReader:
    """Implements `ports.StatusReader` and `ports.MatterReader` on one pass of the encoder.

    Phase and stance of a sentence come from the reading head, the status within a phase from the ladder's cues, and what the article as a whole
    tells of the matter from the matter head.
    """

    def __init__(self, encoder: StateEncoder, head: ReadingHead | None = None, matter_head: MatterHead | None = None) -> None:
        """Read with this encoder's states; None loads the weights that ship."""
        self._encoder = encoder
        self._head = head or ReadingHead()
        self._matter_head = matter_head or MatterHead()
        self._cues: dict[tuple[Ladder, Phase], tuple[list[str], FloatArray]] = {}
        self._vectors: dict[tuple[str, ...], tuple[FloatArray, FloatArray]] = {}
        self._matters: dict[tuple[str, ...], dict[str, TextStates]] = {}
        #: What the article read last was made of: reading and telling it take one pass.
        self._latest: dict[str, TextStates] = {}

    @property
    def reader_id(self) -> str:
        """Names and versions of the weights."""
        return f"{self._head.version} {self._matter_head.version}"

    def read(self, sentences: Sequence[Sentence], context: ReadingContext) -> tuple[SentenceReading, ...]:
        """Return one reading a sentence, in their order. Raises: ModelError."""
        ladder = context.issue.ladder
        if not sentences:
            return ()
        texts = [sentence_case(sentence.text) for sentence in sentences]
        self._latest = self.states_of(texts)
        seen = [self._latest[text] for text in texts]
        vectors = [one.vector for one in seen]
        question, seeds = self._matter_vectors(context.issue)
        return tuple(
            replace(
                self._reading(sentence, vector, one.gist[: len(PHASES)], one.gist[len(PHASES) :], ladder),
                likeness=(float(vector @ question), float((seeds @ vector).max())),
            )
            for sentence, one, vector in zip(sentences, seen, vectors, strict=True)
        )

    def tell(self, sentences: Sequence[Sentence], context: ReadingContext) -> tuple[float, ...]:
        """Return what the article tells of the matter. Raises: ModelError."""
        parts = parts_of(sentences)
        if not parts.headline and not parts.lead:
            return ()
        question, seeds = question_of(context.issue), seed_lines(context.issue)
        if (question, *seeds) not in self._matters:
            self._matters[question, *seeds] = self.states_of((question, *seeds))
        known = {**self._matters[question, *seeds], **self._of_article(parts)}
        return tuple(map(float, self._matter_head.tell(row_of(question, seeds, parts, known.__getitem__))))

    def _of_article(self, parts: Parts) -> dict[str, TextStates]:
        missing = [text for text in parts.all if text not in self._latest]
        return {**self._latest, **self.states_of(missing)} if missing else self._latest

    def states_of(self, texts: Sequence[str]) -> dict[str, TextStates]:
        """Return what encoder and reading head make of each text. Raises: ModelError."""
        return states_of(texts, self._encoder, self._head)

    def _matter_vectors(self, issue: Issue) -> tuple[FloatArray, FloatArray]:
        """Return the vectors of the question (dim,) and of the seeds' heads (n, dim), embedded once an issue."""
        texts = (issue.title, *(head_text(seed.article.title, seed.article.text) for seed in issue.seeds))
        if texts not in self._vectors:
            vectors = self._encoder.embed(texts)
            self._vectors[texts] = (vectors[0], vectors[1:] if len(vectors) > 1 else vectors)
        return self._vectors[texts]

    def _reading(self, sentence: Sentence, vector: FloatArray, phases: FloatArray, stances: FloatArray, ladder: Ladder) -> SentenceReading:
        best = int(np.argmax(phases))
        phase = PHASES[best]
        stance = STANCES[int(np.argmax(stances))]
        second = int(np.argsort(phases)[-2])
        rival = PHASES[second]
        thing = denied_thing(sentence.text) if phase is None else ""
        if thing and ladder.of_phase(Phase.DENIED):
            # No step of the matter, yet worth keeping: somebody says what this is not.
            phase, stance = Phase.DENIED, Stance.DENIED
        return SentenceReading(
            sentence=sentence,
            phase=phase,
            stance=stance,
            speaker=speaker_of(sentence.text),
            score=float(phases[best]),
            status_key=self._status(vector, phase, ladder) if phase else None,
            phases=tuple(map(float, phases)),
            stances=tuple(map(float, stances)),
            denies=thing if phase is Phase.DENIED else "",
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

"""What of a matter and of an article is laid before the matter head: the same choice in training and in reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.core.similarity import normalise
from monitor.core.text import sentence_case, split_sentences
from monitor.core.types import FloatArray, Issue, Place, Sentence
from monitor.ports import StateEncoder
from monitor.reader.head import ReadingHead
from monitor.reader.matter_head import BODY_GIST, HEAD_GIST, HEADLINE, LEAD, MAX_BODY_GISTS, MAX_SEEDS, MAX_TOKENS, QUESTION, SEED, Row


@dataclass(frozen=True, slots=True)
class Parts:
    """The sentences of one article that count: its headline, its first lead sentence, and the first sentences of its body."""

    headline: str | None
    lead: str | None
    body: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every sentence, in order."""
        return (*(text for text in (self.headline, self.lead) if text), *self.body)


@dataclass(frozen=True, slots=True)
class TextStates:
    """What the encoder and the reading head made of one sentence."""

    #: (n_tokens, 2 * dim): the reading head's mixture of layers beside the last layer.
    tokens: FloatArray
    #: (20,): probabilities of phases, then of stances.
    gist: FloatArray

    @property
    def vector(self) -> FloatArray:
        """The sentence's unit vector (dim,), the encoder's own: the mean of its last states."""
        last = self.tokens[:, self.tokens.shape[1] // 2 :]
        found: FloatArray = normalise(last.mean(axis=0, keepdims=True, dtype=np.float32))[0]
        return found


def parts_of(sentences: Sequence[Sentence]) -> Parts:
    """Return the parts of an article, in sentence case."""
    by_place = {place: [sentence_case(sentence.text) for sentence in sentences if sentence.place is place] for place in Place}
    return Parts(
        next(iter(by_place[Place.HEADLINE]), None), next(iter(by_place[Place.LEAD]), None), tuple(by_place[Place.BODY][:MAX_BODY_GISTS])
    )


def question_of(issue: Issue) -> str:
    """Return the question as it is shown to the head."""
    return sentence_case(issue.title)


def seed_lines(issue: Issue) -> tuple[str, ...]:
    """Return one line for each of the latest seeds: its headline, or its lead where it has none."""
    found = []
    for seed in issue.seeds[-MAX_SEEDS:]:
        parts = parts_of(split_sentences(seed.article.title, seed.article.text))
        found += [line for line in (parts.headline or parts.lead,) if line]
    return tuple(found)


def states_of(texts: Sequence[str], encoder: StateEncoder, head: ReadingHead) -> dict[str, TextStates]:
    """Return what encoder and reading head make of each text. Raises: ModelError."""
    states = encoder.token_states(texts)
    return {
        text: TextStates(np.concatenate([head.mixed(state), state[-1]], axis=1), np.concatenate([found.phases, found.stances]))
        for text, state, found in zip(texts, states, head.read(states), strict=True)
    }


def row_of(question: str, seeds: Sequence[str], parts: Parts, states: Callable[[str], TextStates]) -> Row:
    """Lay out a row."""
    named = [(QUESTION, question), *((SEED, line) for line in seeds)]
    named += [(kind, text) for kind, text in ((HEADLINE, parts.headline), (LEAD, parts.lead)) if text]
    heads = [(HEAD_GIST, text) for text in (parts.headline, parts.lead) if text]
    return Row(
        texts=tuple((kind, states(text).tokens[: MAX_TOKENS[kind]]) for kind, text in named),
        gists=tuple((kind, states(text).gist) for kind, text in (*heads, *((BODY_GIST, text) for text in parts.body))),
    )

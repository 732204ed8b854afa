"""What the nets of the matter head learn from: each article of a storyline beside a matter, and the states of all texts, made once."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from monitor.core.telling import KINDS
from monitor.core.text import sentence_case, split_sentences
from monitor.core.types import Stance
from monitor.ports import StateEncoder
from monitor.reader.head import PHASES, ReadingHead
from monitor.reader.matter_rows import Parts, TextStates, parts_of, question_of, seed_lines, states_of
from monitor.training.corpus import Item, LabelledSentence, Storyline

#: Articles of other storylines for each own one, the share of them that is taken from the nearest, how many count as those, and what such an
#: example weighs. In real streams nine articles of ten are about something else, and those that pass the gate resemble the matter.
STREWN, STREWN_NEAR, N_NEAREST, STREWN_WEIGHT = 0.45, 0.7, 60, 0.6
#: Share of the sentence corpus that an epoch shows, how much of it beside a strange matter, and what such an example weighs.
SENTENCES, STRANGE, SENTENCE_WEIGHT = 0.35, 0.25, 0.5
#: How often an article loses its lead, or the body behind it, where it tells a step and where it tells none. In the corpus an article of some
#: length is news more often than a bare headline, by an accident of writing, while on a wire the flash comes first: with these shares the form
#: of an article says nothing about its news.
NO_LEAD, NO_BODY = {True: 0.42, False: 0.05}, {True: 0.45, False: 0.0}
#: How often it loses its headline, or its matter a seed or all of them.
NO_HEADLINE, ONE_SEED, NO_SEED = 0.06, 0.3, 0.05
KIND_OF_MARK = {
    "*": "told",
    "=repeat": "told",
    "=detail": "detail",
    "=hedge": "hedge",
    "=background": "background",
    "=colour": "colour",
    "x": "look-alike",
    "-": "unrelated",
}
KIND_OF_STANCE = {
    Stance.ASSERTED: "told",
    Stance.ATTRIBUTED: "told",
    Stance.EXPECTED: "hedge",
    Stance.CONDITIONAL: "hedge",
    Stance.BACKGROUND: "background",
    Stance.DENIED: "denied",
}


@dataclass(frozen=True, slots=True)
class Example:
    """One article beside one matter, with its labels."""

    question: str
    seeds: tuple[str, ...]
    parts: Parts
    #: Index in `head.PHASES`, and in `KINDS`.
    phase: int
    kind: int
    weight: float = 1.0


class States:
    """The texts of the corpora as encoder and reading head see them, made once."""

    def __init__(self) -> None:
        """Begin empty."""
        self._found: dict[str, TextStates] = {}

    def add(self, texts: Sequence[str], encoder: StateEncoder, head: ReadingHead) -> None:
        """Read the texts that are not there yet; tokens are halved in precision to fit into memory."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._found]
        for start in range(0, len(missing), 512):
            for text, seen in states_of(missing[start : start + 512], encoder, head).items():
                self._found[text] = TextStates(seen.tokens.astype(np.float16), seen.gist)

    def __call__(self, text: str) -> TextStates:
        """Return what was made of a text."""
        return self._found[text]


def nearest(storylines: Sequence[Storyline], states: States) -> dict[str, list[Item]]:
    """Return, for each storyline's key, the `N_NEAREST` articles of other storylines whose headlines are most like its question and seeds."""
    every = [(storyline.issue.key, item) for storyline in storylines for item in storyline.items if _parts(item).all]
    heads = np.stack([states(_parts(item).all[0]).vector for _, item in every])
    found = {}
    for storyline in storylines:
        lines = (question_of(storyline.issue), *seed_lines(storyline.issue))
        likeness = heads @ np.mean([states(line).vector for line in lines], axis=0)
        ranked = [every[number] for number in np.argsort(-likeness, kind="stable")]
        found[str(storyline.issue.key)] = [item for key, item in ranked if key != storyline.issue.key][:N_NEAREST]
    return found


def storyline_examples(storylines: Sequence[Storyline], near: Mapping[str, Sequence[Item]], rng: random.Random) -> list[Example]:
    """Return the examples of an epoch: every article beside its own matter, and some beside others'."""
    every = [(storyline, item) for storyline in storylines for item in storyline.items]
    found = []
    for storyline in storylines:
        question, seeds = question_of(storyline.issue), seed_lines(storyline.issue)
        own = [example for item in storyline.items if item.mark != "S" and (example := example_of(question, seeds, item))]
        found += own
        for _ in range(int(len(own) * STREWN)):
            kin = near.get(str(storyline.issue.key))
            other, item = (None, rng.choice(kin)) if kin and rng.random() < STREWN_NEAR else rng.choice(every)
            parts = _parts(item)
            if other is not storyline and (parts.headline or parts.lead):
                found.append(Example(question, seeds, parts, 0, KINDS.index("unrelated"), STREWN_WEIGHT))
    return found


@cache
def _parts(item: Item) -> Parts:
    return parts_of(split_sentences(item.article.title, item.article.text))


def example_of(question: str, seeds: tuple[str, ...], item: Item) -> Example | None:
    """Return an article beside its matter; None where it has neither headline nor lead."""
    parts = _parts(item)
    if not (parts.headline or parts.lead):
        return None
    kind = KIND_OF_MARK[item.mark]
    return Example(question, seeds, parts, PHASES.index(item.phase) if kind == "told" else 0, KINDS.index(kind))


def sentence_examples(sentences: Sequence[LabelledSentence], rng: random.Random) -> list[Example]:
    """Return an epoch's share of the sentences, as headlines beside their own matter or a strange one."""
    matters = sorted({sentence.matter for sentence in sentences if sentence.matter})
    found = []
    for sentence in sentences:
        if not sentence.matter or rng.random() > SENTENCES:
            continue
        kind = KIND_OF_STANCE[sentence.stance] if sentence.phase is not None else "colour"
        matter = sentence.matter
        if rng.random() < STRANGE:
            matter = rng.choice(matters)
            kind = kind if matter == sentence.matter else "unrelated"
        phase = PHASES.index(sentence.phase) if kind == "told" else 0
        parts = Parts(sentence_case(sentence.text), None, ())
        found.append(Example(sentence_case(matter), (), parts, phase, KINDS.index(kind), SENTENCE_WEIGHT))
    return found


def thinned(example: Example, rng: random.Random) -> Example:
    """Return the example with a part left out now and then."""
    parts, seeds, is_told = example.parts, example.seeds, example.phase > 0
    if parts.headline and parts.lead:
        chance = rng.random()
        if chance < NO_LEAD[is_told]:
            parts = Parts(parts.headline, None, ())
        elif chance < NO_LEAD[is_told] + NO_HEADLINE:
            parts = Parts(None, parts.lead, parts.body)
    if parts.body and rng.random() < NO_BODY[is_told]:
        parts = Parts(parts.headline, parts.lead, ())
    if len(seeds) > 1 and rng.random() < ONE_SEED:
        seeds = (rng.choice(seeds),)
    if rng.random() < NO_SEED:
        seeds = ()
    return Example(example.question, seeds, parts, example.phase, example.kind, example.weight)


def texts_of(storylines: Sequence[Storyline], sentences: Sequence[LabelledSentence]) -> list[str]:
    """Return every text that the nets will see."""
    found = [sentence_case(text) for sentence in sentences for text in (sentence.text, sentence.matter) if text]
    for storyline in storylines:
        found += [question_of(storyline.issue), *seed_lines(storyline.issue)]
        found += [text for item in storyline.items for text in _parts(item).all]
    return found

"""A language model's verdict on one article: read out of its answer, checked against the article, turned into sentence readings.

Nothing of an answer is believed that is not checked: the phase must exist, the status must be of that phase on this ladder, and the quote must stand
in the article. Whatever fails makes the whole verdict void.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from monitor.core.ladder import Ladder, Phase
from monitor.core.types import Article, Place, Sentence, SentenceReading, Speaker, Stance
from monitor.errors import PermanentError
from monitor.reader.prompt import NO_PHASE

#: Characters of an answer that are looked at: a verdict has some hundreds, and a model that thinks aloud some thousands.
MAX_ANSWER_CHARS = 40_000
#: Characters of a model's reason that are kept.
MAX_REASON_CHARS = 240
#: Words that a quote must have at least: one word stands in many a sentence and proves nothing.
MIN_QUOTE_WORDS = 2

_QUOTATION_MARKS = frozenset("\"'`´“”„‟‘’‚‛«»‹›＂＇")
_KEYS = frozenset({"about_matter", "phase", "status", "stance", "speaker", "quote", "confidence"})
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a language model makes of one article."""

    #: None: no step of this matter, or another matter.
    phase: Phase | None
    status_key: str | None
    stance: Stance
    speaker: Speaker
    #: Words of the article; empty where `phase` is None.
    quote: str
    #: Probability that the verdict is right, 0 to 1.
    confidence: float
    #: The model's reason, on one line.
    why: str
    is_about_matter: bool


def parse_verdict(content: str, ladder: Ladder) -> Verdict:
    """Return the verdict that an answer holds, alone, fenced or after other words. Raises: PermanentError where it is void, with why."""
    answer = next((found for found in reversed(list(_objects(content[:MAX_ANSWER_CHARS]))) if found.keys() >= _KEYS), None)
    if answer is None:
        raise PermanentError("the answer holds no JSON object with every key that was asked for")
    is_about_matter, confidence, quote, why = (answer.get(key) for key in ("about_matter", "confidence", "quote", "why"))
    if not isinstance(is_about_matter, bool):
        raise PermanentError("the answer's about_matter is neither true nor false")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        raise PermanentError("the answer's confidence is no number from 0 to 1")
    phase = None if answer["phase"] == NO_PHASE else _word(Phase, answer, "phase")
    if not is_about_matter:
        phase = None
    reason = " ".join(why.split()) if isinstance(why, str) else ""
    return Verdict(
        phase=phase,
        status_key=_status_key(answer["status"], phase, ladder),
        stance=_word(Stance, answer, "stance") if phase else Stance.ASSERTED,
        speaker=_word(Speaker, answer, "speaker") if phase else Speaker.OUTLET,
        quote=quote if phase and isinstance(quote, str) else "",
        confidence=float(confidence),
        why=reason if len(reason) <= MAX_REASON_CHARS else f"{reason[: MAX_REASON_CHARS - 1]}…",
        is_about_matter=is_about_matter,
    )


def readings_of(verdict: Verdict, sentences: Sequence[Sentence], article: Article, *, reader: str) -> tuple[SentenceReading, ...]:
    """Return one reading a sentence: the quoted one carries the verdict, the others tell of no step. Raises: PermanentError.

    `reader` names model and prompt in each reason. The verdict is void where the quote does not stand in the article.
    """
    proof = find_quote(verdict.quote, sentences, article) if verdict.phase else None
    if verdict.phase and proof is None:
        raise PermanentError("the answer's quote does not stand in the article")
    nothing = "not the sentence that tells the step" if proof else "no step of the matter" if verdict.is_about_matter else "another matter"
    return tuple(
        SentenceReading(
            sentence, verdict.phase, verdict.stance, verdict.speaker, verdict.confidence, verdict.status_key, f"{reader}: {verdict.why}"
        )
        if sentence is proof
        else SentenceReading(sentence, None, Stance.ASSERTED, Speaker.OUTLET, verdict.confidence, None, f"{reader}: {nothing}")
        for sentence in sentences
    )


def find_quote(quote: str, sentences: Sequence[Sentence], article: Article) -> Sentence | None:
    """Return the sentence in which a quote stands, the one with most of it where it spans several; None where it stands nowhere.

    White space and quotation marks are not compared: models set them as they please. The headline is looked at first.
    """
    wanted = "".join(character for character, _ in _plain(quote)).strip()
    if len(wanted.split()) < MIN_QUOTE_WORDS:
        return None
    for text, is_title in ((article.title, True), (article.text, False)):
        plain = list(_plain(text))
        at = "".join(character for character, _ in plain).find(wanted)
        if at < 0:
            continue
        start, end = plain[at][1], plain[at + len(wanted) - 1][1] + 1
        inside = [
            sentence for sentence in sentences if (sentence.place is Place.HEADLINE) == is_title and _overlap(sentence, start, end) > 0
        ]
        if inside:
            return max(inside, key=lambda sentence: _overlap(sentence, start, end))
    return None


def _plain(text: str) -> Iterator[tuple[str, int]]:
    """Yield the characters that are compared, with their offsets: a run of white space is one blank, quotation marks are left out."""
    was_space = False
    for offset, character in enumerate(text):
        if character in _QUOTATION_MARKS:
            continue
        is_space = character.isspace()
        if not (is_space and was_space):
            yield " " if is_space else character, offset
        was_space = is_space


def _overlap(sentence: Sentence, start: int, end: int) -> int:
    return min(sentence.end, end) - max(sentence.start, start)


def _objects(content: str) -> Iterator[Mapping[str, object]]:
    """Yield the JSON objects of a text, outermost ones only, in order."""
    decoder = json.JSONDecoder()
    at = content.find("{")
    while at >= 0:
        try:
            found, at = decoder.raw_decode(content, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            if isinstance(found, dict):
                yield found
        at = content.find("{", at)


def _word(kind: type[_Word], answer: Mapping[str, object], key: str) -> _Word:
    value = answer[key]
    word = next((word for word in kind if word.value == value), None)
    if word is None:
        raise PermanentError(f"the answer's {key} is none of {', '.join(kind)}")
    return word


def _status_key(value: object, phase: Phase | None, ladder: Ladder) -> str | None:
    """Return the key of the status; where the answer names none, the ladder's first of the phase, or None where it has none."""
    if phase is None:
        return None
    keys = [status.key for status in ladder.of_phase(phase)]
    if value is None:
        return keys[0] if keys else None
    if value not in keys:
        raise PermanentError(f"the answer's status is none of phase {phase.value} on the ladder {ladder.key!r}")
    return str(value)

"""The language model as status reader: one question an article, and the local reader behind it for whenever there is no sound answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from monitor.core.policy import StatusPolicy
from monitor.core.reading import claims_of, weight_of
from monitor.core.types import ReadingContext, Sentence, SentenceReading
from monitor.errors import PermanentError, TransientError
from monitor.ports import ChatModel, StatusReader
from monitor.reader.prompt import PromptTemplate
from monitor.reader.verdict import parse_verdict, readings_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Doubt:
    """When the local reader counts as unsure: its best claim weighs from `least` up to, not including, `most`."""

    policy: StatusPolicy
    least: float
    most: float

    def is_felt(self, readings: Sequence[SentenceReading]) -> bool:
        """Return whether the local reader's readings of an article leave it open whether a step is told."""
        best = max((weight_of(claim, self.policy) for claim in claims_of(readings, self.policy)), default=0.0)
        return self.least <= best < self.most


class LanguageModelReader:
    """Implements `ports.StatusReader`: the model's verdict where it is sound, else what the local reader reads.

    An article is always read. The reasons of its readings tell who read them.
    """

    def __init__(self, model: ChatModel, local: StatusReader, template: PromptTemplate, doubt: Doubt | None = None) -> None:
        """Ask `model` about every article, or, where `doubt` is given, about those that leave the local reader unsure."""
        self._model = model
        self._local = local
        self._template = template
        self._doubt = doubt

    @property
    def reader_id(self) -> str:
        """Model, version of the prompt, and the local reader."""
        return f"{self._name} (fallback {self._local.reader_id})"

    @property
    def _name(self) -> str:
        return f"{self._model.model_id}@{self._template.version}"

    def read(self, sentences: Sequence[Sentence], context: ReadingContext) -> tuple[SentenceReading, ...]:
        """Return one reading a sentence, in their order. Raises: ModelError, of the local reader."""
        if not sentences:
            return ()
        if self._doubt is None:
            return self._ask(sentences, context) or self._signed(self._local.read(sentences, context))
        readings = self._local.read(sentences, context)
        asked = self._ask(sentences, context) if self._doubt.is_felt(readings) else None
        return asked or self._signed(readings)

    def _ask(self, sentences: Sequence[Sentence], context: ReadingContext) -> tuple[SentenceReading, ...] | None:
        """Return the model's readings; None where there is no sound answer, which is logged unless it was meant to be so."""
        ladder, article = context.issue.ladder, context.article
        try:
            completion = self._model.complete(self._template.fill(context))
            if completion is None:
                return None
            if not completion.is_whole:
                raise PermanentError("the answer was cut off; raise language_model.max_tokens")
            verdict = parse_verdict(completion.content, ladder)
            readings = readings_of(verdict, sentences, article, reader=self._name)
        except (TransientError, PermanentError) as exc:
            # The message is the project's own: it holds neither the key nor what a server or an article said.
            log.warning(
                "language_model_fell_back",
                issue=context.issue.key,
                article=article.article_id,
                model=self._name,
                error_type=type(exc).__name__,
                error=str(exc),
            )
            return None
        log.info(
            "language_model_read",
            issue=context.issue.key,
            article=article.article_id,
            model=self._name,
            is_about_matter=verdict.is_about_matter,
            phase=verdict.phase,
            status=verdict.status_key,
            confidence=verdict.confidence,
        )
        return readings

    def _signed(self, readings: Sequence[SentenceReading]) -> tuple[SentenceReading, ...]:
        """Return the local reader's readings with its name in their reasons."""
        return tuple(replace(reading, reason=f"{self._local.reader_id}: {reading.reason}") for reading in readings)

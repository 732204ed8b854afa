"""What the daemon and the replay do alike with articles: embed their heads, read those that match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import structlog

from monitor.core.dedupe import with_page
from monitor.core.flashes import Habit, is_flash
from monitor.core.judging import Judge
from monitor.core.lineage import origin_of
from monitor.core.outlets import Outlets
from monitor.core.policy import StatusPolicy
from monitor.core.reading import claims_of, make_evidence, signals_of
from monitor.core.text import head_text, split_sentences, text_hash
from monitor.core.types import Article, Embedding, Evidence, FloatArray, Issue, ReadingContext
from monitor.errors import MonitorError
from monitor.ports import Encoder, MatterReader, PageReader, StatusReader

if TYPE_CHECKING:
    from monitor.jobs.kinship import Kinship

log = structlog.get_logger(__name__)


def head_hash(article: Article) -> str:
    """Return the key under which the vector of an article's headline and lead is kept."""
    return text_hash(head_text(article.title, article.text))


def embed_heads(encoder: Encoder, articles: Sequence[Article], known: Mapping[str, FloatArray]) -> tuple[FloatArray, list[Embedding]]:
    """Return (n, dim) vectors of the articles' heads, in order, and the embeddings that had to be made for it.

    `known`: vectors by `head_hash`, of the encoder's own model.
    """
    missing = {head_hash(article): head_text(article.title, article.text) for article in articles if head_hash(article) not in known}
    fresh = dict(zip(missing, encoder.embed(list(missing.values())), strict=True)) if missing else {}
    vectors = {**known, **fresh}
    rows = np.stack([vectors[head_hash(article)] for article in articles]) if articles else np.zeros((0, encoder.dim), np.float32)
    return rows.astype(np.float32), [Embedding(key, encoder.model_id, vector) for key, vector in fresh.items()]


@dataclass(frozen=True, slots=True)
class Examiner:
    """How matched articles are read: by which reader, and with the page's text where the feed gave little."""

    reader: StatusReader
    policy: StatusPolicy
    #: None: no page is fetched.
    pages: PageReader | None = None
    #: Feed text of fewer characters counts as little.
    full_text_below_chars: int = 600
    #: Weighs what was read; None: the rules alone do.
    judge: Judge | None = None
    #: Reads the article as a whole beside its matter; None: nobody does, and the rules alone decide.
    matter_reader: MatterReader | None = None
    #: Whose voice each outlet is.
    outlets: Outlets = field(default_factory=Outlets)

    def examine(
        self,
        article: Article,
        issue: Issue,
        *,
        match_score: float,
        status_key: str | None = None,
        about: tuple[float, ...] = (),
        kinship: Kinship | None = None,
        vector: FloatArray | None = None,
        habit: Habit | None = None,
    ) -> tuple[Article, Evidence]:
        """Return the article, as a new version where its page told more, and its evidence on the issue.

        `kinship` are the articles of the matter read before it, among which its origin is sought; `vector` (dim,) is that of its head; `habit` is
        how its outlet sends articles, by which a flash is known.
        """
        whole = self._with_page(article)
        origin = kinship.origin(whole, vector)[0] if kinship else origin_of(whole, self.outlets)
        sentences = split_sentences(whole.title, whole.text)
        context = ReadingContext(issue, whole, status_key)
        readings = self.reader.read(sentences, context)
        signals = signals_of(readings)
        told = self.matter_reader.tell(sentences, context) if self.matter_reader and signals else ()
        evidence = make_evidence(
            whole,
            issue.key,
            claims_of(readings, self.policy),
            origin=(origin.name, origin.keys),
            match_score=match_score,
            reader_id=self.reader.reader_id,
            signals=signals,
            aboutness=tuple(round(value, 4) for value in about),
            told=tuple(round(value, 4) for value in told),
            is_flash=habit is not None and is_flash(whole, habit, self.policy),
        )
        return whole, evidence

    def _with_page(self, article: Article) -> Article:
        """Return the article with its page's text; whatever goes wrong, the feed's text is still there."""
        if self.pages is None or len(article.text) >= self.full_text_below_chars or not article.url.startswith(("http://", "https://")):
            return article
        try:
            page = self.pages.read(article.url)
        except MonitorError as exc:
            log.info("page_failed", article=article.article_id, error_type=type(exc).__name__, error=str(exc))
            return article
        if page is not None and page.is_stub:
            log.info("page_is_stub", article=article.article_id, n_chars=len(page.text))
        return article if page is None else with_page(article, page)

"""Articles, issues, baselines and matches. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

import numpy as np
from numpy.typing import NDArray

from monitor.core.ladder import Ladder
from monitor.core.types.quiet import IssueAlerts

FloatArray = NDArray[np.float32]
ArticleId = NewType("ArticleId", str)
IssueKey = NewType("IssueKey", str)


class DateBasis(StrEnum):
    """What the date of an article rests on."""

    FEED = "feed"  #: the feed's own date, or the analyst's
    ADDRESS = "address"  #: the day in the article's address
    PAGE = "page"  #: what the article's page says
    SEEN = "seen"  #: the first sight of it, for want of anything better


@dataclass(frozen=True, slots=True)
class Edit:
    """A sentence that one version says and the other does not; empty where there is none on that side."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Article:
    """A canonical story: many entries, one or more versions."""

    article_id: ArticleId
    url: str
    source: str
    title: str
    text: str
    published_at: datetime
    #: When this system first stored it.
    first_seen_at: datetime
    #: Counts from 1; an edit raises it.
    version: int = 1
    dated_by: DateBasis = DateBasis.FEED
    #: What this version changed in the one before, sentence by sentence; empty for the first, and where only more became known.
    edits: tuple[Edit, ...] = ()
    #: The address that its page calls its own, perhaps another outlet's whose copy it is; empty where no page was read or none is named.
    canonical_url: str = ""

    @property
    def headline_and_text(self) -> str:
        """Headline, blank line, text; what a reader would see."""
        return f"{self.title}\n\n{self.text}" if self.title else self.text


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of an article says, markup removed."""

    #: Where it lies after redirects.
    url: str
    #: Main text, paragraphs separated by newlines; lines that only ask for a subscription are left out.
    text: str
    #: The address that the page calls its own, perhaps on another site whose copy it is; empty where it names none.
    canonical_url: str = ""
    published_at: datetime | None = None
    modified_at: datetime | None = None
    #: Whether the text is only what stands before a paywall.
    is_stub: bool = False


@dataclass(frozen=True, slots=True)
class Seed:
    """An article that an analyst gave as an example of the matter."""

    article: Article
    #: Where it lies, for messages.
    path: str


@dataclass(frozen=True, slots=True)
class Issue:
    """The tracked matter, as configured."""

    key: IssueKey
    #: The question followed, in words.
    title: str
    ladder: Ladder
    seeds: tuple[Seed, ...]
    alerts: IssueAlerts = field(default_factory=IssueAlerts)


@dataclass(frozen=True, slots=True)
class Embedding:
    """A float32 unit vector with what it was made of; vectors of different models are never compared."""

    text_hash: str
    model_id: str
    vector: FloatArray


@dataclass(frozen=True, slots=True)
class Anchor:
    """An actor, place or thing that the seeds insist on."""

    name: str
    #: Share of the seeds that name it, 0 to 1.
    weight: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the seeds teach about an issue."""

    issue_key: IssueKey
    #: Changes whenever a seed, the question, the model or the policy changes.
    baseline_id: str
    model_id: str
    #: (n_seeds, dim): headline and lead of each seed, in order of publication.
    head_vectors: FloatArray
    #: (n_passages, dim)
    passage_vectors: FloatArray
    #: (dim,): the question.
    question_vector: FloatArray
    anchors: tuple[Anchor, ...]
    #: Least score of a match, learned by leave-one-out.
    threshold: float
    #: Why the threshold is what it is, in words with numbers.
    threshold_reason: str
    seed_ids: tuple[ArticleId, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The verdict of matching one article with one issue: a match or not, and why."""

    issue_key: IssueKey
    article_id: ArticleId
    #: Version of the article that was judged.
    version: int
    baseline_id: str
    is_match: bool
    #: Relevance, about 0 to 1.
    score: float
    threshold: float
    #: Cosine to the nearest seed's headline and lead.
    similarity: float
    nearest_seed: ArticleId
    #: Share of the anchors' weight that the article names, 0 to 1.
    anchor_share: float
    anchors: tuple[str, ...]
    reason: str

    @property
    def margin(self) -> float:
        """Score minus threshold."""
        return self.score - self.threshold

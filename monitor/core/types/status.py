"""Sentence readings, claims, evidence, statuses and changes. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from monitor.core.ladder import Phase
from monitor.core.types.articles import Article, ArticleId, Issue, IssueKey

ChangeId = NewType("ChangeId", str)


class Stance(StrEnum):
    """How a sentence stands to the step that it tells."""

    ASSERTED = "asserted"
    ATTRIBUTED = "attributed"
    EXPECTED = "expected"
    CONDITIONAL = "conditional"
    DENIED = "denied"
    BACKGROUND = "background"


class Speaker(StrEnum):
    """Who says so."""

    PARTY = "party"
    OFFICIAL = "official"
    OUTLET = "outlet"
    UNNAMED = "unnamed"


class Place(StrEnum):
    """Where in its article a sentence stands."""

    HEADLINE = "headline"
    LEAD = "lead"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its offsets, in characters, in the article's `title` (headline) or `text` (lead, body)."""

    text: str
    start: int
    end: int
    place: Place


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """The matter in view of which an article is read."""

    issue: Issue
    article: Article
    #: Where the issue stands as far as is known when the article is read; None where nothing is.
    status_key: str | None = None


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """What a status reader makes of one sentence."""

    sentence: Sentence
    #: None: it tells of no step.
    phase: Phase | None
    stance: Stance
    speaker: Speaker
    #: Probability that the phase is right, 0 to 1.
    score: float
    #: Key of the ladder's status; None where phase is None or the ladder has none for it.
    status_key: str | None = None
    #: What the score rests on, in words.
    reason: str = ""
    #: Probabilities of "no step" and of each phase, in the order of `Phase`; empty where the reader gives none.
    phases: tuple[float, ...] = ()
    #: Probabilities of each stance, in the order of `Stance`; empty where the reader gives none.
    stances: tuple[float, ...] = ()
    #: Cosines of the sentence to the question and to the nearest seed; empty where the reader gives none.
    likeness: tuple[float, ...] = ()
    #: What the sentence says is not so, where it names a thing and no step: a denial of that thing, not of the present status.
    denies: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """The probabilities of one sentence, kept with the evidence: what `core.judging` weighs."""

    place: Place
    phases: tuple[float, ...]
    stances: tuple[float, ...]
    #: Cosines to the question and to the nearest seed.
    likeness: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of one article that the matter stands at a status, or does not."""

    phase: Phase
    status_key: str
    stance: Stance
    speaker: Speaker
    score: float
    quote: str
    start: int
    end: int
    place: Place
    reason: str = ""
    #: What the claim says is not so, where that is a thing and no step of the ladder.
    denies: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one article says on an issue's status; claims are ordered, strongest first."""

    issue_key: IssueKey
    article_id: ArticleId
    version: int
    source: str
    url: str
    published_at: datetime
    #: Name of the independent origin behind copies, as shown.
    origin: str
    match_score: float
    claims: tuple[Claim, ...]
    reader_id: str
    headline: str = ""
    #: Probabilities of headline, lead and first body sentences; empty where the reader gives none.
    signals: tuple[Signal, ...] = ()
    #: How far the article is about the matter, in the order of `core.aboutness.NAMES`; empty where it was not measured.
    aboutness: tuple[float, ...] = ()
    #: What ties copies together (`core.lineage`): two articles that share a key have one origin.
    origin_keys: tuple[str, ...] = ()
    #: Which step of the matter the article tells, read as a whole, in the order of `core.telling.NAMES`; empty where nobody read it so.
    told: tuple[float, ...] = ()
    #: Whether it is a bare headline of an outlet that otherwise sends text (`core.flashes`).
    is_flash: bool = False


class Confirmation(StrEnum):
    """How far a status is vouched for."""

    REPORTED = "reported"
    CONFIRMED = "confirmed"


class ChangeKind(StrEnum):
    """What a row of the change log tells."""

    STATUS = "status"
    CONFIRMATION = "confirmation"
    DENIAL = "denial"
    DETAIL = "detail"
    MANUAL = "manual"  #: set by hand: a person, not an article, says where the matter stands


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence as proof, with its source; one object of `evidence` in the interface format."""

    article_id: ArticleId
    source: str
    url: str
    published_at: datetime
    quote: str
    start: int
    end: int
    stance: Stance
    speaker: Speaker
    score: float
    #: `title` or `text`: the field of the article that the offsets count in.
    field: str = "text"


@dataclass(frozen=True, slots=True)
class Vote:
    """One origin's word for a status that has not yet been believed, or that is to be confirmed."""

    status_key: str
    origin: str
    weight: float
    at: datetime
    quote: Quote
    origin_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IssueState:
    """Where an issue stands. `revision` rises with every write: the compare-and-set of the status."""

    issue_key: IssueKey
    status_key: str | None = None
    phase: Phase | None = None
    since: datetime | None = None
    confirmation: Confirmation = Confirmation.REPORTED
    #: Independent origins that vouch for the present status.
    origins: tuple[str, ...] = ()
    #: Lineage keys of those origins together.
    origin_keys: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    votes: tuple[Vote, ...] = ()
    #: Status keys held before the present one, oldest first.
    history: tuple[str, ...] = ()
    last_change_id: ChangeId | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the change log."""

    change_id: ChangeId
    issue_key: IssueKey
    #: Publication time of the article that tipped it.
    at: datetime
    article_id: ArticleId
    kind: ChangeKind
    from_status: str | None
    to_status: str
    from_phase: Phase | None
    to_phase: Phase
    confirmation: Confirmation
    #: Probability that the change is right, 0 to 1.
    confidence: float
    origins: tuple[str, ...]
    reason: str
    evidence: tuple[Quote, ...]
    baseline_evidence: tuple[Quote, ...]
    #: True for what the seeds already told: recorded, never alerted.
    is_history: bool = False


@dataclass(frozen=True, slots=True)
class StatusDecision:
    """What one article's evidence does to an issue: the next state, a change or none, and why."""

    state: IssueState
    change: Change | None
    reason: str

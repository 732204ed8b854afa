"""Sentence readings to claims: which sentences of an article say where the matter stands."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.core.policy import StatusPolicy
from monitor.core.types import Article, Claim, Evidence, IssueKey, Place, Quote, SentenceReading, Signal, Stance

#: Body sentences whose probabilities are kept: what matters stands near the top of a news story.
MAX_BODY = 6
#: What a stance leaves of a sentence's weight as word of the step having happened.
STANCE_FACTOR = {
    Stance.ASSERTED: 1.0,
    Stance.ATTRIBUTED: 0.95,
    Stance.EXPECTED: 0.0,
    Stance.CONDITIONAL: 0.0,
    Stance.DENIED: 0.0,
    Stance.BACKGROUND: 0.0,
}


def place_factor(place: Place, policy: StatusPolicy) -> float:
    """Return what a sentence's place makes of its weight."""
    return {Place.HEADLINE: policy.headline_factor, Place.LEAD: policy.lead_factor, Place.BODY: policy.body_factor}[place]


def weight_of(claim: Claim, policy: StatusPolicy) -> float:
    """Return how far a claim speaks for its status having been reached, 0 to 1."""
    return claim.score * place_factor(claim.place, policy) * STANCE_FACTOR[claim.stance]


def claims_of(readings: Sequence[SentenceReading], policy: StatusPolicy) -> tuple[Claim, ...]:
    """Return the claims of an article, strongest first; a sentence that tells of no step makes none."""
    claims = [
        Claim(
            phase=reading.phase,
            status_key=reading.status_key,
            stance=reading.stance,
            speaker=reading.speaker,
            score=round(reading.score, 4),
            quote=reading.sentence.text,
            start=reading.sentence.start,
            end=reading.sentence.end,
            place=reading.sentence.place,
            reason=reading.reason,
            denies=reading.denies,
        )
        for reading in readings
        if reading.phase is not None and reading.status_key is not None
    ]
    order = {place: number for number, place in enumerate(Place)}
    return tuple(sorted(claims, key=lambda claim: (-weight_of(claim, policy), order[claim.place], claim.start)))


def signals_of(readings: Sequence[SentenceReading]) -> tuple[Signal, ...]:
    """Return the probabilities of headline, lead and the first `MAX_BODY` body sentences; none where the reader gives none."""
    chosen: list[Signal] = []
    n_body = 0
    for reading in readings:
        if not reading.phases:
            continue
        n_body += reading.sentence.place is Place.BODY
        if reading.sentence.place is not Place.BODY or n_body <= MAX_BODY:
            chosen.append(Signal(reading.sentence.place, _rounded(reading.phases), _rounded(reading.stances), _rounded(reading.likeness)))
    return tuple(chosen)


def tells_nothing_new(after: Evidence, before: Evidence) -> bool:
    """Tell whether a version's sentences on the status all stood in the version before, told in the same way."""
    known = {_sentence_key(claim) for claim in before.claims}
    return bool(after.claims) and all(_sentence_key(claim) in known for claim in after.claims)


def _sentence_key(claim: Claim) -> tuple[str, str, str]:
    return " ".join(claim.quote.casefold().split()), claim.status_key, claim.stance.value


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    # Four digits keep the stored rows small, and a rounding error of another processor from moving a verdict.
    return tuple(round(value, 4) for value in values)


def make_evidence(
    article: Article,
    issue_key: IssueKey,
    claims: tuple[Claim, ...],
    *,
    origin: tuple[str, tuple[str, ...]],
    match_score: float,
    reader_id: str,
    signals: tuple[Signal, ...] = (),
    aboutness: tuple[float, ...] = (),
    told: tuple[float, ...] = (),
    is_flash: bool = False,
) -> Evidence:
    """Return one article's evidence on an issue."""
    name, keys = origin
    return Evidence(
        issue_key=issue_key,
        article_id=article.article_id,
        version=article.version,
        source=article.source,
        url=article.url,
        published_at=article.published_at,
        origin=name,
        match_score=match_score,
        claims=claims,
        reader_id=reader_id,
        headline=article.title,
        signals=signals,
        aboutness=aboutness,
        told=told,
        is_flash=is_flash,
        origin_keys=keys,
    )


def quote_of(claim: Claim, evidence: Evidence) -> Quote:
    """Return a claim as a quotable proof."""
    return Quote(
        article_id=evidence.article_id,
        source=evidence.source,
        url=evidence.url,
        published_at=evidence.published_at,
        quote=claim.quote,
        start=claim.start,
        end=claim.end,
        stance=claim.stance,
        speaker=claim.speaker,
        score=claim.score,
        field="title" if claim.place is Place.HEADLINE else "text",
    )

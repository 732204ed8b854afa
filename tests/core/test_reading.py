from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.ladder import Phase
from monitor.core.policy import StatusPolicy
from monitor.core.reading import claims_of, make_evidence, place_factor, quote_of, weight_of
from monitor.core.types import IssueKey, Place, SentenceReading, Speaker, Stance
from tests.builders import make_article, make_claim, make_reading
from tests.builders import make_evidence as example_evidence

POLICY = StatusPolicy()


@pytest.mark.parametrize(("place", "factor"), [(Place.HEADLINE, 1.0), (Place.LEAD, 0.95), (Place.BODY, 0.6)])
def test_a_place_has_the_factor_of_the_policy(place: Place, factor: float) -> None:
    assert place_factor(place, POLICY) == factor


@pytest.mark.parametrize(
    ("stance", "weight"),
    [
        (Stance.ASSERTED, 0.8),
        (Stance.ATTRIBUTED, 0.76),
        (Stance.EXPECTED, 0.0),
        (Stance.CONDITIONAL, 0.0),
        (Stance.DENIED, 0.0),
        (Stance.BACKGROUND, 0.0),
    ],
)
def test_only_what_is_told_as_done_has_weight(stance: Stance, weight: float) -> None:
    assert weight_of(make_claim(stance=stance, place=Place.HEADLINE, score=0.8), POLICY) == pytest.approx(weight)


@given(st.floats(0, 1), st.sampled_from(Place), st.sampled_from(Stance))
def test_a_weight_never_exceeds_the_score(score: float, place: Place, stance: Stance) -> None:
    assert 0 <= weight_of(make_claim(score=score, place=place, stance=stance), POLICY) <= score


def test_a_sentence_that_tells_of_no_step_makes_no_claim() -> None:
    assert claims_of([make_reading(phase=None, status_key=None)], POLICY) == ()


def test_a_step_that_the_ladder_has_no_status_for_makes_no_claim() -> None:
    assert claims_of([make_reading(phase=Phase.REVERSED, status_key=None)], POLICY) == ()


def test_a_claim_keeps_what_the_sentence_said_and_where() -> None:
    (claim,) = claims_of([make_reading("They signed it.", place=Place.BODY, start=7, score=0.87654, speaker=Speaker.PARTY)], POLICY)
    assert (claim.quote, claim.start, claim.end, claim.place) == ("They signed it.", 7, 22, Place.BODY)
    assert (claim.phase, claim.status_key, claim.speaker, claim.score, claim.reason) == (
        Phase.ADOPTED,
        "signed",
        Speaker.PARTY,
        0.8765,
        "cue",
    )


READINGS = st.lists(
    st.builds(
        make_reading,
        place=st.sampled_from(Place),
        start=st.integers(0, 50),
        score=st.sampled_from([0.2, 0.5, 0.9]),
        stance=st.sampled_from(Stance),
    ),
    max_size=8,
)


@given(READINGS)
def test_claims_come_strongest_first(readings: list[SentenceReading]) -> None:
    weights = [weight_of(claim, POLICY) for claim in claims_of(readings, POLICY)]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) == len(readings)


@given(READINGS)
def test_the_order_of_claims_does_not_depend_on_that_of_the_readings(readings: list[SentenceReading]) -> None:
    shuffled = sorted(readings, key=lambda reading: (reading.score, reading.sentence.start))
    key = [(weight_of(claim, POLICY), claim.place, claim.start) for claim in claims_of(readings, POLICY)]
    assert key == [(weight_of(claim, POLICY), claim.place, claim.start) for claim in claims_of(shuffled, POLICY)]


def test_among_equals_the_headline_comes_first_then_the_earlier_sentence() -> None:
    hedged = [
        make_reading(place=Place.BODY, start=40, stance=Stance.EXPECTED),
        make_reading(place=Place.LEAD, start=20, stance=Stance.EXPECTED),
        make_reading(place=Place.LEAD, start=0, stance=Stance.EXPECTED),
        make_reading(place=Place.HEADLINE, start=0, stance=Stance.EXPECTED),
    ]
    assert [(claim.place, claim.start) for claim in claims_of(hedged, POLICY)] == [
        (Place.HEADLINE, 0),
        (Place.LEAD, 0),
        (Place.LEAD, 20),
        (Place.BODY, 40),
    ]


def test_evidence_carries_its_article_and_its_origin() -> None:
    article = make_article("a-5", version=3, title="Duties end")
    claim = make_claim()
    evidence = make_evidence(
        article, IssueKey("olive-duties"), (claim,), origin=("Reuters", ("name:reuters",)), match_score=0.7, reader_id="cues"
    )
    assert (evidence.article_id, evidence.version, evidence.headline, evidence.source) == ("a-5", 3, "Duties end", "Wire")
    assert (evidence.origin, evidence.origin_keys, evidence.claims, evidence.reader_id) == ("Reuters", ("name:reuters",), (claim,), "cues")
    assert evidence.published_at == article.published_at


@pytest.mark.parametrize(("place", "field"), [(Place.HEADLINE, "title"), (Place.LEAD, "text"), (Place.BODY, "text")])
def test_a_quote_counts_in_the_field_that_its_sentence_stood_in(place: Place, field: str) -> None:
    evidence = example_evidence(source="Herald", url="https://herald.example/1")
    quote = quote_of(make_claim(place=place), evidence)
    assert (quote.field, quote.source, quote.url, quote.quote) == (field, "Herald", "https://herald.example/1", "They signed.")

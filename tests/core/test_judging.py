"""Deciding by the trained judge: what it is asked, what it weighs, and what its probability does to a status."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import telling
from monitor.core.aboutness import NAMES
from monitor.core.judging import MAX_DAYS, MOST, MOST_TOLD, N_TOLD, PHASES, Course, Judge, candidates, course_of, doubted, features, told
from monitor.core.ladder import Phase, Status
from monitor.core.policy import StatusPolicy
from monitor.core.status import decide_status
from monitor.core.types import ArticleId, Claim, Evidence, IssueState, Place, Signal, Speaker, Stance, StatusDecision
from tests.builders import LADDER, make_claim, make_evidence
from tests.core.trees import leaf, split
from tests.examples import ISSUE, NOON, after

POLICY = StatusPolicy(decisive_probability=0.65, vote_probability=0.40)
TALKS = IssueState(ISSUE, status_key="talks-under-way", phase=Phase.TALKS, since=NOON, origins=("Annals",), origin_keys=("name:annals",))
#: A claim too faint for the rules: what moves in these tests moves by the judge.
FAINT = make_claim(score=0.2)


def signal(place: Place = Place.HEADLINE, stance: Stance = Stance.ASSERTED, **chances: float) -> Signal:
    """A sentence that tells of the named phases with these probabilities, and of no step with the rest."""
    phases = [chances.get(phase.value, 0.0) for phase in PHASES]
    return Signal(place, (1.0 - sum(phases), *phases), tuple(float(other is stance) for other in Stance), (0.4, 0.5))


def judged(number: int, *claims: Claim, signals: tuple[Signal, ...] | None = None, origin: str | None = None) -> Evidence:
    name = origin or f"Outlet {number}"
    return make_evidence(
        article_id=ArticleId(f"a-{number}"),
        published_at=after(number),
        origin=name,
        origin_keys=(f"name:{name}",),
        claims=claims or (FAINT,),
        signals=(signal(adopted=0.9),) if signals is None else signals,
        aboutness=(0.5,) * len(NAMES),
        told=telling_of(),
    )


def telling_of(**chances: float) -> tuple[float, ...]:
    """An article that as a whole tells of the named phases with these probabilities, and of no step with the rest."""
    phases = [chances.get(phase.value, 0.0) for phase in PHASES]
    return (1.0 - sum(phases), *phases, *(1.0 / len(telling.KINDS) for _ in telling.KINDS))


def decide(state: IssueState, evidence: Evidence, chance: float) -> StatusDecision:
    return decide_status(state, evidence, LADDER, POLICY, Judge(leaf(chance), "by-hand"))


def test_a_probability_from_the_decisive_level_moves_the_status() -> None:
    decision = decide(TALKS, judged(1), 0.7)
    change = decision.change
    assert change is not None
    assert (change.from_status, change.to_status, change.to_phase, change.confidence) == ("talks-under-way", "signed", Phase.ADOPTED, 0.7)
    assert [quote.quote for quote in change.evidence] == [FAINT.quote]
    assert change.reason == "“signed” has a probability of 0.70 (lead, asserted, outlet) ≥ 0.65"


def test_a_probability_below_it_is_a_vote_and_below_the_vote_level_nothing() -> None:
    vote = decide(TALKS, judged(1), 0.5)
    assert vote.change is None
    assert [(one.status_key, one.weight) for one in vote.state.votes] == [("signed", 0.5)]
    assert vote.state.revision == TALKS.revision + 1
    nothing = decide(TALKS, judged(1), 0.3)
    assert (nothing.state, nothing.change) == (TALKS, None)
    assert "“adopted” has a probability of 0.30 < 0.40" in nothing.reason


def test_votes_of_independent_origins_are_the_probability_that_not_all_are_wrong() -> None:
    first = decide(TALKS, judged(1), 0.42)
    second = decide(first.state, judged(2), 0.42)
    assert second.change is not None
    assert second.change.confidence == pytest.approx(1 - 0.58**2, abs=1e-4)
    assert len(second.change.evidence) == 2
    # The rules would have added the two to 0.80; as probabilities they come to 0.64, and one origin has one vote.
    least = 0.40
    assert decide(decide(TALKS, judged(1), least).state, judged(2), least).change is None
    state = TALKS
    for number in range(1, 9):
        decision = decide(state, judged(number, origin="Wire"), 0.6)
        assert decision.change is None
        state = decision.state
    assert len(state.votes) == 1


def test_the_step_that_the_judge_finds_likeliest_is_taken_not_the_loudest_sentences() -> None:
    by_phase = features(judged(1), Course(Phase.TALKS, frozenset(), 0.0), Phase.ADOPTED)
    column = len(by_phase) - len(NAMES) - N_TOLD - 2 - 3
    assert by_phase[column] == PHASES.index(Phase.ADOPTED)
    # Low for what stands before `adopted` in the order of phases, high from it on.
    judge = Judge(split(column, PHASES.index(Phase.ANNOUNCED) + 0.5, low=0.1, high=0.9), "by-hand")
    evidence = judged(1, make_claim(phase=Phase.AGREED_IN_PRINCIPLE, status_key="broadly-agreed"), FAINT)
    evidence = replace(evidence, signals=(signal(agreed_in_principle=0.6, adopted=0.3),))
    change = decide_status(TALKS, evidence, LADDER, POLICY, judge).change
    assert change is not None
    assert change.to_status == "signed"
    assert [quote.quote for quote in change.evidence] == [FAINT.quote]


def test_that_something_is_proposed_is_never_asked_about() -> None:
    assert candidates(replace(judged(1, signals=(signal(proposed=0.9),)), told=telling_of(proposed=0.9))) == ()
    decision = decide(TALKS, judged(1, signals=(signal(proposed=0.9),)), 0.99)
    assert decision.change is None
    assert decision.reason.startswith("no sentence tells of another step")


def test_the_likeliest_phases_are_asked_about_and_a_body_sentence_counts_half() -> None:
    many = signal(talks=0.3, adopted=0.2, stalled=0.15, denied=0.14, collapsed=0.13)
    assert asked(many) == (Phase.TALKS, Phase.ADOPTED, Phase.STALLED, Phase.DENIED)
    assert len(asked(many)) == MOST
    assert asked(signal(talks=0.11)) == ()
    assert asked(signal(Place.BODY, adopted=0.4), signal(Place.LEAD, talks=0.3)) == (Phase.TALKS, Phase.ADOPTED)
    assert asked(signal(Place.BODY, adopted=0.2)) == ()


def asked(*signals: Signal, **whole: float) -> tuple[Phase, ...]:
    return candidates(replace(judged(1, signals=signals), told=telling_of(**whole)))


def test_what_the_article_as_a_whole_tells_is_asked_about_as_well_once() -> None:
    assert asked(signal(talks=0.3), reversed=0.5, talks=0.2) == (Phase.TALKS, Phase.REVERSED)
    assert asked(signal(), completed=0.11) == ()
    chances = {"completed": 0.3, "in_effect": 0.2, "stalled": 0.15, "denied": 0.13}
    assert len(asked(signal(), **chances)) == MOST_TOLD
    assert candidates(replace(judged(1, signals=(signal(adopted=0.5),)), told=())) == (Phase.ADOPTED,)


def test_the_whole_articles_word_on_a_phase_its_family_and_the_present_phase_is_weighed() -> None:
    evidence = replace(judged(1), told=telling_of(adopted=0.5, announced=0.2, talks=0.1))
    row = features(evidence, Course(Phase.TALKS, frozenset(), 0.0), Phase.ADOPTED)
    assert list(row[-14:-8]) == pytest.approx([0.5, 0.7, 0.2, 0.3, 0.1, 0.1], abs=1e-6)
    assert list(row[-8:]) == pytest.approx([1 / 8] * 8)


def test_word_of_a_setback_is_doubted() -> None:
    assert doubted(0.5, 0.0) == pytest.approx(0.5)
    assert [doubted(chance, 1.5) for chance in (0.0, 0.9, 1.0)] == pytest.approx([0.0, 0.9 / (0.9 + 0.1 * math.exp(1.5)), 1.0])
    ladder = replace(LADDER, statuses=(*LADDER.statuses, Status("stalled", "stalled", Phase.STALLED, ("Talks stalled.",))))
    evidence = replace(judged(1, signals=(signal(stalled=0.9),)), headline="Talks stall")
    said = {}
    for doubt in (0.0, 1.5):
        decision = decide_status(TALKS, evidence, ladder, replace(POLICY, setback_doubt=doubt), Judge(leaf(0.8), "by-hand"))
        said[doubt] = decision.change.confidence if decision.change else decision.state.votes[0].weight
    assert said == {0.0: 0.8, 1.5: round(doubted(0.8, 1.5), 4)}


def test_word_of_a_flash_gains_credit_and_says_so() -> None:
    policy = replace(POLICY, flash_credit=2.5)
    evidence = replace(judged(1), headline="Pact signed")
    judge = Judge(leaf(0.3), "by-hand")
    assert decide_status(TALKS, evidence, LADDER, policy, judge).change is None
    change = decide_status(TALKS, replace(evidence, is_flash=True), LADDER, policy, judge).change
    assert change is not None
    assert change.confidence == pytest.approx(doubted(0.3, -2.5), abs=1e-4)
    assert "as a flash" in change.reason


def test_a_phase_that_the_ladder_has_no_status_for_moves_nothing() -> None:
    assert decide(TALKS, judged(1, signals=(signal(stalled=0.9),)), 0.99).change is None


def test_the_present_status_once_more_is_counted_by_the_rules() -> None:
    state = replace(TALKS, status_key="signed", phase=Phase.ADOPTED)
    decision = decide(state, judged(1, make_claim(score=0.9)), 0.99)
    assert decision.change is not None
    assert decision.change.kind == "confirmation"


def test_evidence_without_probabilities_falls_back_to_the_rules() -> None:
    plain = make_claim(score=0.9)
    for bare in (judged(1, plain, signals=()), replace(judged(1, plain), aboutness=()), replace(judged(1, plain), told=())):
        by_rules = decide_status(TALKS, bare, LADDER, POLICY)
        assert decide(TALKS, bare, 0.01) == by_rules
        assert by_rules.change is not None


def test_a_first_sighting_is_left_to_the_rules() -> None:
    decision = decide(IssueState(ISSUE), judged(1, make_claim(score=0.9)), 0.01)
    assert decision.change is not None
    assert decision.change.is_history


def test_late_evidence_and_a_partys_denial_are_decided_before_the_judge() -> None:
    late = replace(judged(1), published_at=NOON - timedelta(minutes=1))
    assert decide(TALKS, late, 0.99).change is None
    denial = make_claim(phase=Phase.TALKS, status_key="talks-under-way", stance=Stance.DENIED, speaker=Speaker.PARTY)
    change = decide(TALKS, judged(1, denial), 0.01).change
    assert change is not None
    assert change.kind == "denial"


def test_a_change_without_a_claim_of_its_step_is_proved_by_the_headline() -> None:
    evidence = replace(judged(1), claims=(), headline="Ink dries on olive pact")
    change = decide(TALKS, evidence, 0.9).change
    assert change is not None
    assert [(quote.quote, quote.field, quote.start, quote.end) for quote in change.evidence] == [
        ("Ink dries on olive pact", "title", 0, 23)
    ]
    other = decide(TALKS, replace(evidence, claims=(make_claim(phase=Phase.DENIED, status_key="denied"),)), 0.9).change
    assert other is not None
    assert other.evidence == change.evidence
    # A flash without headline has nothing to show, and what cannot be shown is not told.
    silent = decide(TALKS, replace(evidence, headline=""), 0.9)
    assert (silent.state, silent.change) == (TALKS, None)
    assert "no sentence to quote" in silent.reason


def test_the_course_counts_days_from_the_last_change() -> None:
    course = course_of(TALKS, Phase.TALKS, frozenset({Phase.ADOPTED}), replace(judged(1), published_at=NOON + timedelta(days=3)))
    assert (course.days, course.furthest) == (3.0, Phase.ADOPTED.rank)
    assert course_of(replace(TALKS, since=None), Phase.TALKS, frozenset(), judged(1)).days == 0.0
    assert Course(Phase.STALLED, frozenset(), 0.0).furthest == -1


def test_what_is_told_counts_whoever_says_it() -> None:
    mixed = replace(signal(), stances=(0.5, 0.25, 0.2, 0.05, 0.0, 0.0))
    assert told(mixed) == pytest.approx(0.75)


def test_features_have_one_length_and_are_finite_wherever_the_sentences_stand() -> None:
    places = [[place] for place in Place] + [[first, second] for first, second in product(Place, Place)] + [list(Place) * 3]
    lengths = set()
    for where in places:
        evidence = replace(judged(1), signals=tuple(signal(place, talks=0.3, adopted=0.3) for place in where))
        for phase, current in product(PHASES, PHASES):
            row = features(evidence, Course(current, frozenset({Phase.DENIED}), 400.0), phase)
            assert np.isfinite(row).all()
            assert row.dtype == np.float32
            lengths.add(row.shape)
    assert len(lengths) == 1


def test_long_waits_are_all_the_same() -> None:
    rows = [features(judged(1), Course(Phase.TALKS, frozenset(), days), Phase.ADOPTED) for days in (MAX_DAYS, 10 * MAX_DAYS)]
    assert np.array_equal(rows[0], rows[1])


@given(st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.7]), st.sampled_from(["Wire", "Gazette"])), min_size=1, max_size=6))
def test_evidence_that_comes_twice_gives_nothing_new(stream: list[tuple[float, str]]) -> None:
    def walk(times: int) -> tuple[IssueState, list[str]]:
        state = TALKS
        changes: list[str] = []
        for number, (chance, origin) in enumerate(stream, start=1):
            for _ in range(times):
                decision = decide(state, judged(number, origin=origin), chance)
                state = decision.state
                changes += [decision.change.change_id] if decision.change else []
        return state, changes

    assert walk(2) == walk(1)

"""Deciding by the rules: what moves a status, what only confirms it, and what is passed over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.files import load_ladder
from monitor.core.ladder import Ladder, Phase, Status
from monitor.core.policy import StatusPolicy
from monitor.core.status import MAX_QUOTES, decide_status, first_status
from monitor.core.types import (
    ArticleId,
    Change,
    ChangeKind,
    Claim,
    Confirmation,
    Evidence,
    IssueState,
    Place,
    Speaker,
    Stance,
    StatusDecision,
)
from tests.builders import ROOT, make_claim, make_evidence
from tests.examples import ISSUE, NOON, after

PHASES = {
    "talks": Phase.TALKS,
    "agreed": Phase.AGREED_IN_PRINCIPLE,
    "initialled": Phase.AGREED_IN_PRINCIPLE,
    "signed": Phase.ADOPTED,
    "in-force": Phase.IN_EFFECT,
    "stalled": Phase.STALLED,
    "collapsed": Phase.COLLAPSED,
    "denied": Phase.DENIED,
}
TREATY = Ladder(
    "treaty",
    "Treaty",
    tuple(Status(key, f"{key}!", phase, (key,), ("signed",) if key == "in-force" else ()) for key, phase in PHASES.items()),
)
POLICY = StatusPolicy()
EMPTY = IssueState(ISSUE)


def claim(key: str, score: float = 0.9, **fields: object) -> Claim:
    return make_claim(phase=PHASES[key], status_key=key, score=score, quote=f"It is {key}.", **fields)


def told(number: int, *claims: Claim, at: float | None = None, origin: str | None = None) -> Evidence:
    """Evidence of article `number`, published that many minutes after noon, of an origin of its own unless named."""
    name = origin or f"Outlet {number}"
    return make_evidence(
        article_id=ArticleId(f"a-{number}"),
        published_at=after(number if at is None else at),
        origin=name,
        origin_keys=(f"name:{name}",),
        claims=claims,
        signals=(),
        aboutness=(),
    )


def decide(state: IssueState, evidence: Evidence) -> StatusDecision:
    return decide_status(state, evidence, TREATY, POLICY)


def walk(pieces: Iterable[Evidence], state: IssueState = EMPTY) -> tuple[IssueState, list[Change]]:
    changes = []
    for evidence in pieces:
        decision = decide(state, evidence)
        # An unchanged state is not written; a changed one is, once.
        assert decision.state.revision == state.revision + (decision.state != state)
        assert decision.reason
        state = decision.state
        if decision.change is not None:
            changes.append(decision.change)
    return state, changes


def standing(*keys: str) -> IssueState:
    """The state of an issue that passed these statuses, long before the evidence."""
    state, _ = walk(told(-1000 * (len(keys) - number), claim(key, 0.99), origin="Annals") for number, key in enumerate(keys))
    assert state.status_key == keys[-1]
    return state


def steps(changes: Iterable[Change]) -> list[tuple[str, str | None, str]]:
    return [(change.kind.value, change.from_status, change.to_status) for change in changes]


def test_a_first_sighting_is_history() -> None:
    decision = decide(EMPTY, told(1, claim("talks")))
    assert decision.change is not None
    assert decision.change.is_history
    assert decision.change.from_status is None
    assert decision.change.reason.startswith("first sighting: ")
    assert (decision.state.status_key, decision.state.since, decision.state.history) == ("talks", after(1), ())


def test_a_decisive_sentence_moves_the_status_with_its_proof() -> None:
    before = standing("talks")
    decision = decide(before, told(1, claim("signed"), claim("signed", 0.5), claim("agreed")))
    change = decision.change
    assert change is not None
    assert steps([change]) == [("status", "talks", "signed")]
    assert not change.is_history
    assert (change.from_phase, change.to_phase) == (Phase.TALKS, Phase.ADOPTED)
    assert change.confidence == pytest.approx(0.9 * 0.95)
    assert [quote.quote for quote in change.evidence] == ["It is signed."] * 2
    assert change.baseline_evidence == before.quotes
    assert decision.state.history == ("talks",)
    assert decision.state.last_change_id == change.change_id


def test_a_change_keeps_no_more_quotes_than_one_reads() -> None:
    change = decide(standing("talks"), told(1, *[claim("signed")] * 9)).change
    assert change is not None
    assert len(change.evidence) == MAX_QUOTES


def test_late_evidence_moves_nothing_back() -> None:
    state = standing("talks", "signed")
    assert state.since is not None
    for key in ("agreed", "collapsed", "signed"):
        late = replace(told(1, claim(key, 1.0)), published_at=state.since - timedelta(seconds=1))
        decision = decide(state, late)
        assert (decision.state, decision.change) == (state, None)
        assert "before the present status" in decision.reason


@pytest.mark.parametrize("stance", [Stance.EXPECTED, Stance.CONDITIONAL, Stance.DENIED, Stance.BACKGROUND])
@pytest.mark.parametrize("key", ["signed", "collapsed"])
def test_what_is_not_told_as_done_moves_nothing(stance: Stance, key: str) -> None:
    state = standing("talks")
    pieces = [told(number, claim(key, 1.0, stance=stance, place=Place.HEADLINE)) for number in range(10)]
    assert walk(pieces, state) == (state, [])
    assert f"is {stance.value}, not told as done" in decide(state, pieces[0]).reason


def test_no_claim_and_a_faint_claim_say_why_nothing_moved() -> None:
    state = standing("talks")
    assert decide(state, told(1)).reason == "no sentence tells of a step"
    assert "weight 0.19 < 0.35" in decide(state, told(1, claim("signed", 0.2))).reason


def test_ten_repeats_of_one_piece_of_news_give_one_change() -> None:
    state = standing("talks")
    _, changes = walk((told(number, claim("signed"), origin="Wire") for number in range(10)), state)
    assert steps(changes) == [("status", "talks", "signed")]
    _, changes = walk((told(number, claim("signed")) for number in range(10)), state)
    assert steps(changes) == [("status", "talks", "signed"), ("confirmation", "signed", "signed")]


def test_a_second_independent_origin_confirms() -> None:
    state, _ = walk([told(1, claim("signed"), origin="Wire")], standing("talks"))
    assert state.confirmation is Confirmation.REPORTED
    following, changes = walk([told(2, claim("signed"), origin="Gazette")], state)
    assert steps(changes) == [("confirmation", "signed", "signed")]
    assert following.confirmation is Confirmation.CONFIRMED
    assert following.origins == ("Wire", "Gazette")
    # A third is noted, not told.
    third, changes = walk([told(3, claim("signed"), origin="Herald")], following)
    assert (third.origins, changes) == (("Wire", "Gazette", "Herald"), [])


def test_copies_of_one_origin_do_not_confirm() -> None:
    state, _ = walk([told(1, claim("signed"), origin="Wire")], standing("talks"))
    copies = [replace(told(number, claim("signed"), origin="Wire"), source=f"Outlet {number}") for number in range(2, 12)]
    assert walk(copies, state) == (state, [])


@pytest.mark.parametrize("speaker", [Speaker.PARTY, Speaker.OFFICIAL])
def test_a_party_on_the_record_confirms_even_by_the_same_origin(speaker: Speaker) -> None:
    state, _ = walk([told(1, claim("signed"), origin="Wire")], standing("talks"))
    spoken = claim("signed", speaker=speaker, stance=Stance.ATTRIBUTED)
    following, changes = walk([told(2, spoken, origin="Wire"), told(3, spoken, origin="Wire")], state)
    assert steps(changes) == [("confirmation", "signed", "signed")]
    assert following.confirmation is Confirmation.CONFIRMED


def test_what_a_party_says_is_confirmed_at_once() -> None:
    change = decide(standing("talks"), told(1, claim("signed", speaker=Speaker.PARTY))).change
    assert change is not None
    assert change.confirmation is Confirmation.CONFIRMED


@pytest.mark.parametrize("score", [0.7, 1.0])
def test_an_earlier_step_is_recall(score: float) -> None:
    decision = decide(standing("talks", "signed"), told(1, claim("agreed", score)))
    assert decision.change is None
    assert "taken for recall" in decision.reason


def test_talks_may_resume_after_a_setback_and_other_steps_return_only_when_told_plainly() -> None:
    state = standing("talks", "agreed", "collapsed")
    assert steps(walk([told(1, claim("talks", 0.7))], state)[1]) == [("status", "collapsed", "talks")]
    least = POLICY.return_weight / POLICY.lead_factor
    weak = decide(state, told(1, claim("agreed", least - 0.01)))
    assert weak.change is None
    assert "held before, taken for recall below 0.80" in weak.reason
    assert steps(walk([told(1, claim("agreed", least + 0.01))], state)[1]) == [("status", "collapsed", "agreed")]
    # A step further than any before needs no more than usual.
    assert steps(walk([told(1, claim("signed", 0.7))], state)[1]) == [("status", "collapsed", "signed")]


def test_a_status_follows_only_those_that_its_ladder_names() -> None:
    decision = decide(standing("talks"), told(1, claim("in-force", 1.0)))
    assert decision.change is None
    assert "may only follow signed" in decision.reason
    assert steps(walk([told(1, claim("in-force"))], standing("signed"))[1]) == [("status", "signed", "in-force")]


def test_another_status_of_the_same_phase_is_a_detail() -> None:
    assert steps(walk([told(1, claim("initialled"))], standing("agreed"))[1]) == [("detail", "agreed", "initialled")]


def test_weak_words_of_independent_origins_add_up() -> None:
    state, changes = walk([told(1, claim("signed", 0.5)), told(2, claim("signed", 0.5))], standing("talks"))
    assert steps(changes) == [("status", "talks", "signed")]
    assert (changes[0].confirmation, changes[0].origins) == (Confirmation.CONFIRMED, ("Outlet 1", "Outlet 2"))
    assert len(changes[0].evidence) == 2
    assert state.votes == ()


def test_an_origin_has_one_vote_for_a_status() -> None:
    state, changes = walk((told(number, claim("signed", 0.5), origin="Wire") for number in range(10)), standing("talks"))
    assert (changes, len(state.votes)) == ([], 1)
    # It may say something else as well, which adds nothing to the first.
    state, changes = walk([told(11, claim("collapsed", 0.5), origin="Wire")], state)
    assert (changes, [vote.status_key for vote in state.votes]) == ([], ["signed", "collapsed"])


@pytest.mark.parametrize(("days", "moves"), [(POLICY.vote_days, True), (POLICY.vote_days + 0.01, False)])
def test_votes_expire(days: float, moves: bool) -> None:
    pieces = [told(1, claim("signed", 0.5), at=0), told(2, claim("signed", 0.5), at=days * 1440)]
    state, changes = walk(pieces, standing("talks"))
    assert (bool(changes), len(state.votes)) == (moves, 0 if moves else 1)


def test_a_body_sentence_weighs_less_than_a_headline() -> None:
    state = standing("talks")
    found = [decide(state, told(1, claim("signed", 0.62, place=place))) for place in (Place.HEADLINE, Place.LEAD, Place.BODY)]
    assert [decision.change is not None for decision in found] == [True, False, False]
    assert [len(decision.state.votes) for decision in found] == [0, 1, 1]
    assert found[1].state.votes[0].weight > found[2].state.votes[0].weight


@pytest.mark.parametrize(
    ("fields", "is_denial"),
    [
        ({"speaker": Speaker.PARTY}, True),
        ({"speaker": Speaker.OFFICIAL}, True),
        ({"speaker": Speaker.OUTLET, "place": Place.HEADLINE}, True),
        ({"speaker": Speaker.OUTLET}, False),
        ({"speaker": Speaker.PARTY, "place": Place.BODY}, False),
        ({"speaker": Speaker.PARTY, "score": 0.59}, False),
        ({"speaker": Speaker.PARTY, "phase": Phase.COLLAPSED, "status_key": "collapsed"}, False),
    ],
)
def test_a_partys_denial_of_the_present_status_is_a_change_of_its_own(fields: dict[str, object], is_denial: bool) -> None:
    denied = replace(claim("signed", stance=Stance.DENIED), **fields)  # type: ignore[arg-type] # The table names fields of a claim.
    _, changes = walk([told(1, denied), told(2, denied)], standing("talks", "signed"))
    assert steps(changes) == ([("denial", "signed", "denied")] if is_denial else [])


def test_change_ids_are_stable_and_differ_by_article_and_status() -> None:
    state = standing("talks")
    found = [
        decide(state, told(number, claim(key))).change for number, key in [(1, "signed"), (1, "signed"), (2, "signed"), (1, "stalled")]
    ]
    ids = [change.change_id for change in found if change is not None]
    assert len(ids) == 4
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_returning_to_a_status_is_a_new_change() -> None:
    pieces = [told(1, claim("collapsed")), told(2, claim("talks")), told(3, claim("collapsed")), told(4, claim("talks"))]
    _, changes = walk(pieces, standing("talks"))
    assert [change.to_status for change in changes] == ["collapsed", "talks", "collapsed", "talks"]
    assert len({change.change_id for change in changes}) == 4


def test_a_matter_whose_seeds_tell_of_nothing_done_starts_at_the_first_status() -> None:
    hoped = claim("signed", stance=Stance.EXPECTED)
    decision = first_status(EMPTY, [told(1, hoped), told(2)], TREATY)
    assert decision.change is not None
    assert (decision.state.status_key, decision.change.is_history, decision.change.kind) == ("talks", True, ChangeKind.STATUS)
    assert [quote.quote for quote in decision.change.evidence] == ["It is signed."]
    assert first_status(EMPTY, [told(1)], TREATY).state.status_key == "talks"


CLAIMS = st.builds(
    claim,
    st.sampled_from(sorted(PHASES)),
    st.integers(30, 100).map(lambda score: score / 100),
    stance=st.sampled_from([Stance.ASSERTED, Stance.ASSERTED, Stance.ATTRIBUTED, Stance.EXPECTED, Stance.DENIED]),
    speaker=st.sampled_from(Speaker),
    place=st.sampled_from(Place),
)
STREAMS = st.lists(st.tuples(CLAIMS, st.integers(0, 5), st.sampled_from(["Wire", "Gazette", "Herald"])), min_size=1, max_size=8).map(
    lambda rows: [told(number, row[0], at=row[1] * 60, origin=row[2]) for number, row in enumerate(rows)]
)


def in_order(pieces: Iterable[Evidence]) -> list[Evidence]:
    return sorted(pieces, key=lambda entry: (entry.published_at, entry.article_id))


@given(STREAMS.flatmap(lambda pieces: st.tuples(st.just(pieces), st.permutations(pieces))))
def test_the_order_of_arrival_makes_no_difference(both: tuple[list[Evidence], list[Evidence]]) -> None:
    first, second = both
    assert walk(in_order(first)) == walk(in_order(second))


@given(STREAMS)
def test_evidence_that_comes_twice_gives_nothing_new(pieces: list[Evidence]) -> None:
    once = walk(in_order(pieces))
    assert walk(twice for evidence in in_order(pieces) for twice in (evidence, evidence)) == once


@given(STREAMS)
def test_every_change_has_a_proof_and_moves_on_from_the_one_before(pieces: list[Evidence]) -> None:
    state, changes = walk(in_order(pieces))
    assert [change.from_status for change in changes] == [None, *(change.to_status for change in changes)][: len(changes)]
    assert len({change.change_id for change in changes}) == len(changes)
    for number, change in enumerate(changes):
        assert change.evidence
        assert change.is_history == (number == 0)
        assert change.at >= NOON
    assert state.status_key == (changes[-1].to_status if changes else None)


def test_a_strike_that_has_begun_can_be_settled() -> None:
    strike = load_ladder(ROOT / "config" / "ladders" / "strike.yaml")
    state = EMPTY
    for number, key in enumerate(("date_set", "on_strike", "tentative_settlement", "ratified", "ended")):
        step = make_claim(phase=strike.status(key).phase, status_key=key, score=0.95, quote=f"It is {key}.")
        decision = decide_status(state, told(number, step), strike, POLICY)
        assert decision.change is not None, decision.reason
        state = decision.state
    assert state.phase is Phase.COMPLETED

"""Current status and one article's evidence to a decision: a change or none, always with the reason in words.

The rules, in the order in which they are asked:

1. Evidence published before the present status was reached moves nothing back.
2. Only what is told as done counts: hedges, prospects, background and denied steps have no weight (`core.reading`).
3. A party's denial of the present status is a movement of its own.
4. The same status again only adds an origin: a second independent one, or a party on the record, confirms it.
5. A forward step that was passed before is taken for recall, unless talks resume or the sentence is very plain.
6. One decisive sentence moves the status; weaker ones are remembered as votes, one an origin, until they suffice together.

A trained judge, where there is one and the reader gives probabilities, weighs rules 2, 5 and 6 in one number (`core.judging`); the others hold as
they are.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from monitor.core.judging import FAMILY, SETBACK, Judge, course_of, doubted
from monitor.core.ladder import Ladder, Phase, Status
from monitor.core.lineage import share_origin
from monitor.core.policy import StatusPolicy
from monitor.core.reading import quote_of, weight_of
from monitor.core.types import (
    Change,
    ChangeId,
    ChangeKind,
    Claim,
    Confirmation,
    Evidence,
    IssueState,
    Place,
    Speaker,
    Stance,
    StatusDecision,
    Vote,
)

#: Quotes kept with a change: enough to prove it, few enough to read.
MAX_QUOTES = 4


def decide_status(
    state: IssueState, evidence: Evidence, ladder: Ladder, policy: StatusPolicy, judge: Judge | None = None
) -> StatusDecision:
    """Decide what one article's evidence does to an issue.

    The returned state has `revision` raised by one where anything in it changed; an unchanged state means that nothing is to be written.
    """
    if state.since is not None and evidence.published_at < state.since:
        when = f"{state.since:%Y-%m-%d %H:%M}"
        return StatusDecision(state, None, f"published before the present status was reached ({when} UTC): moves nothing back")
    denial = _denial(state, evidence, policy)
    if denial is not None and ladder.of_phase(Phase.DENIED):
        return _change(
            state,
            evidence,
            ladder.of_phase(Phase.DENIED)[0],
            [denial],
            denial.score,
            ChangeKind.DENIAL,
            f"the {denial.speaker.value} denies the present status in the {denial.place.value}",
        )
    if (
        judge is not None
        and evidence.signals
        and evidence.aboutness
        and evidence.told
        and state.status_key is not None
        and state.phase is not None
    ):
        return _judged(state, state.phase, evidence, ladder, policy, judge)
    claim = next((claim for claim in evidence.claims if weight_of(claim, policy) >= policy.vote_weight), None)
    if claim is None:
        return StatusDecision(state, None, _why_nothing(evidence, policy))
    weight = weight_of(claim, policy)
    status = ladder.status(claim.status_key)
    told = _told(status, claim, weight)
    if state.status_key == status.key:
        return _again(state, evidence, claim, told)
    blocked = _why_not(state, status, weight, ladder, policy)
    if blocked:
        return StatusDecision(state, None, f"{told}: {blocked}")
    support = [other for other in evidence.claims if other.status_key == status.key and weight_of(other, policy) > 0]
    kind = ChangeKind.DETAIL if state.phase is status.phase else ChangeKind.STATUS
    if weight >= policy.decisive_weight:
        return _change(state, evidence, status, support, weight, kind, f"{told} ≥ {policy.decisive_weight:.2f}")
    return _vote(state, evidence, status, support, weight, kind, told, policy)


def _told(status: Status, claim: Claim, weight: float) -> str:
    return f"“{status.label}” with weight {weight:.2f} ({claim.place.value}, {claim.stance.value}, {claim.speaker.value})"


def _judged(state: IssueState, phase: Phase, evidence: Evidence, ladder: Ladder, policy: StatusPolicy, judge: Judge) -> StatusDecision:
    """Decide by the trained judge; an article that repeats the present status is counted by the rules."""
    held = frozenset(ladder.status(key).phase for key in state.history)
    found = judge.probabilities(evidence, course_of(state, phase, held, evidence))
    credit = policy.flash_credit if evidence.is_flash else 0.0
    moves = {
        other: doubted(chance, (policy.setback_doubt if FAMILY[other] == SETBACK else 0.0) - credit)
        for other, chance in found.items()
        if other is not phase and ladder.of_phase(other)
    }
    best = max(moves, key=lambda other: moves[other], default=None)
    if best is None or moves[best] < policy.vote_probability:
        for claim in evidence.claims if evidence.match_score >= policy.confirm_relevance else ():
            if claim.status_key == state.status_key and weight_of(claim, policy) >= policy.decisive_weight:
                return _again(state, evidence, claim, _told(ladder.status(claim.status_key), claim, weight_of(claim, policy)))
        told = (
            f"“{best.value}” has a probability of {moves[best]:.2f} < {policy.vote_probability:.2f}"
            if best
            else "no sentence tells of another step"
        )
        return StatusDecision(state, None, f"{told}; {_why_nothing(evidence, policy)}")
    chance = moves[best]
    support = [claim for claim in evidence.claims if claim.phase is best]
    status = ladder.status(support[0].status_key) if support else ladder.of_phase(best)[0]
    support = support or _headline(evidence, status, chance) or list(evidence.claims[:1])
    told = f"“{status.label}” has a probability of {chance:.2f}{' as a flash' if evidence.is_flash else ''}"
    if not support:
        return StatusDecision(state, None, f"{told}, but there is no sentence to quote")
    lead = support[0]
    told = f"{told} ({lead.place.value}, {lead.stance.value}, {lead.speaker.value})"
    if status.after and state.status_key not in status.after:
        return StatusDecision(state, None, f"{told}: on this ladder it may only follow {', '.join(status.after)}")
    if chance >= policy.decisive_probability:
        reason = f"{told} ≥ {policy.decisive_probability:.2f}"
        return _change(state, evidence, status, support, chance, ChangeKind.STATUS, reason)
    return _vote(state, evidence, status, support, chance, ChangeKind.STATUS, told, policy, is_probability=True)


def _headline(evidence: Evidence, status: Status, chance: float) -> list[Claim]:
    """Return the headline as the claim that proves a step where no sentence tells of one for sure; none where there is no headline."""
    if not evidence.headline:
        return []
    end = len(evidence.headline)
    place, why = Place.HEADLINE, "no sentence tells of a step for sure"
    return [Claim(status.phase, status.key, Stance.ASSERTED, Speaker.OUTLET, round(chance, 4), evidence.headline, 0, end, place, why)]


def _denial(state: IssueState, evidence: Evidence, policy: StatusPolicy) -> Claim | None:
    """Return the claim by which a party denies the present status, in headline or lead."""
    if state.phase is None or state.phase is Phase.DENIED:
        return None
    for claim in evidence.claims:
        on_record = claim.speaker in {Speaker.PARTY, Speaker.OFFICIAL} or claim.place is Place.HEADLINE
        if claim.stance is Stance.DENIED and claim.phase is state.phase and on_record and claim.place is not Place.BODY:
            return claim if claim.score >= policy.decisive_weight else None
    return None


def _why_nothing(evidence: Evidence, policy: StatusPolicy) -> str:
    if not evidence.claims:
        return "no sentence tells of a step"
    best = max(evidence.claims, key=lambda claim: claim.score)
    weight = weight_of(best, policy)
    if weight == 0:
        return f"the nearest sentence tells of {best.phase.value} but is {best.stance.value}, not told as done: “{best.quote}”"
    return f"the strongest sentence tells of {best.phase.value} with weight {weight:.2f} < {policy.vote_weight:.2f}: “{best.quote}”"


def _again(state: IssueState, evidence: Evidence, claim: Claim, told: str) -> StatusDecision:
    """Count the same status once more: nothing new, or the word that confirms it."""
    is_copy = share_origin(state.origin_keys, evidence.origin_keys)
    by_party = claim.speaker in {Speaker.PARTY, Speaker.OFFICIAL} and claim.stance in {Stance.ASSERTED, Stance.ATTRIBUTED}
    if is_copy and not (by_party and state.confirmation is Confirmation.REPORTED):
        return StatusDecision(state, None, f"{told}: the present status, from an origin already counted ({evidence.origin})")
    quote = quote_of(claim, evidence)
    following = replace(
        state,
        origins=state.origins if is_copy else (*state.origins, evidence.origin),
        origin_keys=tuple(sorted({*state.origin_keys, *evidence.origin_keys})),
        quotes=(*state.quotes, quote)[:MAX_QUOTES],
        revision=state.revision + 1,
    )
    if state.confirmation is Confirmation.CONFIRMED or state.status_key is None or state.phase is None:
        return StatusDecision(following, None, f"{told}: the present status, from one more origin ({evidence.origin})")
    why = "a party says it on the record" if by_party else f"a second independent origin says it ({evidence.origin})"
    change = Change(
        change_id=_change_id(state, evidence, ChangeKind.CONFIRMATION, state.status_key),
        issue_key=state.issue_key,
        at=evidence.published_at,
        article_id=evidence.article_id,
        kind=ChangeKind.CONFIRMATION,
        from_status=state.status_key,
        to_status=state.status_key,
        from_phase=state.phase,
        to_phase=state.phase,
        confirmation=Confirmation.CONFIRMED,
        confidence=claim.score,
        origins=following.origins,
        reason=f"{told}: confirmed, {why}",
        evidence=(quote,),
        baseline_evidence=state.quotes,
    )
    return StatusDecision(
        replace(following, confirmation=Confirmation.CONFIRMED, last_change_id=change.change_id),
        change,
        change.reason,
    )


def _why_not(state: IssueState, status: Status, weight: float, ladder: Ladder, policy: StatusPolicy) -> str | None:
    """Return why the ladder or the course so far speaks against this step, or None."""
    if state.status_key is None:
        return None
    current = ladder.status(state.status_key)
    if status.after and state.status_key not in status.after:
        return f"on this ladder it may only follow {', '.join(status.after)}"
    if not status.phase.is_forward:
        return None
    order = {entry.key: number for number, entry in enumerate(ladder.statuses)}
    if current.phase.is_forward and order[status.key] < order[current.key]:
        return f"an earlier step than “{current.label}”, taken for recall"
    passed = [key for key in state.history if key in order and ladder.status(key).phase.is_forward]
    furthest = max((order[key] for key in passed), default=-1)
    if not current.phase.is_forward and status.phase is not Phase.TALKS and order[status.key] <= furthest and weight < policy.return_weight:
        return f"held before, taken for recall below {policy.return_weight:.2f}"
    return None


def _vote(
    state: IssueState,
    evidence: Evidence,
    status: Status,
    support: list[Claim],
    weight: float,
    kind: ChangeKind,
    told: str,
    policy: StatusPolicy,
    *,
    is_probability: bool = False,
) -> StatusDecision:
    """Remember a weak word, or move on several independent ones together: their sum, or the probability that not all are wrong."""
    oldest = evidence.published_at - timedelta(days=policy.vote_days)
    votes = [vote for vote in state.votes if vote.at >= oldest]
    if any(vote.status_key == status.key and share_origin(vote.origin_keys, evidence.origin_keys) for vote in votes):
        return StatusDecision(state, None, f"{told}: too weak alone, and its origin ({evidence.origin}) has had its vote")
    vote = Vote(status.key, evidence.origin, round(weight, 4), evidence.published_at, quote_of(support[0], evidence), evidence.origin_keys)
    allies = [other for other in votes if other.status_key == status.key]
    weights = [weight, *(other.weight for other in allies)]
    total = 1.0 - math.prod(1.0 - one for one in weights) if is_probability else sum(weights)
    needed, alone = (policy.decisive_probability,) * 2 if is_probability else (policy.votes_needed, policy.decisive_weight)
    if total >= needed and allies:
        reason = f"{told}; with {len(allies)} earlier independent word(s) {total:.2f} ≥ {needed:.2f}"
        return _change(state, evidence, status, support, min(1.0, total), kind, reason, allies=tuple(allies))
    following = replace(state, votes=(*votes, vote), revision=state.revision + 1)
    return StatusDecision(
        following,
        None,
        f"{told}: too weak alone (< {alone:.2f}), remembered as one vote ({total:.2f} of {needed:.2f})",
    )


def _change(
    state: IssueState,
    evidence: Evidence,
    status: Status,
    support: list[Claim],
    confidence: float,
    kind: ChangeKind,
    reason: str,
    allies: tuple[Vote, ...] = (),
) -> StatusDecision:
    """Move the status, and write down on what."""
    by_party = any(claim.speaker in {Speaker.PARTY, Speaker.OFFICIAL} for claim in support[:1])
    confirmation = Confirmation.CONFIRMED if by_party or allies else Confirmation.REPORTED
    quotes = (*(quote_of(claim, evidence) for claim in support), *(vote.quote for vote in allies))[:MAX_QUOTES]
    origins = (*(vote.origin for vote in allies), evidence.origin)
    is_first = state.status_key is None
    change = Change(
        change_id=_change_id(state, evidence, kind, status.key),
        issue_key=state.issue_key,
        at=evidence.published_at,
        article_id=evidence.article_id,
        kind=kind,
        from_status=state.status_key,
        to_status=status.key,
        from_phase=state.phase,
        to_phase=status.phase,
        confirmation=confirmation,
        confidence=round(confidence, 4),
        origins=origins,
        reason=f"first sighting: {reason}" if is_first else reason,
        evidence=quotes,
        baseline_evidence=state.quotes,
        is_history=is_first,
    )
    following = replace(
        state,
        status_key=status.key,
        phase=status.phase,
        since=evidence.published_at,
        confirmation=confirmation,
        origins=origins,
        origin_keys=tuple(sorted({*evidence.origin_keys, *(key for vote in allies for key in vote.origin_keys)})),
        quotes=quotes,
        votes=(),
        history=state.history if state.status_key is None else (*state.history, state.status_key),
        last_change_id=change.change_id,
        revision=state.revision + 1,
    )
    return StatusDecision(following, change, change.reason)


def _change_id(state: IssueState, evidence: Evidence, kind: ChangeKind, status_key: str) -> ChangeId:
    """Name a change by what it is, so that assessing the same evidence again cannot make a second one."""
    parts = (state.issue_key, state.last_change_id or "", kind.value, status_key, evidence.article_id)
    return ChangeId(f"c_{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:16]}")


def first_status(state: IssueState, pieces: Sequence[Evidence], ladder: Ladder) -> StatusDecision:
    """Give a matter whose seeds tell of no step done its first status: the ladder's first.

    A baseline must stand somewhere: else the first real step would be taken for a first sighting and stay silent. The quote is the
    strongest claim of the latest seed that has one, whatever its stance.
    """
    status = ladder.statuses[0]
    for evidence in reversed(pieces):
        if evidence.claims:
            claim = max(evidence.claims, key=lambda entry: entry.score)
            why = f"no seed tells of a step as done; the nearest speaks of {claim.phase.value} as {claim.stance.value}"
            return _change(state, evidence, status, [claim], 0.0, ChangeKind.STATUS, why)
    return _change(state, pieces[-1], status, [], 0.0, ChangeKind.STATUS, "no seed tells of a step")

"""A status set by hand: a movement like any other, vouched for by a person instead of an article."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor.core.ladder import Ladder
from monitor.core.types import ArticleId, Change, ChangeId, ChangeKind, Confirmation, IssueState, ReviewId, StatusDecision


def manual_change_id(review_id: ReviewId) -> ChangeId:
    """Return the name of the change that an act makes."""
    return ChangeId(f"c_{review_id.removeprefix('r_')}")


def decide_manual(
    state: IssueState, ladder: Ladder, status_key: str, *, review_id: ReviewId, by: str, why: str, at: datetime
) -> StatusDecision:
    """Move an issue to a status because a person says so, whatever the ladder's order.

    What was published before `at` moves nothing back: the person knew it. The quotes that proved the status before stay as its proof.
    """
    status = ladder.status(status_key)
    reason = f"set by hand by {by}: {why}" if why else f"set by hand by {by}"
    change = Change(
        change_id=manual_change_id(review_id),
        issue_key=state.issue_key,
        at=at,
        article_id=ArticleId(""),
        kind=ChangeKind.MANUAL,
        from_status=state.status_key,
        to_status=status.key,
        from_phase=state.phase,
        to_phase=status.phase,
        confirmation=Confirmation.CONFIRMED,
        confidence=1.0,
        origins=(by,),
        reason=reason,
        evidence=(),
        baseline_evidence=state.quotes,
    )
    following = replace(
        state,
        status_key=status.key,
        phase=status.phase,
        since=at,
        confirmation=Confirmation.CONFIRMED,
        origins=(by,),
        origin_keys=(),
        quotes=(),
        votes=(),
        history=state.history if state.status_key is None else (*state.history, state.status_key),
        last_change_id=change.change_id,
        revision=state.revision + 1,
    )
    return StatusDecision(following, change, reason)

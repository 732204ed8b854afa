"""review: what a person says of a change, or does to an issue, to a row, and to a movement where it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from monitor.core.ladder import Ladder
from monitor.core.manual import decide_manual, manual_change_id
from monitor.core.reviews import check_review, review_of_change, review_of_issue, taken_back
from monitor.core.types import Change, Issue, IssueState, Review, ReviewAction, Seed
from monitor.errors import DatabaseBusyError, ReviewError
from monitor.jobs import edits
from monitor.jobs.edits import Showing
from monitor.ports import Clock, Transaction, UnitOfWork

log = structlog.get_logger(__name__)


def run(review: Review, *, uow: UnitOfWork, ladder: Ladder, showing: Showing | None = None) -> Review:
    """Record one act, do what it says, and have messages show it, in one transaction; return the row. The same act again changes nothing.

    Raises: ReviewError where it lacks something or is about something that is not there, DatabaseBusyError.
    """
    check_review(review, ladder)
    with uow.transaction() as store:
        known = store.reviews.get(review.review_id)
        if known is not None:
            return known
        state = store.issues.state(review.issue_key)
        if state is None:
            raise ReviewError(f"{review.action.value}: there is no issue {review.issue_key!r}")
        _check_targets(review, store)
        made: Change | None = None
        match review.action:
            case ReviewAction.SET_STATUS:
                if review.status_key == state.status_key:
                    raise ReviewError(f"set_status: the issue stands at {state.status_key!r} already")
                made = _move(review, state, review.status_key or "", ladder, store)
                review = replace(review, change_id=manual_change_id(review.review_id))
            case ReviewAction.UNDO:
                review, made = _undo(review, state, ladder, store)
            case _:
                pass
        store.reviews.add(review)
        if showing is not None:
            edits.after_review(store, review, made, ladder, showing)
    log.info("reviewed", issue=review.issue_key, action=review.action.value, change=review.change_id, via=review.via.value)
    return review


def _check_targets(review: Review, store: Transaction) -> None:
    """Make sure that what a review names is there, and belongs together."""
    name = review.action.value
    for change_id in filter(None, (review.change_id, review.other_change_id)):
        change = store.issues.change(change_id)
        if change is None or change.issue_key != review.issue_key:
            raise ReviewError(f"{name}: the issue {review.issue_key!r} has no change {change_id!r}; see the change log")
    if review.article_id is not None and not store.articles.get([review.article_id]):
        raise ReviewError(f"{name}: there is no article {review.article_id!r}")
    if review.action is ReviewAction.MERGE and review.other_change_id is not None:
        other = review_of_change(review.other_change_id, store.reviews.of_changes([review.other_change_id])).verdict
        if other is not None and other.other_change_id == review.change_id:
            raise ReviewError(f"merge: {review.other_change_id!r} is itself merged with {review.change_id!r}; take that back first")
    if review.action is ReviewAction.PROMOTE:
        promoted = review_of_issue(review.issue_key, store.reviews.of_issue(review.issue_key), now=review.at).promoted
        if any(found.article_id == review.article_id for found in promoted):
            raise ReviewError(f"promote: {review.article_id!r} is a seed already")


def _undo(review: Review, state: IssueState, ladder: Ladder, store: Transaction) -> tuple[Review, Change | None]:
    """Take a review back. One that moved the status moves it back, by a change, unless something has moved it since."""
    target = store.reviews.get(review.undoes) if review.undoes else None
    if target is None or target.issue_key != review.issue_key:
        raise ReviewError(f"undo: the issue {review.issue_key!r} has no review {review.undoes!r}; see the record of reviews")
    about = target.change_id
    others = store.reviews.of_changes([about]) if about is not None else store.reviews.of_issue(target.issue_key)
    if target.review_id in taken_back(others):
        raise ReviewError(f"undo: {target.action.value} of {target.at:%Y-%m-%d %H:%M} UTC is taken back already")
    moved = None
    if state.last_change_id == manual_change_id(target.review_id):
        made = store.issues.change(manual_change_id(target.review_id))
        before = made.from_status if made is not None else None
        if before is None:
            raise ReviewError("undo: the issue stood nowhere before; set the status that is right instead")
        moved = _move(replace(review, note=review.note or f"takes back what {target.by} set"), state, before, ladder, store)
    return replace(review, change_id=about), moved


def _move(review: Review, state: IssueState, status_key: str, ladder: Ladder, store: Transaction) -> Change | None:
    decision = decide_manual(state, ladder, status_key, review_id=review.review_id, by=review.by, why=review.note, at=review.at)
    if not store.issues.advance(decision.state, expected_revision=state.revision):
        raise DatabaseBusyError(f"the status of {state.issue_key!r} is being moved by another process; try again")
    if decision.change is not None:
        store.issues.add_change(decision.change, now=review.at)
    return decision.change


def with_promoted(issues: Sequence[Issue], *, uow: UnitOfWork, clock: Clock) -> tuple[Issue, ...]:
    """Return the issues with the articles that people made seeds of them, in order of publication."""
    followed = []
    with uow.reading() as store:
        for issue in issues:
            reviews = review_of_issue(issue.key, store.reviews.of_issue(issue.key), now=clock.now()).promoted
            keys = {review.article_id for review in reviews if review.article_id is not None}
            keys -= {seed.article.article_id for seed in issue.seeds}
            found = store.articles.get(keys)
            seeds = (*issue.seeds, *(Seed(article, f"promoted: {article.article_id}") for article in found.values()))
            followed.append(
                replace(issue, seeds=tuple(sorted(seeds, key=lambda seed: (seed.article.published_at, seed.article.article_id))))
            )
    return tuple(followed)


def changed_seeds(issues: Sequence[Issue], *, uow: UnitOfWork) -> list[Issue]:
    """Return the issues whose baseline was learned from other seeds than they have now."""
    with uow.reading() as store:
        baselines = {issue.key: store.issues.baseline(issue.key) for issue in issues}
    return [
        issue
        for issue in issues
        if (baseline := baselines[issue.key]) is not None and set(baseline.seed_ids) != {seed.article.article_id for seed in issue.seeds}
    ]

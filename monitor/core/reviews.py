"""What the reviews of a change, or of an issue, come to. The latest act that nobody has taken back is the one that counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.core.ladder import Ladder
from monitor.core.types import ChangeId, IssueKey, Review, ReviewAction, ReviewId, Via
from monitor.errors import ReviewError

#: Acts that say whether a change is right: one replaces the other.
VERDICTS = frozenset(
    {
        ReviewAction.ACCEPT,
        ReviewAction.NOT_A_CHANGE,
        ReviewAction.WRONG_STATUS,
        ReviewAction.MERGE,
        ReviewAction.SAME_AS_BEFORE,
    }
)
#: Acts that are about an issue, not about one of its changes.
ABOUT_ISSUE = frozenset({ReviewAction.SET_STATUS, ReviewAction.MUTE, ReviewAction.PROMOTE})
#: Longest note, characters: about a page, so that a list of reviews stays a list.
MAX_NOTE = 2000


@dataclass(frozen=True, slots=True)
class ChangeReview:
    """What the reviews of one change come to."""

    #: None: nobody has said anything yet that still counts.
    verdict: Review | None = None
    #: Notes that still count, and words given with any act that does, oldest first.
    notes: tuple[Review, ...] = ()

    @property
    def is_accepted(self) -> bool | None:
        """Whether a person found the change right; None where nobody has said."""
        return None if self.verdict is None else self.verdict.action is ReviewAction.ACCEPT


@dataclass(frozen=True, slots=True)
class IssueReview:
    """What the reviews of one issue come to at one moment."""

    #: The mute that holds now; None: alerts go out.
    mute: Review | None = None
    #: Articles made seeds by hand, oldest first.
    promoted: tuple[Review, ...] = ()
    notes: tuple[Review, ...] = ()


def review_id(*parts: str) -> ReviewId:
    """Return the name of an act from what makes it one: the same click, delivered twice, gets the same name."""
    return ReviewId(f"r_{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:16]}")


def taken_back(reviews: Iterable[Review]) -> dict[ReviewId, Review]:
    """Return the reviews that do not count any more, each with the act that took it back. An undo can be undone in turn."""
    undone: dict[ReviewId, Review] = {}
    # From the newest: whether an undo counts is known before the act that it takes back.
    for review in sorted(reviews, key=lambda review: review.at, reverse=True):
        if review.action is ReviewAction.UNDO and review.undoes is not None and review.review_id not in undone:
            undone[review.undoes] = review
    return undone


def standing(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """Return the reviews that nobody has taken back, oldest first, without the undos."""
    ordered = sorted(reviews, key=lambda review: review.at)
    undone = taken_back(ordered)
    return tuple(review for review in ordered if review.action is not ReviewAction.UNDO and review.review_id not in undone)


def review_of_change(change_id: ChangeId, reviews: Iterable[Review]) -> ChangeReview:
    """Return what reviews say of one change; those of other changes are passed over."""
    counted = [review for review in standing(reviews) if review.change_id == change_id]
    verdicts = [review for review in counted if review.action in VERDICTS]
    return ChangeReview(verdicts[-1] if verdicts else None, tuple(review for review in counted if review.note))


def review_of_issue(issue_key: IssueKey, reviews: Iterable[Review], *, now: datetime) -> IssueReview:
    """Return what reviews say of one issue itself; the latest mute is the one that holds, also where it is the shorter."""
    counted = [review for review in standing(reviews) if review.issue_key == issue_key]
    mutes = [review for review in counted if review.action is ReviewAction.MUTE]
    is_muted = bool(mutes) and (mutes[-1].until is None or now < mutes[-1].until)
    return IssueReview(
        mutes[-1] if is_muted else None,
        tuple(review for review in counted if review.action is ReviewAction.PROMOTE),
        tuple(review for review in counted if review.note and review.change_id is None),
    )


def check_review(review: Review, ladder: Ladder) -> None:
    """Make sure that a review says all that its action needs. Raises: ReviewError naming what lacks."""
    name, keys = review.action.value, [status.key for status in ladder.statuses]
    if not review.by.strip():
        raise ReviewError(f"{name}: nobody is named; say who reviews")
    if len(review.note) > MAX_NOTE:
        raise ReviewError(f"{name}: the note has {len(review.note)} characters; {MAX_NOTE} are the most, shorten it")
    if review.change_id is None and review.action in VERDICTS:
        raise ReviewError(f"{name}: no change is named; say which")
    match review.action:
        case ReviewAction.WRONG_STATUS | ReviewAction.SET_STATUS if review.status_key not in keys:
            raise ReviewError(f"{name}: the ladder {ladder.key!r} has no status {review.status_key!r}; choose one of {', '.join(keys)}")
        case ReviewAction.MERGE if review.other_change_id in {None, review.change_id}:
            raise ReviewError(f"{name}: say which other change it is the same as, not {review.other_change_id!r}")
        case ReviewAction.NOTE | ReviewAction.SET_STATUS if not review.note.strip():
            raise ReviewError(f"{name}: there are no words; say why")
        case ReviewAction.PROMOTE if review.article_id is None:
            raise ReviewError("promote: no article is named; say which one becomes a seed")
        case ReviewAction.MUTE if review.until is not None and review.until <= review.at:
            raise ReviewError(f"mute: {review.until:%Y-%m-%d %H:%M} UTC is past; choose a later time, or none")
        case ReviewAction.UNDO if review.undoes is None:
            raise ReviewError("undo: no review is named; say which one")
        case _:
            return


def undo(review: Review, *, name: ReviewId, at: datetime, by: str, via: Via, note: str = "") -> Review:
    """Return the act that takes a review back; it belongs to the same change and issue."""
    return Review(name, review.issue_key, ReviewAction.UNDO, at, by, via, change_id=review.change_id, undoes=review.review_id, note=note)

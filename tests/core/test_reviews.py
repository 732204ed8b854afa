from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.reviews import MAX_NOTE, check_review, review_id, review_of_change, review_of_issue, standing, taken_back, undo
from monitor.core.types import ArticleId, ChangeId, IssueKey, Review, ReviewAction, ReviewId, Via
from monitor.errors import ReviewError
from tests.builders import LADDER
from tests.examples import ISSUE, after, review

CHANGE = ChangeId("c-1")
MUTE, PROMOTE = ReviewAction.MUTE, ReviewAction.PROMOTE


def back(found: Review, minute: float) -> Review:
    return undo(found, name=ReviewId(f"u-{found.review_id}-{minute}"), at=after(minute), by="mara", via=Via.SLACK)


def test_a_change_that_nobody_reviewed_has_no_verdict() -> None:
    assert review_of_change(CHANGE, []).verdict is None
    assert review_of_change(CHANGE, []).is_accepted is None


def test_the_latest_verdict_counts_and_a_note_is_none() -> None:
    accepted, wrong = review("r-1"), review("r-2", ReviewAction.WRONG_STATUS, minute=1, status_key="signed")
    note = review("r-3", ReviewAction.NOTE, minute=2, note="ask the desk")
    found = review_of_change(CHANGE, [wrong, note, accepted])
    assert found.verdict == wrong
    assert found.is_accepted is False
    assert found.notes == (accepted, wrong, note)


def test_reviews_of_another_change_are_passed_over() -> None:
    assert review_of_change(CHANGE, [review(change_id=ChangeId("c-2"))]).verdict is None


def test_what_is_taken_back_makes_way_for_what_was_said_before() -> None:
    accepted, wrong = review("r-1"), review("r-2", ReviewAction.NOT_A_CHANGE, minute=1)
    assert review_of_change(CHANGE, [accepted, wrong, back(wrong, 2)]).verdict == accepted
    assert review_of_change(CHANGE, [accepted, wrong, back(wrong, 2), back(accepted, 3)]).verdict is None


def test_an_undo_can_be_undone() -> None:
    accepted = review()
    undone = back(accepted, 1)
    redone = back(undone, 2)
    assert taken_back([accepted, undone]) == {accepted.review_id: undone}
    assert review_of_change(CHANGE, [accepted, undone, redone]).verdict == accepted
    assert taken_back([accepted, undone, redone]) == {undone.review_id: redone}
    assert review_of_change(CHANGE, [accepted, undone, redone, back(redone, 3)]).verdict is None


@given(st.permutations(range(5)))
def test_the_order_in_which_reviews_are_given_does_not_matter(order: list[int]) -> None:
    accepted, wrong = review("r-1"), review("r-2", ReviewAction.NOT_A_CHANGE, minute=1)
    undone = back(wrong, 2)
    reviews = [accepted, wrong, undone, back(undone, 3), review("r-3", ReviewAction.NOTE, minute=4)]
    assert standing(reviews[number] for number in order) == standing(reviews)


def test_a_mute_holds_until_its_end_or_its_undo() -> None:
    mute = review("r-1", MUTE, change_id=None, until=after(60))
    assert review_of_issue(ISSUE, [mute], now=after(59)).mute == mute
    assert review_of_issue(ISSUE, [mute], now=after(60)).mute is None
    assert review_of_issue(ISSUE, [mute, back(mute, 5)], now=after(6)).mute is None
    assert review_of_issue(IssueKey("other"), [mute], now=after(1)).mute is None


def test_a_mute_without_end_holds_and_a_later_shorter_one_replaces_it() -> None:
    endless, short = review("r-1", MUTE, change_id=None), review("r-2", MUTE, minute=1, change_id=None, until=after(10))
    assert review_of_issue(ISSUE, [endless], now=after(99999)).mute == endless
    assert review_of_issue(ISSUE, [endless, short], now=after(11)).mute is None


def test_articles_promoted_to_seeds_are_listed() -> None:
    first = review("r-1", PROMOTE, change_id=None, article_id=ArticleId("a-1"))
    second = review("r-2", PROMOTE, minute=1, change_id=None, article_id=ArticleId("a-2"))
    found = review_of_issue(ISSUE, [first, second, back(first, 2)], now=after(3))
    assert found.promoted == (second,)
    assert found.notes == (second,)


@pytest.mark.parametrize(
    ("action", "fields", "message"),
    [
        (ReviewAction.ACCEPT, {"by": "  "}, "nobody is named"),
        (ReviewAction.ACCEPT, {"change_id": None}, "no change is named"),
        (ReviewAction.ACCEPT, {"note": "x" * (MAX_NOTE + 1)}, "2001 characters; 2000"),
        (ReviewAction.WRONG_STATUS, {"status_key": "nonsense"}, "no status 'nonsense'; choose one of talks-under-way"),
        (ReviewAction.SET_STATUS, {"status_key": None}, "no status None"),
        (ReviewAction.SET_STATUS, {"status_key": "signed", "note": " "}, "say why"),
        (ReviewAction.NOTE, {"note": ""}, "no words"),
        (ReviewAction.MERGE, {"other_change_id": None}, "which other change"),
        (ReviewAction.MERGE, {"other_change_id": CHANGE}, "which other change"),
        (PROMOTE, {"article_id": None}, "no article"),
        (MUTE, {"until": after(0)}, "is past"),
        (ReviewAction.UNDO, {"undoes": None}, "no review is named"),
    ],
)
def test_a_review_that_lacks_something_is_refused_with_what_lacks(action: ReviewAction, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ReviewError, match=message):
        check_review(replace(review(action=action), **fields), LADDER)


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        (ReviewAction.ACCEPT, {"note": ""}),
        (ReviewAction.NOT_A_CHANGE, {}),
        (ReviewAction.SAME_AS_BEFORE, {}),
        (ReviewAction.WRONG_STATUS, {"status_key": "signed"}),
        (ReviewAction.MERGE, {"other_change_id": ChangeId("c-2")}),
        (ReviewAction.SET_STATUS, {"status_key": "signed", "change_id": None}),
        (MUTE, {"change_id": None}),
        (MUTE, {"change_id": None, "until": after(1)}),
        (PROMOTE, {"change_id": None, "article_id": ArticleId("a-1")}),
        (ReviewAction.UNDO, {"undoes": ReviewId("r-0")}),
    ],
)
def test_a_review_that_says_all_is_taken(action: ReviewAction, fields: dict[str, Any]) -> None:
    check_review(replace(review(action=action), **fields), LADDER)


def test_the_same_click_has_the_same_name() -> None:
    assert review_id("slack", "C1", "170.1") == review_id("slack", "C1", "170.1") != review_id("slack", "C1", "170.2")

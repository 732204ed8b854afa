"""Clicks to reviews, reviews to the note that everybody sees, and the words of commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.clicks import Click, Command, note_of, parse_command, parse_mute, review_of_click
from monitor.core.reviews import check_review
from monitor.core.types import ChangeId, IssueKey, Review, ReviewAction, ReviewId, Via
from tests.builders import LADDER, make_change

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISSUE = IssueKey("olive-duties")
CHANGE = make_change(change_id=ChangeId("c-1"), issue_key=ISSUE)


def click(action: ReviewAction = ReviewAction.ACCEPT, **fields: object) -> Click:
    return replace(Click(action, ChangeId("c-1"), "ada", "U1", NOON, "1772366400.1"), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "action", [ReviewAction.ACCEPT, ReviewAction.NOT_A_CHANGE, ReviewAction.SAME_AS_BEFORE, ReviewAction.WRONG_STATUS, ReviewAction.MUTE]
)
def test_every_click_is_a_review_that_says_all_it_needs(action: ReviewAction) -> None:
    review = review_of_click(click(action, status_key="signed" if action is ReviewAction.WRONG_STATUS else None), ISSUE)
    check_review(review, LADDER)
    assert (review.action, review.by, review.via, review.at) == (action, "ada (U1)", Via.SLACK, NOON)
    is_mute = action is ReviewAction.MUTE
    assert review.change_id == (None if is_mute else "c-1")
    assert review.until == (NOON + timedelta(hours=24) if is_mute else None)


def test_the_same_click_is_the_same_review_and_another_is_another() -> None:
    first = review_of_click(click(), ISSUE)
    assert review_of_click(click(user_name="Ada L.", answer_url="https://x"), ISSUE).review_id == first.review_id
    others = [
        click(token="1772366400.2"),
        click(user_id="U2"),
        click(change_id=ChangeId("c-2")),
        click(ReviewAction.NOT_A_CHANGE),
    ]
    assert len({review_of_click(other, ISSUE).review_id for other in others} - {first.review_id}) == 4


def review(action: ReviewAction, minute: int = 0, **fields: object) -> Review:
    found = Review(ReviewId(f"r-{minute}"), ISSUE, action, NOON + timedelta(minutes=minute), "Ada", Via.SLACK, change_id=ChangeId("c-1"))
    return replace(found, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reviews", "note", "is_settled"),
    [
        ([], "", False),
        ([review(ReviewAction.ACCEPT)], "Accepted by Ada, 01 Mar 12:00 UTC", True),
        ([review(ReviewAction.NOT_A_CHANGE)], "Not a change, says Ada, 01 Mar 12:00 UTC", True),
        ([review(ReviewAction.SAME_AS_BEFORE)], "Same as before, says Ada, 01 Mar 12:00 UTC", True),
        (
            [review(ReviewAction.ACCEPT), review(ReviewAction.WRONG_STATUS, 1, by="Bo", status_key="signed")],
            "Wrong status, it is “signed”, says Bo, 01 Mar 12:01 UTC",
            True,
        ),
        ([review(ReviewAction.ACCEPT), review(ReviewAction.UNDO, 1, undoes=ReviewId("r-0"))], "", False),
    ],
)
def test_the_note_tells_what_counts(reviews: list[Review], note: str, is_settled: bool) -> None:
    assert note_of(CHANGE, LADDER.statuses, reviews, [], NOON) == (note, is_settled)


def test_a_mute_is_told_while_it_holds_and_leaves_the_question_open() -> None:
    mute = review(ReviewAction.MUTE, change_id=None, until=NOON + timedelta(hours=24))
    assert note_of(CHANGE, LADDER.statuses, [], [mute], NOON) == ("Muted until 02 Mar 12:00 UTC by Ada", False)
    assert note_of(CHANGE, LADDER.statuses, [], [mute], NOON + timedelta(hours=25)) == ("", False)
    accepted = review(ReviewAction.ACCEPT, 1)
    both = note_of(CHANGE, LADDER.statuses, [accepted], [replace(mute, until=None)], NOON)
    assert both == ("Accepted by Ada, 01 Mar 12:01 UTC · Muted until it is undone by Ada", True)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Command("", "")),
        ("status", Command("status", "")),
        ("  Status  harbour-treaty ", Command("status", "harbour-treaty")),
        ("why <https://gazette.example/1>", Command("why", "https://gazette.example/1")),
        ("why <https://gazette.example/1?a=b|gazette.example>", Command("why", "https://gazette.example/1?a=b")),
        ("why a_1", Command("why", "a_1")),
        ("undo r\u200b_1", Command("undo", "r_1")),
    ],
)
def test_a_command_is_its_first_word_and_the_rest(text: str, command: Command) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    ("argument", "name", "length"),
    [
        ("olive-duties", "olive-duties", timedelta(hours=24)),
        ("Will the duties end? 90m", "Will the duties end?", timedelta(minutes=90)),
        ("olive-duties 24H", "olive-duties", timedelta(hours=24)),
        ("olive-duties 7d", "olive-duties", timedelta(days=7)),
        ("olive-duties 2w", "olive-duties", timedelta(weeks=2)),
        ("olive-duties always", "olive-duties", None),
        ("olive-duties 24", "olive-duties 24", timedelta(hours=24)),
        ("24h", "24h", timedelta(hours=24)),
        ("", "", timedelta(hours=24)),
    ],
)
def test_a_mute_ends_after_the_time_in_its_last_word(argument: str, name: str, length: timedelta | None) -> None:
    assert parse_mute(argument) == (name, length)

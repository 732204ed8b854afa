"""What every ReviewStore promises."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.core.types import ArticleId, ChangeId, IssueKey, Review, ReviewAction, ReviewId
from monitor.errors import StoreError
from monitor.ports import Transaction, UnitOfWork
from tests.examples import ISSUE, NOON, after, change, fill, review

OTHER = IssueKey("port-dues")


def prepare(tx: Transaction) -> None:
    """Store what reviews point to: two changes of one issue, one of another."""
    fill(tx)
    tx.issues.ensure(OTHER, title="", ladder_key="agreement")
    for found in (change("c-1"), change("c-2"), change("c-3", issue_key=OTHER)):
        tx.issues.add_change(found, now=NOON)


def test_a_review_comes_back_whole(unit: UnitOfWork) -> None:
    whole: dict[str, Any] = {
        "article_id": ArticleId("a-1"),
        "status_key": "signed",
        "other_change_id": ChangeId("c-2"),
        "until": after(90),
        "note": "„nein“",
    }
    first = review("r-1", ReviewAction.WRONG_STATUS, **whole)
    back = review("r-2", ReviewAction.UNDO, minute=1, undoes=ReviewId("r-1"))
    with unit.transaction() as tx:
        prepare(tx)
        assert tx.reviews.get(ReviewId("r-1")) is None
        assert tx.reviews.add(first)
        assert tx.reviews.add(back)
    with unit.reading() as tx:
        assert tx.reviews.get(ReviewId("r-1")) == first
        assert tx.reviews.get(ReviewId("r-2")) == back


def test_a_review_is_recorded_once(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        prepare(tx)
        assert tx.reviews.add(review())
        assert not tx.reviews.add(review(note="another"))
        assert tx.reviews.list() == [review()]


def test_reviews_of_changes_come_oldest_first(unit: UnitOfWork) -> None:
    late, early, twin = review("r-9", minute=5), review("r-5", change_id=ChangeId("c-2")), review("r-4")
    with unit.transaction() as tx:
        prepare(tx)
        for found in (late, early, twin, review("r-1", change_id=None), review("r-2", issue_key=OTHER, change_id=ChangeId("c-3"))):
            assert tx.reviews.add(found)
        assert tx.reviews.of_changes([ChangeId("c-1"), ChangeId("c-2")]) == [early, twin, late]
        assert tx.reviews.of_changes([ChangeId("c-2")]) == [early]
        assert tx.reviews.of_changes([]) == []


def test_reviews_of_an_issue_itself_leave_out_those_of_its_changes(unit: UnitOfWork) -> None:
    def of_issue(name: str, minute: float, **fields: Any) -> Review:
        return review(name, ReviewAction.MUTE, minute=minute, change_id=None, **fields)

    late, early = of_issue("r-1", 3), of_issue("r-2", 1, until=after(60))
    with unit.transaction() as tx:
        prepare(tx)
        for found in (late, early, review("r-3"), of_issue("r-4", 2, issue_key=OTHER)):
            tx.reviews.add(found)
        assert tx.reviews.of_issue(ISSUE) == [early, late]


def test_the_list_is_newest_first_and_may_be_cut(unit: UnitOfWork) -> None:
    first, second, third = review("r-1"), review("r-2"), review("r-3", minute=-1)
    other = review("r-4", minute=9, issue_key=OTHER, change_id=ChangeId("c-3"))
    with unit.transaction() as tx:
        prepare(tx)
        for found in (first, second, third, other):
            tx.reviews.add(found)
        assert tx.reviews.list() == [other, second, first, third]
        assert tx.reviews.list(ISSUE, limit=2) == [second, first]


@pytest.mark.parametrize(
    "fields",
    [
        {"change_id": ChangeId("c-9")},
        {"other_change_id": ChangeId("c-9")},
        {"article_id": ArticleId("a-9")},
        {"undoes": ReviewId("r-9")},
        {"issue_key": IssueKey("none")},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_review_of_something_that_is_not_there_is_refused(unit: UnitOfWork, fields: dict[str, Any]) -> None:
    with unit.transaction() as tx:
        prepare(tx)
    with pytest.raises(StoreError), unit.transaction() as tx:
        tx.reviews.add(review(**fields))
    with unit.reading() as tx:
        assert tx.reviews.list() == []

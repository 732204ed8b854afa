"""What people do on the page, in Slack or by command: rows, and movements where an act is one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.core.manual import manual_change_id
from monitor.core.reviews import review_id, review_of_change, undo
from monitor.core.types import ArticleId, ChangeId, ChangeKind, Confirmation, IssueKey, Review, ReviewAction, ReviewId, Via
from monitor.errors import ReviewError
from monitor.jobs import review as job
from monitor.ports import UnitOfWork
from monitor.testing.fakes import FrozenClock
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.builders import LADDER, learn, make_article, make_issue
from tests.examples import ISSUE, NOON, after, change, fill, review, state

NAME = "r_1"


@pytest.fixture
def uow() -> MemoryUnitOfWork:
    unit = MemoryUnitOfWork()
    with unit.transaction() as tx:
        fill(tx, "a-1", "s-1")
        tx.issues.advance(replace(state(), last_change_id=ChangeId("c-1")), expected_revision=0)
        tx.issues.add_change(change("c-1"), now=NOON)
        tx.issues.add_change(change("c-2", at=after(1)), now=NOON)
    return unit


def act(uow: UnitOfWork, action: ReviewAction, name: str = NAME, **fields: Any) -> Review:
    minute = fields.pop("minute", 10)
    return job.run(review(name, action, minute=minute, **fields), uow=uow, ladder=LADDER)


def take_back(uow: UnitOfWork, found: Review, name: str, minute: float) -> Review:
    return job.run(undo(found, name=ReviewId(name), at=after(minute), by="jo", via=Via.PAGE), uow=uow, ladder=LADDER)


def status(uow: UnitOfWork) -> str | None:
    with uow.reading() as tx:
        found = tx.issues.state(ISSUE)
    assert found is not None
    return found.status_key


def set_status(uow: UnitOfWork, key: str = "signed", **fields: Any) -> Review:
    return act(uow, ReviewAction.SET_STATUS, change_id=None, status_key=key, note="the gazette has it", **fields)


def test_a_word_on_a_change_is_a_row_and_nothing_else(uow: MemoryUnitOfWork) -> None:
    act(uow, ReviewAction.ACCEPT)
    act(uow, ReviewAction.ACCEPT, minute=99)
    with uow.reading() as tx:
        assert [found.at for found in tx.reviews.list()] == [after(10)]
        assert len(tx.issues.changes()) == 2
    assert status(uow) == "broadly-agreed"


def test_a_status_set_by_hand_is_a_change_with_who_and_why(uow: MemoryUnitOfWork) -> None:
    found = set_status(uow)
    with uow.reading() as tx:
        made, stands = tx.issues.changes()[-1], tx.issues.state(ISSUE)
    assert stands is not None
    assert (made.kind, made.from_status, made.to_status, made.at) == (ChangeKind.MANUAL, "broadly-agreed", "signed", after(10))
    assert "mara" in made.reason
    assert "the gazette has it" in made.reason
    assert made.baseline_evidence == state().quotes
    assert found.change_id == made.change_id == manual_change_id(found.review_id)
    assert (stands.status_key, stands.since, stands.confirmation) == ("signed", after(10), Confirmation.CONFIRMED)
    assert stands.history == (*state().history, "broadly-agreed")
    assert stands.last_change_id == made.change_id


def test_the_status_that_holds_already_is_not_set(uow: MemoryUnitOfWork) -> None:
    with pytest.raises(ReviewError, match="already"):
        set_status(uow, "broadly-agreed")


def test_taking_back_a_status_moves_it_back_in_the_log_and_can_itself_be_taken_back(uow: MemoryUnitOfWork) -> None:
    found = set_status(uow)
    undone = take_back(uow, found, "r_2", 20)
    assert status(uow) == "broadly-agreed"
    take_back(uow, undone, "r_3", 30)
    assert status(uow) == "signed"
    with uow.reading() as tx:
        kinds = [made.kind for made in tx.issues.changes()]
    assert kinds[-3:] == [ChangeKind.MANUAL] * 3


def test_what_has_moved_on_since_is_not_moved_back(uow: MemoryUnitOfWork) -> None:
    first = set_status(uow)
    set_status(uow, "denied", name="r_2", minute=20)
    take_back(uow, first, "r_3", 30)
    assert status(uow) == "denied"


def test_nothing_is_taken_back_twice(uow: MemoryUnitOfWork) -> None:
    found = act(uow, ReviewAction.ACCEPT)
    take_back(uow, found, "r_2", 20)
    with pytest.raises(ReviewError, match="taken back already"):
        take_back(uow, found, "r_3", 30)
    with uow.reading() as tx:
        assert review_of_change(ChangeId("c-1"), tx.reviews.of_changes([ChangeId("c-1")])).verdict is None


def test_a_first_status_set_by_hand_cannot_be_moved_back_to_nothing() -> None:
    unit = MemoryUnitOfWork()
    with unit.transaction() as tx:
        fill(tx)
    found = set_status(unit)
    with pytest.raises(ReviewError, match="stood nowhere before"):
        take_back(unit, found, "r_2", 20)
    assert status(unit) == "signed"


@pytest.mark.parametrize(
    ("action", "fields", "message"),
    [
        (ReviewAction.ACCEPT, {"change_id": ChangeId("c-9")}, "no change 'c-9'"),
        (ReviewAction.ACCEPT, {"issue_key": IssueKey("none")}, "no issue 'none'"),
        (ReviewAction.MERGE, {"other_change_id": ChangeId("c-9")}, "no change 'c-9'"),
        (ReviewAction.PROMOTE, {"article_id": ArticleId("a-9"), "change_id": None}, "no article 'a-9'"),
        (ReviewAction.UNDO, {"undoes": ReviewId("r_9")}, "no review 'r_9'"),
    ],
)
def test_an_act_on_something_that_is_not_there_is_refused_and_leaves_nothing(
    uow: MemoryUnitOfWork, action: ReviewAction, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ReviewError, match=message):
        act(uow, action, **fields)
    with uow.reading() as tx:
        assert tx.reviews.list() == []


def test_two_changes_are_not_merged_into_each_other(uow: MemoryUnitOfWork) -> None:
    act(uow, ReviewAction.MERGE, other_change_id=ChangeId("c-2"))
    with pytest.raises(ReviewError, match="itself merged"):
        act(uow, ReviewAction.MERGE, "r_2", change_id=ChangeId("c-2"), other_change_id=ChangeId("c-1"))


def test_a_promoted_article_is_a_seed_until_that_is_taken_back(uow: MemoryUnitOfWork) -> None:
    clock = FrozenClock(after(60))
    issue = replace(make_issue(make_article("s-1")), key=ISSUE)
    with uow.transaction() as tx:
        tx.issues.save_baseline(learn(issue))
    assert job.changed_seeds([issue], uow=uow) == []
    found = act(uow, ReviewAction.PROMOTE, change_id=None, article_id=ArticleId("a-1"))
    with pytest.raises(ReviewError, match="already"):
        act(uow, ReviewAction.PROMOTE, review_id("again"), change_id=None, article_id=ArticleId("a-1"))
    followed = job.with_promoted([issue], uow=uow, clock=clock)
    assert [seed.article.article_id for seed in followed[0].seeds] == ["a-1", "s-1"]
    assert job.changed_seeds(followed, uow=uow) == list(followed)
    take_back(uow, found, "r_9", 20)
    assert job.with_promoted([issue], uow=uow, clock=clock) == (issue,)

"""What every IssueStore promises."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from monitor.core.types import ArticleId, ChangeId, IssueKey, IssueState
from monitor.errors import StoreError
from monitor.ports import UnitOfWork
from tests.examples import ISSUE, NOON, after, baseline, change, evidence, fill, state

OTHER = IssueKey("port-dues")


def test_a_new_issue_stands_nowhere(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        assert tx.issues.state(ISSUE) is None
        tx.issues.ensure(ISSUE, title="Will the duties end?", ladder_key="agreement")
        assert tx.issues.state(ISSUE) == IssueState(ISSUE)


def test_a_state_comes_back_whole_under_the_next_revision(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        assert tx.issues.advance(state(), expected_revision=0)
    with unit.reading() as tx:
        assert tx.issues.state(ISSUE) == replace(state(), revision=1)


def test_a_state_is_only_written_over_the_expected_revision(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        assert tx.issues.advance(state(), expected_revision=0)
        assert not tx.issues.advance(IssueState(ISSUE), expected_revision=0)
        assert tx.issues.state(ISSUE) == replace(state(), revision=1)
        assert tx.issues.advance(IssueState(ISSUE), expected_revision=1)
        assert tx.issues.state(ISSUE) == IssueState(ISSUE, revision=2)


def test_the_state_of_an_unknown_issue_is_not_written(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        assert not tx.issues.advance(state(), expected_revision=0)
        assert tx.issues.state(ISSUE) is None


def test_ensuring_an_issue_again_keeps_its_state(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        tx.issues.advance(state(), expected_revision=0)
        tx.issues.ensure(ISSUE, title="Have the duties ended?", ladder_key="lifecycle")
        assert tx.issues.state(ISSUE) == replace(state(), revision=1)


def test_a_baseline_comes_back_whole_and_replaces_the_one_before(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        assert tx.issues.baseline(ISSUE) is None
        tx.issues.save_baseline(replace(baseline(), baseline_id="b-0", anchors=()))
        tx.issues.save_baseline(baseline())
    with unit.reading() as tx:
        found = tx.issues.baseline(ISSUE)
    assert found is not None
    for field in fields(found):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(baseline(), field.name))
    assert found.anchors == baseline().anchors
    assert found.head_vectors.dtype == found.question_vector.dtype == np.float32


def test_a_baseline_may_have_no_passages(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        tx.issues.save_baseline(replace(baseline(), passage_vectors=np.zeros((0, 3), dtype=np.float32)))
    with unit.reading() as tx:
        found = tx.issues.baseline(ISSUE)
    assert found is not None
    assert found.passage_vectors.shape == (0, 3)


def test_evidence_waits_in_order_of_publication_then_article(unit: UnitOfWork) -> None:
    late, early, twin = evidence("a-1", published_at=after(9)), evidence("a-3"), evidence("a-2")
    with unit.transaction() as tx:
        fill(tx, "a-1", "a-2", "a-3")
        tx.issues.ensure(OTHER, title="", ladder_key="agreement")
        for found in (late, early, twin, evidence("a-1", issue_key=OTHER)):
            tx.issues.add_evidence(found)
        assert tx.issues.unseen_evidence(ISSUE, limit=9) == [twin, early, late]
        assert tx.issues.unseen_evidence(ISSUE, limit=1) == [twin]


def test_evidence_that_was_seen_waits_no_more_even_when_it_comes_again(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        tx.issues.add_evidence(evidence())
        tx.issues.mark_seen(evidence(), verdict="no step", now=after(1))
        tx.issues.add_evidence(evidence())
        assert tx.issues.unseen_evidence(ISSUE, limit=9) == []
        tx.issues.add_evidence(evidence(version=2))
        assert tx.issues.unseen_evidence(ISSUE, limit=9) == [evidence(version=2)]


def test_evidence_of_a_span_comes_oldest_first_and_the_latest_go_before(unit: UnitOfWork) -> None:
    pieces = [evidence(f"a-{number}", published_at=after(number)) for number in (1, 2, 3)]
    with unit.transaction() as tx:
        fill(tx, "a-1", "a-2", "a-3")
        for found in reversed(pieces):
            tx.issues.add_evidence(found)
        tx.issues.mark_seen(pieces[0], verdict="no step", now=NOON)
    with unit.reading() as tx:
        assert tx.issues.evidence_between(ISSUE, since=after(1), until=after(3), limit=9) == pieces
        assert tx.issues.evidence_between(ISSUE, since=after(1), until=after(3), limit=2) == pieces[1:]
        assert tx.issues.evidence_between(ISSUE, since=after(2), until=after(2), limit=9) == pieces[1:2]


def test_evidence_of_an_article_comes_version_by_version(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx, "a-1", "a-2")
        for found in (evidence("a-1", version=2), evidence("a-2"), evidence("a-1")):
            tx.issues.add_evidence(found)
    with unit.reading() as tx:
        assert tx.issues.evidence_of(ISSUE, ArticleId("a-1")) == [evidence("a-1"), evidence("a-1", version=2)]
        assert tx.issues.evidence_of(ISSUE, ArticleId("a-9")) == []


def test_marking_evidence_that_is_not_stored_is_an_error(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
    with pytest.raises(StoreError, match="a-1"), unit.transaction() as tx:
        tx.issues.mark_seen(evidence(), verdict="", now=NOON)


def test_changes_come_back_whole_oldest_first(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        tx.issues.ensure(OTHER, title="", ladder_key="agreement")
        first = replace(change("c-9", at=after(-1)), from_status=None, from_phase=None, is_history=False)
        second, same_instant, other = change("c-2"), change("c-1"), change("c-3", at=after(5), issue_key=OTHER)
        for found in (second, same_instant, other, first):
            assert tx.issues.add_change(found, now=after(60))
    with unit.reading() as tx:
        assert tx.issues.changes(ISSUE) == [first, second, same_instant]
        assert tx.issues.changes() == [first, second, same_instant, other]


def test_a_change_is_recorded_once(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        assert tx.issues.add_change(change(), now=NOON)
        assert not tx.issues.add_change(replace(change(), reason="another"), now=after(1))
        assert tx.issues.changes() == [change()]


def test_one_change_is_found_by_its_name(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        tx.issues.add_change(change(), now=NOON)
        assert tx.issues.change(ChangeId("c-1")) == change()
        assert tx.issues.change(ChangeId("c-2")) is None

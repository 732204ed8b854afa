"""What every unit of work promises: all or nothing, one view for readers, one writer at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from monitor.core.types import FeedKey, IssueKey, Poll
from monitor.errors import StoreError
from monitor.ports import Transaction, UnitOfWork
from tests.examples import ARTICLE, ISSUE, NOON, article, baseline, change, delivery, entry, evidence, feed, fill, match, review, state


def test_what_a_transaction_writes_is_there_afterwards(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        assert tx.articles.get([ARTICLE]) == {ARTICLE: article()}
    with unit.reading() as tx:
        assert tx.articles.get([ARTICLE]) == {ARTICLE: article()}


def _crash(unit: UnitOfWork, work: Callable[[Transaction], object]) -> None:
    with unit.transaction() as tx:
        work(tx)
        raise ZeroDivisionError


def test_a_transaction_that_raises_leaves_nothing(unit: UnitOfWork) -> None:
    def work(tx: Transaction) -> None:
        fill(tx)
        tx.articles.add_entry(entry(), identity="e-1", article_id=ARTICLE)
        tx.issues.add_change(change(), now=NOON)
        tx.outbox.add(delivery())

    with pytest.raises(ZeroDivisionError):
        _crash(unit, work)
    with unit.reading() as tx:
        assert tx.feeds.states() == []
        assert tx.articles.get([ARTICLE]) == {}
        assert tx.issues.state(ISSUE) is None
        assert tx.issues.changes() == []
        assert tx.outbox.list() == []


def test_a_rollback_brings_back_what_was_overwritten(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        tx.outbox.add(delivery())

    def work(tx: Transaction) -> None:
        assert tx.issues.advance(state(), expected_revision=0)
        assert tx.outbox.lease(now=NOON, lease_s=60, limit=1)

    with pytest.raises(ZeroDivisionError):
        _crash(unit, work)
    with unit.reading() as tx:
        stored = tx.issues.state(ISSUE)
        assert stored is not None
        assert (stored.status_key, stored.revision) == (None, 0)
        assert tx.outbox.list() == [delivery()]


def test_a_reading_view_refuses_to_write(unit: UnitOfWork) -> None:
    with pytest.raises(StoreError), unit.reading() as tx:
        tx.issues.ensure(ISSUE, title="", ladder_key="agreement")
    with unit.transaction() as tx:
        tx.issues.ensure(ISSUE, title="", ladder_key="agreement")
        assert tx.issues.state(ISSUE) is not None


def test_a_reading_view_shows_one_moment(unit: UnitOfWork) -> None:
    with unit.reading() as view:
        assert view.issues.state(ISSUE) is None
        with unit.transaction() as tx:
            fill(tx)
        assert view.issues.state(ISSUE) is None


def _add_poll(tx: Transaction) -> None:
    tx.feeds.record(Poll(FeedKey("unknown"), NOON, "ok"))


def _add_entry(tx: Transaction) -> None:
    tx.articles.add_entry(entry(), identity="e-1", article_id=ARTICLE)


@pytest.mark.parametrize(
    "write",
    [
        _add_poll,
        _add_entry,
        lambda tx: tx.articles.add_match(match()),
        lambda tx: tx.issues.save_baseline(baseline()),
        lambda tx: tx.issues.add_evidence(evidence()),
        lambda tx: tx.issues.add_change(change(), now=NOON),
        lambda tx: tx.reviews.add(review(change_id=None)),
    ],
    ids=["poll", "entry", "match", "baseline", "evidence", "change", "review"],
)
def test_a_row_that_points_nowhere_is_refused_at_the_end_of_the_transaction(unit: UnitOfWork, write: Callable[[Transaction], None]) -> None:
    with pytest.raises(StoreError), unit.transaction() as tx:
        write(tx)


def test_an_entry_may_come_before_its_article(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.articles.add_entry(entry(), identity="e-1", article_id=ARTICLE)
        tx.articles.add(article(), fingerprints=["f"])
        tx.feeds.sync([feed()], now=NOON)
    with unit.reading() as tx:
        assert tx.articles.known_entries(FeedKey("wire"), ["e-1"]) == {"e-1": ARTICLE}


def test_of_two_writers_with_compare_and_set_one_wins(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
    both_have_read = Barrier(2, timeout=30)

    def advance(status_key: str) -> bool:
        with unit.reading() as tx:
            seen = tx.issues.state(ISSUE)
        assert seen is not None
        both_have_read.wait()
        with unit.transaction() as tx:
            return tx.issues.advance(replace(seen, status_key=status_key), expected_revision=seen.revision)

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(advance, ["signed", "collapsed"]))
    assert sorted(written) == [False, True]
    with unit.reading() as tx:
        stored = tx.issues.state(ISSUE)
    assert stored is not None
    assert stored.revision == 1
    assert stored.status_key == ("signed" if written[0] else "collapsed")


def test_several_threads_may_write_at_once(unit: UnitOfWork) -> None:
    def write(number: int) -> None:
        with unit.transaction() as tx:
            tx.issues.ensure(IssueKey(f"i-{number:02}"), title="", ladder_key="agreement")
            tx.issues.add_change(change(f"c-{number:02}", issue_key=IssueKey(f"i-{number:02}")), now=NOON)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(20)))
    with unit.reading() as tx:
        assert sorted(found.change_id for found in tx.issues.changes()) == [f"c-{number:02}" for number in range(20)]

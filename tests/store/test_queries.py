from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from monitor.core.types import ArticleId, ChangeId, DeliveryState, IssueKey
from monitor.ports import Assessment, IssueOverview, Queries
from monitor.store.outbox import _leasable
from monitor.store.queries import SqlQueries
from monitor.store.session import SqlUnitOfWork
from tests.examples import (
    ARTICLE,
    ISSUE,
    NOON,
    after,
    article,
    baseline,
    change,
    delivery,
    entry,
    evidence,
    feed,
    fill,
    match,
    quote,
    state,
)


@pytest.fixture
def queries(sql: SqlUnitOfWork) -> Queries:
    return SqlQueries(sql)


def test_an_empty_store_has_nothing_to_show(queries: Queries) -> None:
    assert queries.issues() == []
    assert queries.log() == []
    assert queries.change(ChangeId("c-1")) is None
    assert queries.counts() == {
        "feeds": 0,
        "entries": 0,
        "articles": 0,
        "matches": 0,
        "changes": 0,
        "deliveries": {"due": 0, "leased": 0, "sent": 0, "dead": 0},
        "oldest_due_at": None,
    }


def test_an_issue_is_shown_with_what_counts_under_its_present_baseline(sql: SqlUnitOfWork, queries: Queries) -> None:
    with sql.transaction() as tx:
        fill(tx, "a-1", "a-2", "a-3")
        tx.articles.add(article("a-1", version=2), fingerprints=[])
        tx.issues.ensure(IssueKey("a-new-one"), title="New", ladder_key="strike")
        tx.issues.save_baseline(baseline())
        tx.issues.advance(state(), expected_revision=0)
        for verdict in (
            match("a-1"),
            match("a-1", version=2),
            match("a-2", is_match=False),
            match("a-3", baseline_id="b-0"),
        ):
            tx.articles.add_match(verdict)
        tx.issues.add_evidence(evidence("a-1"))
        tx.issues.add_evidence(evidence("a-2", published_at=after(3)))
        tx.issues.add_change(change("c-1"), now=NOON)
        tx.issues.add_change(change("c-2"), now=NOON)
    new, shown = queries.issues()
    assert (new.state.issue_key, new.threshold, new.n_articles_matched, new.n_changes, new.last_evidence_at) == (
        "a-new-one",
        None,
        0,
        0,
        None,
    )
    assert shown == IssueOverview(replace(state(), revision=1), "Will the duties end?", "agreement", 0.48, 1, 2, after(3))


def test_the_log_comes_newest_first_by_issue_instant_and_limit(sql: SqlUnitOfWork, queries: Queries) -> None:
    old, new, other = change("c-1", at=after(1)), change("c-2", at=after(2)), change("c-3", at=after(3), issue_key=IssueKey("other"))
    with sql.transaction() as tx:
        fill(tx)
        tx.issues.ensure(IssueKey("other"), title="", ladder_key="agreement")
        for found in (new, old, other):
            tx.issues.add_change(found, now=NOON)
    assert queries.log() == [other, new, old]
    assert queries.log(issue_key=ISSUE) == [new, old]
    assert queries.log(since=after(2)) == [other, new]
    assert queries.log(issue_key=ISSUE, limit=1) == [new]
    assert queries.change(ChangeId("c-2")) == new


def test_a_trace_shows_an_article_from_feed_to_alert(sql: SqlUnitOfWork, queries: Queries) -> None:
    tipped = replace(change("c-d-1"), evidence=(quote("a-2"),), baseline_evidence=())
    quoted = replace(change("c-2", article_id="a-2", at=after(5)), evidence=(quote("a-2"), quote(ARTICLE)))
    foreign = replace(change("c-3", article_id="a-2", at=after(6)), evidence=(quote("a-2"),))
    with sql.transaction() as tx:
        fill(tx, "a-1", "a-2")
        tx.articles.add_entry(entry(), identity="e-1", article_id=ARTICLE)
        tx.articles.add_entry(entry(), identity="e-2", article_id=ArticleId("a-2"))
        tx.articles.add_match(match())
        tx.issues.add_evidence(evidence())
        tx.issues.add_evidence(evidence(version=2))
        tx.issues.mark_seen(evidence(), verdict="moved", now=after(1))
        for found in (tipped, quoted, foreign):
            tx.issues.add_change(found, now=NOON)
        tx.outbox.add(delivery("d-1"))
        tx.outbox.add(delivery("d-2"))
    trace = queries.trace(article())
    assert trace.article == article()
    assert trace.entries == (("wire", "e-1", "Sun, 01 Mar 2026 12:00:00 GMT", after(5)),)
    assert trace.matches == (match(),)
    assert trace.assessments == (Assessment(evidence(), "moved", after(1)), Assessment(evidence(version=2), None, None))
    assert trace.changes == (tipped, quoted)
    assert trace.deliveries == (delivery("d-1"),)


def test_an_article_that_was_only_stored_has_a_short_trace(sql: SqlUnitOfWork, queries: Queries) -> None:
    with sql.transaction() as tx:
        fill(tx)
    trace = queries.trace(article())
    assert (trace.entries, trace.matches, trace.assessments, trace.changes, trace.deliveries) == ((), (), (), (), ())


def test_totals_count_what_is_there(sql: SqlUnitOfWork, queries: Queries) -> None:
    with sql.transaction() as tx:
        fill(tx, "a-1", "a-2")
        tx.feeds.sync([feed(), feed("zoo")], now=NOON)
        tx.feeds.sync([feed()], now=NOON)
        tx.articles.add_entry(entry(), identity="e-1", article_id=ARTICLE)
        tx.issues.save_baseline(baseline())
        tx.articles.add_match(match("a-1"))
        tx.articles.add_match(match("a-1", version=2))
        tx.articles.add_match(match("a-2", is_match=False))
        tx.issues.add_change(change(), now=NOON)
        for number in range(3):
            tx.outbox.add(delivery(f"d-{number}", minute=number, issue_key=f"i-{number}"))
        tx.outbox.settle(replace(tx.outbox.lease(now=after(9), lease_s=60, limit=1)[0], state=DeliveryState.SENT))
    assert queries.counts() == {
        "feeds": 1,
        "entries": 1,
        "articles": 2,
        "matches": 1,
        "changes": 1,
        "deliveries": {"due": 2, "leased": 0, "sent": 1, "dead": 0},
        "oldest_due_at": after(1),
    }


def test_the_lease_looks_only_at_what_is_unsettled(sqlite_template: object) -> None:
    unit = SqlUnitOfWork(f"sqlite:///{sqlite_template}")
    with unit.connect(is_readonly=True) as connection:
        statement = _leasable(NOON).compile(connection, compile_kwargs={"literal_binds": True})
        plan = " ".join(row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
    unit.close()
    assert "ix_outbox_waiting" in plan
    assert "ix_outbox_unsettled" in plan

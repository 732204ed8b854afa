"""What every HeldStore and every ActivityQueries does, in memory and in the databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.types import Activity, ChangeId, CoverageSpell, DigestMark, Feed, FeedKey, HeldAlert, IssueKey, NearMiss, Poll
from monitor.errors import StoreError
from monitor.ports import ActivityQueries, UnitOfWork
from monitor.store.activity import SqlActivity
from monitor.store.session import SqlUnitOfWork
from monitor.testing.memory_activity import MemoryActivity
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.examples import ISSUE, NOON, after, article, baseline, change, delivery, feed, match


def held(name: str = "d-1", *, channel: str = "desk", minute: float = 0, is_notice: bool = False) -> HeldAlert:
    return HeldAlert(
        delivery(name, is_notice=is_notice).alert, channel, after(minute), after(minute + 60), "quiet hours", is_urgent=minute > 0
    )


def test_what_waits_comes_back_whole_in_order_of_holding_and_once(unit: UnitOfWork) -> None:
    rows = [held("d-2", minute=5), held("d-1"), held("d-3", is_notice=True)]
    with unit.transaction() as tx:
        assert all(tx.held.hold(row) for row in rows)
        assert not tx.held.hold(replace(rows[0], reason="another"))
        assert tx.held.hold(held("d-1", channel="night"))
    with unit.reading() as tx:
        assert tx.held.waiting("desk") == rows
        assert tx.held.channels() == ["desk", "night"]
        assert tx.held.waiting("nowhere") == []


def test_what_was_told_waits_no_more_and_is_told_once(unit: UnitOfWork) -> None:
    rows = [held("d-1"), held("d-2")]
    with unit.transaction() as tx:
        for row in rows:
            tx.held.hold(row)
        assert tx.held.mark_told(rows[:1], told_in="s-1")
        assert not tx.held.mark_told(rows, told_in="s-2")
        assert tx.held.mark_told([], told_in="s-3")
    with unit.reading() as tx:
        assert tx.held.waiting("desk") == []
        change_of = rows[0].alert.change
        assert change_of is not None
        assert [row.told_in for row in tx.held.of_change(change_of.change_id)][:1] == ["s-1"]


def test_postponing_moves_the_instants_alone(unit: UnitOfWork) -> None:
    row = held()
    with unit.transaction() as tx:
        tx.held.hold(row)
        tx.held.postpone([replace(row, held_at=after(-5), release_at=after(90), reason="another", is_urgent=True)])
        assert tx.held.waiting("desk") == [replace(row, held_at=after(-5), release_at=after(90))]
        tx.held.mark_told([row], told_in="s-1")
        tx.held.postpone([replace(row, release_at=after(900))])
        assert row.alert.change is not None
        assert [found.release_at for found in tx.held.of_change(row.alert.change.change_id)] == [after(90)]


def test_recent_messages_are_those_put_out_on_the_channel(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        for name, minute, channel in (("d-1", 9, "desk"), ("d-2", 3, "desk"), ("d-3", 4, "night"), ("d-4", -1, "desk")):
            tx.outbox.add(replace(delivery(name, channel=channel), created_at=after(minute)))
        assert tx.held.recent("desk", since=NOON) == [(ISSUE, after(3)), (ISSUE, after(9))]


def test_a_digest_mark_is_replaced(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        assert tx.held.digest_mark("desk") is None
        for minute in (1, 2):
            tx.held.save_digest_mark(DigestMark("desk", NOON, after(minute)))
        assert tx.held.digest_mark("desk") == DigestMark("desk", NOON, after(2))


def test_spells_are_open_until_they_end(unit: UnitOfWork) -> None:
    first, second = (CoverageSpell(IssueKey(key), NOON, after(minute), 2, 9) for key, minute in (("olive-duties", 1), ("a-issue", 2)))
    with unit.transaction() as tx:
        for spell in (first, second):
            tx.issues.ensure(spell.issue_key, title="Title", ladder_key="agreement")
            tx.held.save_spell(spell)
        assert tx.held.open_spells() == [second, first]
        tx.held.save_spell(replace(first, ended_at=after(30)))
        assert tx.held.open_spells() == [second]


def test_a_spell_of_an_unknown_issue_is_refused(unit: UnitOfWork) -> None:
    with pytest.raises(StoreError), unit.transaction() as tx:
        tx.held.save_spell(CoverageSpell(ISSUE, NOON, NOON, 1, 1))


@pytest.fixture
def activity(unit: UnitOfWork) -> ActivityQueries:
    if isinstance(unit, MemoryUnitOfWork):
        return MemoryActivity(unit)
    assert isinstance(unit, SqlUnitOfWork)
    return SqlActivity(unit)


def test_an_empty_store_tells_of_nothing(activity: ActivityQueries) -> None:
    assert activity.activity(NOON, after(60)) == Activity(NOON, after(60), 0, 0, 0, {}, {})


def test_activity_counts_what_lies_in_the_span(unit: UnitOfWork, activity: ActivityQueries) -> None:
    feeds: list[Feed] = [feed(), feed("retired")]
    with unit.transaction() as tx:
        tx.feeds.sync(feeds, now=NOON)
        for key, minute, outcome in (("wire", -30, "ok"), ("wire", -10, "FetchError"), ("wire", 5, "not_modified"), ("wire", 60, "ok")):
            tx.feeds.record(Poll(FeedKey(key), after(minute), outcome))
        tx.feeds.record(Poll(FeedKey("retired"), after(6), "ParseError"))
        tx.feeds.sync(feeds[:1], now=NOON)
        tx.issues.ensure(ISSUE, title="Title", ladder_key="agreement")
        tx.issues.save_baseline(baseline())
        for name, minute in (("a-1", 1), ("a-2", 2), ("a-3", 3), ("a-4", 4), ("a-5", -5)):
            tx.articles.add(replace(article(name), first_seen_at=after(minute)), fingerprints=())
        for name, score, is_match in (
            ("a-1", 0.7, True),
            ("a-2", 0.46, False),
            ("a-3", 0.49, False),
            ("a-4", 0.2, False),
            ("a-5", 0.9, True),
        ):
            tx.articles.add_match(match(name, score=score, is_match=is_match))
        tx.articles.add_match(match("a-2", score=0.9, baseline_id="b-old"))
        for name, minute in (("c-1", 1), ("c-2", 59), ("c-3", 60)):
            tx.issues.add_change(replace(change(name, at=after(-900)), is_history=False), now=after(minute))
        tx.issues.add_change(replace(change("c-4"), is_history=True), now=after(2))
    found = activity.activity(NOON, after(60))
    assert (found.n_polls, found.n_failed_polls, found.n_articles) == (2, 1, 4)
    assert found.polls == {"wire": ((after(-10), False), (after(5), True))}
    mine = found.issues[ISSUE]
    assert [row.change_id for row in mine.changes] == [ChangeId("c-1"), ChangeId("c-2")]
    assert mine.n_matched == 1
    assert [miss.score for miss in mine.near_misses] == [0.49, 0.46]
    assert mine.near_misses[0] == NearMiss("Duties to end", "Wire", "https://news.example/a-3", NOON, 0.49, 0.5)

"""What every OutboxStore promises: each delivery at least once, in order within its issue, never two at a time."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.delivery import make_edit
from monitor.core.types import ChangeId, ChannelState, Delivery, DeliveryAim, DeliveryState, IssueKey
from monitor.errors import StoreError
from monitor.ports import UnitOfWork
from tests.examples import ISSUE, NOON, after, delivery

SENT, DEAD, DUE = DeliveryState.SENT, DeliveryState.DEAD, DeliveryState.DUE


def _lease(unit: UnitOfWork, minute: float, *, limit: int = 99) -> list[Delivery]:
    with unit.transaction() as tx:
        return tx.outbox.lease(now=after(minute), lease_s=600, limit=limit)


def _settle(unit: UnitOfWork, settled: Delivery) -> None:
    with unit.transaction() as tx:
        tx.outbox.settle(settled)


def _add(unit: UnitOfWork, deliveries: Iterable[Delivery]) -> None:
    with unit.transaction() as tx:
        for found in deliveries:
            assert tx.outbox.add(found)


def _all(unit: UnitOfWork) -> list[Delivery]:
    with unit.reading() as tx:
        return tx.outbox.list()


def test_a_delivery_comes_back_whole(unit: UnitOfWork) -> None:
    _add(unit, [delivery(), delivery("d-2", minute=1, is_notice=True)])
    assert _all(unit) == [delivery("d-2", minute=1, is_notice=True), delivery()]


def test_an_alert_goes_to_a_channel_once(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        assert tx.outbox.add(delivery())
        assert not tx.outbox.add(delivery())
        assert not tx.outbox.add(replace(delivery(), delivery_id="another"))
        assert tx.outbox.add(replace(delivery(), delivery_id="another", channel="console"))
    assert len(_all(unit)) == 2


def test_two_alerts_under_one_name_are_an_error_and_not_lost(unit: UnitOfWork) -> None:
    _add(unit, [delivery("d-1")])
    with pytest.raises(StoreError), unit.transaction() as tx:
        tx.outbox.add(replace(delivery("d-2"), delivery_id="d-1"))


def test_what_is_due_is_leased_and_counted(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    leased = replace(delivery(), state=DeliveryState.LEASED, leased_until=after(10), n_attempts=1)
    assert _lease(unit, 0) == [leased]
    assert _all(unit) == [replace(leased, unknown_since=NOON)]
    assert _lease(unit, 9) == []


def test_what_is_not_yet_due_waits(unit: UnitOfWork) -> None:
    _add(unit, [delivery(minute=5)])
    assert _lease(unit, 4) == []
    assert [found.delivery_id for found in _lease(unit, 5)] == ["d-1"]


def test_oldest_deliveries_are_leased_first_up_to_the_limit(unit: UnitOfWork) -> None:
    _add(unit, [delivery(f"d-{minute}", minute=minute, issue_key=f"i-{minute}") for minute in (2, 1, 3)])
    assert [found.delivery_id for found in _lease(unit, 9, limit=2)] == ["d-1", "d-2"]
    assert [found.delivery_id for found in _lease(unit, 9, limit=2)] == ["d-3"]


def test_a_lease_that_ran_out_is_taken_over(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    _lease(unit, 0)
    assert [(found.delivery_id, found.n_attempts, found.unknown_since) for found in _lease(unit, 10)] == [("d-1", 2, NOON)]


@pytest.mark.parametrize("outcome", [SENT, DEAD])
def test_a_delivery_waits_for_the_older_ones_of_its_issue_and_channel(unit: UnitOfWork, outcome: DeliveryState) -> None:
    _add(
        unit, [delivery("d-1"), delivery("d-2", minute=1), delivery("d-3", minute=1, channel="console"), delivery("d-4", issue_key="other")]
    )
    first = _lease(unit, 5)
    assert sorted(found.delivery_id for found in first) == ["d-1", "d-3", "d-4"]
    assert _lease(unit, 6) == []
    _settle(unit, replace(next(found for found in first if found.delivery_id == "d-1"), state=outcome))
    assert [found.delivery_id for found in _lease(unit, 7)] == ["d-2"]


def test_a_delivery_waits_for_an_older_one_that_is_to_be_tried_later(unit: UnitOfWork) -> None:
    _add(unit, [delivery("d-1"), delivery("d-2")])
    (first,) = _lease(unit, 0)
    _settle(unit, replace(first, state=DUE, due_at=after(60), last_error="rate limit"))
    assert _lease(unit, 59) == []
    assert [found.delivery_id for found in _lease(unit, 60)] == ["d-1"]


def test_what_was_sent_is_recorded_and_never_leased_again(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    (leased,) = _lease(unit, 0)
    _settle(unit, replace(leased, state=SENT, sent_at=after(1), receipt="1700.1", leased_until=None))
    assert _all(unit) == [replace(delivery(), state=SENT, sent_at=after(1), receipt="1700.1", n_attempts=1)]
    assert _lease(unit, 999) == []


def test_a_settled_delivery_holds_no_lease_whatever_the_caller_left_in_it(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    (leased,) = _lease(unit, 0)
    _settle(unit, replace(leased, state=DUE, due_at=after(1), last_error="503"))
    assert _all(unit) == [replace(delivery(), due_at=after(1), last_error="503", n_attempts=1)]


def _edit(cause: str, aim: DeliveryAim = DeliveryAim.ROOT, *, minute: float = 0, issue_key: str = ISSUE) -> Delivery:
    return make_edit(aim, delivery("d-1", issue_key=issue_key).alert, "slack", cause=cause, now=after(minute))


def test_an_edit_that_waits_stands_for_later_ones_and_one_that_is_leased_does_not(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        assert tx.outbox.add_edit(_edit("a-1"))
        assert not tx.outbox.add_edit(_edit("a-2", minute=1))
        assert tx.outbox.add_edit(_edit("a-2", issue_key="other"))
        assert tx.outbox.add_edit(_edit("r-1", DeliveryAim.NOTE))
    first = _lease(unit, 1)
    assert [found.delivery_id for found in first] == ["root_a-1@slack", "root_a-2@slack", "note_r-1@slack"]
    with unit.transaction() as tx:
        assert tx.outbox.add_edit(_edit("a-3", minute=2))
    # One root is edited by one worker at a time.
    assert _lease(unit, 3) == []
    _settle(unit, replace(first[0], state=SENT))
    assert [found.delivery_id for found in _lease(unit, 3)] == ["root_a-3@slack"]


def test_edits_go_before_posts_and_neither_waits_for_the_other(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    with unit.transaction() as tx:
        assert tx.outbox.add_edit(_edit("a-1", minute=5))
        assert tx.outbox.due_channels(now=after(4), edits_only=True) == set()
        assert tx.outbox.due_channels(now=after(5), edits_only=True) == {"slack"}
        assert [found.delivery_id for found in tx.outbox.lease(now=after(5), lease_s=60, limit=9, edits_only=True)] == ["root_a-1@slack"]
    assert [found.delivery_id for found in _lease(unit, 6)] == ["root_a-1@slack", "d-1"]
    assert {found.delivery_id: found.unknown_since for found in _all(unit)} == {"root_a-1@slack": None, "d-1": after(6)}


def test_an_edit_waits_for_the_turn_of_its_channel_but_does_not_take_it(unit: UnitOfWork) -> None:
    _add(unit, [delivery(), delivery("d-2", issue_key="other")])
    with unit.transaction() as tx:
        assert tx.outbox.add_edit(_edit("a-1"))
        leased = tx.outbox.lease(now=NOON, lease_s=600, limit=9, gap_s={"slack": 60.0})
        assert [found.delivery_id for found in leased] == ["root_a-1@slack", "d-1"]
        assert tx.outbox.add_edit(_edit("a-2", issue_key="other"))
        assert tx.outbox.lease(now=after(0.5), lease_s=600, limit=9, gap_s={"slack": 60.0}) == []
        assert len(tx.outbox.lease(now=after(1), lease_s=600, limit=9, gap_s={"slack": 60.0})) == 2


def test_an_edit_is_no_delivery_of_its_change_and_no_message_put_out(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    with unit.transaction() as tx:
        tx.outbox.add_edit(_edit("a-1"))
    with unit.reading() as tx:
        assert [found.delivery_id for found in tx.outbox.of_change(ChangeId("c-d-1"))] == ["d-1"]
        assert len(tx.held.recent("slack", since=NOON)) == 1


def test_a_worker_that_lost_its_lease_cannot_free_the_delivery_of_another(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    (slow,) = _lease(unit, 0)
    _lease(unit, 10)
    _settle(unit, replace(slow, state=DUE, due_at=after(11)))
    assert _lease(unit, 12) == []


def test_a_worker_that_lost_its_lease_may_still_report_that_it_sent(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    (slow,) = _lease(unit, 0)
    (quick,) = _lease(unit, 10)
    _settle(unit, replace(slow, state=SENT, sent_at=after(11), receipt="first"))
    _settle(unit, replace(quick, state=DUE, due_at=after(12)))
    _settle(unit, replace(quick, state=SENT, sent_at=after(12), receipt="second"))
    assert [(found.state, found.receipt) for found in _all(unit)] == [(SENT, "first")]


def test_settling_an_unknown_delivery_is_an_error(unit: UnitOfWork) -> None:
    with pytest.raises(StoreError, match="d-1"), unit.transaction() as tx:
        tx.outbox.settle(delivery())


def test_deliveries_are_listed_newest_first_by_state_up_to_the_limit(unit: UnitOfWork) -> None:
    _add(unit, [delivery("d-1"), delivery("d-2", issue_key="other"), delivery("d-3", minute=-1)])
    _settle(unit, replace(_lease(unit, 0, limit=1)[0], state=SENT))
    with unit.reading() as tx:
        assert [found.delivery_id for found in tx.outbox.list()] == ["d-2", "d-1", "d-3"]
        assert [found.delivery_id for found in tx.outbox.list(limit=1)] == ["d-2"]
        assert [found.delivery_id for found in tx.outbox.list(states=["sent"])] == ["d-3"]
        assert [found.delivery_id for found in tx.outbox.list(states={DUE, DEAD})] == ["d-2", "d-1"]
        assert tx.outbox.list(states=[]) == []


def test_a_dead_delivery_may_be_tried_again_from_the_start(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    (leased,) = _lease(unit, 0)
    _settle(unit, replace(leased, state=DEAD, last_error="archived"))
    with unit.transaction() as tx:
        assert tx.outbox.retry("d-1", now=after(30))
        assert not tx.outbox.retry("d-1", now=after(30))
        assert not tx.outbox.retry("unknown", now=after(30))
    assert _all(unit) == [replace(delivery(), due_at=after(30), last_error="archived")]


def test_what_is_unknown_of_a_post_is_kept_through_leases_settlements_and_retries(unit: UnitOfWork) -> None:
    _add(unit, [delivery()])
    (leased,) = _lease(unit, 0)
    assert leased.unknown_since is None
    _settle(unit, replace(leased, state=DUE, due_at=after(1), unknown_since=after(0), n_blind=1))
    (leased,) = _lease(unit, 5)
    assert (leased.unknown_since, leased.n_blind) == (NOON, 1)
    _settle(unit, replace(leased, state=DEAD))
    with unit.transaction() as tx:
        assert tx.outbox.dead_in_doubt(ISSUE, "slack") == NOON
        assert tx.outbox.dead_in_doubt(ISSUE, "console") is tx.outbox.dead_in_doubt(IssueKey("other"), "slack") is None
        assert tx.outbox.retry("d-1", now=after(30))
        assert tx.outbox.dead_in_doubt(ISSUE, "slack") is None
    assert [found.unknown_since for found in _lease(unit, 30)] == [NOON]


def _lease_by_turns(unit: UnitOfWork, minute: float, **gap_s: float) -> list[str]:
    with unit.transaction() as tx:
        return [found.delivery_id for found in tx.outbox.lease(now=after(minute), lease_s=600, limit=9, gap_s=gap_s)]


def test_a_channel_with_a_gap_gives_one_delivery_a_turn(unit: UnitOfWork) -> None:
    _add(unit, [delivery(f"d-{number}", issue_key=f"i-{number}") for number in range(3)])
    _add(unit, [delivery(f"c-{number}", issue_key=f"i-{number}", channel="console") for number in range(2)])
    assert sorted(_lease_by_turns(unit, 0, slack=60)) == ["c-0", "c-1", "d-0"]
    with unit.transaction() as tx:
        assert tx.outbox.due_channels(now=NOON) == {"slack"}
        assert tx.channels.state("slack").free_at == after(1)
    assert _lease_by_turns(unit, 0.5, slack=60) == []
    assert _lease_by_turns(unit, 1, slack=60) == ["d-1"]
    assert _lease_by_turns(unit, 2, slack=60) == ["d-2"]
    with unit.reading() as tx:
        assert tx.outbox.due_channels(now=after(2)) == set()


def test_a_channel_that_is_not_free_or_was_stopped_gives_none(unit: UnitOfWork) -> None:
    _add(unit, [delivery("d-1"), delivery("d-2", channel="console")])
    with unit.transaction() as tx:
        tx.channels.save(ChannelState("slack", free_at=after(5)))
        tx.channels.save(ChannelState("console", stopped_at=NOON, last_error="closed"))
    assert _lease_by_turns(unit, 4) == []
    with unit.reading() as tx:
        assert tx.outbox.due_channels(now=after(4)) == {"slack"}
    assert _lease_by_turns(unit, 5) == ["d-1"]
    with unit.transaction() as tx:
        tx.channels.save(ChannelState("console"))
    assert _lease_by_turns(unit, 5) == ["d-2"]


def test_two_workers_never_lease_the_same_delivery(unit: UnitOfWork) -> None:
    _add(unit, [delivery(f"d-{number:02}", issue_key=f"i-{number}") for number in range(30)])
    start = Barrier(3, timeout=30)

    def work(_: int) -> list[str]:
        start.wait()
        taken: list[str] = []
        for _ in range(10):
            taken += [found.delivery_id for found in _lease(unit, 1, limit=2)]
        return taken

    with ThreadPoolExecutor(3) as pool:
        taken = [name for names in pool.map(work, range(3)) for name in names]
    assert len(taken) == len(set(taken))
    with unit.transaction() as tx:
        left = tx.outbox.lease(now=after(1), lease_s=60, limit=99)
    assert sorted(taken + [found.delivery_id for found in left]) == [f"d-{number:02}" for number in range(30)]


def test_two_workers_never_take_the_same_turn(unit: UnitOfWork) -> None:
    _add(unit, [delivery(f"d-{number}", issue_key=f"i-{number}") for number in range(9)])
    start = Barrier(3, timeout=30)

    def work(_: int) -> list[str]:
        start.wait()
        return _lease_by_turns(unit, 0, slack=60)

    with ThreadPoolExecutor(3) as pool:
        taken = [name for names in pool.map(work, range(3)) for name in names]
    assert len(taken) == 1


STEPS = st.lists(st.tuples(st.sampled_from(["lease", "crash", "send", "fail", "pass"]), st.integers(0, 3)), max_size=40)


ISSUES = st.lists(st.sampled_from("ab"), min_size=1, max_size=6)


def test_any_interleaving_delivers_each_at_least_once_and_in_order(unit: UnitOfWork) -> None:
    # Each example leaves everything sent, so that the next one can go on in the same store under other names.
    runs = count()

    @given(issues=ISSUES, steps=STEPS)
    @settings(max_examples=40, deadline=None)
    def deliver(issues: list[str], steps: list[tuple[str, int]]) -> None:
        run = next(runs)
        _deliver_through_faults(unit, {f"d-{run}-{number}": f"{issue}-{run}" for number, issue in enumerate(issues)}, steps)

    deliver()


def _deliver_through_faults(unit: UnitOfWork, issues: dict[str, str], steps: list[tuple[str, int]]) -> None:
    """`issues`: the issue of each delivery, in order."""
    _add(unit, [delivery(name, issue_key=issue) for name, issue in issues.items()])
    minute, held, posted = 0.0, list[Delivery](), list[Delivery]()

    def take(step: str, which: int) -> None:
        nonlocal minute, held
        if step == "lease":
            held += _lease(unit, minute, limit=which)
        elif step == "pass":
            minute += 4
        elif held:
            # Whoever drops a delivery here without settling it has crashed.
            chosen = held.pop(which % len(held))
            if step == "send":
                posted.append(chosen)
                _settle(unit, replace(chosen, state=SENT, sent_at=after(minute)))
            elif step == "fail":
                _settle(unit, replace(chosen, state=DUE, due_at=after(minute + 1)))

    for step, which in steps:
        take(step, which)
    # In the end somebody works on without a fault; what crashed workers held comes back when its lease runs out.
    while any(found.state is not SENT for found in _all(unit)):
        for step in ("pass", "lease", "send"):
            take(step, 3)
    assert {found.delivery_id for found in posted} == issues.keys()
    for issue in set(issues.values()):
        first_posts = list(dict.fromkeys(found.delivery_id for found in posted if found.alert.issue_key == issue))
        assert first_posts == [name for name, its_issue in issues.items() if its_issue == issue]

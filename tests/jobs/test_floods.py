"""poll: bodies of thousands of items, which are stored in parts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.errors import DatabaseBusyError
from monitor.jobs import poll
from monitor.jobs.intake import Body, Intake, store_part
from monitor.jobs.poll import Polled
from tests.jobs.test_poll import RefusingUnitOfWork, World, world
from tests.story import GAZETTE, START, TALKS, feed_state

__all__ = ["world"]


def test_a_flood_is_stored_in_parts_and_what_interrupts_it_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "_N_ITEMS", 3)
    for number in range(8):
        world.write(GAZETTE, number, f"{TALKS.title}, part {number}")
    # The last transaction fails: the parts before it are there, and the feed is still due, without validators.
    with pytest.raises(DatabaseBusyError):
        world.poll(RefusingUnitOfWork(world.uow, DatabaseBusyError("locked")))
    assert len(world.titles()) == 8
    assert (feed_state(world.uow).etag, feed_state(world.uow).next_poll_at) == (None, world.clock.now())
    assert world.poll().n_new == 0
    assert len(world.titles()) == 8
    assert feed_state(world.uow).etag == '"1"'


def test_a_flood_is_one_poll_with_one_account(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "_N_ITEMS", 3)
    for number in range(8):
        world.write(GAZETTE, number, f"{TALKS.title}, part {number}")
    assert world.poll() == Polled(n_due=2, n_failed=1, n_new=8)
    with world.uow.reading() as tx:
        [told] = tx.feeds.polls(GAZETTE.key, limit=5)
        [served] = tx.feeds.servings(GAZETTE.key, since=START, until=world.clock.now() + timedelta(seconds=1))
    assert (told.n_entries, told.n_new) == (8, 8)
    assert (served.n_items, served.n_fresh, len(served.marks)) == (8, 8, 8)


def test_of_a_flood_that_comes_again_only_what_is_not_known_is_stored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "_N_ITEMS", 3)
    for number in range(8):
        world.write(GAZETTE, number, f"{TALKS.title}, part {number}")
    world.poll()
    stored: list[int] = []

    def counting(body: Body, *rest: Any, **more: Any) -> Intake:
        stored.append(len(body))
        return store_part(body, *rest, **more)

    monkeypatch.setattr(poll, "store_part", counting)
    world.write(GAZETTE, 8, f"{TALKS.title}, part 8", etag='"2"')
    world.write(GAZETTE, 3, f"{TALKS.title}, part 3, with other words", etag='"2"')
    polled = world.poll_later()
    assert (polled.n_new, polled.n_versions) == (1, 1)
    assert stored == [2]
    with world.uow.reading() as tx:
        told = tx.feeds.polls(GAZETTE.key, limit=1)[0]
    assert (told.n_entries, told.n_new, told.n_versions) == (9, 1, 1)

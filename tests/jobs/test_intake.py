"""Storing a feed's entries together is storing them one after the other, in fewer statements."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.types import Entry
from monitor.jobs.intake import Intake, store_entries
from monitor.testing.memory_store import MemoryUnitOfWork
from monitor.testing.memory_tables import Tables
from tests.story import GAZETTE, START

LONG = "The ministers met again on Tuesday, and the talks went on until the early morning in the harbour office. " * 3

#: Few values of everything, so that entries meet in every way: the same id, page, headline or words.
ENTRIES = st.builds(
    Entry,
    feed_key=st.just(GAZETTE.key),
    guid=st.sampled_from([None, "g-1", "g-2"]),
    url=st.sampled_from(["", "https://gazette.example/1", "https://gazette.example/2?utm_source=x", "https://gazette.example/"]),
    title=st.sampled_from(["Talks open", "Talks OPEN", "Treaty signed", ""]),
    text=st.sampled_from(["", "They met.", LONG, f"{LONG} It is done."]),
    published_at=st.sampled_from([None, START, START + timedelta(hours=1)]),
    published_raw=st.none(),
    fetched_at=st.just(START),
)


def _store(uow: MemoryUnitOfWork, entries: list[Entry]) -> Intake:
    with uow.transaction() as store:
        return store_entries(entries, store, source="Gazette", now=START)


def _world() -> MemoryUnitOfWork:
    uow = MemoryUnitOfWork()
    with uow.transaction() as store:
        store.feeds.sync([GAZETTE], now=START)
    return uow


def _rows(tables: Tables) -> tuple[object, ...]:
    return dict(tables.articles), dict(tables.versions), dict(tables.entries), dict(tables.fingerprints)


@settings(deadline=None, max_examples=150)
@given(st.lists(ENTRIES, max_size=4), st.lists(ENTRIES, max_size=8))
def test_together_is_one_after_the_other(before: list[Entry], entries: list[Entry]) -> None:
    together, one_by_one = _world(), _world()
    for uow in (together, one_by_one):
        _store(uow, before)
    intake = _store(together, entries)
    singly = [_store(one_by_one, [entry]) for entry in entries]
    assert _rows(together.committed()) == _rows(one_by_one.committed())
    assert (intake.n_entries, intake.n_new) == (len(entries), sum(one.n_new for one in singly))
    assert intake.n_versions == sum(one.n_versions for one in singly)
    assert _store(together, entries).n_new == 0


def _entry(number: int) -> Entry:
    return Entry(GAZETTE.key, f"g-{number}", f"https://gazette.example/{number}", f"Headline {number}", LONG[number:], START, None, START)


def test_what_was_delivered_before_or_is_known_from_elsewhere_counts_as_known() -> None:
    uow = _world()
    assert _store(uow, [_entry(1), _entry(2)]) == Intake(n_entries=2, n_known=0, n_new=2)
    new_id = replace(_entry(2), guid="other")
    assert _store(uow, [_entry(1), new_id, _entry(3)]) == Intake(n_entries=3, n_known=2, n_new=1)
    assert _store(uow, []) == Intake()


def test_nothing_is_written_where_all_is_known() -> None:
    uow = _world()
    _store(uow, [_entry(1), _entry(2)])
    with uow.reading() as store:
        # A reading view refuses writes.
        assert store_entries([_entry(1), _entry(2)], store, source="Gazette", now=START).n_known == 2

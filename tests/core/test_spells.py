from __future__ import annotations

from datetime import timedelta

from monitor.core.spells import Spell, blind_spells, gaps, overlap
from monitor.core.types import FeedKey, Poll
from tests.examples import after

WIRE, GAZETTE = FeedKey("wire"), FeedKey("gazette")
HOUR = timedelta(hours=1)


def polls(*told: tuple[FeedKey, float, str]) -> list[Poll]:
    return [Poll(key, after(minute), outcome) for key, minute, outcome in told]


def test_failures_from_the_first_to_the_next_success_are_a_spell() -> None:
    told = polls((WIRE, 0, "ok"), (WIRE, 10, "FetchError"), (WIRE, 60, "ParseError"), (WIRE, 90, "not_modified"), (WIRE, 100, "ok"))
    assert blind_spells(told, at_least=HOUR, now=after(500)) == [Spell(WIRE, after(10), after(90))]


def test_short_spells_are_no_blindness() -> None:
    assert blind_spells(polls((WIRE, 0, "FetchError"), (WIRE, 59, "ok")), at_least=HOUR, now=after(500)) == []


def test_a_spell_that_lasts_has_no_end_and_feeds_do_not_mix() -> None:
    told = polls((GAZETTE, 30, "FetchError"), (WIRE, 0, "FetchError"), (GAZETTE, 200, "ok"))
    assert blind_spells(told, at_least=HOUR, now=after(300)) == [Spell(WIRE, after(0), None), Spell(GAZETTE, after(30), after(200))]
    assert blind_spells(polls((WIRE, 0, "FetchError")), at_least=HOUR, now=after(30)) == []


def test_a_body_overlaps_by_what_was_known_of_it() -> None:
    assert overlap(Poll(WIRE, after(0), "ok", n_entries=20, n_new=5)) == 0.75
    assert overlap(Poll(WIRE, after(0), "not_modified")) is None
    assert overlap(Poll(WIRE, after(0), "ok")) is None


def test_a_poll_that_knew_nothing_is_a_gap_but_for_the_first() -> None:
    first, known, missed = (Poll(WIRE, after(n), "ok", n_entries=4, n_new=new) for n, new in ((0, 4), (10, 1), (30, 4)))
    assert gaps([missed, Poll(WIRE, after(20), "not_modified"), known, first]) == [missed]

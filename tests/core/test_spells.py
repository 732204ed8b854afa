from __future__ import annotations

from datetime import timedelta

from monitor.core.spells import Spell, blind_spells
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

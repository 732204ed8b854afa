"""The course of an issue, drawn; what is still denied; what shares an origin."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest

from monitor.core.spells import Spell
from monitor.core.types import ChangeKind, FeedKey
from monitor.web.picture import Course, draw
from monitor.web.routes.issues import open_denials
from tests.builders import LADDER
from tests.examples import NOON, after
from tests.web.desk import Words, change

SVG = "{http://www.w3.org/2000/svg}"
TALKS = change(1, ChangeKind.STATUS, Words(), before=None, now="talks-under-way")
AGREED = change(40, ChangeKind.STATUS, Words(), before="talks-under-way", now="broadly-agreed")
DENIED = change(90, ChangeKind.DENIAL, Words(), before="broadly-agreed", now="denied")
SIGNED = change(95, ChangeKind.MANUAL, Words(), before="denied", now="signed")


def course(*changes: object, days: float = 6, **fields: object) -> Course:
    told = {"volume": [(date(2026, 3, 1), 3), (date(2026, 3, 4), 9)], "spells": [Spell(FeedKey("wire"), after(600), None)]} | fields
    return Course(LADDER, changes, now=NOON + timedelta(days=days), **told)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_alone", [False, True])
def test_every_change_is_a_mark_on_the_lane_of_its_status(is_alone: bool) -> None:
    drawn = draw(course(TALKS, AGREED, DENIED, SIGNED), is_alone=is_alone)
    assert drawn is not None
    picture = ET.fromstring(str(drawn))
    titles = [found.text or "" for found in picture.iter(f"{SVG}title")]
    for told in (
        "2026-03-01 13:00 UTC, status: talks under way",
        "denial: denied",
        "manual: signed",
        "2026-03-04: 9 articles",
        "blind on wire",
    ):
        assert any(told in title for title in titles), told
    labels = [found.text for found in picture.iter(f"{SVG}text")]
    # Read upwards: the last step of the ladder stands highest.
    assert [label for label in labels if label in {"talks under way", "broadly agreed", "signed", "denied"}] == [
        "denied",
        "signed",
        "broadly agreed",
        "talks under way",
    ]
    links = [found.get("href") for found in picture.iter(f"{SVG}a")]
    assert links == ([] if is_alone else [f"/changes/{found.change_id}" for found in (TALKS, AGREED, DENIED, SIGNED)])
    assert "style" not in str(drawn)
    assert ("class=" in str(drawn)) is not is_alone


@pytest.mark.parametrize("days", [4, 30, 400, 4000, 40_000])
def test_any_length_of_time_is_drawn_with_few_ticks(days: float) -> None:
    drawn = draw(course(TALKS, AGREED, days=days))
    assert drawn is not None
    picture = ET.fromstring(str(drawn))
    n_ticks = sum(found.get("class") == "axis" and found.get("text-anchor") == "middle" for found in picture.iter(f"{SVG}text"))
    assert 1 <= n_ticks <= 13
    places = [float(found.get("x", "0")) for found in picture.iter(f"{SVG}text")]
    assert all(0 <= place <= 960 for place in places)


def test_nothing_is_drawn_of_nothing_and_a_status_of_an_older_ladder_has_a_lane() -> None:
    assert draw(course()) is None
    drawn = draw(course(replace(TALKS, to_status="of-old"), volume=[], spells=[]))
    assert drawn is not None
    assert "of-old" in drawn


def test_a_denial_is_open_until_something_moves() -> None:
    assert open_denials([TALKS, AGREED, DENIED]) == [DENIED]
    assert open_denials([TALKS, AGREED, DENIED, SIGNED]) == []

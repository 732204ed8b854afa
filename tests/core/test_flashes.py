"""Flashes: which bare headlines count as such."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.flashes import Habit, habit_of, is_flash
from monitor.core.policy import StatusPolicy
from tests.builders import make_article

POLICY = StatusPolicy()
BARE = make_article(title="Talks end", text=" ")


@pytest.mark.parametrize(
    ("n_articles", "n_with_text", "expected"),
    [(0, 0, False), (9, 9, False), (10, 10, True), (10, 8, True), (10, 7, False), (100, 0, False)],
)
def test_a_bare_headline_is_a_flash_where_the_outlet_otherwise_sends_text(n_articles: int, n_with_text: int, *, expected: bool) -> None:
    assert is_flash(BARE, Habit(n_articles, n_with_text), POLICY) is expected


def test_an_article_with_text_is_no_flash() -> None:
    assert not is_flash(make_article(title="Talks end", text="They ended."), Habit(10, 10), POLICY)
    assert not is_flash(make_article(title="", text=""), Habit(10, 10), POLICY)


def test_a_habit_counts_what_carries_text() -> None:
    whole = replace(BARE, text="They ended.")
    assert habit_of([whole, BARE, whole]) == Habit(3, 2)
    assert habit_of([]) == Habit()

from __future__ import annotations

import pytest

from monitor.core.visible import defused, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – “text”\nnext", "plain – “text”\nnext"),
        ("pay \u202etxet\u202c now", "pay txet now"),
        ("a\u200bb\ufeffc\x07d", "abc d"),
        ("\x1b[31mred", " [31mred"),
    ],
)
def test_nothing_turns_hides_or_moves(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", "＝1", "=cmd|' /C calc'!A0"])
def test_what_would_begin_a_formula_is_defused(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Talks = over", "3-2", "a@b", "“=1”"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert defused(cell) == cell

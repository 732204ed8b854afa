from __future__ import annotations

import pytest

from monitor.core.ladder import FORWARD, Ladder, Phase, Status
from tests.builders import LADDER

TWO_OF_A_PHASE = Ladder(
    "deal",
    "Deal",
    (
        Status("approved", "approved", Phase.ADOPTED, ()),
        Status("offered", "offered", Phase.PROPOSED, ()),
        Status("signed", "signed", Phase.ADOPTED, ()),
    ),
)


def test_the_forward_line_is_ranked_in_order() -> None:
    assert [phase.rank for phase in FORWARD] == [0, 1, 2, 3, 4, 5, 6]
    assert all(phase.is_forward for phase in FORWARD)


def test_sideways_and_backward_phases_have_no_rank() -> None:
    others = set(Phase) - set(FORWARD)
    assert {phase.value for phase in others} == {"postponed", "stalled", "contested", "denied", "collapsed", "reversed"}
    assert all(phase.rank == -1 and not phase.is_forward for phase in others)


def test_a_status_is_found_by_its_key() -> None:
    assert LADDER.status("signed").phase is Phase.ADOPTED


def test_a_status_that_the_ladder_lacks_is_a_key_error_that_names_it() -> None:
    with pytest.raises(KeyError, match="annulled"):
        LADDER.status("annulled")


def test_the_statuses_of_a_phase_keep_ladder_order() -> None:
    assert [status.key for status in TWO_OF_A_PHASE.of_phase(Phase.ADOPTED)] == ["approved", "signed"]
    assert TWO_OF_A_PHASE.of_phase(Phase.REVERSED) == ()

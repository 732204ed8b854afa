"""What the buttons carry comes back whole."""

from __future__ import annotations

import pytest

from monitor.core.types import ChangeId
from monitor.notify.actions import ALL, pack_status, unpack_status


def test_every_element_has_a_name_of_its_own() -> None:
    assert len(set(ALL)) == 5


def test_a_picked_status_comes_back_with_its_change() -> None:
    assert unpack_status(pack_status(ChangeId("c_12"), "joint_statement")) == ("c_12", "joint_statement")


@pytest.mark.parametrize("value", ["", "c_12", "|signed", "c_12|"])
def test_a_value_of_somebody_else_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        unpack_status(value)

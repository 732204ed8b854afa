"""The buttons under a change: their names on Slack's wire, and what each carries.

Five elements stand in one block (`BLOCK`). Four are buttons whose `value` is the id of the change; the fifth is a menu of the ladder's
statuses, each of whose values is the id of the change and the key of the status (`pack_status`).
"""

from __future__ import annotations

from monitor.core.types import ChangeId

#: `block_id` of the block that holds the buttons.
BLOCK = "review"

#: `action_id` of each element.
ACCEPT = "accept"
NOT_A_CHANGE = "not_a_change"
WRONG_STATUS = "wrong_status"
SAME_AS_BEFORE = "same_as_before"
MUTE_24H = "mute_24h"

ALL = (ACCEPT, NOT_A_CHANGE, WRONG_STATUS, SAME_AS_BEFORE, MUTE_24H)

#: What parts a change's id from a status's key; neither holds it.
_BORDER = "|"


def pack_status(change_id: ChangeId, status_key: str) -> str:
    """Return the value of one entry of the menu of statuses."""
    return f"{change_id}{_BORDER}{status_key}"


def unpack_status(value: str) -> tuple[ChangeId, str]:
    """Return what `pack_status` packed. Raises: ValueError where the value is none of ours."""
    change_id, border, status_key = value.partition(_BORDER)
    if not (change_id and border and status_key):
        raise ValueError(f"{value!r} is no value of the menu of statuses: it must be CHANGE{_BORDER}STATUS")
    return ChangeId(change_id), status_key

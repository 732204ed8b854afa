from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.core.remarks import remarks
from monitor.core.types import Feed, FeedKey, FeedState, Health

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STATE = FeedState(Feed(FeedKey("gazette"), "https://gazette.example/feed", "Gazette"), next_poll_at=NOON)

CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    (
        {"health": Health.GONE, "last_error": "answered 410", "failing_since": NOON},
        ["gone: ", "failing since 2026-03-02", "error: answered 410"],
    ),
    ({"adopted_url": "https://new.example/"}, ["moved: asked at https://new.example/"]),
    ({"redirect_url": "https://new.example/", "n_redirects": 2}, ["moving: sent to https://new.example/ by 2 polls"]),
    ({"last_gap_at": NOON}, ["gap: at 2026-03-02 12:00 none of its entries was known"]),
    ({"is_304_doubted": True}, ["doubt: "]),
    ({"failing_since": NOON, "failure_weight": 0.75}, ["failing since 2026-03-02 12:00, failures weigh 0.75"]),
]


@pytest.mark.parametrize(("changed", "beginnings"), CASES)
def test_what_there_is_to_say_of_a_feed(changed: dict[str, Any], beginnings: list[str]) -> None:
    told = list(remarks(replace(STATE, **changed)))
    assert len(told) == len(beginnings)
    assert all(line.startswith(beginning) for line, beginning in zip(told, beginnings, strict=True))

"""A few days of a small world; `python -m benchmarks.months` lives through months of two thousand feeds."""

from __future__ import annotations

import logging

import structlog

from benchmarks.months import KINDS, simulate


def test_no_item_is_lost_or_doubled_and_no_host_is_asked_too_often() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        world, notices, faults = simulate(len(KINDS), 2.0, great_flood=200)
    finally:
        structlog.reset_defaults()
    assert faults == []
    assert all(one.served for one in world.publishers.values())
    # One feed is gone for good, and somebody was told.
    assert notices["blind"] >= 1

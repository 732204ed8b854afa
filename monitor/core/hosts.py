"""Courtesy to a host as a whole: its feeds are asked in turn, some seconds apart, and all rest when one of them is told "too much"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor.core.outcomes import Failure, FailureKind, PollOutcome
from monitor.core.policy import PollPolicy
from monitor.core.types import FeedState


def host_of(url: str) -> str:
    """Return host and port of an address, lower case; empty where there is none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def host_turns(due: Sequence[FeedState], policy: PollPolicy) -> list[tuple[FeedState, ...]]:
    """Return the feeds by host, hosts in order of their longest-due feed; each turn is taken one feed after the other.

    Without spacing every feed has a turn of its own.
    """
    turns: dict[str, list[FeedState]] = {}
    for state in due:
        turns.setdefault(host_of(state.poll_url) if policy.host_spacing_s else state.feed.key, []).append(state)
    return [tuple(turn) for turn in turns.values()]


def ends_turn(outcome: PollOutcome) -> bool:
    """Return whether a host had better not be asked for another of its feeds in this turn: it is overloaded, or does not answer."""
    return isinstance(outcome, Failure) and (outcome.is_overload or outcome.kind is FailureKind.TEMPORARY)


def host_rest_s(outcome: PollOutcome, policy: PollPolicy) -> float:
    """Return for how many seconds the whole host is to be left alone after a poll of one of its feeds; 0 for not at all."""
    if not isinstance(outcome, Failure) or not outcome.is_overload:
        return 0.0
    return min(policy.host_rest_s if outcome.retry_after_s is None else outcome.retry_after_s, policy.max_interval_s)


def crawl_spacing_s(asked_s: float | None, most_s: float) -> float:
    """Return seconds between two requests to a host whose robots.txt has a `Crawl-delay`: what it asks for, within limits; None asks for nothing."""
    # A delay that is no number compares with nothing: it asks for nothing.
    return min(asked_s, most_s) if asked_s is not None and asked_s > 0.0 else 0.0


def turn_wait_s(last_s: float | None, now_s: float, spacing_s: float) -> float:
    """Return how many seconds a request has to wait for its turn at a host.

    `last_s` is when the host was last asked, or will be by whoever waits already; None for never. Both times are of one clock.
    """
    return 0.0 if last_s is None or spacing_s <= 0.0 else max(0.0, last_s + spacing_s - now_s)


def rested(siblings: Sequence[FeedState], policy: PollPolicy, until: datetime, jitter_units: Sequence[float]) -> list[FeedState]:
    """Return those of a host's feeds that would be asked before the end of its rest, put off beyond it and apart from each other.

    `jitter_units` has a random number from -1 to 1 for each: feeds that were put off to one instant would fail together for ever.
    """
    early = [(state, unit) for state, unit in zip(siblings, jitter_units, strict=True) if state.next_poll_at < until]
    spacing_s = max(policy.host_spacing_s, 1.0)
    return [
        replace(state, next_poll_at=until + timedelta(seconds=spacing_s * (number + (1.0 + unit) / 2.0)))
        for number, (state, unit) in enumerate(early)
    ]

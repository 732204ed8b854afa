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

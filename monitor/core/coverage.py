"""Was the monitor watching: the share of time in which feeds were not read, and whether an issue has the sources that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from monitor.core.types import CoveragePolicy, CoverageSpell, FeedState, Health, IssueKey

#: A gap so many times the usual one of a feed was no waiting but a monitor that stood still. Twice happens by jitter and a slow tick.
_GAP_FACTOR = 3.0


@dataclass(frozen=True, slots=True)
class Sight:
    """How long a feed was watched, and how much of that blind, in seconds."""

    watched_s: float = 0.0
    blind_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of its sources an issue can read."""

    n_feeds: int
    #: Those that cannot be read, longest failing first.
    failing: tuple[FeedState, ...]

    @property
    def share(self) -> float:
        """Share of the feeds that can be read, 0 to 1; 1 where there are none."""
        return 1.0 - len(self.failing) / self.n_feeds if self.n_feeds else 1.0

    @property
    def blind_since(self) -> datetime | None:
        """First failure of those that cannot be read; None where that is not known."""
        return min((state.failing_since for state in self.failing if state.failing_since is not None), default=None)


def sight(polls: Sequence[tuple[datetime, bool]], since: datetime, until: datetime) -> Sight:
    """Return how a feed was watched between two instants, by its polls (instant, whether it was read), oldest first.

    From a poll that failed a feed is blind until the next; from one that was read it is blind once the next one is overdue. Before its first
    poll a feed is not watched.
    """
    if not polls:
        return Sight()
    gaps = [(after - before).total_seconds() for (before, _), (after, _) in pairwise(polls)]
    usual = timedelta(seconds=_GAP_FACTOR * median(gaps)) if gaps else until - since
    ends = [*(at for at, _ in polls[1:]), max(until, polls[-1][0])]
    total = Sight()
    for (at, was_read), end in zip(polls, ends, strict=True):
        total = Sight(
            total.watched_s + _overlap_s(at, end, since, until),
            total.blind_s + _overlap_s(at + usual if was_read else at, end, since, until),
        )
    return total


def blind_share(sights: Iterable[Sight]) -> float:
    """Return the share of the watched time, over all feeds, that was blind, 0 to 1; 1 where nothing was watched."""
    found = list(sights)
    watched_s = sum(each.watched_s for each in found)
    return sum(each.blind_s for each in found) / watched_s if watched_s else 1.0


def coverage_of(policy: CoveragePolicy, states: Sequence[FeedState], now: datetime, *, blind_after_s: float) -> Coverage:
    """Return which of an issue's feeds can be read. `blind_after_s` holds where the policy has no patience of its own."""
    after = timedelta(seconds=blind_after_s if policy.after_s is None else policy.after_s)
    mine = [state for state in states if state.health is not Health.RETIRED and (not policy.feeds or state.feed.key in policy.feeds)]
    failing = [
        state
        for state in mine
        if state.health in {Health.GONE, Health.BLIND} or (state.failing_since is not None and now - state.failing_since >= after)
    ]
    return Coverage(len(mine), tuple(sorted(failing, key=lambda state: (state.failing_since or now, state.feed.key))))


def decide_coverage(
    issue_key: IssueKey, coverage: Coverage, policy: CoveragePolicy, spell: CoverageSpell | None, now: datetime
) -> CoverageSpell | None:
    """Return the spell that begins or ends now; None where nothing is to be told. `spell` is the one that is open."""
    is_low = coverage.share < policy.min_share
    if is_low and spell is None:
        return CoverageSpell(issue_key, coverage.blind_since or now, now, len(coverage.failing), coverage.n_feeds)
    if not is_low and spell is not None:
        return replace(spell, ended_at=now)
    return None


def _overlap_s(begin: datetime, end: datetime, since: datetime, until: datetime) -> float:
    return max(0.0, (min(end, until) - max(begin, since)).total_seconds())

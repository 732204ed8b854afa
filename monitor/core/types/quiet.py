"""Quiet hours, schedules, and what issues and channels ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, tzinfo
from enum import StrEnum

from monitor.core.types.severity import Severity

#: Monday to Sunday, as `datetime.weekday` counts them.
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of wall-clock time that comes round each day, or on some days of the week; over midnight where `end` is not after `start`."""

    start: time
    end: time
    zone: tzinfo
    #: Days on which a span begins, Monday 0.
    days: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Schedule:
    """Wall-clock times on days of the week."""

    times: tuple[time, ...]
    zone: tzinfo
    #: Monday 0.
    days: frozenset[int] = EVERY_DAY


class HeldNotices(StrEnum):
    """Which notices wait for the end of quiet hours."""

    NONE = "none"
    FEEDS = "feeds"  #: those on feeds; that an issue has lost the coverage it needs, or has it again, is told at once
    ALL = "all"


@dataclass(frozen=True, slots=True)
class QuietPolicy:
    """When a channel, or an issue in any channel, is left in peace. The defaults hold back nothing."""

    #: Changes below it are told in the digest only.
    floor: Severity = Severity.MINOR
    hours: tuple[QuietHours, ...] = ()
    #: Statuses, phases, `major` or `blind`: what is told at once also in quiet hours, cooldown and bursts.
    overrides: frozenset[str] = frozenset()
    #: A monitor that does not see what it must see is worth a message at night; one feed of many is not.
    held_notices: HeldNotices = HeldNotices.FEEDS
    #: Seconds after a message on an issue for which the next ones on it are held and then told as one.
    cooldown_s: float = 0.0
    #: Most messages that a channel takes within `burst_s` seconds; what comes beyond is held and told as one. 0: no limit.
    burst_n: int = 0
    burst_s: float = 0.0
    #: Seconds since its publication from which a change is caught up with rather than news; such changes are told as one. None: never.
    late_after_s: float | None = None
    #: Most seconds for which such a change waits until everything that has arrived is read.
    max_catch_up_s: float = 900.0


@dataclass(frozen=True, slots=True)
class CoveragePolicy:
    """How much of its sources an issue needs."""

    #: Keys of the feeds that watch the issue; empty: all.
    feeds: tuple[str, ...] = ()
    #: Least share of them that must be readable, 0 to 1; 0 asks for nothing.
    min_share: float = 0.0
    #: Seconds of failing after which a feed counts as not readable; None takes `poll.blind_after_s`.
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class IssueAlerts:
    """What the issue's file says on its alerts."""

    quiet: QuietPolicy = QuietPolicy()
    #: Names of the channels that get them; empty: all.
    channels: tuple[str, ...] = ()
    coverage: CoveragePolicy = CoveragePolicy()


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """What the settings say on a channel."""

    quiet: QuietPolicy = QuietPolicy()
    #: Keys of the issues that it is told of; empty: all.
    issues: tuple[str, ...] = ()
    #: Whether it gets notices on feeds and coverage.
    takes_notices: bool = True
    digest: Schedule | None = None

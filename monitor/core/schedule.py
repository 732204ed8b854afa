"""Wall-clock times: how people write them, when quiet hours end, and when a digest was last due.

A span or a schedule is written as days and times, such as `22:00-07:00`, `sat-sun 00:00-24:00`, `07:30`, `mon 08:00` or
`mon-fri 07:30,17:00`. Days and times are those of a zone, so that the instants move with its summer time.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from monitor.core.types import EVERY_DAY, QuietHours, Schedule

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHORTHANDS = {"daily": "08:00", "weekly": "mon 08:00"}
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00")
#: A schedule comes round within a week; a day more for zones and summer time.
_LOOK_BACK_DAYS = 8


def parse_schedule(written: str, zone: tzinfo) -> Schedule:
    """Return the schedule that a text means. Raises ValueError with what is wrong."""
    text = written.strip().lower()
    days, times = _split(_SHORTHANDS.get(text, text))
    return Schedule(tuple(sorted({_time(part, written) for part in times.split(",")})), zone, _days(days, written))


def parse_quiet_hours(written: str, zone: tzinfo) -> QuietHours:
    """Return the span that a text means. Raises ValueError with what is wrong."""
    days, times = _split(written.strip().lower())
    start, found, end = times.partition("-")
    if not found:
        raise ValueError(f"{written!r} is no span of time; write it like 22:00-07:00 or sat-sun 00:00-24:00")
    return QuietHours(_time(start, written), _time(end, written), zone, _days(days, written))


def quiet_until(hours: QuietHours, now: datetime) -> datetime | None:
    """Return when the quiet hours that hold at `now` end; None where none hold."""
    today = now.astimezone(hours.zone).date()
    # A span that began yesterday may reach into today.
    for day in (today - timedelta(days=1), today):
        if day.weekday() not in hours.days:
            continue
        begin = _instant(day, hours.start, hours.zone)
        end = _instant(day if hours.end > hours.start else day + timedelta(days=1), hours.end, hours.zone)
        if begin <= now < end:
            return end
    return None


def last_slot(schedule: Schedule, now: datetime) -> datetime:
    """Return the latest instant of a schedule that is not after `now`."""
    today = now.astimezone(schedule.zone).date()
    slots = (
        _instant(day, at, schedule.zone)
        for day in (today - timedelta(days=back) for back in range(_LOOK_BACK_DAYS))
        if day.weekday() in schedule.days
        for at in schedule.times
    )
    return max(slot for slot in slots if slot <= now)


def schedule_text(schedule: Schedule) -> str:
    """Return a name for how often a schedule comes round: `Daily`, `Weekly`, or with its days."""
    if len(schedule.days) == 1:
        return "Weekly"
    return "Daily" if schedule.days == EVERY_DAY else "Regular"


def _instant(day: date, at: time, zone: tzinfo) -> datetime:
    # A wall-clock time that summer time skips is taken as if the clock had not been set forward yet; one that comes twice, as its first.
    return datetime.combine(day, at, zone).astimezone(UTC)


def _split(text: str) -> tuple[str, str]:
    """Return days, which may be absent, and times."""
    before, _, after = text.rpartition(" ")
    return before.strip(), after.strip()


def _days(text: str, written: str) -> frozenset[int]:
    if not text:
        return EVERY_DAY
    days: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"{written!r}: {part!r} is no day of the week; known: {', '.join(_DAYS)}, and spans such as mon-fri")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days.update(day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1))
    return frozenset(days)


def _time(text: str, written: str) -> time:
    if not _TIME.fullmatch(text.strip()):
        raise ValueError(f"{written!r}: {text.strip()!r} is no time of day; write it like 07:30")
    hours, minutes = map(int, text.split(":"))
    # 24:00 ends a day where the next one begins.
    return time(hours % 24, minutes)

"""Dates as feeds write them, and when an entry counts as published. Every result is aware and in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

#: How far ahead of our clock a publisher's clock may run before its date is taken for an embargo or a mistake.
MAX_SKEW = timedelta(minutes=10)

#: Dates before the web are placeholders such as 1 January 1970.
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

#: No date is longer; the rest of a longer string is not looked at.
_MAX_DATE_CHARS = 100

#: Zone names that RFC 822 does not define but feeds write, in hours. `IST` is read as India's, whose outlets write it most, and
#: `BST` as British, `CST` is left to RFC 822 (North America).
_ZONES = {
    "WET": 0.0, "WEST": 1.0, "BST": 1.0, "CET": 1.0, "MEZ": 1.0, "WAT": 1.0, "CEST": 2.0, "MESZ": 2.0, "EET": 2.0, "CAT": 2.0,
    "SAST": 2.0, "EEST": 3.0, "MSK": 3.0, "EAT": 3.0, "TRT": 3.0, "GST": 4.0, "PKT": 5.0, "IST": 5.5, "NPT": 5.75, "ICT": 7.0,
    "WIB": 7.0, "HKT": 8.0, "SGT": 8.0, "PHT": 8.0, "AWST": 8.0, "JST": 9.0, "KST": 9.0, "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0,
    "NZDT": 13.0, "BRT": -3.0, "ART": -3.0,
}  # fmt: skip
_LAST_WORD = re.compile(r"\s([A-Za-z]{3,4})$")
_ISO_LIKE = re.compile(r"\d{4}-?\d{2}")
#: `/2024/09/27/`, `/2024-09-27-`, `/20240927/`: a day between marks that no number runs on behind.
_DAY_IN_ADDRESS = re.compile(r"[/_-](?P<year>(?:19|20)\d{2})(?P<mark>[/_-]?)(?P<month>\d{2})(?P=mark)(?P<day>\d{2})(?=[/_.-]|$)")
#: What nearly all feeds of RSS write: `Fri, 27 Sep 2024 12:00:00 GMT`. The standard library takes six times as long over it.
_RFC_822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC|Z|([+-])([01]\d|2[0-3])(\d{2}))",
    re.ASCII,
)
_MONTHS = {
    name: number
    for number, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1)
}
_GAP_BEFORE_OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")


def parse_date(raw: str) -> datetime | None:
    """Return the instant that an RFC 822 or ISO 8601 date names; None where it is neither, or names no instant since 1990.

    A date without a zone, or with one that nobody knows, is read as UTC. Dates of digits and slashes are not guessed at: half of the
    world puts the month first.
    """
    try:
        usual = _RFC_822.fullmatch(raw)
        instant = _usual_instant(*usual.groups()) if usual and usual[2] in _MONTHS else _instant(raw)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return instant if instant is not None and instant >= _EARLIEST else None


def _usual_instant(
    day: str, month: str, year: str, hour: str, minute: str, second: str, sign: str | None, hours: str | None, minutes: str | None
) -> datetime:
    """Return the instant of the parts of a date of RFC 822, read as the standard library reads them."""
    local = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    if sign is None:
        return local
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return local - offset if sign == "+" else local + offset


def _instant(raw: str) -> datetime | None:
    text = " ".join(raw[:_MAX_DATE_CHARS].split())
    if not text:
        return None
    zone = UTC
    named = _LAST_WORD.search(text)
    if named and named.group(1).upper() in _ZONES:
        zone = timezone(timedelta(hours=_ZONES[named.group(1).upper()]))
        text = text[: named.start()]
    parsed = _parse_iso(text) if _ISO_LIKE.match(text) else parsedate_to_datetime(text)
    return (parsed.replace(tzinfo=zone) if parsed.tzinfo is None else parsed).astimezone(UTC)


def _parse_iso(text: str) -> datetime:
    for name in (" UTC", " GMT", " Z"):
        if text.upper().endswith(name):
            text = text[: -len(name)] + "+00:00"
            break
    return datetime.fromisoformat(_GAP_BEFORE_OFFSET.sub("", text))


def published_time(raw: str | None, parsed: datetime | None, fetched_at: datetime) -> datetime | None:
    """Return when an entry counts as published by its own date; None where that is missing, unreadable, or ahead of the fetch.

    `raw` is the date as the feed wrote it and goes before `parsed`, which is another parser's reading of it: that one may not know
    the zone. Ahead means by more than `MAX_SKEW`.
    """
    instant = (parse_date(raw) if raw else None) or parsed
    if instant is None or instant < _EARLIEST or instant > fetched_at + MAX_SKEW:
        return None
    return instant


def date_of_address(url: str) -> datetime | None:
    """Return the end of the day that stands in an article's address, as in `/2024/09/27/`, in UTC; None where none does."""
    for found in _DAY_IN_ADDRESS.finditer(url):
        try:
            day = datetime(int(found["year"]), int(found["month"]), int(found["day"]), tzinfo=UTC)
        except ValueError:
            continue
        if day >= _EARLIEST:
            return day + timedelta(days=1) - timedelta(seconds=1)
    return None

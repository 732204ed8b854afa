"""What the head of a feed says of how often it wants to be asked: `ttl`, `skipHours`, `skipDays` (RSS 2.0), `sy:updatePeriod`.

Looked for in the bytes before the first entry, whatever reads the rest: a feed that is malformed further down still says it.
"""

from __future__ import annotations

import re

from monitor.core.polling import FIRST_ENTRY, HEAD_BYTES
from monitor.core.types import FeedHints

#: Bytes that are looked at behind the last entry.
_TAIL_BYTES = 8192

_TTL = re.compile(rb"<ttl(?:\s[^>]{0,200})?>\s*(\d{1,7})\s*</ttl", re.IGNORECASE)
_PERIOD = re.compile(rb"<(?:sy|syn):updatePeriod(?:\s[^>]{0,200})?>\s*([a-z]{1,10})\s*</", re.IGNORECASE)
_FREQUENCY = re.compile(rb"<(?:sy|syn):updateFrequency(?:\s[^>]{0,200})?>\s*(\d{1,5})\s*</", re.IGNORECASE)
_SKIP_HOURS = re.compile(rb"<skipHours(?:\s[^>]{0,200})?>(.{0,4096}?)</skipHours", re.IGNORECASE | re.DOTALL)
_SKIP_DAYS = re.compile(rb"<skipDays(?:\s[^>]{0,200})?>(.{0,4096}?)</skipDays", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(rb"<hour(?:\s[^>]{0,200})?>\s*(\d{1,2})\s*<", re.IGNORECASE)
_DAY = re.compile(rb"<day(?:\s[^>]{0,200})?>\s*([a-z]{6,9})\s*<", re.IGNORECASE)

_PERIODS_S = {b"hourly": 3600, b"daily": 86_400, b"weekly": 604_800, b"monthly": 2_592_000, b"yearly": 31_536_000}
_DAYS = (b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday")


def read_hints(body: bytes) -> FeedHints:
    """Return what the body says; what it does not say, or says in another way, is left out."""
    # Without the zeros UTF-16 reads like ASCII, as far as these elements go.
    head = body[:HEAD_BYTES].replace(b"\0", b"")
    entry = FIRST_ENTRY.search(head)
    # Some channels put these after their items.
    text = head[: entry.start()] + _after_entries(body[-_TAIL_BYTES:].replace(b"\0", b"")) if entry else head
    hours = _SKIP_HOURS.search(text)
    days = _SKIP_DAYS.search(text)
    return FeedHints(
        period_s=_period_s(text),
        # Hour 24 is what RSS 0.91 calls midnight.
        skip_hours=tuple(sorted({int(hour) % 24 for hour in _HOUR.findall(hours.group(1)) if int(hour) <= 24})) if hours else (),
        skip_days=tuple(sorted({_DAYS.index(day.lower()) for day in _DAY.findall(days.group(1)) if day.lower() in _DAYS})) if days else (),
    )


def _after_entries(tail: bytes) -> bytes:
    end = max(tail.rfind(b"</item"), tail.rfind(b"</entry"))
    return tail[end:] if end >= 0 else b""


def _period_s(text: bytes) -> float | None:
    found = []
    ttl = _TTL.search(text)
    if ttl:
        found.append(60.0 * int(ttl.group(1)))
    period = _PERIOD.search(text)
    if period and period.group(1).lower() in _PERIODS_S:
        frequency = _FREQUENCY.search(text)
        found.append(_PERIODS_S[period.group(1).lower()] / max(1, int(frequency.group(1)) if frequency else 1))
    return max(found, default=0.0) or None

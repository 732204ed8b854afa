"""Wall-clock times: written by people, moved by summer time, never twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.schedule import last_slot, parse_quiet_hours, parse_schedule, quiet_until, schedule_text

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "now", "until"),
    [
        # A Friday. Berlin is two hours ahead in summer.
        ("22:00-07:00", "2024-09-06T19:59", None),
        ("22:00-07:00", "2024-09-06T20:00", "2024-09-07T05:00"),
        ("22:00-07:00", "2024-09-07T04:59", "2024-09-07T05:00"),
        ("22:00-07:00", "2024-09-07T05:00", None),
        ("12:00-13:30", "2024-09-06T11:00", "2024-09-06T11:30"),
        ("sat-sun 00:00-24:00", "2024-09-06T21:59", None),
        ("sat-sun 00:00-24:00", "2024-09-06T22:00", "2024-09-07T22:00"),
        ("fri-mon 22:00-07:00", "2024-09-10T04:00", "2024-09-10T05:00"),
        ("fri 22:00-07:00", "2024-09-08T04:00", None),
        # The night in which summer time ends has an hour more, that in which it begins an hour less.
        ("22:00-07:00", "2024-10-26T22:00", "2024-10-27T06:00"),
        ("22:00-07:00", "2024-03-30T22:00", "2024-03-31T05:00"),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(span: str, now: str, until: str | None) -> None:
    assert quiet_until(parse_quiet_hours(span, BERLIN), at(now)) == (at(until) if until else None)


@pytest.mark.parametrize(
    ("written", "now", "slot"),
    [
        ("07:30", "2024-09-06T05:30", "2024-09-06T05:30"),
        ("07:30", "2024-09-06T05:29", "2024-09-05T05:30"),
        ("daily", "2024-09-06T12:00", "2024-09-06T06:00"),
        ("weekly", "2024-09-06T12:00", "2024-09-02T06:00"),
        ("mon-fri 07:30,17:00", "2024-09-08T12:00", "2024-09-06T15:00"),
        ("sun 09:00", "2024-09-01T06:59", "2024-08-25T07:00"),
        # Half past two does not exist on this night; it is counted, and not twice.
        ("02:30", "2024-03-31T12:00", "2024-03-31T01:30"),
    ],
)
def test_the_last_slot_is_the_latest_that_has_come(written: str, now: str, slot: str) -> None:
    assert last_slot(parse_schedule(written, BERLIN), at(now)) == at(slot)


@given(now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), hours=st.integers(0, 24 * 14))  # noqa: DTZ001
def test_slots_never_go_back(now: datetime, hours: int) -> None:
    schedule = parse_schedule("tue,sat 02:30,23:00", BERLIN)
    slot, later = last_slot(schedule, now), last_slot(schedule, now + timedelta(hours=hours))
    assert slot <= later
    assert now - timedelta(days=5) < slot <= now


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("25:00", "'25:00' is no time of day"),
        ("noon", "'noon' is no time of day"),
        ("mon-frii 08:00", "'mon-frii' is no day of the week"),
        ("07:30,", "'' is no time of day"),
        ("", "'' is no time of day"),
    ],
)
def test_a_schedule_that_cannot_be_read_says_why(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        parse_schedule(text, UTC)


@pytest.mark.parametrize("text", ["22:00", "22-7", "mon 22:00-7", "always 22:00-07:00"])
def test_quiet_hours_that_cannot_be_read_say_why(text: str) -> None:
    with pytest.raises(ValueError, match=text.split("-")[0]):
        parse_quiet_hours(text, UTC)


def test_a_schedule_has_a_name() -> None:
    assert [schedule_text(parse_schedule(text, UTC)) for text in ("daily", "weekly", "mon-fri 08:00")] == ["Daily", "Weekly", "Regular"]

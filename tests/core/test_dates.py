from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.dates import MAX_SKEW, date_of_address, parse_date, published_time

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

READABLE = [
    ("Mon, 02 Mar 2026 12:00:00 GMT", NOON),
    ("Mon, 02 Mar 2026 12:00:00 +0000", NOON),
    ("Mon, 02 Mar 2026 12:00:00 -0000", NOON),
    ("Mon, 02 Mar 2026 07:00:00 EST", NOON),
    ("Mon, 02 Mar 2026 08:00:00 EDT", NOON),
    ("Mon, 02 Mar 2026 04:00:00 PST", NOON),
    ("Mon, 02 Mar 2026 17:30:00 IST", NOON),
    ("Mon, 02 Mar 2026 13:00:00 CET", NOON),
    ("Mon, 02 Mar 2026 15:00:00 MSK", NOON),
    ("Mon, 02 Mar 2026 21:00:00 jst", NOON),
    ("02 Mar 2026 12:00 GMT", NOON),
    ("Mon,  02 Mar 26 12:00:00 Z", NOON),
    ("2026-03-02T12:00:00Z", NOON),
    ("2026-03-02T14:00:00+02:00", NOON),
    ("2026-03-02T14:00:00.000+0200", NOON),
    ("2026-03-02 12:00:00", NOON),
    ("2026-03-02 12:00:00 UTC", NOON),
    ("2026-03-02 14:00:00 +0200", NOON),
    ("2026-03-02 17:30 IST", NOON),
    ("20260302T120000Z", NOON),
    ("  2026-03-02T12:00:00Z\n", NOON),
    ("2026-03-02", NOON.replace(hour=0)),
]


@pytest.mark.parametrize(("raw", "instant"), READABLE)
def test_dates_that_feeds_write_are_read(raw: str, instant: datetime) -> None:
    assert parse_date(raw) == instant


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "  ",
        "yesterday",
        "02/03/2026",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0001-01-01T00:00:00+14:00",
        "2026-13-40",
        "0",
        "-1",
        "x" * 9999,
    ],
)
def test_what_is_no_date_gives_none(raw: str) -> None:
    assert parse_date(raw) is None


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="0123456789-+:TZ ,MonMarGMT")))
def test_any_text_gives_an_aware_instant_or_none(raw: str) -> None:
    instant = parse_date(raw)
    assert instant is None or instant.tzinfo is UTC


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1990, 1, 2), max_value=datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_an_iso_date_comes_back_as_the_same_instant(instant: datetime) -> None:
    # In UTC, because instants of a repeated hour never compare equal across zones.
    assert parse_date(instant.isoformat()) == instant.astimezone(UTC)


PUBLISHED = [
    (None, None, None),
    ("Mon, 02 Mar 2026 10:00:00 GMT", None, NOON - timedelta(hours=2)),
    ("Mon, 02 Mar 2026 15:30:00 IST", datetime(2026, 3, 2, 15, 30, tzinfo=UTC), NOON - timedelta(hours=2)),
    ("lundi", NOON - timedelta(hours=3), NOON - timedelta(hours=3)),
    ("lundi", None, None),
    ("2026-03-02T12:05:00Z", None, NOON + timedelta(minutes=5)),
    ("2026-03-02T13:00:00Z", None, None),
    ("2062-03-02T12:00:00Z", None, None),
    (None, datetime(1970, 1, 1, tzinfo=UTC), None),
]


@given(
    st.sampled_from(["Mon, ", ""]),
    st.integers(0, 32),
    st.sampled_from(["Jan", "Feb", "Dec", "Mai"]),
    st.integers(1989, 2040),
    st.tuples(st.integers(0, 25), st.integers(0, 61), st.integers(0, 61)),
    st.sampled_from(["GMT", "+0000", "-0000", "+0545", "-1130", "+2459", "-9900"]),
)
def test_usual_dates_are_read_as_the_standard_library_reads_them(
    weekday: str, day: int, month: str, year: int, time: tuple[int, int, int], zone: str
) -> None:
    raw = f"{weekday}{day:02} {month} {year} {time[0]:02}:{time[1]:02}:{time[2]:02} {zone}"
    try:
        instant = parsedate_to_datetime(raw)
    except ValueError:
        assert parse_date(raw) is None
        return
    instant = instant.replace(tzinfo=instant.tzinfo or UTC)
    assert parse_date(raw) == (instant if instant.year >= 1990 and instant >= datetime(1990, 1, 1, tzinfo=UTC) else None)


@pytest.mark.parametrize(("raw", "parsed", "published"), PUBLISHED)
def test_when_an_entry_counts_as_published(raw: str | None, parsed: datetime | None, published: datetime | None) -> None:
    assert published_time(raw, parsed, NOON) == published


@settings(deadline=None)
@given(st.none() | st.text(), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_nothing_is_published_after_it_was_fetched_but_for_the_skew_of_clocks(raw: str | None, parsed: datetime | None) -> None:
    published = published_time(raw, parsed, NOON)
    assert published is None or published <= NOON + MAX_SKEW


IN_ADDRESSES = [
    ("https://a.example/world/2024/09/27/ferry.html", "2024-09-27T23:59:59Z"),
    ("https://a.example/2024-09-27-ferry", "2024-09-27T23:59:59Z"),
    ("https://a.example/ferry_20240927/", "2024-09-27T23:59:59Z"),
    ("https://a.example/2024/09/31/2024/09/30", "2024-09-30T23:59:59Z"),
    ("https://a.example/2024/09/ferry", None),
    ("https://a.example/id/20240927123", None),
    ("https://a.example/2024/13/01", None),
]


@pytest.mark.parametrize(("url", "day"), IN_ADDRESSES)
def test_the_day_in_an_address(url: str, day: str | None) -> None:
    assert date_of_address(url) == (parse_date(day) if day else None)

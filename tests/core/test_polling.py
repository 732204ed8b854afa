from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.policy import PollPolicy
from monitor.core.polling import (
    Failure,
    FailureKind,
    NotModified,
    PollOutcome,
    Success,
    decide_next_poll,
    outcome_of_answer,
    outcome_of_error,
    retry_after_seconds,
    use_validators,
)
from monitor.core.types import Feed, FeedKey, FeedState, FetchResult, Health
from monitor.errors import BlockedAddressError, BodyTooLargeError, FetchError, MonitorError, ParseError

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = PollPolicy()
FEED = Feed(FeedKey("gazette"), "https://gazette.example/feed", "Gazette")
NEW = FeedState(FEED, next_poll_at=NOON)
HEALTHY = replace(NEW, etag='"1"', last_modified="Mon", health=Health.HEALTHY, last_poll_at=NOON - HOUR, last_success_at=NOON - HOUR)
TIME_OUT = Failure(FailureKind.TEMPORARY, "timed out")


def wait_s(outcome: PollOutcome, *, state: FeedState = HEALTHY, jitter_unit: float = 0.0) -> float:
    return (decide_next_poll(state, outcome, POLICY, NOON, jitter_unit).next_poll_at - NOON).total_seconds()


def with_headers(**headers: str) -> Success:
    return Success(headers={name.replace("_", "-"): value for name, value in headers.items()})


WAITS = [
    ("nothing said", with_headers(), 3600),
    ("a longer max-age", with_headers(cache_control="public, max-age=7200"), 7200),
    ("a shorter max-age", with_headers(cache_control="max-age=60"), 3600),
    ("a max-age of a year", with_headers(cache_control="max-age=31536000"), 86400),
    ("max-age less the age", with_headers(cache_control="max-age=7200", age="1800"), 5400),
    ("max-age for shared caches only", with_headers(cache_control="s-maxage=7200"), 3600),
    ("max-age beside no-cache", with_headers(cache_control="no-cache, max-age=7200"), 3600),
    ("Expires", with_headers(expires="Mon, 02 Mar 2026 14:00:00 GMT"), 7200),
    ("Expires beside a wrong clock", with_headers(expires="Mon, 02 Mar 2026 20:00:00 GMT", date="Mon, 02 Mar 2026 18:00:00 GMT"), 7200),
    ("Expires in the past", with_headers(expires="Mon, 02 Mar 2020 14:00:00 GMT"), 3600),
    ("Expires of zero", with_headers(expires="0"), 3600),
    ("max-age before Expires", with_headers(cache_control="max-age=5400", expires="Mon, 02 Mar 2026 20:00:00 GMT"), 5400),
    ("not modified with max-age", NotModified(headers={"cache-control": "max-age=7200"}), 7200),
    ("a time-out", TIME_OUT, 4500),
    ("a soft failure", Failure(FailureKind.SOFT, "404"), 5400),
    ("a hard failure", Failure(FailureKind.HARD, "refused"), 7200),
    ("a failure with Retry-After", Failure(FailureKind.SOFT, "429", retry_after_s=9000), 9000),
    ("a failure with a short Retry-After", Failure(FailureKind.SOFT, "429", retry_after_s=5), 5400),
    ("a failure with Retry-After of a month", Failure(FailureKind.SOFT, "429", retry_after_s=2.6e6), 86400),
]


@pytest.mark.parametrize(("outcome", "expected_s"), [(outcome, s) for _, outcome, s in WAITS], ids=[name for name, _, _ in WAITS])
def test_how_long_a_feed_is_left_alone(outcome: PollOutcome, expected_s: float) -> None:
    assert wait_s(outcome) == expected_s


def test_a_feed_may_set_its_own_least_interval_but_not_below_the_policy() -> None:
    hasty, slow = (replace(HEALTHY, feed=replace(FEED, interval_s=seconds)) for seconds in (60.0, 7200.0))
    assert wait_s(Success(), state=hasty) == POLICY.min_interval_s
    assert wait_s(Success(), state=slow) == 7200
    assert wait_s(Success(), state=slow, jitter_unit=-1.0) == 7920


def test_jitter_shifts_both_ways_but_never_below_what_the_server_asked() -> None:
    assert [wait_s(Success(), jitter_unit=unit) for unit in (-1.0, 0.0, 0.5)] == [3240, 3600, 3780]
    assert wait_s(with_headers(cache_control="max-age=7200"), jitter_unit=-0.5) == 7560


HEADERS = st.fixed_dictionaries({}, optional={name: st.text() for name in ("cache-control", "expires", "age", "date")})
OUTCOMES = st.one_of(
    st.builds(Success, headers=HEADERS),
    st.builds(NotModified, headers=HEADERS),
    st.builds(Failure, st.sampled_from(FailureKind), st.text(), st.none() | st.floats(min_value=0, max_value=1e12)),
)


@settings(deadline=None)
@given(st.lists(st.tuples(OUTCOMES, st.floats(-1, 1)), min_size=1, max_size=8))
def test_the_spacing_of_polls_stays_within_the_policy_whatever_happens(history: list[tuple[PollOutcome, float]]) -> None:
    state, now = NEW, NOON
    for outcome, jitter_unit in history:
        state = decide_next_poll(state, outcome, POLICY, now, jitter_unit)
        spacing_s = (state.next_poll_at - now).total_seconds()
        assert POLICY.min_interval_s <= spacing_s <= POLICY.max_interval_s
        assert state.last_poll_at == now
        now = state.next_poll_at


def test_a_success_stores_its_validators_and_heals() -> None:
    failing = replace(HEALTHY, health=Health.BLIND, failing_since=NOON - HOUR, failure_weight=3, last_error="x")
    state = decide_next_poll(failing, Success(etag='W/"2"'), POLICY, NOON, 0)
    assert state == replace(HEALTHY, etag='W/"2"', last_modified=None, last_poll_at=NOON, last_success_at=NOON, next_poll_at=NOON + HOUR)


def test_not_modified_heals_and_keeps_the_validators_it_does_not_replace() -> None:
    state = decide_next_poll(replace(HEALTHY, health=Health.FAILING), NotModified(etag='"2"'), POLICY, NOON, 0)
    assert (state.health, state.etag, state.last_modified) == (Health.HEALTHY, '"2"', "Mon")
    assert state.last_success_at == NOON - HOUR


def test_a_304_after_a_failed_parse_does_not_make_a_feed_healthy() -> None:
    unreadable = decide_next_poll(HEALTHY, outcome_of_error(ParseError("no feed")), POLICY, NOON, 0)
    assert (unreadable.health, unreadable.etag, unreadable.last_modified) == (Health.FAILING, None, None)
    assert not use_validators(unreadable, NOON, POLICY)
    state = decide_next_poll(unreadable, NotModified(etag='"2"'), POLICY, NOON + HOUR, 0)
    assert (state.health, state.etag, state.last_error) == (Health.FAILING, None, "no feed")


def test_failures_add_up_until_the_feed_is_blind() -> None:
    state, now = HEALTHY, NOON
    seen = []
    for _ in range(6):
        state = decide_next_poll(state, TIME_OUT, POLICY, now, 0)
        seen.append((state.health, (state.next_poll_at - now).total_seconds()))
        now = state.next_poll_at
    assert [s for _, s in seen] == [4500, 5400, 6300, 7200, 8100, 9000]
    assert [health for health, _ in seen] == [Health.FAILING] * 4 + [Health.BLIND] * 2
    assert state.failing_since == NOON
    assert state.etag == HEALTHY.etag
    assert state.failure_weight == pytest.approx(1.5)


@pytest.mark.parametrize("outcome", [Success(), NotModified(), TIME_OUT])
def test_a_poll_leaves_it_to_the_notices_to_know_what_was_noticed(outcome: PollOutcome) -> None:
    noticed = replace(HEALTHY, health=Health.BLIND, failing_since=NOON - 9 * HOUR, is_blind_noticed=True)
    assert decide_next_poll(noticed, outcome, POLICY, NOON, 0).is_blind_noticed


ERRORS: list[tuple[MonitorError, FailureKind]] = [
    (FetchError("timed out"), FailureKind.TEMPORARY),
    (FetchError("503", status=503), FailureKind.TEMPORARY),
    (FetchError("408", status=408), FailureKind.TEMPORARY),
    (FetchError("404", status=404), FailureKind.SOFT),
    (FetchError("429", status=429), FailureKind.SOFT),
    (FetchError("410", status=410), FailureKind.GONE),
    (ParseError("page"), FailureKind.UNREADABLE),
    (BlockedAddressError("private"), FailureKind.HARD),
    (BodyTooLargeError("large"), FailureKind.HARD),
]


@pytest.mark.parametrize(("error", "kind"), ERRORS, ids=[f"{type(error).__name__} {error}" for error, _ in ERRORS])
def test_how_an_error_weighs(error: MonitorError, kind: FailureKind) -> None:
    assert outcome_of_error(error) == Failure(kind, str(error))


def test_the_wait_that_a_server_asks_for_goes_with_its_error() -> None:
    assert outcome_of_error(FetchError("429", status=429, retry_after_s=30)).retry_after_s == 30


def test_a_410_ends_the_polls_of_a_feed() -> None:
    assert decide_next_poll(HEALTHY, outcome_of_error(FetchError("410", status=410)), POLICY, NOON, 0).health is Health.GONE


def test_an_answer_with_a_body_is_a_success_and_a_304_is_not_modified() -> None:
    answer = FetchResult("https://a.example", 200, b"x", '"1"', "Mon", None, {"age": "1"})
    assert outcome_of_answer(answer) == Success('"1"', "Mon", {"age": "1"})
    assert outcome_of_answer(replace(answer, status=304)) == NotModified('"1"', "Mon", {"age": "1"})


def test_validators_are_used_but_once_a_day_the_feed_is_asked_as_if_for_the_first_time() -> None:
    assert use_validators(HEALTHY, NOON, POLICY)
    assert not use_validators(NEW, NOON, POLICY)
    assert not use_validators(replace(HEALTHY, etag=None, last_modified=None), NOON, POLICY)
    day_old = replace(HEALTHY, last_success_at=NOON - timedelta(days=1))
    assert not use_validators(day_old, NOON, POLICY)
    # Answers 304 do not put the probe off.
    assert not use_validators(decide_next_poll(day_old, NotModified(), POLICY, NOON, 0), NOON, POLICY)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 02 Mar 2026 12:05:00 GMT", 300.0),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(raw: str | None, expected: float | None) -> None:
    assert retry_after_seconds(raw, NOON) == expected


def test_a_retry_after_date_without_the_servers_own_date_is_not_trusted() -> None:
    assert retry_after_seconds("Mon, 02 Mar 2026 12:05:00 GMT", None) is None

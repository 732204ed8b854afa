from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.outcomes import Failure, FailureKind, NotModified, PollOutcome, Success, outcome_of_answer, outcome_of_error
from monitor.core.policy import PollPolicy
from monitor.core.polling import body_digest, decide_next_poll, has_gap, is_blind, postponed, retry_after_seconds, use_validators
from monitor.core.types import Feed, FeedHints, FeedKey, FeedState, FetchResult, Health
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
    assert wait_s(Success(), state=slow, jitter_unit=-1.0) == pytest.approx(7920)


def test_jitter_puts_off_and_never_brings_forward() -> None:
    assert [wait_s(Success(), jitter_unit=unit) for unit in (-1.0, 0.0, 0.5)] == pytest.approx([3960, 3600, 3780])
    assert wait_s(with_headers(cache_control="max-age=7200"), jitter_unit=-0.5) == pytest.approx(7560)


def test_a_stated_freshness_from_the_least_interval_on_goes_before_the_usual_one() -> None:
    assert wait_s(with_headers(cache_control="max-age=900")) == 900
    assert wait_s(replace(with_headers(cache_control="max-age=300"), hints=FeedHints(period_s=1200))) == 1200
    patient = replace(HEALTHY, feed=replace(FEED, interval_s=7200.0))
    assert wait_s(with_headers(cache_control="max-age=900"), state=patient) == 7200


HINTED = [
    ("ttl", FeedHints(period_s=7200), NOON, NOON + 2 * HOUR),
    ("ttl of a week", FeedHints(period_s=604_800), NOON, NOON + 24 * HOUR),
    ("the next hour is skipped", FeedHints(skip_hours=(13,)), NOON, NOON + 2 * HOUR),
    ("the whole night is skipped", FeedHints(skip_hours=(13, 14, 15, *range(16, 24), *range(6))), NOON, NOON + 18 * HOUR),
    ("another hour is skipped", FeedHints(skip_hours=(12, 14)), NOON, NOON + HOUR),
    ("every hour is skipped", FeedHints(skip_hours=tuple(range(24))), NOON, NOON + HOUR),
    ("tomorrow is skipped", FeedHints(skip_days=(1,)), NOON + 11.5 * HOUR, NOON + 36 * HOUR),
    ("another day is skipped", FeedHints(skip_days=(2,)), NOON + 11.5 * HOUR, NOON + 12.5 * HOUR),
    ("four days are skipped", FeedHints(skip_days=(0, 1, 2, 3)), NOON, NOON + 72 * HOUR),
    ("every day is skipped", FeedHints(skip_days=tuple(range(7))), NOON, NOON + HOUR),
]


@pytest.mark.parametrize(("hints", "now", "expected"), [case[1:] for case in HINTED], ids=[case[0] for case in HINTED])
def test_what_the_body_asks_for_is_heeded_and_capped(hints: FeedHints, now: datetime, expected: datetime) -> None:
    steady = replace(POLICY, jitter=0.0)
    state = decide_next_poll(HEALTHY, Success(hints=hints), steady, now, -1.0)
    assert state.next_poll_at == expected
    # A 304 has no body: what the last one said still holds.
    assert decide_next_poll(state, NotModified(), steady, now, -1.0).next_poll_at == expected


def test_feeds_that_wake_at_the_same_hour_are_spread_over_its_first_quarter() -> None:
    hints = FeedHints(skip_hours=(13,))
    at = [decide_next_poll(HEALTHY, Success(hints=hints), POLICY, NOON, unit).next_poll_at - NOON - 2 * HOUR for unit in (0.0, 1.0)]
    assert at == [timedelta(seconds=450), timedelta(seconds=900)]


def test_a_feed_that_falls_due_in_an_hour_it_skips_is_put_off() -> None:
    sleeper = replace(HEALTHY, hints=FeedHints(skip_hours=(12,)))
    assert postponed(sleeper, POLICY, NOON, -1.0) == NOON + HOUR
    assert postponed(HEALTHY, POLICY, NOON, 0.0) is None


READ = replace(HEALTHY, body_digest="old")


def read(n_known: int, n_entries: int = 30) -> Success:
    return Success(body_digest="new", n_entries=n_entries, n_known=n_known, n_new=n_entries - n_known, hints=FeedHints())


LEARNED = [
    ("hardly anything known", READ, read(9), 1800),
    ("half of it known", READ, read(15), None),
    ("nearly all known, at the usual pace", READ, read(29), None),
    ("nearly all known, at a fast pace", replace(READ, learned_interval_s=1800.0), read(29), 2250),
    ("not modified, at a fast pace", replace(READ, learned_interval_s=1800.0), NotModified(), 2250),
    ("the same body, at a fast pace", replace(READ, learned_interval_s=1800.0), Success(body_digest="old"), 2250),
    ("nothing known", READ, read(0), 900),
    ("nothing known, at a fast pace", replace(READ, learned_interval_s=1200.0, last_poll_at=NOON - HOUR / 3), read(0), 600),
    ("back at the usual pace", replace(READ, learned_interval_s=3000.0), read(29), None),
    ("an empty feed", READ, read(0, 0), None),
    ("the first body", HEALTHY, read(0), None),
    ("after an outage", replace(READ, last_poll_at=NOON - 9 * HOUR), read(0), None),
    ("a publisher who says how often", READ, replace(read(0), hints=FeedHints(period_s=3000)), None),
]


@pytest.mark.parametrize(("state", "outcome", "learned_s"), [case[1:] for case in LEARNED], ids=[case[0] for case in LEARNED])
def test_the_interval_is_learned_from_what_was_known(state: FeedState, outcome: Success | NotModified, learned_s: float | None) -> None:
    after = decide_next_poll(state, outcome, POLICY, NOON, 0.0)
    assert after.learned_interval_s == learned_s
    if learned_s:
        assert after.next_poll_at - NOON == timedelta(seconds=learned_s)


HEAD = b"<rss><channel><title>News</title><lastBuildDate>%b</lastBuildDate><ttl>%b</ttl><!-- made at %b -->%b</channel></rss>"
STORY = b"<item><title>Ferry</title><pubDate>%b</pubDate></item>"


def test_a_body_is_known_again_by_all_but_the_hour_at_which_its_head_was_made() -> None:
    noon = body_digest(HEAD % (b"12:00", b"60", b"12:00", STORY % b"Mon"))
    assert body_digest(HEAD % (b"13:00", b"60", b"13:00", STORY % b"Mon")) == noon
    others = {
        "another date of an entry": HEAD % (b"12:00", b"60", b"12:00", STORY % b"Tue"),
        "another wish of the publisher": HEAD % (b"12:00", b"30", b"12:00", STORY % b"Mon"),
        "one entry more": HEAD % (b"12:00", b"60", b"12:00", 2 * (STORY % b"Mon")),
        "an entry in place of the hour": HEAD % (STORY % b"Wed", b"60", b"12:00", STORY % b"Mon"),
        "an entry hidden in a comment": HEAD % (b"12:00", b"60", STORY % b"Wed", STORY % b"Mon"),
    }
    assert all(body_digest(body) != noon for body in others.values())
    assert len({body_digest(body) for body in others.values()}) == len(others)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_bodies_without_such_stamps_are_told_apart_by_every_byte(one: bytes, other: bytes) -> None:
    if b"<" not in one + other:
        assert (body_digest(one) == body_digest(other)) == (one == other)


def test_a_poll_without_anything_known_is_a_gap_but_not_the_first_one() -> None:
    assert has_gap(READ, read(0))
    assert not has_gap(READ, read(1))
    assert not has_gap(HEALTHY, read(0))
    assert decide_next_poll(READ, read(0), POLICY, NOON, 0).last_gap_at == NOON
    assert decide_next_poll(READ, read(1), POLICY, NOON, 0).last_gap_at is None


def test_a_server_that_says_not_modified_for_ever_is_caught_and_cleared() -> None:
    # A week of 304 while the feed goes on; the day's probe brings what was kept back.
    lied_to = replace(READ, last_success_at=NOON - timedelta(days=1), last_poll_at=NOON - HOUR)
    caught = decide_next_poll(lied_to, read(20), POLICY, NOON, 0)
    assert caught.is_304_doubted
    # The probe itself brought validators: they are tried once, whenever that is, and after a 304 only until the next probe.
    caught = replace(caught, etag='"1"')
    assert use_validators(caught, NOON + 4 * HOUR, POLICY)
    held_off = decide_next_poll(caught, NotModified(), POLICY, NOON + HOUR, 0)
    assert held_off.is_304_doubted
    assert use_validators(held_off, NOON + 3 * HOUR, POLICY)
    assert not use_validators(held_off, NOON + 4 * HOUR, POLICY)
    assert decide_next_poll(caught, read(30), POLICY, NOON + 4 * HOUR, 0).is_304_doubted
    assert not decide_next_poll(caught, replace(read(20), was_conditional=True), POLICY, NOON + HOUR, 0).is_304_doubted


def test_a_probe_without_news_and_a_first_request_raise_no_doubt() -> None:
    asked = replace(READ, last_success_at=NOON - timedelta(days=1), last_poll_at=NOON - HOUR)
    assert not decide_next_poll(asked, read(30), POLICY, NOON, 0).is_304_doubted
    assert not decide_next_poll(replace(asked, failing_since=NOON - HOUR), read(1), POLICY, NOON, 0).is_304_doubted
    assert not decide_next_poll(NEW, read(0), POLICY, NOON, 0).is_304_doubted


MOVED = "https://new.example/feed"


def redirected(times: int, to: str | None = MOVED, *, state: FeedState = READ) -> FeedState:
    for _ in range(times):
        state = decide_next_poll(state, NotModified(moved_to=to), POLICY, NOON, 0)
    return state


def test_a_permanent_redirect_is_adopted_after_repeated_confirmation() -> None:
    assert (redirected(2).poll_url, redirected(2).n_redirects) == (FEED.url, 2)
    adopted = redirected(3)
    assert (adopted.poll_url, adopted.feed.url, adopted.etag) == (MOVED, FEED.url, '"1"')
    assert redirected(1, None, state=adopted).poll_url == MOVED


def test_a_redirect_that_changes_or_stops_starts_anew() -> None:
    assert redirected(1, "https://other.example/", state=redirected(2)).n_redirects == 1
    assert redirected(1, None, state=redirected(2)).n_redirects == 0
    assert redirected(9, "http://gazette.example/feed").poll_url == FEED.url
    assert redirected(3, FEED.url, state=redirected(3)).adopted_url is None


@pytest.mark.parametrize("kind", [FailureKind.GONE, FailureKind.SOFT, FailureKind.UNREADABLE, FailureKind.HARD])
def test_an_adopted_address_that_fails_gives_way_to_the_configured_one(kind: FailureKind) -> None:
    state = decide_next_poll(redirected(3), Failure(kind, "no"), POLICY, NOON, 0)
    assert (state.poll_url, state.health, state.etag) == (FEED.url, Health.FAILING, None)


def test_an_adopted_address_outlasts_what_passes() -> None:
    for failure in (TIME_OUT, Failure(FailureKind.SOFT, "429", is_overload=True)):
        assert decide_next_poll(redirected(3), failure, POLICY, NOON, 0).poll_url == MOVED


def test_blindness_needs_no_poll_to_be_seen() -> None:
    failing = replace(HEALTHY, health=Health.FAILING, failing_since=NOON)
    assert [is_blind(failing, NOON + hours * HOUR, POLICY) for hours in (5, 6)] == [False, True]
    assert is_blind(replace(HEALTHY, health=Health.GONE), NOON, POLICY)
    assert not is_blind(HEALTHY, NOON, POLICY)


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
        assert POLICY.min_interval_s <= spacing_s <= POLICY.max_interval_s * (1 + POLICY.jitter)
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
    assert outcome_of_error(error) == Failure(kind, str(error), is_overload=str(error) in {"429", "503"})


def test_the_wait_that_a_server_asks_for_goes_with_its_error() -> None:
    assert outcome_of_error(FetchError("429", status=429, retry_after_s=30)).retry_after_s == 30


def test_a_410_ends_the_polls_of_a_feed() -> None:
    assert decide_next_poll(HEALTHY, outcome_of_error(FetchError("410", status=410)), POLICY, NOON, 0).health is Health.GONE


def test_an_answer_with_a_body_is_a_success_and_a_304_is_not_modified() -> None:
    answer = FetchResult("https://a.example", 200, b"x", '"1"', "Mon", None, {"age": "1"}, moved_to="https://b.example/")
    told = {"etag": '"1"', "last_modified": "Mon", "headers": {"age": "1"}, "moved_to": "https://b.example/"}
    assert outcome_of_answer(answer, was_conditional=False, body_digest="d") == Success(**told, body_digest="d")  # type: ignore[arg-type]
    assert outcome_of_answer(replace(answer, status=304), was_conditional=True) == NotModified(**told, was_conditional=True)  # type: ignore[arg-type]


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


def test_no_feed_is_asked_without_validators_twice_in_a_row() -> None:
    # Polls that lie further apart than probes: each would be one.
    daily = replace(NEW, etag='"1"', last_poll_at=NOON, last_success_at=NOON)
    assert use_validators(daily, NOON + 25 * HOUR, POLICY)
    assert use_validators(replace(daily, is_304_doubted=True), NOON + 25 * HOUR, POLICY)
    assert not use_validators(replace(daily, last_poll_at=NOON + 25 * HOUR), NOON + 50 * HOUR, POLICY)

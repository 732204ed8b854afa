from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.hosts import crawl_spacing_s, ends_turn, host_of, host_rest_s, host_turns, rested, turn_wait_s
from monitor.core.outcomes import Failure, FailureKind, NotModified, PollOutcome, Success
from monitor.core.policy import PollPolicy
from monitor.core.types import Feed, FeedKey, FeedState

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
POLICY = PollPolicy()


def state(key: str, host: str = "news.example") -> FeedState:
    return FeedState(Feed(FeedKey(key), f"https://{host}/{key}", "News"), next_poll_at=NOON)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://News.Example/feed", "news.example"),
        ("http://news.example:8080/", "news.example:8080"),
        ("https://user:secret@news.example/", "news.example"),
        ("https://[broken/", ""),
        ("", ""),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


def test_feeds_of_one_host_share_a_turn_in_order_of_the_longest_due() -> None:
    due = [state("a"), state("b", "other.example"), state("c"), replace(state("d"), adopted_url="https://other.example/d")]
    assert [[feed.feed.key for feed in turn] for turn in host_turns(due, POLICY)] == [["a", "c"], ["b", "d"]]
    assert len(host_turns(due, replace(POLICY, host_spacing_s=0.0))) == 4


OUTCOMES: list[tuple[PollOutcome, bool, float]] = [
    (Success(), False, 0),
    (NotModified(), False, 0),
    (Failure(FailureKind.SOFT, "404"), False, 0),
    (Failure(FailureKind.UNREADABLE, "page"), False, 0),
    (Failure(FailureKind.TEMPORARY, "timed out"), True, 0),
    (Failure(FailureKind.SOFT, "429", is_overload=True), True, 900),
    (Failure(FailureKind.SOFT, "429", retry_after_s=60, is_overload=True), True, 60),
    (Failure(FailureKind.TEMPORARY, "503", retry_after_s=1e9, is_overload=True), True, 86_400),
]


@pytest.mark.parametrize(("outcome", "ends", "rest_s"), OUTCOMES)
def test_a_host_in_trouble_is_left_alone(outcome: PollOutcome, ends: bool, rest_s: float) -> None:
    assert ends_turn(outcome) is ends
    assert host_rest_s(outcome, POLICY) == rest_s


def test_feeds_that_rest_together_do_not_wake_together() -> None:
    until = NOON + timedelta(hours=1)
    late = replace(state("late"), next_poll_at=until + timedelta(hours=1))
    put_off = rested([state("a"), late, state("b"), state("c")], POLICY, until, [0.5, 0.0, -1.0, 1.0])
    assert [feed.feed.key for feed in put_off] == ["a", "b", "c"]
    assert [(feed.next_poll_at - until).total_seconds() for feed in put_off] == [3.75, 5.0, 15.0]


@pytest.mark.parametrize(
    ("asked_s", "spacing_s"),
    [(None, 0.0), (0.0, 0.0), (-5.0, 0.0), (0.5, 0.5), (10.0, 10.0), (3600.0, 10.0), (float("inf"), 10.0), (float("nan"), 0.0)],
)
def test_a_crawl_delay_is_heeded_within_limits(asked_s: float | None, spacing_s: float) -> None:
    assert crawl_spacing_s(asked_s, 10.0) == spacing_s
    assert crawl_spacing_s(asked_s, 0.0) == 0.0


@pytest.mark.parametrize(
    ("last_s", "spacing_s", "wait_s"),
    [(None, 10.0, 0.0), (90.0, 10.0, 0.0), (95.0, 10.0, 5.0), (100.0, 10.0, 10.0), (110.0, 10.0, 20.0), (110.0, 0.0, 0.0)],
)
def test_a_request_waits_for_its_turn(last_s: float | None, spacing_s: float, wait_s: float) -> None:
    assert turn_wait_s(last_s, 100.0, spacing_s) == wait_s

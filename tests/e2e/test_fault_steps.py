"""Whatever step a worker dies at, and whatever the channel does meanwhile: nothing is lost, doubled or out of order."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from benchmarks.fault_steps import Story, n_moments, try_deaths
from monitor.errors import DeliveryError, LookupRefusedError, MonitorError, RateLimitedError, UnknownOutcomeError

LOST, LIMITED, REFUSED = UnknownOutcomeError("timed out"), RateLimitedError("wait", retry_after_s=5), DeliveryError("refused")
Failures = tuple[MonitorError | None, ...]
SCRIPTS: dict[str, Failures] = {
    "no failure": (),
    "lost root": (LOST,),
    "lost reply": (None, None, LOST),
    "all lost": (LOST,) * 6,
    "limits": (LIMITED, None, LIMITED),
    "mixed": (LOST, LIMITED, REFUSED, None, LOST, REFUSED, LOST),
}


@pytest.mark.parametrize("failures", SCRIPTS.values(), ids=SCRIPTS)
def test_one_death_at_any_step(failures: Failures) -> None:
    with capture_logs():
        moments = n_moments(failures)
        assert moments > 10
        assert [problem for dies_at in range(moments) for problem in try_deaths([dies_at], failures)] == []


def test_two_deaths_in_a_row() -> None:
    with capture_logs():
        moments = n_moments()
        # All pairs are tried by `python -m benchmarks.fault_sweep`; strides of seven and five meet every kind of step here.
        pairs = [(first, second) for first in range(0, moments, 7) for second in range(first % 5, moments, 5)]
        assert len(pairs) > 50
        assert [problem for pair in pairs for problem in try_deaths(pair)] == []


def test_the_check_sees_a_double_and_a_loss() -> None:
    with capture_logs():
        story = Story()
        story.live(None)
        story.finish()
        assert story.check() == []
        doubled = next(iter(story.board.messages.values()))
        story.board.messages["again"] = doubled
        assert story.check() == [f"{doubled.key} is there 2 times"]
        story.board.messages = {key: post for key, post in story.board.messages.items() if post.key != "a_c_second-1"}
        assert len(story.check()) == 2


def test_a_channel_that_cannot_be_asked_is_told_twice_and_counts_it() -> None:
    with capture_logs():
        story = Story([None, LOST])
        story.board.find_failures = [LookupRefusedError("missing_scope")]
        story.live(None)
        story.finish()
        problems = story.check()
    assert sum("is there 2 times" in problem for problem in problems) == 1
    assert sum("was posted blindly" in problem for problem in problems) == 1
    assert len(problems) == 2

"""What an answer to a poll does to its feed: when to ask again, how a failure weighs, when the feed counts as blind.

Servers say how often they want to be asked, in three ways that all count here: `Retry-After` with an error, `Cache-Control: max-age`
and `Expires` with an answer (RFC 9110 and 9111). None may stretch the wait beyond the policy's most.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.core.dates import parse_date
from monitor.core.policy import PollPolicy
from monitor.core.types import FeedState, FetchResult, Health
from monitor.errors import FetchError, MonitorError, ParseError, TransientError

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_SECONDS = re.compile(r"\d{1,10}")

#: Error statuses that tell of a passing trouble of the server, like those from 500 on.
_PASSING_STATUSES = frozenset({408, 425})


class FailureKind(StrEnum):
    """What a failure says of the next try."""

    TEMPORARY = "temporary"  #: time-out, lost connection, 5xx: says little
    SOFT = "soft"  #: 404, 429 and the like: often passes
    HARD = "hard"  #: refused address, body too large: rarely passes
    UNREADABLE = "unreadable"  #: an answer that is no feed: weighs as hard, and its validators must not be trusted
    GONE = "gone"  #: 410: the publisher says that this is for good


@dataclass(frozen=True, slots=True)
class Success:
    """A body that was fetched and parsed."""

    etag: str | None = None
    last_modified: str | None = None
    #: Lower-case names.
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotModified:
    """An answer 304; its validators, where it has any, replace the stored ones."""

    etag: str | None = None
    last_modified: str | None = None
    #: Lower-case names.
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """No body, or none that could be read."""

    kind: FailureKind
    #: What went wrong, for the user.
    detail: str
    #: Seconds that the server asked to be left alone.
    retry_after_s: float | None = None


PollOutcome = Success | NotModified | Failure


def outcome_of_answer(result: FetchResult) -> Success | NotModified:
    """Return the outcome of an answer whose body, if it has one, was parsed."""
    kind = Success if result.is_modified else NotModified
    return kind(etag=result.etag, last_modified=result.last_modified, headers=result.headers)


def outcome_of_error(error: MonitorError) -> Failure:
    """Return the outcome of a poll that ended in an error of fetching or parsing."""
    retry_after_s = error.retry_after_s if isinstance(error, FetchError) else None
    return Failure(_kind_of(error), str(error), retry_after_s)


def _kind_of(error: MonitorError) -> FailureKind:
    if isinstance(error, ParseError):
        return FailureKind.UNREADABLE
    if isinstance(error, FetchError) and error.status is not None:
        if error.status == 410:
            return FailureKind.GONE
        if error.status < 500 and error.status not in _PASSING_STATUSES:
            return FailureKind.SOFT
    return FailureKind.TEMPORARY if isinstance(error, TransientError) else FailureKind.HARD


def use_validators(state: FeedState, now: datetime, policy: PollPolicy) -> bool:
    """Return whether the next request may be conditional.

    It may if there are validators and a body was read within `probe_after_s`: servers are known to answer 304 for ever, so that now and
    then a feed is asked as if for the first time.
    """
    if state.etag is None and state.last_modified is None:
        return False
    if state.last_success_at is None:
        return False
    return now - state.last_success_at < timedelta(seconds=policy.probe_after_s)


def decide_next_poll(state: FeedState, outcome: PollOutcome, policy: PollPolicy, now: datetime, jitter_unit: float) -> FeedState:
    """Return the feed's state after a poll.

    `jitter_unit` is a random number from -1 to 1 that shifts the next poll by up to the policy's share. `last_success_at` becomes the
    instant at which a body was last *read*: a 304 leaves it, so that `use_validators` can tell when to probe. `is_blind_noticed` is left
    to whoever sends the notices, who must still see a recovery.
    """
    if isinstance(outcome, Failure):
        return _failed(state, outcome, policy, now, jitter_unit)
    asked_s = _freshness_s(outcome.headers, now)
    state = replace(state, last_poll_at=now, next_poll_at=now + _spacing(state, policy, 1.0, asked_s, jitter_unit))
    if isinstance(outcome, Success):
        healthy = _healed(state)
        return replace(healthy, etag=outcome.etag, last_modified=outcome.last_modified, last_success_at=now)
    if state.etag is None and state.last_modified is None:
        # "Not modified" since a body that nobody could read is no good news: the feed stays as it was.
        return state
    return replace(_healed(state), etag=outcome.etag or state.etag, last_modified=outcome.last_modified or state.last_modified)


def _healed(state: FeedState) -> FeedState:
    return replace(state, health=Health.HEALTHY, last_error=None, failure_weight=0.0, failing_since=None)


def _failed(state: FeedState, failure: Failure, policy: PollPolicy, now: datetime, jitter_unit: float) -> FeedState:
    weights = {FailureKind.TEMPORARY: policy.temporary_weight, FailureKind.SOFT: policy.soft_weight}
    weight = state.failure_weight + weights.get(failure.kind, policy.hard_weight)
    since = state.failing_since or now
    if failure.kind is FailureKind.GONE:
        health = Health.GONE
    elif now - since >= timedelta(seconds=policy.blind_after_s):
        health = Health.BLIND
    else:
        health = Health.FAILING
    # The wait grows with the weight of all failures since the last success: each hard one adds an interval, each temporary one a part.
    wait = _spacing(state, policy, 1.0 + weight, failure.retry_after_s or 0.0, jitter_unit)
    failed = replace(
        state,
        last_poll_at=now,
        next_poll_at=now + wait,
        last_error=failure.detail,
        failure_weight=weight,
        failing_since=since,
        health=health,
    )
    if failure.kind is FailureKind.UNREADABLE:
        # Without validators the next answer must be a body; a 304 could not tell whether the unreadable one is still there.
        return replace(failed, etag=None, last_modified=None)
    return failed


def _spacing(state: FeedState, policy: PollPolicy, factor: float, asked_s: float, jitter_unit: float) -> timedelta:
    """Return the wait: `factor` intervals, not less than the server, the feed's own setting and the policy ask for."""
    own_s = policy.interval_s if state.feed.interval_s is None else state.feed.interval_s
    most_s = policy.max_interval_s
    least_s = min(max(policy.min_interval_s, state.feed.interval_s or 0.0, asked_s), most_s)
    wait_s = min(max(own_s * factor, least_s), most_s)
    shift_s = wait_s * policy.jitter * jitter_unit
    if not least_s <= wait_s + shift_s <= most_s:
        # Shifted to the other side rather than cut off: feeds at a limit would else fall into step after all.
        shift_s = -shift_s
    return timedelta(seconds=min(max(wait_s + shift_s, least_s), most_s))


def _freshness_s(headers: Mapping[str, str], now: datetime) -> float:
    """Return for how many seconds the server calls its answer fresh (RFC 9111, section 4.2); 0 where it does not say."""
    control = headers.get("cache-control", "")
    if "no-cache" in control.lower() or "no-store" in control.lower():
        return 0.0
    age = headers.get("age", "").strip()
    age_s = float(age) if _SECONDS.fullmatch(age) else 0.0
    max_age = _MAX_AGE.search(control)
    if max_age:
        return max(0.0, float(max_age.group(1)) - age_s)
    expires = parse_date(headers.get("expires", ""))
    if expires is None:
        return 0.0
    return max(0.0, (expires - (parse_date(headers.get("date", "")) or now)).total_seconds() - age_s)


def retry_after_seconds(raw: str | None, answered_at: datetime | None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, given as seconds or as a date; None where it cannot be read.

    `answered_at` is the server's own `Date`: a date is only worth something beside it, since the two clocks may differ.
    """
    text = (raw or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = parse_date(text)
    if until is None or answered_at is None:
        return None
    return max(0.0, (until - answered_at).total_seconds())

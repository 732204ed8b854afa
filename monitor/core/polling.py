"""What an answer to a poll does to its feed: when to ask again, how a failure weighs, when the feed counts as blind.

Publishers say how often they want to be asked in many ways, and all count here: `Retry-After` with an error, `Cache-Control: max-age` and
`Expires` with an answer (RFC 9110 and 9111), and in the body RSS `ttl`, `skipHours`, `skipDays` and `sy:updatePeriod`. None may stretch
the wait beyond the policy's most. Where a publisher says nothing, the interval is learned from how much of each poll was known already.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.dates import parse_date
from monitor.core.outcomes import Failure, FailureKind, NotModified, PollOutcome, Success
from monitor.core.policy import PollPolicy
from monitor.core.types import FeedHints, FeedState, Health

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_SECONDS = re.compile(r"\d{1,10}")

#: Bytes in which the first entry is looked for, and what begins one: channel elements come first, and no honest channel says so much of itself.
HEAD_BYTES = 65_536
FIRST_ENTRY = re.compile(rb"<(?:[a-z]{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
#: What servers write anew each time they answer. Bounded, so that it is linear whatever it is given.
_STAMP = re.compile(
    rb"<(lastBuildDate|pubDate|updated|dc:date|date)>[^<]{0,100}</\1>|<!--(?:[^-]|-(?!->)){0,500}-->",
)

#: What the record says of a poll that had nothing in common with those before.
GAP = "none of its entries was known: items may have been missed since the last poll"


def body_digest(body: bytes) -> str:
    """Return the digest by which a body is known again: of all of it but what its head tells of the hour at which it was made.

    Many servers stamp every answer anew (`lastBuildDate`, a channel's own `pubDate` or `updated`, a comment), with the entries as they were.
    From the first entry on every byte counts.
    """
    entry = FIRST_ENTRY.search(body, 0, HEAD_BYTES)
    start = entry.start() if entry else 0
    digest = hashlib.blake2b(_STAMP.sub(b"", body[:start]), digest_size=16)
    digest.update(memoryview(body)[start:])
    return digest.hexdigest()


def use_validators(state: FeedState, now: datetime, policy: PollPolicy) -> bool:
    """Return whether the next request may be conditional.

    It may if there are validators and a body was read within `probe_after_s`: servers are known to answer 304 for ever, so that now and
    then a feed is asked as if for the first time; more often where its server was caught at it. Never twice in a row: where polls lie
    further apart than that, each would be, and a server wrongly doubted could never clear itself.
    """
    if state.etag is None and state.last_modified is None:
        return False
    if state.last_success_at is None:
        return False
    if state.last_poll_at == state.last_success_at:
        return True
    probe_after_s = policy.doubted_probe_after_s if state.is_304_doubted else policy.probe_after_s
    return now - state.last_success_at < timedelta(seconds=probe_after_s)


def has_gap(state: FeedState, success: Success) -> bool:
    """Return whether a poll had nothing in common with those before, so that items may have come and gone unseen."""
    return state.body_digest is not None and success.n_entries > 0 and success.n_known == 0


def is_blind(state: FeedState, now: datetime, policy: PollPolicy) -> bool:
    """Return whether a feed has been unreadable for longer than the policy allows, also between two polls that lie far apart."""
    if state.health in {Health.BLIND, Health.GONE}:
        return True
    return state.failing_since is not None and now - state.failing_since >= timedelta(seconds=policy.blind_after_s)


def decide_next_poll(state: FeedState, outcome: PollOutcome, policy: PollPolicy, now: datetime, jitter_unit: float) -> FeedState:
    """Return the feed's state after a poll.

    `jitter_unit` is a random number from -1 to 1 that puts off the next poll by up to the policy's share. `last_success_at` becomes the
    instant at which a body was last *read*: a 304 leaves it, so that `use_validators` can tell when to probe. `is_blind_noticed` is left
    to whoever sends the notices, who must still see a recovery.
    """
    if isinstance(outcome, Failure):
        return _failed(state, outcome, policy, now, jitter_unit)
    is_unread = isinstance(outcome, NotModified) and state.etag is None and state.last_modified is None
    if isinstance(outcome, Success) and outcome.hints is not None:
        state = replace(state, hints=outcome.hints)
    asked_s = _freshness_s(outcome.headers, now)
    state = replace(state, learned_interval_s=_learn(state, outcome, policy, now, asked_s))
    least_s, usual_s = _bounds_s(state, policy, asked_s)
    wait_s = _shifted_s(state.learned_interval_s or usual_s, least_s, policy, jitter_unit)
    after = replace(
        _redirected(state, outcome.moved_to, policy), last_poll_at=now, next_poll_at=_awake(state, policy, now, wait_s, jitter_unit)
    )
    if is_unread:
        # "Not modified" since a body that nobody could read is no good news: the feed stays as it was.
        return after
    healthy = replace(after, health=Health.HEALTHY, last_error=None, failure_weight=0.0, failing_since=None)
    if isinstance(outcome, NotModified):
        return replace(healthy, etag=outcome.etag or state.etag, last_modified=outcome.last_modified or state.last_modified)
    return replace(
        healthy,
        etag=outcome.etag,
        last_modified=outcome.last_modified,
        last_success_at=now,
        last_new_at=now if outcome.n_new else state.last_new_at,
        last_gap_at=now if has_gap(state, outcome) else state.last_gap_at,
        body_digest=outcome.body_digest,
        is_304_doubted=_is_304_doubted(state, outcome),
    )


def postponed(state: FeedState, policy: PollPolicy, now: datetime, jitter_unit: float) -> datetime | None:
    """Return until when a feed that is due must wait after all, since it does not want to be asked at this hour; None where it may."""
    at = _awake(state, policy, now, 0.0, jitter_unit)
    return at if at > now else None


def _is_304_doubted(state: FeedState, success: Success) -> bool:
    """Return whether the server's 304 is to be doubted.

    A probe goes out only where nothing changed for a day. That it brings news nonetheless is chance at worst once in a day's polls, and
    the next honest answer to a conditional request clears the server.
    """
    if success.was_conditional:
        return False
    said_unchanged = state.failing_since is None and state.last_poll_at is not None and state.last_poll_at != state.last_success_at
    had_validators = state.etag is not None or state.last_modified is not None
    return state.is_304_doubted or (had_validators and said_unchanged and success.n_new > 0)


def _redirected(state: FeedState, moved_to: str | None, policy: PollPolicy) -> FeedState:
    """Count a permanent redirect; adopt its address once it was confirmed often enough."""
    # A redirect from https to http is followed but never adopted: whoever listens on the way could have made it.
    is_downgrade = moved_to is not None and state.poll_url.startswith("https:") and not moved_to.startswith("https:")
    if moved_to is None or is_downgrade or moved_to == state.poll_url:
        return replace(state, redirect_url=None, n_redirects=0)
    n_redirects = state.n_redirects + 1 if moved_to == state.redirect_url else 1
    if n_redirects < policy.n_confirm_redirect:
        return replace(state, redirect_url=moved_to, n_redirects=n_redirects)
    return replace(state, redirect_url=None, n_redirects=0, adopted_url=None if moved_to == state.feed.url else moved_to)


def _failed(state: FeedState, failure: Failure, policy: PollPolicy, now: datetime, jitter_unit: float) -> FeedState:
    weights = {FailureKind.TEMPORARY: policy.temporary_weight, FailureKind.SOFT: policy.soft_weight}
    weight = state.failure_weight + weights.get(failure.kind, policy.hard_weight)
    since = state.failing_since or now
    # An adopted address that fails for good is no end yet: there is still the one that the user wrote down.
    is_false_move = state.adopted_url is not None and failure.kind is not FailureKind.TEMPORARY and not failure.is_overload
    if failure.kind is FailureKind.GONE and not is_false_move:
        health = Health.GONE
    elif now - since >= timedelta(seconds=policy.blind_after_s):
        health = Health.BLIND
    else:
        health = Health.FAILING
    # The wait grows with the weight of all failures since the last success: each hard one adds an interval, each temporary one a part.
    least_s, usual_s = _bounds_s(state, policy, 0.0)
    wait_s = _shifted_s(usual_s * (1.0 + weight), max(least_s, failure.retry_after_s or 0.0), policy, jitter_unit)
    failed = replace(
        state,
        last_poll_at=now,
        next_poll_at=_awake(state, policy, now, wait_s, jitter_unit),
        last_error=failure.detail,
        failure_weight=weight,
        failing_since=since,
        health=health,
    )
    if is_false_move:
        failed = replace(failed, adopted_url=None, redirect_url=None, n_redirects=0)
    if is_false_move or failure.kind is FailureKind.UNREADABLE:
        # Without validators the next answer must be a body; a 304 could not tell whether the unreadable one is still there.
        return replace(failed, etag=None, last_modified=None)
    return failed


def _bounds_s(state: FeedState, policy: PollPolicy, asked_s: float) -> tuple[float, float]:
    """Return the least and the usual seconds between two polls of a feed.

    A publisher's word goes before the policy's interval, in both directions, but one below the policy's least says nothing: a max-age of
    a minute is what many servers attach to everything.
    """
    said_s = max(asked_s, (state.hints.period_s if state.hints else None) or 0.0)
    least_s = min(max(policy.min_interval_s, state.feed.interval_s or 0.0, said_s), policy.max_interval_s)
    usual_s = state.feed.interval_s or (said_s if said_s >= policy.min_interval_s else policy.interval_s)
    return least_s, min(max(usual_s, least_s), policy.max_interval_s)


def _learn(state: FeedState, outcome: Success | NotModified, policy: PollPolicy, now: datetime, asked_s: float) -> float | None:
    """Return the interval that this poll teaches; None where it is the usual one."""
    least_s, usual_s = _bounds_s(state, policy, asked_s)
    interval_s = min(max(state.learned_interval_s or usual_s, least_s), usual_s)
    is_first = state.last_poll_at is None or state.body_digest is None
    # After an outage much is new, which says nothing of how often the feed moves.
    is_late = state.last_poll_at is not None and now - state.last_poll_at > timedelta(seconds=2 * interval_s)
    factor = 1.0 if is_first or is_late else _pace(state, outcome, policy)
    learned_s = max(interval_s * factor, least_s)
    return learned_s if learned_s < usual_s else None


def _pace(state: FeedState, outcome: Success | NotModified, policy: PollPolicy) -> float:
    """Return what the interval is multiplied by after a poll."""
    if isinstance(outcome, NotModified) or outcome.body_digest == state.body_digest:
        return policy.slower_factor
    if not outcome.n_entries:
        return 1.0
    if has_gap(state, outcome):
        return policy.gap_factor
    share = outcome.n_known / outcome.n_entries
    if share < policy.known_share_low:
        return policy.faster_factor
    return policy.slower_factor if share > policy.known_share_high else 1.0


def _shifted_s(wait_s: float, least_s: float, policy: PollPolicy, jitter_unit: float) -> float:
    """Return a wait in seconds within the limits, lengthened by the jitter: to come early, if only by a minute, is what publishers count."""
    return min(max(wait_s, least_s), policy.max_interval_s) * (1.0 + policy.jitter * abs(jitter_unit))


def _awake(state: FeedState, policy: PollPolicy, now: datetime, wait_s: float, jitter_unit: float) -> datetime:
    """Return the end of a wait, put off to the next hour and day in which the feed wants to be asked, but not without end."""
    at = now + timedelta(seconds=wait_s)
    hints = state.hints
    if hints is None or _may_ask(hints, at):
        return at
    last = now + timedelta(seconds=max(wait_s, policy.max_skip_s))
    # Somewhere in the first quarter of the hour: all feeds of a publisher wake at the same one.
    spread = timedelta(seconds=(1.0 + jitter_unit) / 2.0 * 900.0)
    hour = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while not _may_ask(hints, hour) and hour < last:
        hour += timedelta(hours=1)
    return min(hour + spread, last)


def _may_ask(hints: FeedHints, at: datetime) -> bool:
    # A feed that skips everything means something else, or nothing.
    skips_hour = at.hour in hints.skip_hours and len(set(hints.skip_hours)) < 24
    skips_day = at.weekday() in hints.skip_days and len(set(hints.skip_days)) < 7
    return not (skips_hour or skips_day)


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


def retry_after_seconds(raw: str | None, answered_at: datetime) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, given as seconds or as a date; None where it cannot be read.

    `answered_at` is the server's own `Date` where it gives one: the two clocks may differ.
    """
    text = (raw or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = parse_date(text)
    return None if until is None else max(0.0, (until - answered_at).total_seconds())

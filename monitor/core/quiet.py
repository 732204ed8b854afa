"""When an alert may be told: severity, quiet hours, cooldown, bursts, late news; and how what waited is told as one.

An alert is told at once, held until an instant, or left to the digest. What is held waits as a row of its own (`HeldAlert`), written in the
transaction of its change, so that nothing is swallowed: when its time comes, everything ready for a channel is told as one message. No alert
overtakes an older one on its issue: it joins what waits, or, where it is urgent, takes it along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.core.alerts import Suppressed
from monitor.core.schedule import quiet_until
from monitor.core.types import (
    Alert,
    AlertKind,
    Change,
    ChannelRules,
    HeldAlert,
    HeldNotices,
    Issue,
    IssueAlerts,
    IssueKey,
    QuietPolicy,
    Review,
    Severity,
)

#: Messages that belong to no issue: notices, digests, and summaries over several issues.
NO_ISSUE = IssueKey("")
#: What a channel lets through although it is quiet, beside statuses and phases.
URGENT_MAJOR, URGENT_BLIND = "major", "blind"
#: Seconds between looks whether a mute has been undone.
MUTE_LOOK_S = 300.0
#: Why a change waits that is no news.
CAUGHT_UP = "caught up with late, so told together"
#: Spans that follow one another are followed at most so far: a week of spans that leave no gap would else never end.
_MAX_SPANS = 50


@dataclass(frozen=True, slots=True)
class ChannelMemory:
    """What a channel was told lately, and what waits for it."""

    #: Issue and instant of each message put out lately, oldest first.
    recent: tuple[tuple[IssueKey, datetime], ...] = ()
    #: In order of holding.
    waiting: tuple[HeldAlert, ...] = ()
    #: The mutes in force.
    mutes: Mapping[IssueKey, Review] = field(default_factory=dict)
    #: Whether there is a backlog: feeds long due, or articles that nobody has read yet.
    has_backlog: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An alert to be put out now, and the held ones that it tells as well."""

    alert: Alert
    taken: tuple[HeldAlert, ...] = ()


@dataclass(frozen=True, slots=True)
class Postponed:
    """Held alerts whose time came, but is quiet: they wait on."""

    held: tuple[HeldAlert, ...]


def is_urgent(alert: Alert, overrides: frozenset[str], held_notices: HeldNotices = HeldNotices.ALL) -> bool:
    """Return whether an alert is one of those chosen to be told at any hour; a notice on an issue's coverage is a major one."""
    if alert.change is None:
        is_told = held_notices is HeldNotices.NONE or (held_notices is HeldNotices.FEEDS and alert.severity is Severity.MAJOR)
        return alert.kind is AlertKind.NOTICE and (is_told or URGENT_BLIND in overrides)
    names = {alert.change.to_status, alert.change.to_phase.value}
    if alert.severity is Severity.MAJOR:
        names.add(URGENT_MAJOR)
    return bool(names & overrides)


def combine(channel: QuietPolicy, issue: QuietPolicy) -> QuietPolicy:
    """Return what holds for an issue in a channel: the stricter of each, and whatever either calls urgent."""
    return replace(
        channel,
        floor=max(channel.floor, issue.floor, key=lambda severity: severity.rank),
        hours=channel.hours + issue.hours,
        overrides=channel.overrides | issue.overrides,
        cooldown_s=max(channel.cooldown_s, issue.cooldown_s),
    )


def policy_for(issues: Sequence[Issue], rules: ChannelRules) -> Callable[[IssueKey], QuietPolicy]:
    """Return what holds for each issue in a channel; an issue that is no longer followed has no wishes of its own."""
    wishes = {issue.key: issue.alerts.quiet for issue in issues}
    return lambda key: combine(rules.quiet, wishes.get(key, QuietPolicy()))


def takes(channel: str, rules: ChannelRules, issue_key: IssueKey, wishes: IssueAlerts) -> bool:
    """Return whether a channel is told of an issue: neither leaves out the other."""
    return (not rules.issues or issue_key in rules.issues) and (not wishes.channels or channel in wishes.channels)


def memory_since(policy: QuietPolicy, now: datetime) -> datetime:
    """Return from when on messages count for cooldown and bursts."""
    return now - timedelta(seconds=max(policy.cooldown_s, policy.burst_s))


def decide_route(
    alert: Alert, channel: str, policy: QuietPolicy, memory: ChannelMemory, now: datetime, *, has_more: bool = False
) -> Told | HeldAlert | Suppressed:
    """Decide what becomes of an alert in a channel.

    `has_more`: more evidence on the issue is being read; where bursts are merged, the alert waits for the end of it.
    """
    change = alert.change
    if change is not None and alert.severity.rank < policy.floor.rank:
        return Suppressed(f"severity {alert.severity.value} is below the floor of {channel} ({policy.floor.value}); its digest tells it")
    urgent = is_urgent(alert, policy.overrides, policy.held_notices)
    block = _block(alert.issue_key, policy, memory, now, is_urgent=urgent, is_change=change is not None)
    late = _is_late(change, policy, now)
    if block is None and late:
        # It is ready when the backlog is read: `plan_release` looks.
        block = now, CAUGHT_UP
    if block is None and has_more and policy.burst_n:
        block = now, "more on this issue was being read"
    company = tuple(held for held in memory.waiting if held.alert.issue_key == alert.issue_key) if change is not None else ()
    if block is None and company and not urgent:
        last = max(company, key=lambda held: held.release_at)
        block = last.release_at, f"joined what waited: {last.reason}"
    if block is not None:
        return HeldAlert(alert, channel, held_at=now, release_at=block[0], reason=block[1], is_urgent=urgent and not late)
    return Told(merge([*company, HeldAlert(alert, channel, now, now, "")]), company) if company else Told(alert)


def plan_release(
    memory: ChannelMemory, policy_of: Callable[[IssueKey], QuietPolicy], now: datetime
) -> tuple[Told | None, tuple[Postponed, ...]]:
    """Return one message that tells everything whose time has come, None where there is nothing, and what must wait on.

    An issue's alerts wait for the last of them. Alerts held by a clock that was ahead are ready.
    """
    ready: list[HeldAlert] = []
    postponed = []
    for issue_key in dict.fromkeys(held.alert.issue_key for held in memory.waiting):
        group = [held for held in memory.waiting if held.alert.issue_key == issue_key]
        if any(held.release_at > now and held.held_at <= now for held in group):
            continue
        urgent = any(held.is_urgent for held in group)
        is_change = any(held.alert.change is not None for held in group)
        policy = policy_of(issue_key)
        if _waits_for_backlog(group, policy, memory, now):
            continue
        block = _block(issue_key, policy, memory, now, is_urgent=urgent, is_change=is_change)
        if block is None:
            ready += group
        else:
            postponed.append(Postponed(tuple(replace(held, held_at=min(held.held_at, now), release_at=block[0]) for held in group)))
    if not ready:
        return None, tuple(postponed)
    # In the order of holding, which is that of the changes of each issue.
    names = {held.alert.alert_id for held in ready}
    taken = tuple(held for held in memory.waiting if held.alert.alert_id in names)
    return Told(merge(taken), taken), tuple(postponed)


def merge(held: Sequence[HeldAlert]) -> Alert:
    """Return one alert that tells several, oldest first; a single one stays what it is, and says that it waited."""
    waited = f"Held since {min(row.held_at for row in held):%d %b %H:%M} UTC: {held[0].reason}" if held[0].reason else ""
    detail = (waited,) if waited else ()
    if len(held) == 1:
        alert = held[0].alert
        return replace(alert, detail=(*alert.detail, *detail))
    alerts = [row.alert for row in held]
    changes = [alert for alert in alerts if alert.change is not None]
    severity = max((alert.severity for alert in alerts), key=lambda severity: severity.rank)
    titles = dict.fromkeys(alert.issue_title for alert in changes)
    # The same alerts always make the same message, whoever puts it out.
    name = hashlib.sha256("|".join(alert.alert_id for alert in alerts).encode()).hexdigest()[:24]
    if len({alert.issue_key for alert in alerts}) == 1 and changes:
        before, after = changes[0].from_label, changes[-1].to_label
        course = f"back at {after}" if before == after else f"{before} → {after}" if before else after
        return Alert(
            f"s_{name}",
            alerts[0].issue_key,
            alerts[0].issue_title,
            f"{alerts[0].issue_title}: {course} ({len(changes)} changes)",
            before,
            after,
            _over(alerts),
            (*(line for alert in alerts for line in _lines(alert, with_title=False)), *detail),
            severity=severity,
            steps=alerts[-1].steps,
            kind=AlertKind.SUMMARY,
            changes=tuple(alert.change for alert in changes if alert.change is not None),
        )
    told = [f"{_count(len(changes), 'change')} in {_count(len(titles), 'issue')}"] if changes else []
    told += [_count(len(alerts) - len(changes), "notice")] if len(alerts) > len(changes) else []
    return Alert(
        f"s_{name}",
        NO_ISSUE,
        "Monitor",
        f"{' and '.join(told)}, told together",
        None,
        "",
        None,
        (*(line for alert in alerts for line in _lines(alert, with_title=True)), *detail),
        severity=severity,
        kind=AlertKind.SUMMARY,
        changes=tuple(alert.change for alert in changes if alert.change is not None),
    )


def _over(alerts: Sequence[Alert]) -> Change | None:
    """Return the last change, as the one that a summary leads to: it stands in the issue's thread, and its buttons are about it.

    What it shows as before is what stood before the first: its sentence beside the last one's.
    """
    first, last = alerts[0].change, alerts[-1].change
    if first is None or last is None:
        return None
    return replace(last, from_status=first.from_status, from_phase=first.from_phase, baseline_evidence=first.baseline_evidence)


def _lines(alert: Alert, *, with_title: bool) -> list[str]:
    change = alert.change
    if change is None:
        return [alert.headline, *alert.detail]
    told = alert.headline if with_title else alert.headline.removeprefix(f"{alert.issue_title}: ")
    proof = [f"“{quote.quote}” — {quote.source}{f' {quote.url}' if quote.url else ''}" for quote in change.evidence[:1]]
    return [f"{change.at:%d %b %H:%M} UTC · {told}", *proof]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def _block(
    issue_key: IssueKey, policy: QuietPolicy, memory: ChannelMemory, now: datetime, *, is_urgent: bool, is_change: bool
) -> tuple[datetime, str] | None:
    """Return until when nothing may be told on an issue, and why; None where it may."""
    mute = memory.mutes.get(issue_key)
    if mute is not None:
        look = now + timedelta(seconds=MUTE_LOOK_S)
        end = f"{mute.until:%d %b %H:%M} UTC" if mute.until else "it is undone"
        return min(mute.until or look, look), f"muted by {mute.by} until {end}"
    if is_urgent:
        return None
    quiet = _quiet_until(policy, now)
    if quiet is not None:
        return quiet, "quiet hours"
    if not is_change:
        return None
    # What was put out by a clock that was ahead is no reason to wait.
    past = [(key, at) for key, at in memory.recent if at <= now]
    last = max((at for key, at in past if key == issue_key), default=None)
    if last is not None and now < last + timedelta(seconds=policy.cooldown_s):
        return last + timedelta(seconds=policy.cooldown_s), f"cooldown of {policy.cooldown_s:g} s after a message on this issue"
    window = timedelta(seconds=policy.burst_s)
    lately = sorted(at for _, at in past if at > now - window)
    if 0 < policy.burst_n <= len(lately):
        return lately[-policy.burst_n] + window, f"burst: {len(lately)} messages within {policy.burst_s:g} s"
    return None


def _is_late(change: Change | None, policy: QuietPolicy, now: datetime) -> bool:
    return change is not None and policy.late_after_s is not None and now - change.at > timedelta(seconds=policy.late_after_s)


def _waits_for_backlog(group: Sequence[HeldAlert], policy: QuietPolicy, memory: ChannelMemory, now: datetime) -> bool:
    since = [held.held_at for held in group if held.reason == CAUGHT_UP]
    return bool(since) and memory.has_backlog and now - min(since) < timedelta(seconds=policy.max_catch_up_s)


def _quiet_until(policy: QuietPolicy, now: datetime) -> datetime | None:
    """Return when quiet hours end, spans that follow one another taken together; None where none hold."""
    until, at = None, now
    for _ in range(_MAX_SPANS):
        ends = [end for span in policy.hours if (end := quiet_until(span, at)) is not None]
        if not ends:
            break
        until = at = max(ends)
    return until

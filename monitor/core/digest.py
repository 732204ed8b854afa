"""The regular report: what changed, what nearly did, and whether the monitor was watching."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.coverage import blind_share, sight
from monitor.core.quiet import NO_ISSUE
from monitor.core.schedule import last_slot, schedule_text
from monitor.core.types import (
    Activity,
    Alert,
    AlertKind,
    ChangeKind,
    DigestMark,
    FeedState,
    Health,
    Issue,
    IssueActivity,
    IssueState,
    Schedule,
)

#: Most lines of each kind for an issue: a report that nobody reads to its end reports nothing. The log has them all.
MAX_CHANGES, MAX_NEAR_MISSES, MAX_VOTES, MAX_FEEDS = 12, 3, 3, 8


@dataclass(frozen=True, slots=True)
class IssueReport:
    """One issue of a digest."""

    issue: Issue
    state: IssueState | None
    activity: IssueActivity


def decide_digest(channel: str, schedule: Schedule, mark: DigestMark | None, now: datetime) -> tuple[DigestMark, bool] | None:
    """Return the mark to be written and whether a digest is due; None where nothing is to be done.

    A channel seen first, or by a clock that has been set back since, is only marked: a digest tells of a span that was watched. However many
    times of the schedule have passed, there is one digest for all of them.
    """
    slot_at = last_slot(schedule, now)
    following = DigestMark(channel, slot_at, now)
    if mark is None or mark.made_at > now:
        return following, False
    return (following, True) if slot_at > mark.slot_at else None


def make_digest(
    channel: str, schedule: Schedule, slot_at: datetime, activity: Activity, reports: Sequence[IssueReport], feeds: Sequence[FeedState]
) -> Alert:
    """Return the digest of a channel: a heartbeat line, then the issues, those with news first, then the feeds that fail."""
    zone = schedule.zone
    n_changes = sum(len(report.activity.changes) for report in reports)
    told = f"{n_changes} change{'s' if n_changes != 1 else ''}" if n_changes else "no change"
    span = f"{activity.since.astimezone(zone):%d %b %H:%M} to {activity.until.astimezone(zone):%d %b %H:%M}"
    ordered = sorted(reports, key=lambda report: (not report.activity.changes, report.issue.key))
    lines = [heartbeat(activity, feeds), *(line for report in ordered for line in _issue_lines(report, activity)), *_feed_lines(feeds)]
    name = hashlib.sha256(f"{channel}|{slot_at.isoformat()}|{activity.until.isoformat()}".encode()).hexdigest()[:24]
    n_issues = f"{len(reports)} issue{'s' if len(reports) != 1 else ''}"
    headline = f"{schedule_text(schedule)} digest, {span}: {told} in {n_issues}"
    return Alert(f"d_{name}", NO_ISSUE, "Monitor", headline, None, "", None, tuple(lines), kind=AlertKind.DIGEST)


def heartbeat(activity: Activity, feeds: Sequence[FeedState]) -> str:
    """Return the line that tells a quiet channel from a dead one."""
    n_feeds = sum(state.health is not Health.RETIRED for state in feeds)
    n_matched = sum(issue.n_matched for issue in activity.issues.values())
    share = blind_share(sight(polls, activity.since, activity.until) for polls in activity.polls.values())
    return (
        f"Watching: {n_feeds} feeds polled {activity.n_polls:,} times ({activity.n_failed_polls:,} failed), {activity.n_articles:,} articles read, "
        f"{n_matched:,} matched, blind {share:.1%} of the time"
    )


def _issue_lines(report: IssueReport, activity: Activity) -> list[str]:
    issue, state, mine = report.issue, report.state, report.activity
    known = {status.key: status.label for status in issue.ladder.statuses}

    def label(key: str | None) -> str:
        return known.get(key or "", key or "unknown")

    where = f"{label(state.status_key)} ({state.confirmation.value})" if state and state.status_key else "no status yet"
    lines = [f"▸ {issue.title}: {where}; {mine.n_matched} articles matched"]
    for change in mine.changes[-MAX_CHANGES:]:
        course = label(change.to_status)
        if change.kind in {ChangeKind.STATUS, ChangeKind.DENIAL, ChangeKind.DETAIL} and change.from_status:
            course = f"{label(change.from_status)} → {course}"
        quote = next((f": “{quote.quote}” — {quote.source}{f' {quote.url}' if quote.url else ''}" for quote in change.evidence), "")
        lines.append(f"  • {change.at:%d %b %H:%M} UTC {change.kind.value}: {course} ({change.confirmation.value}){quote}")
    if len(mine.changes) > MAX_CHANGES:
        lines.append(f"  • and {len(mine.changes) - MAX_CHANGES} earlier ones: monitor log --issue {issue.key}")
    votes = [vote for vote in state.votes if vote.at >= activity.since] if state else []
    lines += [
        f"  ◦ not yet believed: “{label(vote.status_key)}” (weight {vote.weight:.2f}): “{vote.quote.quote}” — {vote.quote.source}"
        for vote in votes[:MAX_VOTES]
    ]
    lines += [
        f"  ◦ nearly relevant: “{miss.title}” — {miss.source} (score {miss.score:.2f} < {miss.threshold:.2f}){f' {miss.url}' if miss.url else ''}"
        for miss in mine.near_misses[:MAX_NEAR_MISSES]
    ]
    return lines


def _feed_lines(feeds: Sequence[FeedState]) -> list[str]:
    failing = [state for state in feeds if state.health in {Health.FAILING, Health.BLIND, Health.GONE}]
    failing.sort(key=lambda state: (state.health is Health.FAILING, state.feed.key))
    lines = [
        f"! {state.feed.source} ({state.feed.key}) {state.health.value}"
        f"{f' since {state.failing_since:%d %b %H:%M} UTC' if state.failing_since else ''}: {state.last_error or 'no reason known'}"
        for state in failing[:MAX_FEEDS]
    ]
    return [*lines, f"! and {len(failing) - MAX_FEEDS} more: monitor feeds list"] if len(failing) > MAX_FEEDS else lines

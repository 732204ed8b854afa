"""What is told of the monitor itself: blind feeds, lost coverage, and their return."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.core.alerts import make_notice
from monitor.core.coverage import Coverage
from monitor.core.quiet import NO_ISSUE
from monitor.core.types import Alert, CoverageSpell, FeedState, Issue, Severity

#: An issue with its coverage and the spell that begins or ends.
Spell = tuple[Issue, Coverage, CoverageSpell]


def blind_notice(blind: Sequence[FeedState], begun: Sequence[Spell], states: Sequence[FeedState], now: datetime) -> Alert | None:
    """Return one notice of feeds gone blind and of issues that lost their coverage by it; None where there is nothing to tell."""
    if not blind and not begun:
        return None
    if not begun:
        headline = f"Blind: {len(blind)} of {len(states)} feeds cannot be read"
    else:
        since = min(spell.began_at for _, _, spell in begun)
        worst = min((coverage for _, coverage, _ in begun), key=lambda coverage: coverage.share)
        headline = f"{_names(begun)}: blind since {_clock(since, now)}, {len(worst.failing)} of {worst.n_feeds} sources failing"
    # The feeds that cost the coverage, and those that went blind without costing it.
    failing = {state.feed.key: state for _, coverage, _ in begun for state in coverage.failing} | {state.feed.key: state for state in blind}
    lines = [
        *(
            f"{issue.title}: {coverage.share:.0%} of its sources can be read, {issue.alerts.coverage.min_share:.0%} are wanted"
            for issue, coverage, _ in begun
        ),
        *(_why_blind(state) for state in failing.values()),
    ]
    return _notice("blind", [*failing, *(issue.key for issue, _, _ in begun)], headline, lines, now, is_coverage=bool(begun))


def seeing_notice(seeing: Sequence[FeedState], ended: Sequence[Spell], states: Sequence[FeedState], now: datetime) -> Alert | None:
    """Return one notice of feeds that are read again and of issues that have their coverage again; None where there is nothing to tell."""
    if not seeing and not ended:
        return None
    if not ended:
        headline = f"Seeing again: {len(seeing)} of {len(states)} feeds"
    else:
        since = min(spell.began_at for _, _, spell in ended)
        headline = f"{_names(ended)}: seeing again, was blind from {_clock(since, now)} to {now:%H:%M} UTC"
    lines = [
        *(
            f"{issue.title}: {coverage.n_feeds - len(coverage.failing)} of {coverage.n_feeds} sources can be read"
            for issue, coverage, _ in ended
        ),
        *(f"{state.feed.source} ({state.feed.key})" for state in seeing),
    ]
    return _notice(
        "seeing",
        [*(state.feed.key for state in seeing), *(issue.key for issue, _, _ in ended)],
        headline,
        lines,
        now,
        is_coverage=bool(ended),
    )


def _notice(kind: str, keys: Sequence[str], headline: str, lines: Sequence[str], now: datetime, *, is_coverage: bool) -> Alert:
    severity = Severity.MAJOR if is_coverage else Severity.NOTABLE
    return make_notice(NO_ISSUE, key=f"{kind}|{'|'.join(keys)}", headline=headline, detail=tuple(lines), now=now, severity=severity)


def _names(spells: Sequence[Spell]) -> str:
    return spells[0][0].title if len(spells) == 1 else f"{len(spells)} issues"


def _clock(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%d %b %H:%M} UTC"


def _why_blind(state: FeedState) -> str:
    since = f"since {state.failing_since:%d %b %H:%M} UTC" if state.failing_since else "gone"
    return f"{state.feed.source} ({state.feed.key}) {since}: {state.last_error or 'no reason known'}"

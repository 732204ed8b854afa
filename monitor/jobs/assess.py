"""assess: unseen evidence to status, change log and outbox, in one transaction a piece of evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from monitor.core.alerts import Suppressed, decide_alert
from monitor.core.judging import Judge
from monitor.core.policy import AlertPolicy, StatusPolicy
from monitor.core.reading import tells_nothing_new
from monitor.core.status import decide_status
from monitor.core.types import Alert, ChannelRules, Evidence, Issue, IssueState, StatusDecision
from monitor.jobs import release
from monitor.jobs.route import Routed, route_change
from monitor.ports import Clock, Transaction, UnitOfWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Assessed:
    """What one tick did."""

    n_assessed: int = 0
    n_changes: int = 0
    #: Deliveries put into the outbox.
    n_alerts: int = 0
    #: Alerts that wait for their time, one a channel.
    n_held: int = 0


def run(
    issues: Sequence[Issue],
    *,
    uow: UnitOfWork,
    clock: Clock,
    status_policy: StatusPolicy,
    alert_policy: AlertPolicy,
    channels: Sequence[str],
    rules: Mapping[str, ChannelRules] | None = None,
    judge: Judge | None = None,
    batch: int = 200,
) -> Assessed:
    """Take each issue's unseen evidence through `core.status`, in order of publication. `rules` of a channel: when it may be told.

    Status (compare-and-set), change, outbox rows and the mark on the evidence are one transaction: after a crash the same evidence is
    assessed again from the same status, and makes the same change under the same id.
    """
    total = Assessed()
    for issue in issues:
        with uow.reading() as store:
            pending = store.issues.unseen_evidence(issue.key, limit=batch)
        for number, evidence in enumerate(pending, start=1):

            def route(alert: Alert, store: Transaction, *, issue: Issue = issue, has_more: bool = number < len(pending)) -> Routed:
                return route_change(alert, issue, store=store, channels=channels, rules=rules or {}, now=clock.now(), has_more=has_more)

            counts = _assess(issue, evidence, uow, clock, status_policy, alert_policy, route, judge)
            if counts is None:
                # What follows must not be judged before this piece is: order of publication is what makes a course.
                break
            n_changes, routed = counts
            total = replace(
                total,
                n_assessed=total.n_assessed + 1,
                n_changes=total.n_changes + n_changes,
                n_alerts=total.n_alerts + routed.n_queued,
                n_held=total.n_held + routed.n_held,
            )
    if total.n_held:
        # What waited for the end of this batch is told now.
        released = release.run(issues, uow=uow, clock=clock, rules=rules or {})
        total = replace(total, n_alerts=total.n_alerts + released.n_messages, n_held=max(0, total.n_held - released.n_alerts))
    if total.n_assessed:
        log.info("assessed", n_assessed=total.n_assessed, n_changes=total.n_changes, n_alerts=total.n_alerts, n_held=total.n_held)
    return total


def _assess(
    issue: Issue,
    evidence: Evidence,
    uow: UnitOfWork,
    clock: Clock,
    status_policy: StatusPolicy,
    alert_policy: AlertPolicy,
    route: Callable[[Alert, Transaction], Routed],
    judge: Judge | None,
) -> tuple[int, Routed] | None:
    """Return the number of changes that one piece made, and what became of its alert; None where another worker moved the issue first."""
    with uow.transaction() as store:
        earlier = [other for other in store.issues.evidence_of(issue.key, evidence.article_id) if other.version < evidence.version]
        if earlier and tells_nothing_new(evidence, earlier[-1]):
            # An edit elsewhere in the article must not tell an old step anew.
            verdict = f"an edit that leaves the sentences on the status as they stood in version {earlier[-1].version}: nothing to weigh"
            store.issues.mark_seen(evidence, verdict=verdict, now=clock.now())
            return 0, Routed()
        state = store.issues.state(issue.key) or IssueState(issue.key)
        decision = decide_status(state, evidence, issue.ladder, status_policy, judge)
        if decision.state != state and not store.issues.advance(decision.state, expected_revision=state.revision):
            # Another worker moved the issue first: the evidence stays unseen, and the next tick judges it by the new status.
            log.info("status_moved_meanwhile", issue=issue.key, article=evidence.article_id)
            return None
        verdict = decision.reason
        routed = Routed()
        if decision.change is not None and store.issues.add_change(decision.change, now=clock.now()):
            alert = decide_alert(decision.change, issue_title=issue.title, ladder=issue.ladder, policy=alert_policy)
            if isinstance(alert, Suppressed):
                verdict = f"{verdict}; no alert: {alert.reason}"
            else:
                routed = route(alert, store)
                verdict = "; ".join([verdict, *routed.reasons])
        store.issues.mark_seen(evidence, verdict=verdict, now=clock.now())
    _log(issue, evidence, decision)
    return int(decision.change is not None), routed


def _log(issue: Issue, evidence: Evidence, decision: StatusDecision) -> None:
    change = decision.change
    if change is None:
        log.debug("no_change", issue=issue.key, article=evidence.article_id, reason=decision.reason)
    else:
        log.info(
            "status_changed",
            issue=issue.key,
            article=evidence.article_id,
            change=change.change_id,
            kind=change.kind.value,
            before=change.from_status,
            after=change.to_status,
            confidence=change.confidence,
        )

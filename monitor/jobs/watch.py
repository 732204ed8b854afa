"""watch: say once when feeds go blind or an issue loses its coverage, and once when they are back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from monitor.core.coverage import Coverage, coverage_of, decide_coverage
from monitor.core.notices import blind_notice, seeing_notice
from monitor.core.policy import PollPolicy
from monitor.core.polling import is_blind
from monitor.core.types import ChannelRules, CoverageSpell, FeedState, Health, Issue
from monitor.jobs.route import route_notice
from monitor.ports import Clock, Transaction, UnitOfWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one tick did."""

    n_blind: int = 0
    n_seeing: int = 0
    #: Issues whose coverage fell below their policy, and those that have it again.
    n_uncovered: int = 0
    n_covered: int = 0


@dataclass(frozen=True, slots=True)
class _News:
    """What nobody was told of."""

    states: tuple[FeedState, ...]
    blind: tuple[FeedState, ...]
    seeing: tuple[FeedState, ...]
    #: Spells that begin or end now, with the issue and its coverage.
    spells: tuple[tuple[Issue, Coverage, CoverageSpell], ...]

    @property
    def begun(self) -> tuple[tuple[Issue, Coverage, CoverageSpell], ...]:
        return tuple(row for row in self.spells if row[2].ended_at is None)

    @property
    def ended(self) -> tuple[tuple[Issue, Coverage, CoverageSpell], ...]:
        return tuple(row for row in self.spells if row[2].ended_at is not None)


def run(
    *,
    uow: UnitOfWork,
    clock: Clock,
    channels: Sequence[str],
    policy: PollPolicy,
    rules: Mapping[str, ChannelRules] | None = None,
    issues: Sequence[Issue] = (),
) -> Watched:
    """Raise one notice for all that went blind since the last look, and one for all that sees again."""
    with uow.reading() as store:
        news = _news(store, issues, clock, policy)
    if news.blind or news.seeing or news.spells:
        with uow.transaction() as store:
            # Looked at once more: a poll may have ended since, and what it wrote must not be overwritten.
            news = _news(store, issues, clock, policy)
            now = clock.now()
            notices = (
                blind_notice(news.blind, news.begun, news.states, now),
                seeing_notice(news.seeing, news.ended, news.states, now),
            )
            for notice in notices:
                if notice is not None:
                    route_notice(notice, store=store, channels=channels, rules=rules or {}, now=now)
            for state in (*news.blind, *news.seeing):
                store.feeds.save(replace(state, is_blind_noticed=state in news.blind))
            for _, _, spell in news.spells:
                store.held.save_spell(spell)
        log.warning(
            "coverage_changed",
            blind=[state.feed.key for state in news.blind],
            seeing=[state.feed.key for state in news.seeing],
            uncovered=[issue.key for issue, _, _ in news.begun],
            covered=[issue.key for issue, _, _ in news.ended],
        )
    return Watched(len(news.blind), len(news.seeing), len(news.begun), len(news.ended))


def _news(store: Transaction, issues: Sequence[Issue], clock: Clock, policy: PollPolicy) -> _News:
    states = tuple(state for state in store.feeds.states() if state.health is not Health.RETIRED)
    open_spells = {spell.issue_key: spell for spell in store.held.open_spells()}
    spells = []
    for issue in issues:
        coverage = coverage_of(issue.alerts.coverage, states, clock.now(), blind_after_s=policy.blind_after_s)
        spell = decide_coverage(issue.key, coverage, issue.alerts.coverage, open_spells.get(issue.key), clock.now())
        # Issues that the seeds have not been learned of yet have no row to point to.
        if spell is not None and store.issues.state(issue.key) is not None:
            spells.append((issue, coverage, spell))
    return _News(
        states,
        tuple(state for state in states if is_blind(state, clock.now(), policy) and not state.is_blind_noticed),
        tuple(state for state in states if state.health is Health.HEALTHY and state.is_blind_noticed),
        tuple(spells),
    )

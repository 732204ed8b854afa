"""watch: say once when a feed has gone blind, and once when it sees again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from monitor.core.alerts import make_delivery, make_notice
from monitor.core.delivery import NOTICES
from monitor.core.types import Alert, FeedState, Health
from monitor.ports import Clock, Transaction, UnitOfWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one tick did."""

    n_blind: int = 0
    n_seeing: int = 0


def run(*, uow: UnitOfWork, clock: Clock, channels: Sequence[str]) -> Watched:
    """Raise one notice for all feeds that went blind since the last look, and one for all that see again."""
    with uow.reading() as store:
        blind, seeing, _ = _news(store)
    if blind or seeing:
        with uow.transaction() as store:
            # Looked at once more: a poll may have ended since, and what it wrote must not be overwritten.
            blind, seeing, n_feeds = _news(store)
            for alert in _notices(blind, seeing, n_feeds, clock):
                for channel in channels:
                    store.outbox.add(make_delivery(alert, channel, clock.now()))
            for state in blind:
                store.feeds.save(replace(state, is_blind_noticed=True))
            for state in seeing:
                store.feeds.save(replace(state, is_blind_noticed=False))
        log.warning("coverage_changed", blind=[state.feed.key for state in blind], seeing=[state.feed.key for state in seeing])
    return Watched(len(blind), len(seeing))


def _news(store: Transaction) -> tuple[list[FeedState], list[FeedState], int]:
    """Return the feeds gone blind and those seeing again that nobody was told of, and how many feeds there are."""
    states = [state for state in store.feeds.states() if state.health is not Health.RETIRED]
    blind = [state for state in states if state.health in {Health.BLIND, Health.GONE} and not state.is_blind_noticed]
    seeing = [state for state in states if state.health is Health.HEALTHY and state.is_blind_noticed]
    return blind, seeing, len(states)


def _notices(blind: Sequence[FeedState], seeing: Sequence[FeedState], n_feeds: int, clock: Clock) -> list[Alert]:
    notices = []
    if blind:
        notices.append(
            make_notice(
                NOTICES,
                key="blind|" + "|".join(state.feed.key for state in blind),
                headline=f"Blind: {len(blind)} of {n_feeds} feeds cannot be read",
                detail=tuple(_why_blind(state) for state in blind),
                now=clock.now(),
            )
        )
    if seeing:
        notices.append(
            make_notice(
                NOTICES,
                key="seeing|" + "|".join(state.feed.key for state in seeing),
                headline=f"Seeing again: {len(seeing)} of {n_feeds} feeds",
                detail=tuple(f"{state.feed.source} ({state.feed.key})" for state in seeing),
                now=clock.now(),
            )
        )
    return notices


def _why_blind(state: FeedState) -> str:
    since = f"since {state.failing_since:%d %b %H:%M} UTC" if state.failing_since else "gone"
    return f"{state.feed.source} ({state.feed.key}) {since}: {state.last_error or 'no reason known'}"

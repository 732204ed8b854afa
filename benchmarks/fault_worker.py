"""A worker of the fault sweep: delivers until somebody kills it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Lock

import structlog

from monitor.clock import SystemClock
from monitor.core.policy import AlertPolicy
from monitor.jobs import deliver
from monitor.notify.slack import SlackNotifier
from monitor.store.session import SqlUnitOfWork

#: The lease outlasts any attempt (a look that is repeated, and a post, each at most `TIMEOUT_S`); all else is as short as it may be.
POLICY = AlertPolicy(lease_s=10, retry_s=0.2, max_retry_s=1.0, max_attempts=1000, shift_s=1.0)
TIMEOUT_S = 1


@dataclass(frozen=True, slots=True)
class Board:
    """One channel of the campaign."""

    name: str
    base_url: str
    slack_channel: str


@dataclass(frozen=True, slots=True)
class Time:
    """The time of a campaign whose leases run out when its workers die, and not when the machine is slow."""

    #: Held by a worker while it delivers; whoever else holds it makes the worker pause.
    turn: Lock
    #: Seconds by which the campaign's clock is ahead.
    ahead_s: Synchronized[float]


class CampaignClock(SystemClock):
    """The system's clock, ahead by what a campaign says."""

    def __init__(self, time: Time | None) -> None:
        self._time = time

    def now(self) -> datetime:
        """Return the campaign's present."""
        return super().now() + timedelta(seconds=self._time.ahead_s.value if self._time else 0.0)


def work(
    url: str,
    boards: Sequence[Board],
    policy: AlertPolicy = POLICY,
    pause_s: float = 0.02,
    timeout_s: int = TIMEOUT_S,
    own_time: Time | None = None,
) -> None:
    """Deliver until killed."""
    be_quiet()
    notifiers = {
        board.name: SlackNotifier(
            "xoxb-1", board.slack_channel, channel=board.name, base_url=board.base_url, timeout_s=timeout_s, gap_s=0.0
        )
        for board in boards
    }
    clock = CampaignClock(own_time)
    with closing(SqlUnitOfWork(url)) as uow:
        while True:
            with own_time.turn if own_time else nullcontext():
                deliver.run(uow=uow, notifiers=notifiers, clock=clock, policy=policy, wait=clock.wait)
            time.sleep(pause_s)


def be_quiet() -> None:
    """Log nothing: what is expected here would fill the screen."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)

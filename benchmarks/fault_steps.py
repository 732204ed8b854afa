"""Deaths at every step of a delivery, in one process: before and after every transaction and every call to the channel, one and two in a row.

What a worker knows dies with it: each life starts from the store alone. The board loses answers, asks to wait and fails as it is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.core.alerts import make_delivery, make_notice
from monitor.core.delivery import NOTICES
from monitor.core.ladder import Ladder, Phase, Status
from monitor.core.policy import AlertPolicy
from monitor.core.sample import sample_alert
from monitor.core.types import Alert, ChangeId, DeliveryState, IssueKey, PostForm
from monitor.errors import MonitorError
from monitor.jobs import deliver
from monitor.testing.fakes import FrozenClock, RecordingBoard
from monitor.testing.memory_store import MemoryUnitOfWork
from monitor.testing.mortal import MortalBoard, MortalUnitOfWork

POLICY = AlertPolicy(lease_s=120, retry_s=30, max_retry_s=60, max_attempts=100)
LADDER = Ladder(
    "agreement",
    "Agreement",
    (
        Status("talks", "talks under way", Phase.TALKS, ()),
        Status("agreed", "broadly agreed", Phase.AGREED_IN_PRINCIPLE, ()),
        Status("signed", "signed", Phase.ADOPTED, ()),
    ),
)
CHANNEL = "desk"


class Died(BaseException):
    """The process is no more."""


@dataclass
class Fate:
    """Counts the moments of a life, and ends it at one; None: never."""

    dies_at: int | None
    n_moments: int = 0

    def meet(self, _: str) -> None:
        """Live through one moment, or die in it."""
        if self.n_moments == self.dies_at:
            raise Died
        self.n_moments += 1


@dataclass
class Story:
    """Two issues, three changes and a notice, on their way to one board."""

    failures: Sequence[MonitorError | None] = ()
    clock: FrozenClock = field(default_factory=FrozenClock)
    uow: MemoryUnitOfWork = field(default_factory=MemoryUnitOfWork)
    #: The alerts of each issue, in order.
    told: dict[IssueKey, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.board = RecordingBoard(CHANNEL, self.failures, gap_s=1.0, clock=self.clock)
        start = self.clock.now()
        notice = make_notice(NOTICES, key="blind", headline="Blind: 1 of 2 feeds cannot be read", detail=("wire",), now=start)
        alerts = [change("first", 1, start), change("second", 1, start), change("first", 2, start), notice]
        with self.uow.transaction() as store:
            for number, alert in enumerate(alerts):
                assert store.outbox.add(make_delivery(alert, CHANNEL, start + timedelta(milliseconds=number)))
                self.told.setdefault(alert.issue_key, []).append(alert.alert_id)
        self.clock.advance(1)

    def live(self, dies_at: int | None) -> int | None:
        """Let one worker tick; return the moments that it lived where it was not killed."""
        fate = Fate(dies_at)
        try:
            deliver.run(
                uow=MortalUnitOfWork(self.uow, fate.meet),
                notifiers={CHANNEL: MortalBoard(self.board, fate.meet)},
                clock=self.clock,
                policy=replace(POLICY, shift_s=60),
                wait=self.clock.wait,
            )
        except Died:
            return None
        return fate.n_moments

    def finish(self) -> None:
        """Let workers that nothing kills go on until there is nothing left to do."""
        for _ in range(100):
            self.clock.advance(POLICY.lease_s)
            self.live(None)
            with self.uow.reading() as store:
                is_settled = all(row.state is DeliveryState.SENT for row in store.outbox.list())
            if is_settled:
                return
        raise AssertionError("after a hundred ticks something is still not sent")

    def check(self) -> list[str]:
        """Return what is wrong with what the board shows: lost, doubled, out of order, a root that shows an old status."""
        posts = list(self.board.messages.values())
        counts = Counter(post.key for post in posts)
        wrong = [f"{key} is there {n} times" for key, n in counts.items() if n > 1]
        for issue_key, alert_ids in self.told.items():
            shown = [post.key for post in posts if post.alert.issue_key == issue_key and post.form is not PostForm.ROOT]
            if list(dict.fromkeys(shown)) != alert_ids:
                wrong.append(f"{issue_key or 'notices'}: {shown} in place of {alert_ids}")
            roots = [post for post in posts if post.alert.issue_key == issue_key and post.form is PostForm.ROOT]
            if roots and roots[0].alert.alert_id != alert_ids[-1]:
                wrong.append(f"{issue_key}: the root shows {roots[0].alert.alert_id}, not {alert_ids[-1]}")
        with self.uow.reading() as store:
            wrong += [f"{row.delivery_id} was posted blindly" for row in store.outbox.list() if row.n_blind]
        return wrong


def change(issue: str, number: int, at: datetime) -> Alert:
    """Return the alert of the n-th change of an issue."""
    sample = sample_alert(LADDER, at + timedelta(minutes=number))
    assert sample.change is not None
    told = replace(sample.change, change_id=ChangeId(f"c_{issue}-{number}"), issue_key=IssueKey(issue))
    return replace(sample, alert_id=f"a_{told.change_id}", issue_key=told.issue_key, change=told)


def n_moments(failures: Sequence[MonitorError | None] = ()) -> int:
    """Return how many moments the first worker's tick has where nothing kills it."""
    moments = Story(failures).live(None)
    assert moments is not None
    return moments


def try_deaths(deaths: Sequence[int], failures: Sequence[MonitorError | None] = ()) -> list[str]:
    """Let one worker after another die at its moment, then let the work be finished; return what is wrong."""
    story = Story(failures)
    for dies_at in deaths:
        story.live(dies_at)
        story.clock.advance(POLICY.lease_s)
    story.finish()
    return [f"deaths {list(deaths)}: {problem}" for problem in story.check()]

"""Thousands of deliveries through workers that are killed at random, over a Slack that fails in every way it can.

    python -m benchmarks.fault_sweep [--deliveries 2000] [--workers 2] [--seed 7] [--database URL] [--no-steps]

First every pair of steps at which two workers in a row can die, in one process (`fault_steps`). Then the real thing: worker processes over
one database, killed with SIGKILL at random moments around their calls, while the stand-in answers 429, fails before and after it has posted,
lets calls time out before and after it has posted, closes connections and is slow. Half of the channels can be looked through; the other half
lack the scope, so that a post of unknown outcome must be made again. Last, one long-lived worker whose memory is watched.

Ends with status 1 where anything was lost, came out of order, or was doubled without being counted.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import func, select

from benchmarks.fault_killer import Killer, Worker, forkserver, let_leases_run_out
from benchmarks.fault_steps import change, n_moments, try_deaths
from benchmarks.fault_worker import POLICY, Board, Time, be_quiet, work
from monitor.clock import SystemClock
from monitor.core.alerts import make_delivery
from monitor.core.policy import AlertPolicy
from monitor.core.types import Delivery, DeliveryAim, DeliveryState
from monitor.store import schema
from monitor.store.session import SqlUnitOfWork
from monitor.testing.slack_server import (
    ERROR_AFTER_POSTING,
    HANG_UP,
    HANG_UP_AFTER_POSTING,
    SERVER_ERROR,
    TIME_OUT,
    TIME_OUT_AFTER_POSTING,
    Answer,
    StandInSlack,
    slow,
)

#: Faults by method, with the share of calls that they befall.
FAULTS: dict[str, tuple[tuple[float, Answer], ...]] = {
    "chat.postMessage": (
        (0.04, Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})),
        (0.04, SERVER_ERROR),
        (0.04, ERROR_AFTER_POSTING),
        (0.02, HANG_UP),
        (0.02, HANG_UP_AFTER_POSTING),
        (0.005, TIME_OUT),
        (0.01, TIME_OUT_AFTER_POSTING),
        (0.03, slow(0.1)),
    ),
    "chat.update": ((0.03, SERVER_ERROR), (0.02, HANG_UP)),
    "conversations.history": ((0.03, SERVER_ERROR), (0.02, HANG_UP)),
    "conversations.replies": ((0.03, SERVER_ERROR), (0.02, HANG_UP)),
}
N_CHANNELS = 10
#: Changes of each issue on each channel.
COURSE = 8


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a campaign."""

    n_deliveries: int
    n_killed: int
    n_lost: int
    #: Messages beyond the first, where the channel could be looked through, and where it could not.
    n_doubled: int
    n_doubled_unseen: int
    #: Posts that were counted as possible doubles.
    n_blind: int
    n_out_of_order: int
    n_stale_roots: int
    n_faults: int
    took_s: float

    @property
    def is_good(self) -> bool:
        """Whether everything arrived, in order, and every double was one that could not be helped and was counted."""
        is_counted = self.n_doubled_unseen <= self.n_blind
        return not (self.n_lost or self.n_doubled or self.n_out_of_order or self.n_stale_roots) and is_counted


def campaign(
    url: str,
    *,
    n_deliveries: int,
    n_workers: int,
    seed: int,
    policy: AlertPolicy = POLICY,
    say: Callable[[str], None] = print,
    patience: Patience | None = None,
) -> Report:
    """Run one campaign over a database whose schema is up to date."""
    started, luck = time.monotonic(), random.Random(seed)
    context = forkserver()
    ahead_s = context.Value("d", 0.0) if patience else None

    def now() -> float:
        # A worker looks for what was posted since the hour on its own clock: the stand-in must stamp by the same.
        return time.time() + (ahead_s.value if ahead_s is not None else 0.0)

    with ExitStack() as stack:
        seeing, deaf = (stack.enter_context(StandInSlack(now=now)) for _ in range(2))
        deaf.workspace.scopes -= {"channels:history"}
        killer, n_faults = Killer(luck, patience.sure_kills if patience else frozenset()), Counter[str]()
        for slack in (seeing, deaf):
            slack.chaos = _chaos(random.Random(luck.random()), n_faults, killer)
        boards = [_board(number, seeing if number % 2 == 0 else deaf) for number in range(N_CHANNELS)]
        uow = stack.enter_context(closing(SqlUnitOfWork(url)))
        _fill(uow, boards, n_deliveries)

        def start() -> Worker:
            own_time = Time(context.Lock(), ahead_s) if ahead_s is not None else None
            options: dict[str, Any] = {"timeout_s": patience.timeout_s, "own_time": own_time} if patience else {}
            process = context.Process(target=work, args=(url, boards, policy), kwargs=options, daemon=True)
            process.start()
            return Worker(process, own_time)

        def bury() -> None:
            if ahead_s is not None:
                let_leases_run_out(killer, (seeing, deaf), ahead_s, policy.lease_s)

        _run_workers(uow, killer, start, bury, n_workers, say)
        with uow.reading() as store:
            rows = [row for row in store.outbox.list(limit=3 * n_deliveries) if row.aim is DeliveryAim.POST]
        return _judge(rows, boards, (seeing, deaf), killer.n_killed, n_faults.total(), time.monotonic() - started)


def _board(number: int, slack: StandInSlack) -> Board:
    name = f"board-{number}"
    return Board(name, slack.base_url, slack.workspace.add_channel(name))


def _chaos(luck: random.Random, counts: Counter[str], killer: Killer) -> Callable[[str, dict[str, Any]], Answer | None]:
    lock = Lock()

    def fault(method: str, _: dict[str, Any]) -> Answer | None:
        killer.think_about_it()
        with lock:
            at = luck.random()
            for share, answer in FAULTS.get(method, ()):
                if at < share:
                    counts[method] += 1
                    return answer
                at -= share
        return None

    return fault


def _fill(uow: SqlUnitOfWork, boards: Sequence[Board], n_deliveries: int) -> None:
    start = SystemClock().now()
    numbers = ((issue, number) for issue in range(n_deliveries) for number in range(COURSE))
    left = n_deliveries
    with uow.transaction() as store:
        for issue, number in numbers:
            for board in boards:
                if left == 0:
                    return
                left -= 1
                at = start + timedelta(microseconds=n_deliveries - left)
                store.outbox.add(replace(make_delivery(change(f"issue-{issue}", number, start), board.name, at), due_at=start))


@dataclass(frozen=True, slots=True)
class Patience:
    """What makes a campaign come out the same on a machine that is busy with other things."""

    #: Seconds for one call: only what the stand-in holds up on purpose takes longer.
    timeout_s: int
    #: Numbers of calls about which a worker is killed, whatever luck says.
    sure_kills: frozenset[int]


def _run_workers(
    uow: SqlUnitOfWork,
    killer: Killer,
    start: Callable[[], Worker],
    bury: Callable[[], None],
    n_workers: int,
    say: Callable[[str], None],
) -> None:
    """Keep workers alive until everything is sent and every root is up to date."""
    told_at = time.monotonic()
    try:
        while (n_left := _n_left(uow)) > 0:
            if killer.keep_alive(start, n_workers):
                bury()
            time.sleep(0.02)
            if time.monotonic() - told_at > 15:
                told_at = time.monotonic()
                say(f"  {n_left} left, {killer.n_killed} workers killed")
    finally:
        killer.kill_all()


def _n_left(uow: SqlUnitOfWork) -> int:
    """Return how many deliveries, posts and edits, are not sent."""
    with uow.connect(is_readonly=True) as connection:
        unsent = select(func.count()).where(schema.outbox.c.state != DeliveryState.SENT.value)
        return int(connection.execute(unsent).scalar_one())


def _judge(
    rows: Sequence[Delivery], boards: Sequence[Board], slacks: Sequence[StandInSlack], n_killed: int, n_faults: int, took_s: float
) -> Report:
    """Compare what was to be told with what the channels show."""
    told: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.created_at):
        told[row.channel, row.alert.issue_key].append(row.alert.alert_id)
    shown: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    roots: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for slack in slacks:
        for message in slack.messages:
            payload = message["metadata"]["event_payload"]
            place = (message["channel_name"], payload["issue"])
            if payload["form"] == "root":
                roots[place].append(message["blocks"][0]["text"]["text"])
            else:
                shown[place].append(payload["alert_id"])
    can_look = {board.name: board.base_url == slacks[0].base_url for board in boards}
    changes = {(row.channel, row.alert.alert_id): row.alert.change for row in rows}
    n_lost = n_disordered = n_stale = 0
    doubles = Counter[bool]()
    for place, alert_ids in told.items():
        firsts = list(dict.fromkeys(shown[place]))
        n_lost += len(set(alert_ids) - set(firsts))
        n_disordered += firsts != [alert_id for alert_id in alert_ids if alert_id in set(firsts)]
        doubles[can_look[place[0]]] += len(shown[place]) - len(firsts) + max(0, len(roots[place]) - 1)
        last = changes[place[0], alert_ids[-1]]
        assert last is not None
        since = f"since {last.at:%d %b %Y %H:%M} UTC"
        n_stale += not any(since in root for root in roots[place])
    return Report(
        len(rows),
        n_killed,
        n_lost,
        doubles[True],
        doubles[False],
        sum(row.n_blind for row in rows),
        n_disordered,
        n_stale,
        n_faults,
        took_s,
    )


def memory_of_a_long_life(url: str, *, n_deliveries: int) -> tuple[float, float]:
    """Let one worker deliver everything without faults; return its resident memory in MiB after a fifth, and at the end."""
    with ExitStack() as stack:
        slack = stack.enter_context(StandInSlack())
        boards = [_board(number, slack) for number in range(N_CHANNELS)]
        uow = stack.enter_context(closing(SqlUnitOfWork(url)))
        _fill(uow, boards, n_deliveries)
        process = forkserver().Process(target=work, args=(url, boards), daemon=True)
        process.start()
        early = 0.0
        try:
            while (n_left := _n_left(uow)) > 0:
                if not early and n_left < n_deliveries * 4 // 5:
                    early = _resident_mib(process.pid)
                time.sleep(0.05)
            return early, _resident_mib(process.pid)
        finally:
            process.kill()
            process.join()


def _resident_mib(pid: int | None) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _sweep_steps() -> int:
    """Let two workers in a row die at every pair of steps; return how many cases went wrong."""
    moments = n_moments()
    wrong = [problem for first in range(moments) for second in range(moments) for problem in try_deaths([first, second])]
    print(f"steps: {moments} moments, {moments**2} pairs of deaths, {4 * moments**2} deliveries, {len(wrong)} wrong")
    for problem in wrong[:10]:
        print(f"  {problem}")
    return len(wrong)


def main() -> None:
    """Run the whole sweep and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--database", help="URL of an empty database; default: SQLite in a temporary folder")
    parser.add_argument("--no-steps", action="store_true", help="leave out the pairs of steps")
    parser.add_argument("--no-memory", action="store_true", help="leave out the long life")
    wanted = parser.parse_args()
    be_quiet()
    is_good = wanted.no_steps or _sweep_steps() == 0
    with tempfile.TemporaryDirectory(prefix="monitor-faults-") as folder:
        url = wanted.database or f"sqlite:///{folder}/killed.db"
        _upgrade(url)
        print(f"kills: {wanted.deliveries} deliveries, {wanted.workers} workers, seed {wanted.seed}")
        report = campaign(url, n_deliveries=wanted.deliveries, n_workers=wanted.workers, seed=wanted.seed)
        print(json.dumps({name: getattr(report, name) for name in Report.__slots__}, indent=2))
        is_good &= report.is_good
        if not wanted.no_memory:
            url = f"sqlite:///{folder}/long.db"
            _upgrade(url)
            early, late = memory_of_a_long_life(url, n_deliveries=wanted.deliveries)
            print(f"memory of one worker: {early:.1f} MiB after a fifth of {wanted.deliveries} deliveries, {late:.1f} MiB at the end")
    print("good" if is_good else "NOT GOOD")
    sys.exit(0 if is_good else 1)


def _upgrade(url: str) -> None:
    with closing(SqlUnitOfWork(url)) as uow:
        uow.upgrade()


if __name__ == "__main__":
    main()

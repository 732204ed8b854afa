"""Worker processes that are killed at random and replaced: the misfortune of `benchmarks.fault_sweep`."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from threading import Lock, Timer

from benchmarks.fault_worker import Time
from monitor.testing.slack_server import StandInSlack

#: Share of calls about which some worker is killed, and how long after the call at most, in seconds: long enough to hit what follows as well.
KILLED = 0.04
LATENESS_S = 0.05


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that delivers, and its time where it does not go by the system's."""

    process: BaseProcess
    own_time: Time | None = None


@dataclass
class Killer:
    """Kills workers with SIGKILL, now and then, some moments after a call to the channel."""

    luck: random.Random
    sure_kills: frozenset[int] = frozenset()
    workers: list[Worker] = field(default_factory=list)
    n_killed: int = 0
    n_calls: int = 0
    lock: Lock = field(default_factory=Lock)

    def think_about_it(self) -> None:
        """Perhaps kill a worker within the next moments; whichever, as the caller is only one of them."""
        with self.lock:
            self.n_calls += 1
            is_sure = self.n_calls in self.sure_kills
            if self.workers and (self.luck.random() < KILLED or is_sure):
                victim = self.luck.choice(self.workers)
                timer = Timer(self.luck.uniform(0, LATENESS_S), victim.process.kill)
                timer.daemon = True
                timer.start()

    def keep_alive(self, start: Callable[[], Worker], n_workers: int) -> int:
        """Start others in the place of the dead; return how many were dead."""
        with self.lock:
            dead = [worker for worker in self.workers if not worker.process.is_alive()]
            self.workers = [worker for worker in self.workers if worker not in dead]
            self.n_killed += len(dead)
            self.workers += [start() for _ in range(n_workers - len(self.workers))]
        return len(dead)

    def kill_all(self) -> None:
        """End what is left."""
        with self.lock:
            workers, self.workers = self.workers, []
        for worker in workers:
            worker.process.kill()
            worker.process.join()


def let_leases_run_out(killer: Killer, slacks: Sequence[StandInSlack], ahead_s: Synchronized[float], lease_s: float) -> None:
    """Let the leases of the dead run out, and of nobody else: at a moment when the living hold none, and no call is under way."""
    with ExitStack() as stack:
        for worker in list(killer.workers):
            turn = worker.own_time.turn if worker.own_time else None
            while turn is not None and worker.process.is_alive():
                if turn.acquire(timeout=0.1):
                    stack.callback(turn.release)
                    break
        for slack in slacks:
            slack.settle()
        ahead_s.value += lease_s


def forkserver() -> ForkServerContext:
    """Return what starts workers: a server that has no threads, as this process has those of the stand-in."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.fault_worker"])
    return context

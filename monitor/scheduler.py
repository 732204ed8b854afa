"""The daemon: the table of jobs to APScheduler triggers, its events to log lines and counts, and a graceful stop."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from monitor.app import App
from monitor.clock import SystemClock
from monitor.errors import MonitorError, TransientError

log = structlog.get_logger(__name__)

#: What APScheduler calls its events, in our words.
_EVENTS = {EVENT_JOB_MISSED: "missed", EVENT_JOB_ERROR: "failed", EVENT_JOB_MAX_INSTANCES: "overrun"}


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the job table."""

    name: str
    run: Callable[[], object]
    every_s: float


@dataclass
class TickCounts:
    """How many ticks of which job were missed, failed or overrun since the start."""

    by_event: Counter[tuple[str, str]] = field(default_factory=Counter)

    def listen(self, event: JobEvent) -> None:
        """Count and log an event of the scheduler."""
        kind = _EVENTS.get(event.code, "unknown")
        self.by_event[kind, event.job_id] += 1
        exception = getattr(event, "exception", None)
        # What the project cannot explain is worth its trace.
        trace = getattr(event, "traceback", None) if not isinstance(exception, MonitorError) else None
        write = log.warning if exception is None or isinstance(exception, TransientError) else log.error
        write(
            f"tick_{kind}",
            job=event.job_id,
            n_since_start=self.by_event[kind, event.job_id],
            error=str(exception) if exception is not None else None,
            error_type=type(exception).__name__ if exception is not None else None,
            **({"trace": trace} if trace else {}),
        )


def job_table(app: App) -> tuple[Job, ...]:
    """Return the jobs of the daemon. A tick without work costs one query; due times live in the database, not here."""
    section = app.settings.scheduler
    return (
        Job("poll", app.poll, section.poll_tick_s),
        Job("match", app.match, section.match_tick_s),
        Job("assess", app.assess, section.match_tick_s),
        Job("release", app.release, section.deliver_tick_s),
        Job("deliver", app.deliver, section.deliver_tick_s),
        Job("watch", app.watch, section.watch_tick_s),
        Job("digest", app.digest, section.digest_tick_s),
        Job("prune", app.prune, section.prune_tick_s),
    )


def prepare(app: App) -> None:
    """Check files and schema, learn the seeds, sync the feeds: whatever is wrong stops the start with its reason."""
    from monitor.store.session import check

    app.check_files()
    check(app.database_url)
    n_learned = app.learn_seeds()
    app.sync_feeds()
    log.info("started", n_issues=len(app.issues), n_learned=n_learned, n_feeds=len(app.feeds), channels=list(app.notifiers))


def run(app: App, *, stop: threading.Event | None = None, counts: TickCounts | None = None) -> TickCounts:
    """Run the jobs until SIGTERM, SIGINT or `stop`, then finish the work in hand; return the counts of ticks gone wrong."""
    stop = stop or threading.Event()
    counts = counts or TickCounts()
    prepare(app)
    started = app.start_channels()
    if started:
        log.info("channels_started", channels=started)
    scheduler = build(app, counts)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    socket = app.slack_socket
    scheduler.start()
    if socket is not None:
        socket.start()
    try:
        stop.wait()
    finally:
        log.info("stopping", next_step="finishing the work in hand")
        # Ticks that are running end their transaction; what they leave undone is still due in the database.
        if socket is not None:
            socket.close()
        scheduler.shutdown(wait=True)
        log.info("stopped", ticks={f"{job}_{kind}": n for (kind, job), n in counts.by_event.items()})
    return counts


def build(app: App, counts: TickCounts, *, now: datetime | None = None) -> BackgroundScheduler:
    """Return a scheduler with every job due at once, not yet started.

    A late tick within the grace still runs, several late ones run once, and no job runs beside itself.
    """
    jobs = job_table(app)
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(len(jobs))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": app.settings.scheduler.misfire_grace_s},
        timezone="UTC",
    )
    scheduler.add_listener(counts.listen, EVENT_JOB_MISSED | EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES)
    for job in jobs:
        # APScheduler goes by the system's clock, whatever the jobs are told: a first tick in the past would make up for every one since.
        scheduler.add_job(job.run, "interval", seconds=job.every_s, id=job.name, next_run_time=now or SystemClock().now())
    return scheduler

"""The daemon: its table of jobs, ticks that go wrong, and the graceful stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent, JobSubmissionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from structlog.testing import capture_logs

from monitor import scheduler
from monitor.clock import SystemClock
from monitor.config import Settings, load_settings
from monitor.errors import ConfigError, FetchError, SeedError, StoreError
from monitor.scheduler import TickCounts
from tests.databases import sqlite_template
from tests.story_app import StoryApp, write_files

__all__ = ["sqlite_template"]

SOON = datetime(2024, 9, 6, tzinfo=UTC)
#: Nothing here takes a second; who waits this long waits in vain.
LONG_S = 20


@dataclass(frozen=True)
class JobsOnly(StoryApp):
    """An application whose jobs are functions of the test."""

    jobs: dict[str, Callable[[], object]] = field(default_factory=dict)

    def __getattribute__(self, name: str) -> Any:
        jobs = object.__getattribute__(self, "jobs") if name != "jobs" else {}
        return jobs[name] if name in jobs else super().__getattribute__(name)


def _often(app: JobsOnly) -> JobsOnly:
    """Return the application with a poll job that is due a hundred times a second."""
    section = app.settings.scheduler.model_copy(update={"poll_tick_s": 0.01})
    return replace(app, settings=app.settings.model_copy(update={"scheduler": section}))


NAMES = ("poll", "match", "assess", "release", "deliver", "watch", "digest", "prune")


def _idle() -> None:
    """Do nothing, as a tick without work."""


def _app(tmp_path: Path, **jobs: Callable[[], object]) -> JobsOnly:
    settings = load_settings(write_files(tmp_path, {"gazette": "https://gazette.example/rss"}))
    return JobsOnly(settings, SystemClock(), jobs=dict.fromkeys(NAMES, _idle) | jobs)


@pytest.fixture
def paused(tmp_path: Path) -> Iterator[BackgroundScheduler]:
    built = scheduler.build(_app(tmp_path), TickCounts(), now=SOON)
    built.start(paused=True)
    yield built
    built.shutdown()


def test_every_job_ticks_at_its_own_pace(paused: BackgroundScheduler) -> None:
    section = Settings().scheduler
    paces = {job.id: job.trigger.interval.total_seconds() for job in paused.get_jobs()}
    assert paces == {
        "poll": section.poll_tick_s,
        "match": section.match_tick_s,
        "assess": section.match_tick_s,
        "release": section.deliver_tick_s,
        "deliver": section.deliver_tick_s,
        "watch": section.watch_tick_s,
        "digest": section.digest_tick_s,
        "prune": section.prune_tick_s,
    }


def test_every_job_is_due_at_once_runs_alone_and_may_be_late(paused: BackgroundScheduler) -> None:
    for job in paused.get_jobs():
        assert job.next_run_time == SOON
        assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, 300)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (JobExecutionEvent(EVENT_JOB_MISSED, "poll", "default", SOON), "missed"),
        (JobSubmissionEvent(EVENT_JOB_MAX_INSTANCES, "poll", "default", [SOON]), "overrun"),
        (JobExecutionEvent(EVENT_JOB_ERROR, "poll", "default", SOON, exception=FetchError("timed out")), "failed"),
    ],
)
def test_ticks_that_go_wrong_are_counted_and_logged(event: Any, kind: str) -> None:
    counts = TickCounts()
    with capture_logs() as lines:
        counts.listen(event)
        counts.listen(event)
    assert counts.by_event == {(kind, "poll"): 2}
    assert [(line["event"], line["job"], line["n_since_start"], line["log_level"]) for line in lines] == [
        (f"tick_{kind}", "poll", 1, "warning"),
        (f"tick_{kind}", "poll", 2, "warning"),
    ]


@pytest.mark.parametrize(("error", "has_trace"), [(StoreError("read-only"), False), (ZeroDivisionError("by zero"), True)])
def test_what_trying_again_cannot_cure_is_an_error_and_only_the_unforeseen_has_a_trace(error: Exception, has_trace: bool) -> None:
    event = JobExecutionEvent(EVENT_JOB_ERROR, "match", "default", SOON, exception=error, traceback="Traceback ...")
    with capture_logs() as lines:
        TickCounts().listen(event)
    [line] = lines
    assert (line["log_level"], line["error"], line["error_type"], "trace" in line) == ("error", str(error), type(error).__name__, has_trace)


class Daemon:
    """The daemon in a thread of its own, on jobs of the test."""

    def __init__(self, app: JobsOnly) -> None:
        self.stop = threading.Event()
        self.counts = TickCounts()
        self.failures: list[BaseException] = []
        self.thread = threading.Thread(target=self._run, args=[app])

    def _run(self, app: JobsOnly) -> None:
        try:
            scheduler.run(app, stop=self.stop, counts=self.counts)
        except BaseException as exc:
            self.failures.append(exc)

    def finish(self) -> None:
        self.stop.set()
        self.thread.join(LONG_S)
        assert not self.thread.is_alive()
        assert self.failures == []


@pytest.fixture
def database(tmp_path: Path, sqlite_template: Path) -> Path:
    path = tmp_path / "monitor.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


def test_stop_finishes_the_work_in_hand(tmp_path: Path, database: Path) -> None:
    begun, may_end, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert may_end.wait(LONG_S)
        done.set()

    daemon = Daemon(_app(tmp_path, poll=work))
    daemon.thread.start()
    assert begun.wait(LONG_S)
    daemon.stop.set()
    # It waits for the tick, which waits for this.
    assert daemon.thread.is_alive()
    may_end.set()
    daemon.finish()
    assert done.is_set()


def test_a_job_that_fails_does_not_stop_the_others(tmp_path: Path, database: Path) -> None:
    n_fails, others = 0, threading.Event()
    again = threading.Event()

    def fail() -> None:
        nonlocal n_fails
        n_fails += 1
        if n_fails == 2:
            again.set()
        raise FetchError("timed out")

    app = _app(tmp_path, poll=fail, deliver=others.set)
    daemon = Daemon(_often(app))
    daemon.thread.start()
    assert others.wait(LONG_S)
    assert again.wait(LONG_S)
    daemon.finish()
    assert daemon.counts.by_event["failed", "poll"] >= 2


def test_a_tick_that_overruns_the_next_is_counted_and_never_runs_beside_itself(tmp_path: Path, database: Path) -> None:
    n_running, most, overrun = 0, 0, threading.Event()

    class Counts(TickCounts):
        def listen(self, event: Any) -> None:
            super().listen(event)
            if self.by_event["overrun", "poll"] >= 2:
                overrun.set()

    def slow() -> None:
        nonlocal n_running, most
        n_running += 1
        most = max(most, n_running)
        assert overrun.wait(LONG_S)
        n_running -= 1

    app = _app(tmp_path, poll=slow)
    daemon = Daemon(_often(app))
    daemon.counts = Counts()
    daemon.thread.start()
    assert overrun.wait(LONG_S)
    daemon.finish()
    assert most == 1


def test_prepare_learns_the_seeds_and_brings_the_feeds_in_line(tmp_path: Path, database: Path) -> None:
    app = _app(tmp_path)
    with capture_logs() as lines:
        scheduler.prepare(app)
    [started] = [line for line in lines if line["event"] == "started"]
    assert (started["n_issues"], started["n_learned"], started["n_feeds"], started["channels"]) == (1, 1, 1, ["console"])
    with app.uow.reading() as tx:
        assert [state.feed.key for state in tx.feeds.states()] == ["gazette"]
    app.uow.close()


def test_a_schema_that_is_missing_or_a_broken_file_stops_the_start(tmp_path: Path) -> None:
    app = _app(tmp_path)
    with pytest.raises(StoreError, match="run `monitor db upgrade`"):
        scheduler.prepare(app)
    (tmp_path / "seeds" / "seed-1.txt").write_text("")
    with pytest.raises(SeedError, match="is empty"):
        scheduler.prepare(_app_of(app))
    (tmp_path / "feeds.yaml").write_text("- wrong")
    (tmp_path / "seeds" / "seed-1.txt").write_text("Talks.")
    with pytest.raises(ConfigError, match=r"feeds\.yaml"):
        scheduler.prepare(_app_of(app))


def _app_of(app: JobsOnly) -> JobsOnly:
    """Return an application over the same settings that has read nothing yet."""
    return JobsOnly(app.settings, app.clock, jobs=app.jobs)

"""The whole daemon with the real model: feeds on loopback, ticks of the real scheduler, a stand-in for Slack, and the log at the end."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from monitor import scheduler
from monitor.app import App
from monitor.cli.context import root
from monitor.config import load_settings
from monitor.testing.loopback import LoopbackSite
from monitor.testing.slack_server import StandInSlack
from tests.story import Item, rss
from tests.story_app import write_files

LONG_S = 90

#: Plain words for plain steps: this is a test of the pipes, how well the reader reads is measured elsewhere.
SEED = (
    "Norland and Sudmark opened formal negotiations on the harbour treaty in Osthaven on Sunday. "
    "Delegations of both governments met for the first round of talks and set up three working groups."
)
SIGNED_TITLE = "Norland and Sudmark sign harbour treaty"
SIGNED_TEXT = (
    "The prime ministers of Norland and Sudmark signed the harbour treaty in Osthaven on Thursday. "
    "The treaty was signed in the old customs house in front of both delegations."
)
CAKE_TITLE = "Bakers of Westmoor win the cake prize"
CAKE_TEXT = "A guild of pastry cooks took first place with a plum tart of seven layers. The jury praised its glaze."


@dataclass(frozen=True)
class TellingApp(App):
    """The application as it is, telling which of its jobs have ended how often."""

    ended: Counter[str] = field(default_factory=Counter)
    news: threading.Condition = field(default_factory=threading.Condition)
    is_over: threading.Event = field(default_factory=threading.Event)

    def wait_for_ticks(self, *names: str) -> None:
        """Wait until each job, one after the other, has run once from beginning to end."""
        for name in names:
            with self.news:
                # The next tick to end may have begun before now; the one after it did not.
                wanted = self.ended[name] + 2
                assert self.news.wait_for(partial(self._is_decided, name, wanted), LONG_S), f"{name} did not tick"

    def _is_decided(self, name: str, n_times: int) -> bool:
        return self.is_over.is_set() or self.ended[name] >= n_times

    def end(self) -> None:
        """Let nobody wait any longer."""
        self.is_over.set()
        with self.news:
            self.news.notify_all()

    def _told(self, name: str, result: Any) -> Any:
        with self.news:
            self.ended[name] += 1
            self.news.notify_all()
        return result

    def poll(self, jitter: Callable[[], float] | None = None) -> Any:
        return self._told("poll", super().poll(jitter))

    def match(self) -> Any:
        return self._told("match", super().match())

    def assess(self) -> Any:
        return self._told("assess", super().assess())

    def deliver(self) -> Any:
        return self._told("deliver", super().deliver())


@contextmanager
def _daemon(app: TellingApp) -> Iterator[TellingApp]:
    """Run the daemon in a thread for as long as the block runs."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(scheduler.run, app, stop=stop)
        # Where something keeps it from starting, nobody shall wait for its ticks in vain.
        running.add_done_callback(lambda _: app.end())
        try:
            yield app
        finally:
            stop.set()
            counts = running.result(LONG_S)
            app.uow.close()
    assert not [job for kind, job in counts.by_event if kind == "failed"]


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite() as site:
        yield site


@pytest.fixture
def slack() -> Iterator[StandInSlack]:
    with StandInSlack() as slack:
        yield slack


@pytest.fixture
def settings_file(tmp_path: Path, site: LoopbackSite, slack: StandInSlack, sqlite_template: Path) -> Iterator[Path]:
    (tmp_path / "monitor.db").write_bytes(sqlite_template.read_bytes())
    ticks = {f"{name}_tick_s": 0.05 for name in ("poll", "match", "deliver", "watch")}
    file = write_files(
        tmp_path,
        {"gazette": site.url("/gazette.xml"), "herald": site.url("/herald.xml")},
        scheduler=ticks,
        slack={"token": "xoxb-1", "channel": "#desk", "base_url": slack.base_url},
    )
    (tmp_path / "seeds" / "seed-1.txt").write_text(SEED)
    yield file
    structlog.reset_defaults()


def _command(settings_file: Path, *words: str) -> str:
    result = CliRunner().invoke(root, ["--config", str(settings_file), *words])
    assert result.exception is None, result.exception
    return result.stdout


@pytest.mark.xdist_group("model")
def test_a_signature_is_alerted_once_and_stays_in_the_log(site: LoopbackSite, slack: StandInSlack, settings_file: Path) -> None:
    at = datetime(2024, 9, 5, 15, tzinfo=UTC)
    items = (Item(1, CAKE_TITLE, CAKE_TEXT, at), Item(2, SIGNED_TITLE, SIGNED_TEXT, at))
    site.publish("/gazette.xml", rss(*items), etag='"1"')
    site.publish("/herald.xml", rss(site="https://herald.example", title="Herald"))

    with _daemon(TellingApp(load_settings(settings_file))) as app:
        app.wait_for_ticks("poll", "match", "assess", "deliver")
    root, message = slack.messages
    assert root["channel_name"] == "desk"
    assert root["text"].endswith("now signed")
    assert (message["thread_ts"], message["subtype"]) == (root["ts"], "thread_broadcast")
    assert "signed" in message["blocks"][0]["text"]["text"]
    assert "sign" in message["text"]

    rows = [json.loads(line) for line in _command(settings_file, "log", "--format", "jsonl").splitlines()]
    [change] = [row for row in rows if not row["is_history"]]
    assert (change["to_status"], change["to_phase"]) == ("signed", "adopted")
    quote = change["evidence"][0]
    assert quote["quote"] in f"{SIGNED_TITLE}\n{SIGNED_TEXT}"
    assert "5. alert: slack, sent at " in _command(settings_file, "explain", "https://gazette.example/2")
    assert "only a match is read" in _command(settings_file, "explain", "https://gazette.example/1")

    # The same feeds again, under another entity tag, and a second daemon on the same database: silence.
    site.publish("/gazette.xml", rss(*items[::-1]), etag='"2"')
    assert "2 feeds polled, 0 failed, 0 new articles, 0 edited; 0 matched; 0 changes" in _command(settings_file, "poll", "--once")
    with _daemon(TellingApp(load_settings(settings_file))) as app:
        app.wait_for_ticks("poll", "match", "assess", "deliver")
    assert len(slack.messages) == 2
    assert len(_command(settings_file, "log", "--format", "jsonl").splitlines()) == len(rows)

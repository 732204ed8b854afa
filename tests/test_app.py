"""The composition root picks what the settings ask for, and makes nothing before it is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.app import App
from monitor.config import Settings, load_settings
from monitor.core.policy import AlertPolicy, MatchPolicy, PollPolicy, StatusPolicy
from monitor.core.types import Severity
from monitor.errors import ConfigError, ModelError
from monitor.fetch.page import TrafilaturaPageReader
from monitor.notify.console import ConsoleNotifier
from monitor.notify.slack import SlackNotifier
from tests.story_app import StoryApp, write_files

Make = Callable[..., App]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def app(**sections: dict[str, object]) -> App:
        return StoryApp(load_settings(write_files(tmp_path, {"gazette": "https://gazette.example/rss"}, **sections)))

    return app


def test_the_files_become_ladders_issues_and_feeds(make: Make) -> None:
    app = make()
    app.check_files()
    assert list(app.ladders) == ["treaty"]
    assert [issue.key for issue in app.issues] == ["harbour-treaty"]
    assert [feed.key for feed in app.feeds] == ["gazette"]
    assert len(app.off_topic) == 1


def test_the_shipped_files_are_right() -> None:
    App(Settings()).check_files()


def test_without_a_token_alerts_go_to_the_console(make: Make) -> None:
    [(name, notifier)] = make().notifiers.items()
    assert name == notifier.channel == "console"
    assert isinstance(notifier, ConsoleNotifier)


def test_with_a_token_they_go_to_slack(make: Make, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-1\n")
    for section in ({"token": "xoxb-1", "channel": "#desk"}, {"token_file": str(tmp_path / "token"), "channel": "#desk"}):
        [(name, notifier)] = make(slack=section).notifiers.items()
        assert name == notifier.channel == "slack"
        assert isinstance(notifier, SlackNotifier)


def test_a_token_file_that_is_not_there_stops_the_start(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"slack\.token_file: .*none cannot be read"):
        make(slack={"token_file": str(tmp_path / "none")}).check_files()


def test_a_token_without_a_channel_stops_the_start(make: Make) -> None:
    with pytest.raises(ConfigError, match=r"slack\.channel"):
        make(slack={"token": "xoxb-1"}).check_files()


def test_pages_are_fetched_only_where_the_settings_allow(make: Make) -> None:
    assert make().examiner.pages is None
    examiner = make(fetch={"full_text": True, "full_text_below_chars": 77}).examiner
    assert isinstance(examiner.pages, TrafilaturaPageReader)
    assert examiner.full_text_below_chars == 77


def test_the_settings_defaults_are_those_of_the_policies() -> None:
    settings = Settings()
    assert settings.poll.policy() == PollPolicy()
    assert settings.match.policy() == MatchPolicy()
    assert settings.status.policy() == StatusPolicy()
    assert settings.alerts.policy() == AlertPolicy()


def test_a_model_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    settings = load_settings(write_files(tmp_path, {}, encoder={"model": str(tmp_path / "no-model")}))
    with pytest.raises(ModelError, match="no-model"):
        App(settings).encoder.embed(["text"])


def test_importing_the_application_loads_no_model_and_opens_nothing() -> None:
    heavy = ("torch", "sentence_transformers", "transformers", "sqlalchemy", "feedparser", "httpx", "slack_sdk", "trafilatura")
    code = f"import sys, monitor.app; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_channels_stand_beside_slack_each_with_rules_of_its_own(tmp_path: Path) -> None:
    named = {
        "desk": {"kind": "webhook", "url": "https://hooks.example/x", "secret": "a secret of some length", "digest": "daily"},
        "board": {"kind": "slack", "to": "#board", "floor": "major"},
        "feeds": {"kind": "atom", "folder": str(tmp_path / "atom")},
        "screen": {"kind": "console"},
    }
    app = StoryApp(load_settings(write_files(tmp_path, {}, slack={"token": "xoxb-1", "channel": "#desk"}, channels=named)))
    assert {name: type(notifier).__name__ for name, notifier in app.notifiers.items()} == {
        "slack": "SlackNotifier",
        "desk": "WebhookNotifier",
        "board": "SlackNotifier",
        "feeds": "AtomNotifier",
        "screen": "ConsoleNotifier",
    }
    assert app.rules["desk"].digest is not None
    assert app.rules["slack"].digest is None
    assert app.rules["board"].quiet.floor is Severity.MAJOR


def test_a_slack_channel_without_a_token_is_named(tmp_path: Path) -> None:
    app = StoryApp(load_settings(write_files(tmp_path, {}, channels={"board": {"kind": "slack", "to": "#board"}})))
    with pytest.raises(ConfigError, match=r"channels\.board is of kind slack, but there is no token"):
        _ = app.notifiers

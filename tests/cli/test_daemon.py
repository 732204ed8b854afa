"""`monitor run`, `poll`, `doctor`, `settings`, `db`."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator

import pytest
import yaml

from monitor.config.table import settings_table
from monitor.testing.slack_server import StandInSlack
from tests.cli.conftest import Command
from tests.story_app import StoryApp


@pytest.fixture
def slack() -> Iterator[StandInSlack]:
    with StandInSlack() as slack:
        yield slack


def _set(command: Command, section: str, **values: object) -> None:
    settings = yaml.safe_load(command.settings.read_text())
    settings[section] = settings.get(section, {}) | values
    command.settings.write_text(yaml.safe_dump(settings))


def test_poll_runs_each_job_once_and_says_what_was_done(empty: Command) -> None:
    told = empty("poll", "--once")
    assert (
        told.out.splitlines()[-1]
        == "2 feeds polled, 0 failed, 4 new articles, 0 edited; 3 matched; 3 changes, 2 alerts, 0 held; 2 delivered"
    )
    # Without a Slack token alerts are shown here.
    assert "talks under way → broadly agreed (reported)" in told.out


def test_poll_asks_only_feeds_that_are_due_unless_told(empty: Command) -> None:
    empty("poll")
    assert empty("poll").out.startswith("0 feeds polled")
    assert empty("poll", "--once").out.startswith("2 feeds polled, 0 failed, 0 new articles, 0 edited; 0 matched; 0 changes, 0 alerts")


def test_poll_posts_to_slack_where_a_token_is_set(empty: Command, slack: StandInSlack) -> None:
    _set(empty, "slack", token="xoxb-1", channel="#desk", base_url=slack.base_url, gap_s=0)
    assert "; 3 changes, 2 alerts, 0 held; 2 delivered" in empty("poll", "--once").out
    assert [message["channel_name"] for message in slack.messages] == ["desk"] * 3
    assert [message["thread_ts"] for message in slack.told] == [slack.messages[0]["ts"]] * 2


def test_poll_on_an_old_schema_names_the_command_that_mends_it(empty: Command) -> None:
    (empty.folder / "monitor.db").unlink()
    told = empty("poll")
    assert (told.status, "run `monitor db upgrade`" in told.err) == (3, True)


@pytest.mark.parametrize("words", [["run"], ["poll"]])
def test_a_wrong_file_stops_the_start_with_status_2(empty: Command, words: list[str]) -> None:
    (empty.folder / "feeds.yaml").write_text("feeds:\n  - {key: Bad Key, url: 'https://x.example', source: X}\n")
    told = empty(*words)
    assert told.status == 2
    assert "feeds.yaml: feeds.0.key = 'Bad Key'" in told.err


def test_run_starts_the_daemon_after_upgrading_when_asked(empty: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty.folder / "monitor.db").unlink()
    started: list[StoryApp] = []
    monkeypatch.setattr("monitor.scheduler.run", started.append)
    assert empty("run", "--upgrade").status == 0
    started[0].uow.check()
    started[0].uow.close()


def test_doctor_finds_nothing_wrong_where_nothing_is(command: Command, slack: StandInSlack) -> None:
    slack.workspace.add_channel("desk")
    _set(command, "slack", token="xoxb-1", channel="#desk", base_url=slack.base_url)
    told = command("doctor")
    assert told.status == 0
    lines = dict(line.removeprefix("ok    ").split(": ", 1) for line in told.out.splitlines())
    assert lines["files"] == "1 ladders, 1 issues, 2 feeds, 1 off-topic stories"
    assert lines["model"] == "hash/256, 256 dimensions; reader scripted/1"
    assert lines["channels"] == "slack answers as monitor in stand-in; can post, and look up what it posted"
    assert (lines["feeds"], lines["outbox"]) == ("2 feeds, none blind", "none dead")


def test_doctor_says_what_is_wrong_and_what_to_do_and_ends_with_status_1(empty: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        base_url = f"http://127.0.0.1:{server.getsockname()[1]}/api/"
    _set(empty, "slack", token="xoxb-1-secret", channel="#desk", base_url=base_url)
    (empty.folder / "monitor.db").unlink()
    (empty.folder / "feeds.yaml").unlink()
    told = empty("doctor")
    assert told.status == 1
    wrong = dict(line.removeprefix("WRONG ").split(": ", 1) for line in told.out.splitlines() if line.startswith("WRONG"))
    assert "create it, or point the setting that names it elsewhere" in wrong["files"]
    assert "run `monitor db upgrade`" in wrong["database"]
    assert "check slack.base_url and the network" in wrong["channels"]
    assert "secret" not in told.out
    # What can be checked all the same, is.
    assert "ok    model" in told.out


def test_doctor_tells_blind_feeds_and_dead_deliveries(command: Command) -> None:
    with sqlite3.connect(command.folder / "monitor.db") as database:
        database.execute("UPDATE feeds SET health = 'blind' WHERE feed_key = 'herald'")
        database.execute("UPDATE outbox SET state = 'dead', last_error = 'is_archived'")
    database.close()
    told = command("doctor")
    assert told.status == 1
    assert "WRONG feeds: 1 of 2 feeds cannot be read: herald; see `monitor feeds list`" in told.out
    assert "WRONG outbox: 2 deliveries are dead, the last for is_archived" in told.out


def test_settings_tells_every_setting_as_text_and_as_markdown(empty: Command) -> None:
    plain, markdown = empty("settings").out, empty("settings", "--markdown").out
    for row in settings_table():
        assert f"{row.key} = " in plain
        assert row.variable in plain
        assert f"| `{row.key}` |" in markdown


def test_db_upgrade_makes_the_database_and_check_is_content(empty: Command) -> None:
    (empty.folder / "monitor.db").unlink()
    told = empty("db", "check")
    assert (told.status, "run `monitor db upgrade`" in told.err) == (1, True)
    assert empty("db", "upgrade").out == "the database schema is up to date\n"
    assert empty("db", "check").out == "the database schema is up to date\n"


def test_db_backup_writes_a_whole_copy_once(command: Command) -> None:
    copy = command.folder / "copies" / "monitor.db"
    assert command("db", "backup", str(copy)).status == 0
    with sqlite3.connect(copy) as database:
        assert database.execute("SELECT count(*) FROM changes").fetchone() == (4,)
    database.close()
    again = command("db", "backup", str(copy))
    assert (again.status, "exists already" in again.err) == (3, True)

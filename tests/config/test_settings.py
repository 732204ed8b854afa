from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.config import Settings, load_settings, settings_table
from monitor.config.channels import ChannelSettings
from monitor.config.section import Section
from monitor.config.table import settings_markdown
from monitor.core.policy import AlertPolicy, MatchPolicy, PollPolicy, StatusPolicy
from monitor.errors import ConfigError

SECRET = "xoxb-12-keep-me-quiet"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.upper().startswith("MONITOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(folder: Path, content: str) -> Path:
    file = folder / "monitor.yaml"
    file.write_text(content, encoding="utf-8")
    return file


def refusal(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    return str(caught.value)


@pytest.mark.parametrize("content", ["", "# nothing but a remark\n", "{}", "poll: {}\n"])
def test_an_empty_file_gives_the_defaults(tmp_path: Path, content: str) -> None:
    found = load_settings(write(tmp_path, content))
    assert found.poll.policy() == PollPolicy()
    assert found.match.policy() == MatchPolicy()
    assert found.status.policy() == StatusPolicy()
    assert found.alerts.policy() == AlertPolicy()


def test_the_default_file_may_be_absent() -> None:
    assert load_settings().log.level == "info"


def test_the_default_file_is_read_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    write(tmp_path / "config", "log: {level: debug}")
    assert load_settings().log.level == "debug"


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.yaml") == f"{tmp_path}/none.yaml: there is no such file; give --config an existing file or leave it out"


def test_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "poll: {interval_s: 7200, jitter: 0.2}\nlog: {level: debug}")
    monkeypatch.setenv("MONITOR_POLL__INTERVAL_S", "900")
    found = load_settings(file)
    assert (found.poll.interval_s, found.poll.jitter, found.log.level) == (900, 0.2, "debug")


def test_lists_come_from_the_environment_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_ALERTS__KINDS", '["confirmation"]')
    assert load_settings(write(tmp_path, "")).alerts.kinds == ("confirmation",)


def test_settings_cannot_be_changed_once_read(tmp_path: Path) -> None:
    found = load_settings(write(tmp_path, ""))
    with pytest.raises(ValueError, match="frozen"):
        found.poll.jitter = 0.3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "key", "value", "fix"),
    [
        ("polls: {jitter: 0.1}", "polls", "", "there is no such setting; known here: paths, database"),
        ("poll: {intervall_s: 60}", "poll.intervall_s", "", "known here: poll.interval_s, poll.min_interval_s"),
        ("poll: {interval_s: 5}", "poll.interval_s", "5", "greater than or equal to 60; it is: Seconds between polls"),
        ("poll: {interval_s: soon}", "poll.interval_s", "'soon'", "valid number"),
        ("poll: {interval_s: .nan}", "poll.interval_s", "nan", "less than or equal to 86400"),
        ("poll: {jitter: 0.9}", "poll.jitter", "0.9", "less than or equal to 0.5"),
        ("poll:", "poll", "None", "valid dictionary"),
        (
            "poll: {min_interval_s: 9000, max_interval_s: 100}",
            "poll.min_interval_s",
            "9000",
            "above poll.max_interval_s = 100; lower the first",
        ),
        ("match: {min_threshold: 0.7}", "match.min_threshold", "0.7", "above match.max_threshold = 0.3; lower the first"),
        ("match: {anchor_weight: 2}", "match.anchor_weight", "2", "less than or equal to 1"),
        ("status: {vote_days: 0}", "status.vote_days", "0", "greater than 0"),
        ("alerts: {kinds: [status, rumour]}", "alerts.kinds.1", "'rumour'", "'status', 'confirmation', 'denial' or 'detail'"),
        ("alerts: {kinds: status}", "alerts.kinds", "'status'", "valid tuple"),
        ("alerts: {max_attempts: 0}", "alerts.max_attempts", "0", "whole number, ≥ 1, ≤ 1000, default 16"),
        ("alerts: {max_attempts: 1.5}", "alerts.max_attempts", "1.5", "valid integer"),
        ("log: {level: no}", "log.level", "False", "'debug', 'info', 'warning' or 'error'"),
        ("log: {style: loud}", "log.style", "'loud'", "one of auto, console, json"),
        (
            "fetch: {allowed_networks: [10.0.0.0/33]}",
            "fetch.allowed_networks",
            "['10.0.0.0/33']",
            "does not appear to be an IPv4 or IPv6 network",
        ),
        ("fetch: {full_text: perhaps}", "fetch.full_text", "'perhaps'", "valid boolean"),
        ("fetch: {workers: 0}", "fetch.workers", "0", "greater than or equal to 1"),
        ("encoder: {model: ''}", "encoder.model", "''", "at least 1 character"),
        ("slack: {base_url: 'ftp://slack.example/'}", "slack.base_url", "'ftp://slack.example/'", "match pattern"),
        ("slack: {channel: 12}", "slack.channel", "12", "valid string; it is: Channel id (C...), or name"),
        ("retention: {poll_days: -1}", "retention.poll_days", "-1", "greater than 0"),
        ("scheduler: {misfire_grace_s: 0}", "scheduler.misfire_grace_s", "0", "greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_named_with_file_key_value_and_fix(tmp_path: Path, content: str, key: str, value: str, fix: str) -> None:
    file = write(tmp_path, content)
    message = refusal(file)
    assert message.startswith(f"{file}: {key}{f' = {value}' if value else ''}")
    assert fix in message


def test_every_wrong_setting_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    lines = refusal(write(tmp_path, "poll: {jitter: 9}\nlog: {level: loud}")).splitlines()
    assert [line.split(": ")[1].split(" ")[0] for line in lines] == ["poll.jitter", "log.level"]


@pytest.mark.parametrize("content", ["poll: {jitter: 1", "a: b: c", "poll:\n\t- x", "key: 2024-02-30", "1: 2", "- just\n- a list"])
def test_a_file_that_is_no_settings_is_named(tmp_path: Path, content: str) -> None:
    message = refusal(write(tmp_path, content))
    assert message.startswith(f"{tmp_path}/monitor.yaml: cannot be read as settings (")
    assert message.endswith("; see docs/configuration.md")


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_bytes(b"log: {level: \xff}")
    assert refusal(file).startswith(f"{file}: cannot be read as settings ('utf-8' codec")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "MONITOR_POLLS__JITTER",
            "1",
            "environment variable MONITOR_POLLS__JITTER: there is no setting 'polls'; known sections: paths, database",
        ),
        ("MONITOR_POLL__JITTERS", "1", "environment variable MONITOR_POLL__JITTERS: there is no such setting; known here: poll.interval_s"),
        ("MONITOR_POLL__JITTER", "much", "environment variable MONITOR_POLL__JITTER = 'much': input should be a valid number"),
        ("MONITOR_ALERTS__KINDS", '["rumour"]', "environment variable MONITOR_ALERTS__KINDS: alerts.kinds.0 = 'rumour': input should be"),
        ("MONITOR_ALERTS__KINDS", "status", 'environment (MONITOR_ALERTS__KINDS): error parsing value for field "alerts"'),
        ("MONITOR_FETCH__ALLOWED_NETWORKS", '["x"]', "environment variable MONITOR_FETCH__ALLOWED_NETWORKS = ['x']: value error"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str) -> None:
    monkeypatch.setenv(variable, value)
    assert refusal(write(tmp_path, "")).startswith(message)


def test_a_value_that_is_no_json_says_how_lists_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_ALERTS__KINDS", "status")
    assert """MONITOR_ALERTS__KINDS='["status"]'""" in refusal(write(tmp_path, ""))


@pytest.mark.parametrize(
    "content",
    [
        f"slack: {SECRET}",
        f"slack: [{SECRET}]",
        f"slack: {{token: [{SECRET}]}}",
        f"slack: {{token: {{bot: {SECRET}}}}}",
        f"slack: {{tokn: {SECRET}}}",
        f'slack: {{token: "{SECRET}',
        f"slack:\n  token: {SECRET}: x\n",
        f"database: postgresql://me:{SECRET}@db.example/x",
        f"database: {{url: [{SECRET}]}}",
    ],
)
def test_a_secret_in_a_wrong_file_is_never_shown(tmp_path: Path, content: str) -> None:
    assert SECRET not in refusal(write(tmp_path, content))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MONITOR_SLACK", SECRET),
        ("MONITOR_SLACK", f'["{SECRET}"]'),
        ("MONITOR_SLACK", f'{{"token": "{SECRET}", "chanel": 1}}'),
        ("MONITOR_SLACK__TOKN", SECRET),
        ("MONITOR_DATABASE", f'"{SECRET}"'),
        ("MONITOR_SLAC__TOKEN", SECRET),
    ],
)
def test_a_secret_in_a_wrong_variable_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    assert SECRET not in refusal(write(tmp_path, ""))


def test_a_secret_is_hidden_when_settings_are_printed(tmp_path: Path) -> None:
    found = load_settings(write(tmp_path, f"slack: {{token: {SECRET}}}\ndatabase: {{url: 'postgresql://me:{SECRET}@db.example/x'}}"))
    assert SECRET not in f"{found!r} {found} {found.model_dump()} {found.model_dump_json()}"
    assert found.slack_token() == SECRET


def test_the_token_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n", encoding="utf-8")
    assert load_settings(write(tmp_path, f"slack: {{token_file: {tmp_path}/token}}")).slack_token() == SECRET


def test_a_token_file_that_is_missing_is_named(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, f"slack: {{token_file: {tmp_path}/token}}"))
    with pytest.raises(ConfigError, match=r"slack\.token_file: .*token cannot be read \(.*No such file.*create it or unset the setting"):
        settings.slack_token()


def test_a_token_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    settings = load_settings(write(tmp_path, f"slack: {{token_file: {tmp_path}/token}}"))
    with pytest.raises(ConfigError, match=r"slack\.token_file: .*token cannot be read \(.*utf-8"):
        settings.slack_token()


def test_every_setting_has_a_row_with_a_meaning() -> None:
    rows = settings_table()
    sections = [section for _, section in load_settings() if isinstance(section, Section)]
    assert len({row.key for row in rows}) == len(rows)
    assert len(rows) == sum(len(type(section).model_fields) for section in [*sections, ChannelSettings(kind="console")])
    assert all(row.meaning and row.kind for row in rows)
    assert {row.key.split(".")[0] for row in rows} == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("key", "kind", "default", "variable"),
    [
        ("poll.jitter", "number, ≥ 0, ≤ 0.5", "0.1", "MONITOR_POLL__JITTER"),
        ("fetch.max_body_bytes", "whole number, ≥ 1024, ≤ 1073741824", "15728640", "MONITOR_FETCH__MAX_BODY_BYTES"),
        ("alerts.kinds", "some of status, confirmation, denial, detail", "status, denial", "MONITOR_ALERTS__KINDS"),
        ("slack.token", "secret", "", "MONITOR_SLACK__TOKEN"),
        ("slack.token_file", "path", "", "MONITOR_SLACK__TOKEN_FILE"),
        ("fetch.full_text", "true or false", "True", "MONITOR_FETCH__FULL_TEXT"),
        ("log.level", "one of debug, info, warning, error", "info", "MONITOR_LOG__LEVEL"),
    ],
)
def test_a_row_tells_kind_range_default_and_variable(key: str, kind: str, default: str, variable: str) -> None:
    row = next(row for row in settings_table() if row.key == key)
    assert (row.kind, row.default, row.variable) == (kind, default, variable)


def test_the_table_of_settings_has_one_line_a_setting() -> None:
    assert len(settings_markdown().splitlines()) == 2 + len(settings_table())

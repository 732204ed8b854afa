"""Channels, quiet hours and coverage in settings and issue files: read, and refused with the name that is wrong."""

from __future__ import annotations

from datetime import UTC, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from monitor.config import load_settings
from monitor.config.channels import channel_rules
from monitor.config.files import check_names, load_issue
from monitor.core.types import QuietHours, QuietPolicy, Schedule, Severity
from monitor.errors import ConfigError
from tests.story_app import StoryApp, write_files

BERLIN = ZoneInfo("Europe/Berlin")


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_channel_takes_what_it_does_not_say_from_quiet(tmp_path: Path) -> None:
    settings = load_settings(
        write(
            tmp_path,
            """
quiet: {hours: ["22:00-07:00"], time_zone: Europe/Berlin, floor: notable, cooldown_s: 60, digest: daily, override: [major]}
channels:
  desk: {kind: webhook, url: "https://hooks.example/x", floor: major, digest: off, notices: false, issues: [olives]}
  night: {kind: console, quiet_hours: [], cooldown_s: 0, time_zone: UTC, digest: "mon 09:00"}
""",
        )
    )
    plain, desk, night = (channel_rules(settings.quiet, settings.channels.get(name)) for name in ("slack", "desk", "night"))
    assert plain.quiet.hours == desk.quiet.hours == (QuietHours(time(22), time(7), BERLIN),)
    assert plain.digest == Schedule((time(8),), BERLIN)
    assert (plain.quiet.floor, plain.quiet.cooldown_s, plain.quiet.overrides) == (Severity.NOTABLE, 60.0, frozenset({"major"}))
    assert (desk.quiet.floor, desk.digest, desk.takes_notices, desk.issues) == (Severity.MAJOR, None, False, ("olives",))
    assert (night.quiet.hours, night.quiet.cooldown_s, night.digest) == ((), 0, Schedule((time(9),), ZoneInfo("UTC"), frozenset({0})))


def test_by_default_a_live_change_is_told_at_once(tmp_path: Path) -> None:
    rules = channel_rules(load_settings(write(tmp_path, "{}")).quiet, None)
    assert rules.digest is None
    assert rules.quiet == QuietPolicy(burst_n=5, burst_s=600, late_after_s=21_600)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("quiet: {hours: ['22-7']}", r"quiet\.hours = .*'22-7'"),
        ("quiet: {time_zone: Mars/Olympus}", r"quiet\.time_zone = 'Mars/Olympus': .*there is no time zone"),
        ("quiet: {digest: sometimes}", r"quiet\.digest = 'sometimes': .*no time of day"),
        ("quiet: {digest: 17:00}", r"quiet\.digest = 1020: input should be a valid string"),
        ("quiet: {floor: huge}", r"quiet\.floor = 'huge'"),
        ("channels: {desk: {kind: pigeon}}", r"channels\.desk\.kind = 'pigeon': .*it is: What it is"),
        ("channels: {desk: {}}", r"channels\.desk\.kind"),
        (
            "channels: {desk: {kind: console, colour: red}}",
            r"channels\.desk\.colour: there is no such setting; known here: channels\.NAME\.kind",
        ),
        ("channels: {desk: {kind: webhook, secret: [hush]}}", r"channels\.desk\.secret = \(hidden\)"),
    ],
)
def test_a_setting_that_is_wrong_is_named(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        load_settings(write(tmp_path, text))


def test_the_environment_sets_a_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_CHANNELS__DESK__KIND", "webhook")
    monkeypatch.setenv("MONITOR_CHANNELS__DESK__SECRET", "hush")
    channel = load_settings(write(tmp_path, "{}")).channels["desk"]
    assert channel.kind == "webhook"
    assert channel.signing_secret("desk") == "hush"


def test_secrets_of_a_channel_may_lie_in_files(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://hooks.example/x\n")
    channel = load_settings(
        write(tmp_path, f"channels: {{desk: {{kind: webhook, url_file: {tmp_path}/url, secret_file: /none}}}}")
    ).channels["desk"]
    assert channel.address("desk") == "https://hooks.example/x"
    with pytest.raises(ConfigError, match=r"channels\.desk\.secret_file: /none cannot be read"):
        channel.signing_secret("desk")


def _issue(app: StoryApp, folder: Path, **alerts: object) -> Path:
    path = folder / "issues" / "harbour-treaty.yaml"
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(content | {"alerts": alerts}))
    return path


@pytest.fixture
def app(tmp_path: Path) -> StoryApp:
    return StoryApp(load_settings(write_files(tmp_path, {"gazette": "https://gazette.example/rss"})))


def test_an_issue_says_what_it_wants(app: StoryApp, tmp_path: Path) -> None:
    coverage = {"feeds": ["gazette"], "after_s": 600}
    path = _issue(
        app,
        tmp_path,
        floor="major",
        quiet_hours=["22:00-07:00"],
        time_zone="Europe/Berlin",
        override=["signed", "collapsed", "major"],
        cooldown_s=5,
        channels=["console"],
        coverage=coverage,
    )
    alerts = load_issue(path, app.ladders, min_share=0.8).alerts
    assert alerts.quiet == QuietPolicy(
        Severity.MAJOR, (QuietHours(time(22), time(7), BERLIN),), frozenset({"signed", "collapsed", "major"}), cooldown_s=5
    )
    assert (alerts.channels, alerts.coverage.feeds, alerts.coverage.min_share, alerts.coverage.after_s) == (
        ("console",),
        ("gazette",),
        0.8,
        600,
    )


def test_an_issue_without_wishes_needs_the_coverage_of_the_settings(app: StoryApp) -> None:
    [issue] = app.issues
    assert issue.alerts.coverage.min_share == app.settings.coverage.min_share == 0.8
    assert issue.alerts.quiet == QuietPolicy()


@pytest.mark.parametrize(
    ("alerts", "wrong"),
    [
        ({"override": ["sealed"]}, r"harbour-treaty\.yaml: alerts\.override = 'sealed': .*known: talks_under_way"),
        ({"quiet_hours": ["late"]}, r"harbour-treaty\.yaml: alerts\.quiet_hours = .*'late'"),
        ({"coverage": {"min_share": 2}}, r"alerts\.coverage\.min_share = 2"),
        ({"cooldown": 5}, r"alerts\.cooldown: there is no such key"),
        ({"channels": ["pager"]}, r"harbour-treaty: alerts\.channels = 'pager': there is no such name; known: console, slack"),
        ({"coverage": {"feeds": ["herald"]}}, r"alerts\.coverage\.feeds = 'herald': there is no such name; known: gazette"),
    ],
)
def test_a_wish_that_is_wrong_is_named(app: StoryApp, tmp_path: Path, alerts: dict[str, object], wrong: str) -> None:
    _issue(app, tmp_path, **alerts)
    with pytest.raises(ConfigError, match=wrong):
        app.check_files()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("quiet: {override: [sealed]}", r"quiet\.override = 'sealed'"),
        ("channels: {desk: {kind: console, issues: [figs]}}", r"channels\.desk\.issues = 'figs': .*known: harbour-treaty"),
        ("channels: {desk: {kind: console, override: [none]}}", r"channels\.desk\.override = 'none'"),
    ],
)
def test_a_name_that_does_not_exist_stops_the_start(app: StoryApp, tmp_path: Path, text: str, wrong: str) -> None:
    settings = load_settings(write(tmp_path, text))
    with pytest.raises(ConfigError, match=wrong):
        check_names(settings, app.issues, app.feeds, app.ladders)


def test_utc_is_known_everywhere() -> None:
    assert channel_rules(load_settings().quiet, None).quiet.late_after_s
    assert UTC.utcoffset(None) == ZoneInfo("UTC").utcoffset(None)

"""Log lines: readable or JSON, on standard error, and never with a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from monitor.log import configure, mask_secrets


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("token xoxb-12-ab_C rejected", "token *** rejected"),
        ("xapp-1-A2-x", "***"),
        ("https://hooks.slack.com/services/T0/B0/xyz answered", "*** answered"),
        ("postgresql+psycopg://monitor:s3cret@db/x", "postgresql+psycopg://***@db/x"),
        ("https://feed.example/rss?a=1&api_key=abc&b=2", "https://feed.example/rss?a=1&***&b=2"),
        ("https://feed.example/rss?TOKEN=abc", "https://feed.example/rss?***"),
        ("nothing to hide: 10:30, a@b.example", "nothing to hide: 10:30, a@b.example"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


def test_json_lines_carry_event_level_and_time_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "json")
    structlog.get_logger("x").info("posted", token="xoxb-1-secret", tried=["https://u:pw@host/"], n=3)
    told = capsys.readouterr()
    assert told.out == ""
    row = json.loads(told.err)
    assert (row["event"], row["level"], row["token"], row["n"]) == ("posted", "info", "***", 3)
    assert row["timestamp"].endswith("Z")
    assert "pw" not in told.err


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    configure("warning", "json")
    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_traces_are_masked_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    configure("error", "json")
    try:
        raise ValueError("postgresql://monitor:s3cret@db/x is wrong")
    except ValueError:
        structlog.get_logger("x").exception("broke")
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "s3cret" not in told


def test_the_console_style_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "console")
    structlog.get_logger("x").info("polled", n_due=2)
    told = capsys.readouterr().err
    assert "polled" in told
    assert "n_due" in told
    with pytest.raises(json.JSONDecodeError):
        json.loads(told)


def test_libraries_do_not_tell_addresses_or_events_of_their_own() -> None:
    configure()
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert not logging.getLogger("apscheduler.executors.default").isEnabledFor(logging.ERROR)

"""The application on the small story: its files, and an encoder and a reader that need no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import yaml

from monitor.app import App
from monitor.config import Settings
from monitor.ports import Clock, StateEncoder, StatusReader
from monitor.testing.fakes import FrozenClock, HashEncoder
from tests.story import CAKES, ISSUE_KEY, LADDER, START, TALKS, TITLE, json_line, reader


def write_files(folder: Path, feeds: dict[str, str], **sections: Mapping[str, object]) -> Path:
    """Write ladder, issue, seeds, feeds (key to address) and settings into a folder; return the settings file."""
    ladder = {
        "key": LADDER.key,
        "label": LADDER.label,
        "statuses": [
            {"key": status.key, "label": status.label, "phase": status.phase.value, "cues": list(status.cues)} for status in LADDER.statuses
        ],
    }
    issue = {"key": str(ISSUE_KEY), "title": TITLE, "ladder": LADDER.key, "seeds": "../seeds"}
    row = {"file": "seed-1.txt", "published_at": TALKS.at.isoformat(), "source": "Gazette", "title": TALKS.title, "url": None}
    rows = [{"key": key, "url": url, "source": key.title()} for key, url in feeds.items()]
    settings: dict[str, dict[str, object]] = {
        "paths": {
            "feeds": str(folder / "feeds.yaml"),
            "issues": str(folder / "issues"),
            "ladders": str(folder / "ladders"),
            "off_topic": str(folder / "off-topic.jsonl"),
        },
        "database": {"url": f"sqlite:///{folder / 'monitor.db'}", "busy_timeout_s": 0.2},
        "poll": {"host_spacing_s": 0},
        "fetch": {"allowed_networks": ["127.0.0.0/8"], "full_text": False, "total_timeout_s": 5},
        # The story lies in the past: caught up with, it would be told as one. Tests look at each of its alerts.
        "quiet": {"burst_n": 0, "late_after_s": 10_000_000_000},
        "log": {"level": "warning", "style": "json"},
        # Any free port: several tests may run the daemon at once.
        "web": {"port": 0},
    }
    files: dict[str, object] = {
        "ladders/treaty.yaml": ladder,
        "issues/harbour-treaty.yaml": issue,
        "seeds/manifest.yaml": {"seeds": [row]},
        "feeds.yaml": {"feeds": rows},
        "monitor.yaml": {name: {**settings.get(name, {}), **sections.get(name, {})} for name in [*settings, *sections]},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
    (folder / "seeds" / "seed-1.txt").write_text(TALKS.text, encoding="utf-8")
    (folder / "off-topic.jsonl").write_text(json_line(replace(CAKES, number=90)) + "\n", encoding="utf-8")
    return folder / "monitor.yaml"


@dataclass(frozen=True)
class StoryApp(App):
    """The application with the encoder and the reader that need no model."""

    settings: Settings
    clock: Clock = field(default_factory=lambda: FrozenClock(START + timedelta(days=3)))

    @cached_property
    def encoder(self) -> StateEncoder:
        return HashEncoder()

    @cached_property
    def reader(self) -> StatusReader:
        return reader()

"""The accuracy floor: the project's own storylines, replayed by the real reader, must not score worse than what was pinned."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks import evaluate
from benchmarks.scoring import Score, total
from monitor.app import App
from monitor.config import load_settings
from monitor.training.corpus import digest_of, load_storylines

PINNED = json.loads(evaluate.FLOOR.read_text())


@pytest.fixture(scope="module")
def measured() -> Score:
    app = App(load_settings())
    chosen = tuple(story for story in load_storylines(evaluate.STORYLINES, app.ladders) if story.split == "dev")
    return total(found for _, _, found in evaluate.evaluate(app, chosen))


@pytest.mark.xdist_group("model")
def test_accuracy_on_the_own_storylines_does_not_fall(measured: Score) -> None:
    assert evaluate.fell(evaluate.figures(measured), PINNED["figures"]) == []


def test_the_floor_belongs_to_the_storylines_that_are_here() -> None:
    assert PINNED["corpus"] == digest_of(evaluate.STORYLINES)


def test_a_worse_figure_is_named() -> None:
    floor = {"lenient_f1": 0.5, "false_alarms": 0.4}
    assert evaluate.fell({"lenient_f1": 0.48, "false_alarms": 0.4}, floor) == ["lenient_f1 0.48 is worse than the floor 0.5"]
    assert evaluate.fell({"lenient_f1": 0.5, "false_alarms": 0.6}, floor) == ["false_alarms 0.6 is worse than the floor 0.4"]
    assert evaluate.fell({"lenient_f1": 0.6, "false_alarms": 0.1}, floor) == []


def test_a_floor_is_not_lowered_silently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pinned = tmp_path / "floor.json"
    pinned.write_text(json.dumps({"corpus": digest_of(evaluate.STORYLINES), "figures": {"lenient_f1": 0.9}}))
    monkeypatch.setattr(evaluate, "FLOOR", pinned)

    assert evaluate.hold_floor({"lenient_f1": 0.5}, Namespace(pin=True, allow_regression=False)) == 1
    assert json.loads(pinned.read_text())["figures"] == {"lenient_f1": 0.9}
    assert "--allow-regression" in capsys.readouterr().err

    assert evaluate.hold_floor({"lenient_f1": 0.5}, Namespace(pin=True, allow_regression=True)) == 0
    assert json.loads(pinned.read_text())["figures"] == {"lenient_f1": 0.5}


def test_changed_storylines_ask_for_a_new_pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = tmp_path / "floor.json"
    pinned.write_text(json.dumps({"corpus": "another", "figures": {}}))
    monkeypatch.setattr(evaluate, "FLOOR", pinned)

    assert evaluate.hold_floor({"lenient_f1": 0.5}, Namespace(pin=False, allow_regression=False)) == 1

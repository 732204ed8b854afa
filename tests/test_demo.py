"""The demonstration shows what it promises: the course of a real story, proof for each step, and silence for other news."""

from __future__ import annotations

from itertools import pairwise

import pytest

from monitor.core.types import Change
from monitor.demo import Outcome, run


@pytest.mark.xdist_group("model")
def test_the_story_is_told_from_its_feeds_alone() -> None:
    said: list[str] = []
    outcome = run(said.append)
    moves = [change for change in outcome.changes if not change.is_history]
    assert moves
    _check_course(outcome.changes)
    _check_messages(outcome, moves)
    _check_silence(outcome)
    assert any("Learning the matter" in line for line in said)
    assert any("The change log (monitor log):" in line for line in said)


def _check_course(changes: tuple[Change, ...]) -> None:
    """The first sighting is history; from then on each change starts where the one before ended, and shows its proof."""
    assert changes[0].is_history
    assert not any(change.is_history for change in changes[1:])
    for before, after in pairwise(changes):
        assert (after.from_status, after.at >= before.at) == (before.to_status, True)
    for change in changes[1:]:
        assert change.evidence
        assert all(quote.quote for quote in change.evidence)


def _check_messages(outcome: Outcome, moves: list[Change]) -> None:
    """Every alerting change is posted once."""
    posted = [message["metadata"]["event_payload"]["alert_id"] for message in outcome.messages]
    alerting = [f"a_{change.change_id}" for change in moves if change.kind.value in {"status", "denial"}]
    assert posted == alerting


def _check_silence(outcome: Outcome) -> None:
    """No other story tipped anything."""
    others = {trace.article.article_id for trace in outcome.traces if trace.article.title in outcome.off_topic}
    assert others
    assert not any(change.article_id in others for change in outcome.changes)

"""Scoring a replay: what hits, what comes too early, what leaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from benchmarks.scoring import Score, score, total
from monitor.core.judging import FAMILY
from monitor.core.ladder import Phase
from monitor.core.types import ArticleId, Change, ChangeId, ChangeKind, IssueState
from monitor.jobs.replay import Replay, Step
from monitor.jobs.seed import Learned
from monitor.training.corpus import Item, Storyline
from tests import examples
from tests.builders import make_article, make_change, make_issue

#: Seed, change to `adopted`, repeat, look-alike, change to `collapsed`, colour.
PLAN = (
    ("S", Phase.TALKS),
    ("*", Phase.ADOPTED),
    ("=repeat", Phase.ADOPTED),
    ("x", None),
    ("*", Phase.COLLAPSED),
    ("=colour", Phase.COLLAPSED),
)
ITEMS = tuple(
    Item(make_article(f"a-{number}", published_at=examples.NOON + timedelta(days=number)), mark, phase)
    for number, (mark, phase) in enumerate(PLAN)
)
STORYLINE = Storyline(make_issue(ITEMS[0].article), "", "", "", "dev", ITEMS)


def said(number: int, phase: Phase, **fields: object) -> Change:
    item = ArticleId(f"a-{number}")
    return make_change(change_id=ChangeId(f"c-{number}-{phase}"), article_id=item, to_phase=phase, **fields)


def replayed(*changes: Change, matched: tuple[int, ...] = (1, 2, 4, 5)) -> Replay:
    steps = []
    for number, item in enumerate(ITEMS[1:], start=1):
        match = examples.match(item.article.article_id, is_match=number in matched)
        own: list[Change | None] = [change for change in changes if change.article_id == item.article.article_id]
        steps += [Step(item.article, match, None, change, "") for change in own or [None]]
    return Replay(
        STORYLINE.issue, Learned(examples.baseline(), IssueState(STORYLINE.issue.key), ()), tuple(steps), IssueState(STORYLINE.issue.key)
    )


@pytest.mark.parametrize(
    ("changes", "n_said", "n_strict", "n_lenient", "n_leaks"),
    [
        pytest.param([], 0, 0, 0, 0, id="silence"),
        pytest.param([said(1, Phase.ADOPTED), said(4, Phase.COLLAPSED)], 2, 2, 2, 0, id="both at once"),
        pytest.param([said(2, Phase.ADOPTED), said(5, Phase.COLLAPSED)], 2, 2, 2, 0, id="both late"),
        pytest.param([said(2, Phase.COLLAPSED)], 1, 0, 0, 0, id="too early"),
        pytest.param([said(4, Phase.ADOPTED)], 1, 0, 0, 0, id="too late: the next change has come"),
        pytest.param([said(1, Phase.ANNOUNCED), said(4, Phase.REVERSED)], 2, 0, 2, 0, id="right family, other phase"),
        pytest.param([said(1, Phase.TALKS)], 1, 0, 0, 0, id="other family"),
        pytest.param([said(1, Phase.ADOPTED), said(2, Phase.ADOPTED)], 2, 1, 1, 0, id="twice hits once"),
        pytest.param([said(1, Phase.ANNOUNCED), said(2, Phase.ADOPTED)], 2, 1, 1, 0, id="the first of a family hits, the phase its own"),
        pytest.param([said(3, Phase.ADOPTED)], 1, 0, 0, 1, id="leak"),
        pytest.param([said(1, Phase.ADOPTED, kind=ChangeKind.CONFIRMATION)], 0, 0, 0, 0, id="a confirmation is no move"),
        pytest.param([said(1, Phase.ADOPTED, kind=ChangeKind.DETAIL)], 0, 0, 0, 0, id="a detail is no move"),
        pytest.param([said(1, Phase.ADOPTED, is_history=True)], 0, 0, 0, 0, id="history is not said"),
    ],
)
def test_a_change_hits_from_its_article_to_the_next_change(
    changes: list[Change], n_said: int, n_strict: int, n_lenient: int, n_leaks: int
) -> None:
    found = score(STORYLINE, replayed(*changes))
    assert (found.n_wanted, found.n_said, found.n_strict, found.n_lenient, found.n_leaks) == (2, n_said, n_strict, n_lenient, n_leaks)


def test_calm_articles_that_raise_nothing_are_quiet() -> None:
    assert (score(STORYLINE, replayed()).n_calm, score(STORYLINE, replayed()).n_quiet) == (2, 2)
    assert score(STORYLINE, replayed(said(2, Phase.ADOPTED))).quiet_share == 0.5


def test_delay_counts_articles_on_the_matter() -> None:
    found = score(STORYLINE, replayed(said(2, Phase.ADOPTED), said(4, Phase.COLLAPSED)))
    assert (found.delays, found.median_delay) == ((1, 0), 0.5)
    assert Score().median_delay == 0.0


def test_matches_are_counted_on_and_off_the_matter() -> None:
    found = score(STORYLINE, replayed(matched=(1, 2, 3)))
    assert (found.relevance_recall, found.relevance_leakage) == (0.5, 1.0)


def test_rates_follow_from_the_counts_of_all_storylines_together() -> None:
    good = score(STORYLINE, replayed(said(1, Phase.ADOPTED), said(4, Phase.REVERSED)))
    bad = score(STORYLINE, replayed(said(3, Phase.TALKS), said(5, Phase.TALKS)))
    whole = total([good, bad])
    assert (whole.n_storylines, whole.n_wanted, whole.n_said, whole.delays) == (2, 4, 4, (0, 0))
    assert whole.lenient == (0.5, 0.5, 0.5)
    assert whole.strict == (0.25, 0.25, 0.25)
    assert (whole.false_alarms, whole.n_leaks) == (1.0, 1)
    assert total([]) == Score()
    assert Score().lenient == (0.0, 0.0, 0.0)
    assert replace(Score(), n_wanted=3).strict == (0.0, 0.0, 0.0)


def test_families_hold_every_phase() -> None:
    assert sorted(FAMILY) == sorted(Phase)

"""replay: the daemon's decisions on a file of articles, the same bytes every time."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.core.interchange import change_object
from monitor.core.policy import MatchPolicy
from monitor.core.types import Article, ArticleId
from monitor.jobs import replay
from monitor.testing.fakes import HashEncoder
from tests.story import AGREED, AGREED_ELSEWHERE, CAKES, ISSUE, STATEMENT, article, examiner

ARTICLES = (article(AGREED), article(AGREED_ELSEWHERE, source="Herald"), article(CAKES), article(STATEMENT))


def _replay(articles: Sequence[Article], steps: list[replay.Step] | None = None) -> replay.Replay:
    return replay.run(
        ISSUE,
        articles,
        off_topic=(),
        encoder=HashEncoder(),
        examiner=examiner(),
        match_policy=MatchPolicy(),
        on_step=None if steps is None else steps.append,
    )


def _bytes(result: replay.Replay) -> bytes:
    return "".join(json.dumps(change_object(change)) + "\n" for change in result.changes).encode()


def test_the_story_is_told_in_order() -> None:
    result = _replay(ARTICLES)
    assert [(change.kind.value, change.to_status) for change in result.changes] == [
        ("status", "broadly_agreed"),
        ("confirmation", "broadly_agreed"),
        ("status", "joint_statement"),
    ]
    assert result.state.status_key == "joint_statement"
    assert [change.to_status for change in result.learned.history] == ["talks_under_way"]


def test_the_same_file_twice_gives_the_same_bytes() -> None:
    assert _bytes(_replay(ARTICLES)) == _bytes(_replay(ARTICLES))


@pytest.mark.parametrize("number", range(6))
def test_the_order_of_the_lines_does_not_matter(number: int) -> None:
    shuffled = random.Random(number).sample(ARTICLES, len(ARTICLES))
    assert _bytes(_replay(shuffled)) == _bytes(_replay(ARTICLES))


def test_articles_of_one_instant_are_taken_by_id() -> None:
    twins = [replace(article(AGREED, article_id=name), published_at=AGREED.at) for name in ("b", "a")]
    assert [step.article.article_id for step in _replay(twins).steps] == ["a", "b"]
    assert _bytes(_replay(twins)) == _bytes(_replay(twins[::-1]))


def test_seeds_in_the_stream_are_passed_over() -> None:
    result = _replay([*ARTICLES, ISSUE.seeds[0].article])
    assert ArticleId("seed-1") not in {step.article.article_id for step in result.steps}
    assert _bytes(result) == _bytes(_replay(ARTICLES))


def test_every_article_has_a_reason() -> None:
    steps: list[replay.Step] = []
    result = _replay(ARTICLES, steps)
    assert tuple(steps) == result.steps
    assert all(step.reason for step in steps)
    [cakes] = [step for step in steps if step.article.article_id == "story-5"]
    assert (cakes.match.is_match, cakes.evidence, cakes.change) == (False, None, None)


def test_no_articles_make_no_changes() -> None:
    result = _replay(())
    assert (result.changes, result.steps, result.state.status_key) == ((), (), "talks_under_way")


def test_a_stream_longer_than_a_batch_is_taken_in_one_order() -> None:
    many = [replace(article(CAKES), article_id=ArticleId(f"cake-{number:03}")) for number in range(replay.BATCH + 5)]
    result = _replay([*many, *ARTICLES])
    assert len(result.steps) == len(many) + len(ARTICLES)
    assert _bytes(result) == _bytes(_replay(ARTICLES))

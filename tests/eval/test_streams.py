"""The real reader and judge on streams that are bent: copies, another order, ten times the coverage. What is said stays the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from benchmarks.evaluate import STORYLINES
from benchmarks.scoring import MOVES
from monitor.app import App
from monitor.config import load_settings
from monitor.core.ladder import Phase
from monitor.core.types import Article, ArticleId
from monitor.jobs import replay
from monitor.jobs.examine import Examiner
from monitor.training.corpus import Storyline, load_storyline

pytestmark = pytest.mark.xdist_group("model")

SHORT = ("varda-valley-truce", "rovers-consortium")


@cache
def app() -> App:
    return App(load_settings())


@cache
def storyline(key: str) -> Storyline:
    return load_storyline(STORYLINES / f"{key}.txt", app().ladders)


def copied(article: Article, number: int, source: str | None = None) -> Article:
    """The same text under another id, by another outlet where one is named."""
    return replace(article, article_id=ArticleId(f"{article.article_id}-{number}"), source=source or article.source)


def moves(story: Storyline, articles: Sequence[Article]) -> list[tuple[str, Phase]]:
    """What a replay of the articles says: kind and phase of each movement."""
    result = replay.run(
        story.issue,
        articles,
        off_topic=app().off_topic_vectors,
        encoder=app().encoder,
        examiner=Examiner(app().reader, app().settings.status.policy(), judge=app().judge, matter_reader=app().matter_reader),
        match_policy=app().settings.match.policy(),
    )
    return [(change.kind.value, change.to_phase) for change in result.changes if change.kind in MOVES]


@cache
def said(key: str) -> list[tuple[str, Phase]]:
    return moves(storyline(key), [item.article for item in storyline(key).items])


@pytest.mark.parametrize("key", SHORT)
def test_the_order_of_arrival_changes_nothing(key: str) -> None:
    articles = [item.article for item in storyline(key).items]
    random.Random(27).shuffle(articles)
    assert said(key)
    assert moves(storyline(key), articles) == said(key)


@pytest.mark.parametrize("key", SHORT)
def test_a_copy_of_each_article_by_another_outlet_changes_nothing(key: str) -> None:
    articles = [item.article for item in storyline(key).items]
    copies = [copied(item.article, 1, "Mirror") for item in storyline(key).items if item.mark != "S"]
    assert moves(storyline(key), [*articles, *copies]) == said(key)


@pytest.mark.parametrize("key", SHORT)
def test_ten_times_the_coverage_without_a_step_raises_nothing(key: str) -> None:
    articles = [item.article for item in storyline(key).items]
    calm = [item.article for item in storyline(key).items if item.is_on_matter and item.mark not in {"S", "*"}]
    copies = [copied(article, number) for article in calm for number in range(10)]
    assert moves(storyline(key), [*articles, *copies]) == said(key)

"""Builders of the core types for tests of the core: the examples, with whatever a test cares about put in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from monitor.config.articles import load_articles, load_seeds
from monitor.config.files import load_ladder
from monitor.core.baseline import baseline_texts, build_baseline
from monitor.core.ladder import Ladder, Phase, Status
from monitor.core.policy import MatchPolicy
from monitor.core.text import head_text
from monitor.core.types import (
    Article,
    ArticleId,
    Baseline,
    Change,
    Claim,
    Delivery,
    Evidence,
    FloatArray,
    Issue,
    IssueKey,
    Place,
    Quote,
    Seed,
    Sentence,
    SentenceReading,
    Speaker,
    Stance,
)
from monitor.testing.fakes import HashEncoder
from tests import examples

ROOT = Path(__file__).resolve().parent.parent
SEED_FOLDER = ROOT / "seeds" / "us-iraq-coalition"

LADDER = Ladder(
    "agreement",
    "Agreement",
    (
        Status("talks-under-way", "talks under way", Phase.TALKS, ("The two sides sat down for talks.",)),
        Status("broadly-agreed", "broadly agreed", Phase.AGREED_IN_PRINCIPLE, ("They broadly agreed.",)),
        Status("signed", "signed", Phase.ADOPTED, ("They signed the text.",)),
        Status("denied", "denied", Phase.DENIED, ("They denied it.",)),
    ),
)


def make_article(article_id: str = "a-1", **fields: Any) -> Article:
    return replace(examples.article(article_id), **fields)


def make_issue(*articles: Article, key: str = "olive-duties", title: str = "Will Tunisia and Brussels end the olive duties?") -> Issue:
    return Issue(IssueKey(key), title, LADDER, tuple(Seed(article, f"{article.article_id}.txt") for article in articles))


def make_claim(**fields: Any) -> Claim:
    claim = Claim(Phase.ADOPTED, "signed", Stance.ASSERTED, Speaker.OUTLET, 0.8, "They signed.", 0, 12, Place.LEAD, "cue")
    return replace(claim, **fields)


def make_reading(text: str = "They signed.", *, place: Place = Place.LEAD, start: int = 0, **fields: Any) -> SentenceReading:
    sentence = Sentence(text, start, start + len(text), place)
    return replace(SentenceReading(sentence, Phase.ADOPTED, Stance.ASSERTED, Speaker.OUTLET, 0.8, "signed", "cue"), **fields)


def make_evidence(**fields: Any) -> Evidence:
    return replace(examples.evidence(), **fields)


def make_quote(**fields: Any) -> Quote:
    return replace(examples.quote(), **fields)


def make_change(**fields: Any) -> Change:
    return replace(examples.change(), **{"is_history": False, **fields})


def make_delivery(**fields: Any) -> Delivery:
    return replace(examples.delivery(), **fields)


def learn(issue: Issue, off_topic: Sequence[Article] = (), *, policy: MatchPolicy | None = None) -> Baseline:
    """Build an issue's baseline with the hashing encoder."""
    encoder = HashEncoder()
    others = [(article, head_vector(article)) for article in off_topic]
    vectors = encoder.embed(baseline_texts(issue).all)
    return build_baseline(issue, vectors, others, model_id=encoder.model_id, policy=policy or MatchPolicy())


def head_vector(article: Article) -> FloatArray:
    """Embed an article's head with the hashing encoder."""
    vector: FloatArray = HashEncoder().embed([head_text(article.title, article.text)])[0]
    return vector


def unit(*numbers: float) -> FloatArray:
    row = np.array(numbers, dtype=np.float32)
    scaled: FloatArray = (row / np.linalg.norm(row)).astype(np.float32)
    return scaled


def coalition_issue() -> Issue:
    """The shipped issue, seeds in order of publication."""
    return Issue(
        IssueKey("us-iraq-coalition"),
        "Will the US-led coalition end its military mission in Iraq, and on what terms?",
        load_ladder(ROOT / "config" / "ladders" / "agreement.yaml"),
        load_seeds(SEED_FOLDER),
    )


def coalition_seed(number: str) -> Article:
    """One seed of the shipped issue by the number that its file name starts with."""
    return next(seed.article for seed in coalition_issue().seeds if seed.article.article_id.startswith(ArticleId(number)))


def off_topic_stories() -> tuple[Article, ...]:
    return load_articles(ROOT / "seeds" / "off-topic" / "stories.jsonl")

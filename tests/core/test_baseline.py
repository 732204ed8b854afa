from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from monitor.core.baseline import baseline_texts, build_baseline, find_anchors
from monitor.core.policy import MatchPolicy
from monitor.core.types import Baseline, Issue, Seed
from monitor.testing.fakes import HashEncoder
from tests.builders import coalition_issue, head_vector, learn, make_article, make_issue, off_topic_stories
from tests.examples import NOON

POLICY = MatchPolicy()
ISSUE = make_issue(
    make_article("s-1", title="Olive talks open", text="Envoys from Tunisia met in Brussels.\nShares of Lavant Oil rose."),
    make_article("s-2", title="Olive talks go on", text="In Brussels Tunisia’s envoys met officials of Lavant Oil."),
)


def build(issue: Issue, *, model_id: str = "hash/256", policy: MatchPolicy = POLICY) -> Baseline:
    vectors = HashEncoder().embed(baseline_texts(issue).all)
    return build_baseline(issue, vectors, [], model_id=model_id, policy=policy)


def with_first_seed(**fields: object) -> Issue:
    article = replace(ISSUE.seeds[0].article, **fields)  # type: ignore[arg-type]
    return replace(ISSUE, seeds=(Seed(article, "elsewhere.txt"), *ISSUE.seeds[1:]))


@pytest.mark.parametrize(
    "changed",
    [
        lambda: build(replace(ISSUE, title="Will the olive duties between Tunisia and Brussels end?")),
        lambda: build(ISSUE, model_id="hash/512"),
        lambda: build(ISSUE, policy=replace(POLICY, anchor_weight=0.21)),
        lambda: build(ISSUE, policy=replace(POLICY, min_threshold=0.41)),
        lambda: build(with_first_seed(title="Olive talks opened")),
        lambda: build(with_first_seed(text="Envoys from Tunisia met in Brussels. Shares of Lavant Oil fell.")),
        lambda: build(with_first_seed(article_id="s-3")),
        lambda: build(replace(ISSUE, seeds=ISSUE.seeds[:1])),
        lambda: build(replace(ISSUE, seeds=(*ISSUE.seeds, Seed(make_article("s-3"), "s-3.txt")))),
    ],
    ids=["question", "model", "anchor weight", "span", "seed's title", "seed's text", "seed's id", "seed taken out", "seed added"],
)
def test_the_baseline_id_changes_with_each_ingredient(changed: Callable[[], Baseline]) -> None:
    assert changed().baseline_id != build(ISSUE).baseline_id


@pytest.mark.parametrize(
    "same",
    [
        lambda: build(ISSUE),
        lambda: build(with_first_seed(url="https://other.example/1")),
        lambda: build(with_first_seed(source="Herald")),
        lambda: build(with_first_seed(first_seen_at=NOON + timedelta(days=9))),
        lambda: learn(ISSUE, [make_article("off-1", title="Keeper breaks wrist", text="He will miss nine games.")]),
    ],
    ids=["again", "address", "outlet", "first seen", "other news"],
)
def test_the_baseline_id_changes_with_nothing_else(same: Callable[[], Baseline]) -> None:
    assert same().baseline_id == build(ISSUE).baseline_id


def test_words_cannot_wander_between_title_and_text_unseen() -> None:
    left, right = with_first_seed(title="ab", text="c"), with_first_seed(title="a", text="bc")
    assert build(left).baseline_id != build(right).baseline_id


def test_the_texts_to_embed_are_heads_then_passages_then_the_question() -> None:
    texts = baseline_texts(ISSUE)
    assert texts.heads[0] == "Olive talks open. Envoys from Tunisia met in Brussels. Shares of Lavant Oil rose."
    assert texts.all == (*texts.heads, *texts.passages, ISSUE.title)


def test_the_vectors_find_their_places() -> None:
    texts, baseline = baseline_texts(ISSUE), build(ISSUE)
    vectors = HashEncoder().embed(texts.all)
    assert np.array_equal(baseline.head_vectors, vectors[:2])
    assert np.array_equal(baseline.passage_vectors, vectors[2:-1])
    assert np.array_equal(baseline.question_vector, vectors[-1])
    assert baseline.seed_ids == ("s-1", "s-2")
    assert baseline.model_id == "hash/256"


def test_anchors_are_the_names_that_seeds_and_question_insist_on() -> None:
    found = [(anchor.name, anchor.weight) for anchor in find_anchors(ISSUE, POLICY)]
    assert found == [("european union", 1.0), ("tunisia", 1.0), ("lavant oil", 0.6667)]


def test_what_only_one_seed_names_is_no_anchor() -> None:
    lone = make_issue(*(seed.article for seed in ISSUE.seeds), make_article("s-3", text="Brussels and Zaragoza signed."))
    assert "zaragoza" not in {anchor.name for anchor in find_anchors(lone, POLICY)}


def test_a_single_seed_insists_only_on_what_the_question_names_too() -> None:
    single = make_issue(ISSUE.seeds[0].article)
    assert {anchor.name for anchor in find_anchors(single, POLICY)} == {"european union", "tunisia"}


def test_the_parts_of_a_name_are_not_counted_beside_it() -> None:
    names = {anchor.name for anchor in find_anchors(ISSUE, POLICY)}
    assert "lavant oil" in names
    assert not {"lavant", "oil"} & names


def test_the_words_of_a_long_name_stand_for_it() -> None:
    text = "Delegates of the Mediterranean Olive Council met."
    issue = make_issue(make_article("s-1", text=text), make_article("s-2", text=text), title="Will the duties end?")
    names = {anchor.name for anchor in find_anchors(issue, POLICY)}
    assert "council" in names
    assert "mediterranean olive council" not in names


def test_no_more_anchors_are_kept_than_the_policy_allows_and_the_weightiest_come_first() -> None:
    found = find_anchors(coalition_issue(), replace(POLICY, max_anchors=3))
    assert [anchor.name for anchor in found] == ["iraq", "united states", "iran"]


def test_the_shipped_seeds_insist_on_the_united_states_and_iraq() -> None:
    weights = {anchor.name: anchor.weight for anchor in find_anchors(coalition_issue(), POLICY)}
    assert weights["united states"] == weights["iraq"] == 1.0
    assert all(0 < weight <= 1 for weight in weights.values())


def test_the_threshold_is_learned_within_its_span_and_explains_itself() -> None:
    baseline = learn(coalition_issue(), off_topic_stories())
    assert POLICY.min_threshold <= baseline.threshold <= POLICY.max_threshold
    assert "of 40 other stories" in baseline.threshold_reason


def test_a_single_seed_is_judged_by_the_question() -> None:
    baseline = learn(make_issue(ISSUE.seeds[0].article))
    assert baseline.head_vectors.shape == (1, 256)
    assert POLICY.min_threshold <= baseline.threshold <= POLICY.max_threshold


def test_a_seed_with_a_headline_only_is_enough() -> None:
    flash = make_issue(make_article("s-1", title="Tunisia, Brussels end olive duties", text=""))
    baseline = learn(flash)
    assert baseline.passage_vectors.shape == (0, 256)
    assert np.array_equal(baseline.head_vectors[0], head_vector(flash.seeds[0].article))

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.baseline import choose_threshold
from monitor.core.matching import ANCHOR_CHARS, decide_match, relevance
from monitor.core.policy import MatchPolicy
from monitor.core.types import Article, Baseline
from tests.builders import coalition_issue, head_vector, learn, make_article, make_issue, off_topic_stories
from tests.examples import NOON

POLICY = MatchPolicy()
SEEDS = tuple(
    make_article(f"s-{number}", title=title, text=text, published_at=NOON + timedelta(days=number))
    for number, (title, text) in enumerate(
        [
            ("Tunisia opens olive talks", "Envoys from Tunisia and Brussels began olive duty talks at the port."),
            ("Olive duties to be cut", "Officials in Tunisia and Brussels said the olive duties will be cut by half."),
            ("Olive pact near", "Growers in Tunisia await word from Brussels on the olive duties."),
        ]
    )
)
ON_TOPIC = make_article("a-9", title="Tunisia and Brussels cut olive duties", text="Tunisia and Brussels agreed on olive duties.")
LOOK_ALIKE = make_article(
    "a-8", title="Chile and Estonia cut olive duties", text="Envoys from Chile and Estonia began olive duty talks at the port."
)
UNRELATED = make_article("a-7", title="Goalkeeper breaks wrist", text="The club said its keeper would miss nine games.")


def threshold_at(value: float, baseline: Baseline) -> Baseline:
    return replace(baseline, threshold=value)


def judge(article: Article, baseline: Baseline) -> bool:
    return decide_match(head_vector(article), article, baseline, POLICY).is_match


def test_an_article_on_the_matter_matches_and_says_why() -> None:
    baseline = learn(make_issue(*SEEDS), [UNRELATED])
    found = decide_match(head_vector(ON_TOPIC), ON_TOPIC, baseline, POLICY)
    assert found.is_match
    assert found.reason.startswith("alike enough (")
    assert "european union" in found.reason
    assert found.margin == pytest.approx(found.score - found.threshold)
    assert (found.article_id, found.version, found.baseline_id) == ("a-9", 1, baseline.baseline_id)
    assert found.nearest_seed in baseline.seed_ids


def test_a_look_alike_with_other_actors_is_not_the_matter_where_actors_are_asked_for() -> None:
    strict = replace(POLICY, min_anchor_share=0.2)
    found = decide_match(head_vector(LOOK_ALIKE), LOOK_ALIKE, threshold_at(0.0, learn(make_issue(*SEEDS))), strict)
    assert not found.is_match
    assert found.anchor_share < strict.min_anchor_share
    assert "too few of the seeds' actors and places (none; 0.00 < 0.20)" in found.reason


def test_an_article_below_the_threshold_says_both_numbers() -> None:
    found = decide_match(head_vector(ON_TOPIC), ON_TOPIC, threshold_at(0.99, learn(make_issue(*SEEDS))), POLICY)
    assert not found.is_match
    assert found.reason == f"not alike enough ({found.score:.2f} < 0.99)"


def test_actors_far_down_an_article_do_not_count() -> None:
    late = make_article(title="Olive duties", text="olive " * (ANCHOR_CHARS // 6) + " Tunisia and Brussels agreed.")
    assert decide_match(head_vector(late), late, learn(make_issue(*SEEDS)), POLICY).anchors == ()


def test_an_issue_without_anchors_is_judged_by_similarity_alone() -> None:
    bare = replace(learn(make_issue(*SEEDS)), anchors=())
    found = relevance(head_vector(ON_TOPIC), ON_TOPIC, bare, POLICY)
    assert found.anchor_share == 0.5
    assert judge(LOOK_ALIKE, threshold_at(0.0, bare))


def test_an_article_without_words_never_matches() -> None:
    empty = make_article(title="", text="12.5")
    assert not judge(empty, learn(make_issue(*SEEDS)))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_the_seeds_does_not_matter(order: tuple[int, ...]) -> None:
    first, second = learn(make_issue(*SEEDS), [UNRELATED]), learn(make_issue(*(SEEDS[number] for number in order)), [UNRELATED])
    assert second.anchors == first.anchors
    assert second.threshold == pytest.approx(first.threshold, abs=1e-3)
    for article in (ON_TOPIC, LOOK_ALIKE, UNRELATED, *SEEDS):
        left, right = (decide_match(head_vector(article), article, baseline, POLICY) for baseline in (first, second))
        assert left.is_match == right.is_match
        assert left.score == pytest.approx(right.score, abs=1e-3)
        assert left.nearest_seed == right.nearest_seed


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([ON_TOPIC, LOOK_ALIKE, UNRELATED, *SEEDS]))
@settings(deadline=None)
def test_a_higher_threshold_never_lets_more_through(one: float, other: float, article: Article) -> None:
    baseline = learn(make_issue(*SEEDS))
    low, high = sorted((one, other))
    assert judge(article, threshold_at(low, baseline)) or not judge(article, threshold_at(high, baseline))


def test_an_article_identical_to_a_seed_matches_better_than_any_off_topic_story() -> None:
    issue = coalition_issue()
    stories = off_topic_stories()
    baseline = learn(issue, stories)
    copies = [decide_match(head_vector(seed.article), seed.article, baseline, POLICY) for seed in issue.seeds]
    others = [decide_match(head_vector(story), story, baseline, POLICY) for story in stories]
    assert min(copy.score for copy in copies) > max(other.score for other in others)
    assert all(copy.similarity == pytest.approx(1.0, abs=1e-3) for copy in copies)
    assert [copy.nearest_seed for copy in copies] == list(baseline.seed_ids)


def test_copies_of_the_shipped_seeds_match() -> None:
    issue = coalition_issue()
    baseline = learn(issue, off_topic_stories())
    assert all(judge(seed.article, baseline) for seed in issue.seeds)


@given(st.lists(st.floats(-1, 1), max_size=5), st.lists(st.floats(-1, 1), max_size=5))
def test_the_threshold_stays_within_its_span_and_says_why(inside: list[float], outside: list[float]) -> None:
    threshold, reason = choose_threshold(inside, outside, POLICY)
    assert POLICY.min_threshold <= threshold <= POLICY.max_threshold
    assert f"{len(outside)} other stories" in reason
    assert f"{POLICY.min_threshold:.2f} to {POLICY.max_threshold:.2f}" in reason


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [([0.7, 0.6], [0.4, 0.3], 0.5), ([0.9], [0.8], 0.62), ([0.3], [0.1], 0.4), ([], [], 0.51), ([0.6], [], 0.5)],
)
def test_the_threshold_lies_halfway_between_the_seeds_and_other_news(inside: list[float], outside: list[float], expected: float) -> None:
    spanned = replace(POLICY, min_threshold=0.40, max_threshold=0.62)
    assert choose_threshold(inside, outside, spanned)[0] == pytest.approx(expected)

"""Seeds to baseline: what an issue's articles have in common, and how alike a new one must be."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from monitor.core.matching import Relevance, relevance
from monitor.core.names import mentions, names_in
from monitor.core.policy import MatchPolicy
from monitor.core.text import head_text, passages
from monitor.core.types import Anchor, Article, Baseline, FloatArray, Issue


@dataclass(frozen=True, slots=True)
class BaselineTexts:
    """The texts of an issue that are to be embedded: one head a seed, the passages of all seeds in order, the question."""

    heads: tuple[str, ...]
    passages: tuple[str, ...]
    question: str

    @property
    def all(self) -> tuple[str, ...]:
        """Heads, passages, question: the order in which `build_baseline` wants their vectors."""
        return (*self.heads, *self.passages, self.question)


def baseline_texts(issue: Issue) -> BaselineTexts:
    """Return the texts of an issue that are to be embedded."""
    articles = [seed.article for seed in issue.seeds]
    return BaselineTexts(
        heads=tuple(head_text(article.title, article.text) for article in articles),
        passages=tuple(piece for article in articles for piece in passages(article.text)),
        question=issue.title,
    )


def find_anchors(issue: Issue, policy: MatchPolicy) -> tuple[Anchor, ...]:
    """Return the actors, places and things that the seeds insist on, weightiest first.

    An anchor is a name in the question, or one that at least `anchor_document_share` of the seeds use. Its weight is the share of the seeds
    that name it; the question counts as one more seed, since the analyst chose its words.
    """
    texts = [seed.article.headline_and_text for seed in issue.seeds]
    asked = names_in(f"x {issue.title}")  # Whatever opens the question is then no sentence opener to be distrusted.
    counts = Counter(name for text in texts for name in names_in(text))
    # One seed alone insists only on what its question names too: whatever else it happens to mention may be chance.
    needed = max(2.0, policy.anchor_document_share * len(texts))
    # News shortens a name of three words or more after its first use: its words are the better anchors.
    candidates = {name for name in {name for name, n in counts.items() if n >= needed} | asked if name.count(" ") < 2}
    used = [mentions(text, candidates) for text in [*texts, issue.title]]
    weights = {name: sum(name in names for names in used) / len(used) for name in candidates}
    # A part of a longer name that is always used with it would count the same actor twice.
    parts = {part for name in candidates if " " in name for part in name.split() if weights.get(part) == weights[name]}
    kept = sorted((name for name in candidates if name not in parts and weights[name] > 0), key=lambda name: (-weights[name], name))
    return tuple(Anchor(name, round(weights[name], 4)) for name in kept[: policy.max_anchors])


def build_baseline(
    issue: Issue,
    vectors: FloatArray,
    off_topic: Sequence[tuple[Article, FloatArray]],
    *,
    model_id: str,
    policy: MatchPolicy,
) -> Baseline:
    """Return the baseline of an issue.

    `vectors`: (n, dim), those of `baseline_texts(issue).all` in that order; `off_topic`: other news with the vectors (dim,) of their heads.
    The threshold lies halfway between the least alike seed, judged by the other seeds alone, and the most alike other story, kept within
    the policy's span.
    """
    texts = baseline_texts(issue)
    n_heads, n_passages = len(texts.heads), len(texts.passages)
    anchors = find_anchors(issue, policy)
    draft = Baseline(
        issue_key=issue.key,
        baseline_id=_baseline_id(issue, model_id, policy),
        model_id=model_id,
        head_vectors=vectors[:n_heads],
        passage_vectors=vectors[n_heads : n_heads + n_passages],
        question_vector=vectors[-1],
        anchors=anchors,
        threshold=0.0,
        threshold_reason="",
        seed_ids=tuple(seed.article.article_id for seed in issue.seeds),
    )
    inside = [_left_out(draft, number, issue, policy).score for number in range(n_heads)]
    outside = [relevance(vector, article, draft, policy).score for article, vector in off_topic]
    threshold, reason = choose_threshold(inside, outside, policy)
    return Baseline(
        **{name: getattr(draft, name) for name in draft.__slots__ if name not in {"threshold", "threshold_reason"}},
        threshold=threshold,
        threshold_reason=reason,
    )


def choose_threshold(inside: Sequence[float], outside: Sequence[float], policy: MatchPolicy) -> tuple[float, str]:
    """Return a threshold between the scores of seeds left out and those of other news, and why."""
    low = max(outside, default=policy.min_threshold)
    high = min(inside, default=policy.max_threshold)
    middle = (low + high) / 2
    threshold = round(min(max(middle, policy.min_threshold), policy.max_threshold), 4)
    reason = (
        f"halfway between the least alike seed left out ({high:.2f}) and the most alike of {len(outside)} other stories ({low:.2f}), "
        f"within {policy.min_threshold:.2f} to {policy.max_threshold:.2f}"
    )
    return threshold, reason


def _left_out(baseline: Baseline, number: int, issue: Issue, policy: MatchPolicy) -> Relevance:
    """Judge one seed by the others; a single seed is judged by the question."""
    keep = [row for row in range(len(baseline.head_vectors)) if row != number] or [number]
    heads = baseline.head_vectors[keep] if len(baseline.head_vectors) > 1 else baseline.question_vector[np.newaxis]
    rest = Baseline(
        **{name: getattr(baseline, name) for name in baseline.__slots__ if name not in {"head_vectors", "seed_ids"}},
        head_vectors=heads,
        seed_ids=tuple(baseline.seed_ids[row] for row in keep),
    )
    return relevance(baseline.head_vectors[number], issue.seeds[number].article, rest, policy)


def _baseline_id(issue: Issue, model_id: str, policy: MatchPolicy) -> str:
    digest = hashlib.sha256()
    for part in [
        model_id,
        issue.title,
        repr(astuple(policy)),
        *(part for seed in issue.seeds for part in (seed.article.article_id, seed.article.title, seed.article.text)),
    ]:
        digest.update(part.encode())
        digest.update(b"\x00")
    return f"b_{digest.hexdigest()[:16]}"

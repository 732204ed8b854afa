"""Is an article about an issue? Similarity to the seeds, and the actors and places that they insist on."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.core.names import mentions
from monitor.core.policy import MatchPolicy
from monitor.core.similarity import cosines, top_k
from monitor.core.types import Article, ArticleId, Baseline, FloatArray, Match

#: Characters of an article in which its actors must show: beyond, it speaks of other things too.
ANCHOR_CHARS = 1500


@dataclass(frozen=True, slots=True)
class Relevance:
    """How far an article is about an issue, with what the score is made of."""

    score: float
    similarity: float
    nearest_seed: ArticleId
    anchor_share: float
    anchors: tuple[str, ...]


def relevance(head_vector: FloatArray, article: Article, baseline: Baseline, policy: MatchPolicy) -> Relevance:
    """Score an article by the vector (dim,) of its headline and lead, and by the anchors it names.

    The vector part is the mean of the cosines to the nearest seed, to the seeds together and to the question: one odd seed neither
    opens the gate alone nor closes it.
    """
    row, nearest = top_k(head_vector, baseline.head_vectors, 1)[0]
    together = float(cosines(head_vector, baseline.head_vectors).mean())
    asked = float(cosines(head_vector, baseline.question_vector[None, :])[0])
    named = mentions(f"{article.title}\n{article.text[:ANCHOR_CHARS]}", {anchor.name for anchor in baseline.anchors})
    total = sum(anchor.weight for anchor in baseline.anchors)
    share = sum(anchor.weight for anchor in baseline.anchors if anchor.name in named) / total if total else 0.5
    return Relevance(
        score=0.5 * nearest + 0.25 * together + 0.25 * asked + policy.anchor_weight * (share - 0.5),
        similarity=nearest,
        nearest_seed=baseline.seed_ids[row],
        anchor_share=share,
        anchors=tuple(sorted(named)),
    )


def decide_match(head_vector: FloatArray, article: Article, baseline: Baseline, policy: MatchPolicy) -> Match:
    """Judge one article against one issue's baseline."""
    found = relevance(head_vector, article, baseline, policy)
    named = ", ".join(found.anchors) or "none"
    if baseline.anchors and found.anchor_share < policy.min_anchor_share:
        is_match, verdict = (
            False,
            f"names too few of the seeds' actors and places ({named}; {found.anchor_share:.2f} < {policy.min_anchor_share:.2f})",
        )
    elif found.score < baseline.threshold:
        is_match, verdict = False, f"not alike enough ({found.score:.2f} < {baseline.threshold:.2f})"
    else:
        is_match, verdict = True, f"alike enough ({found.score:.2f} ≥ {baseline.threshold:.2f}), names {named}"
    return Match(
        issue_key=baseline.issue_key,
        article_id=article.article_id,
        version=article.version,
        baseline_id=baseline.baseline_id,
        is_match=is_match,
        score=round(found.score, 4),
        threshold=baseline.threshold,
        similarity=round(found.similarity, 4),
        nearest_seed=found.nearest_seed,
        anchor_share=round(found.anchor_share, 4),
        anchors=found.anchors,
        reason=verdict,
    )

"""seed: the analyst's example articles to baseline, first status and history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from monitor.core.baseline import baseline_texts, build_baseline
from monitor.core.marks import article_fingerprints
from monitor.core.policy import MatchPolicy
from monitor.core.status import decide_status, first_status
from monitor.core.text import head_text
from monitor.core.types import Article, Baseline, Change, Entry, FeedKey, FloatArray, Issue, IssueState, Match
from monitor.jobs.examine import Examiner
from monitor.jobs.kinship import Kinship
from monitor.ports import Clock, Encoder, UnitOfWork

log = structlog.get_logger(__name__)

#: Other news with the vectors (dim,) of their heads, against which thresholds are learned.
OffTopic = Sequence[tuple[Article, FloatArray]]


def embed_off_topic(articles: Sequence[Article], encoder: Encoder) -> tuple[tuple[Article, FloatArray], ...]:
    """Return articles with the vectors of their heads."""
    return tuple(zip(articles, encoder.embed([head_text(article.title, article.text) for article in articles]), strict=True))


@dataclass(frozen=True, slots=True)
class Learned:
    """What the seeds of an issue teach."""

    baseline: Baseline
    state: IssueState
    #: The matter's course so far, oldest first; all `is_history`.
    history: tuple[Change, ...]


def learn(
    issue: Issue,
    *,
    off_topic: OffTopic,
    encoder: Encoder,
    examiner: Examiner,
    match_policy: MatchPolicy,
) -> Learned:
    """Return baseline, status and history of an issue; touches no store."""
    texts = baseline_texts(issue)
    baseline = build_baseline(
        issue,
        encoder.embed(texts.all),
        off_topic,
        model_id=encoder.model_id,
        policy=match_policy,
    )
    state, history = _read_history(issue, baseline, examiner)
    return Learned(baseline, state, history)


def seed_entry(article: Article) -> Entry:
    """Return a seed as if a feed had delivered it, so that a later poll of the same story finds it known."""
    return Entry(FeedKey(""), None, article.url, article.title, article.text, article.published_at)


def _read_history(issue: Issue, baseline: Baseline, examiner: Examiner) -> tuple[IssueState, tuple[Change, ...]]:
    """Read the seeds in order of publication through the same rules as any article."""
    state = IssueState(issue.key)
    history: list[Change] = []
    pieces = []
    kinship = Kinship(examiner.outlets)
    for seed, vector in zip(issue.seeds, baseline.head_vectors, strict=True):
        _, evidence = examiner.examine(seed.article, issue, match_score=1.0, status_key=state.status_key, kinship=kinship, vector=vector)
        pieces.append(evidence)
        decision = decide_status(state, evidence, issue.ladder, examiner.policy)
        state = decision.state
        if decision.change is not None:
            history.append(replace(decision.change, is_history=True))
    if state.status_key is None:
        decision = first_status(state, pieces, issue.ladder)
        state = decision.state
        if decision.change is not None:
            history.append(decision.change)
    return state, tuple(history)


def _seed_match(baseline: Baseline, number: int, article: Article) -> Match:
    return Match(
        issue_key=baseline.issue_key,
        article_id=article.article_id,
        version=article.version,
        baseline_id=baseline.baseline_id,
        is_match=True,
        score=1.0,
        threshold=baseline.threshold,
        similarity=1.0,
        nearest_seed=baseline.seed_ids[number],
        anchor_share=1.0,
        anchors=(),
        reason="is a seed of the issue",
    )


def run(
    issues: Sequence[Issue],
    *,
    off_topic: OffTopic,
    uow: UnitOfWork,
    encoder: Encoder,
    examiner: Examiner,
    match_policy: MatchPolicy,
    clock: Clock,
) -> int:
    """Store what the issues' seeds teach; return how many issues were new or had changed.

    An issue that has a status already keeps it, its log and its evidence: other seeds or another model change its baseline only.
    """
    n_learned = 0
    for issue in issues:
        learned = learn(issue, off_topic=off_topic, encoder=encoder, examiner=examiner, match_policy=match_policy)
        with uow.transaction() as store:
            store.issues.ensure(issue.key, title=issue.title, ladder_key=issue.ladder.key)
            stored = store.issues.baseline(issue.key)
            if stored is not None and stored.baseline_id == learned.baseline.baseline_id:
                continue
            store.issues.save_baseline(learned.baseline)
            for number, seed in enumerate(issue.seeds):
                store.articles.add(seed.article, fingerprints=article_fingerprints(seed_entry(seed.article)))
                # A verdict on the seed itself: the match job need not judge what the analyst has judged.
                store.articles.add_match(_seed_match(learned.baseline, number, seed.article))
            state = store.issues.state(issue.key)
            if state is None or state.status_key is None:
                store.issues.advance(learned.state, expected_revision=state.revision if state else 0)
                for change in learned.history:
                    store.issues.add_change(change, now=clock.now())
        n_learned += 1
        log.info(
            "issue_learned",
            issue=issue.key,
            n_seeds=len(issue.seeds),
            threshold=learned.baseline.threshold,
            anchors=[anchor.name for anchor in learned.baseline.anchors],
            status=learned.state.status_key,
        )
    return n_learned

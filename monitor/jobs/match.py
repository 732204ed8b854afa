"""match: new articles to vectors, vectors to matches, matches to evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from monitor.core.aboutness import aboutness, vocabulary
from monitor.core.dedupe import with_edits
from monitor.core.flashes import MOST, habit_of, is_bare
from monitor.core.marks import canonical_marks
from monitor.core.matching import decide_match
from monitor.core.policy import MatchPolicy
from monitor.core.types import Article, Baseline, Embedding, Evidence, FloatArray, Issue, Match
from monitor.jobs.examine import Examiner, embed_heads, head_hash
from monitor.jobs.kinship import Kinship, of_store
from monitor.ports import Encoder, UnitOfWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Matched:
    """What one tick did."""

    n_judged: int = 0
    n_matches: int = 0


def run(
    issues: Sequence[Issue],
    *,
    uow: UnitOfWork,
    encoder: Encoder,
    examiner: Examiner,
    policy: MatchPolicy,
    batch: int = 64,
) -> Matched:
    """Judge every article that an issue has not judged yet, and read those that match.

    Only a match pays for its page and for reading. Vectors, verdicts and evidence of a batch are written in one transaction, after all
    network and model work is done.
    """
    total = Matched()
    for issue in issues:
        with uow.reading() as store:
            baseline = store.issues.baseline(issue.key)
        if baseline is None:
            log.warning("issue_without_baseline", issue=issue.key, next_step="monitor issues add, or restart the daemon")
            continue
        while True:
            with uow.reading() as store:
                articles = store.articles.unmatched(issue.key, baseline.baseline_id, limit=batch)
                known = store.articles.embeddings({head_hash(article) for article in articles}, model_id=encoder.model_id)
            if not articles:
                break
            vectors, fresh = embed_heads(encoder, articles, known)
            matches = [decide_match(vector, article, baseline, policy) for article, vector in zip(articles, vectors, strict=True)]
            matched = [article for article, match in zip(articles, matches, strict=True) if match.is_match]
            kinship, more = of_store(issue, baseline, examiner.outlets, matched, uow=uow, encoder=encoder)
            examined = _read(issue, baseline, articles, vectors, matches, uow, examiner, kinship)
            _store(articles, matches, examined, [*fresh, *more], uow)
            _log_matches(issue, articles, matches)
            n_matches = sum(match.is_match for match in matches)
            total = replace(total, n_judged=total.n_judged + len(articles), n_matches=total.n_matches + n_matches)
    if total.n_judged:
        log.info("matched", n_judged=total.n_judged, n_matches=total.n_matches)
    return total


def _read(
    issue: Issue,
    baseline: Baseline,
    articles: Sequence[Article],
    vectors: FloatArray,
    matches: Sequence[Match],
    uow: UnitOfWork,
    examiner: Examiner,
    kinship: Kinship,
) -> list[tuple[Article, Evidence | None]]:
    """Read those articles that match; the others come back as they are, without evidence."""
    with uow.reading() as store:
        state = store.issues.state(issue.key)
        habits = {
            article.article_id: habit_of(store.articles.latest_of(article.source, before=article.published_at, limit=MOST))
            for article, match in zip(articles, matches, strict=True)
            if match.is_match and is_bare(article)
        }
    status_key = state.status_key if state else None
    known = vocabulary(issue, baseline)
    examined: list[tuple[Article, Evidence | None]] = []
    for article, vector, match in zip(articles, vectors, matches, strict=True):
        if match.is_match:
            about = aboutness(vector, article, baseline, known)
            examined.append(
                examiner.examine(
                    article,
                    issue,
                    match_score=match.score,
                    status_key=status_key,
                    about=about,
                    kinship=kinship,
                    vector=vector,
                    habit=habits.get(article.article_id),
                )
            )
        else:
            examined.append((article, None))
    return examined


def _store(
    articles: Sequence[Article],
    matches: Sequence[Match],
    examined: Sequence[tuple[Article, Evidence | None]],
    fresh: Sequence[Embedding],
    uow: UnitOfWork,
) -> None:
    with uow.transaction() as store:
        store.articles.add_embeddings(fresh)
        latest = store.articles.get({article.article_id for article in articles})
        for match, article, (whole, evidence) in zip(matches, articles, examined, strict=True):
            if latest[article.article_id].version != article.version:
                # An edit came in meanwhile: it has no verdict yet, so that the next batch judges it.
                continue
            if whole != article:
                earlier = store.articles.versions(article.article_id)
                store.articles.add(with_edits(whole, earlier), fingerprints=canonical_marks(whole))
            store.articles.add_match(replace(match, version=whole.version))
            if evidence is not None:
                store.issues.add_evidence(evidence)


def _log_matches(issue: Issue, articles: Sequence[Article], matches: Sequence[Match]) -> None:
    for article, match in zip(articles, matches, strict=True):
        if match.is_match:
            log.info("article_matched", issue=issue.key, article=article.article_id, score=match.score, threshold=match.threshold)

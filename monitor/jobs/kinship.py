"""The articles of one matter that were read so far, so that a copy is known by what it was copied from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from monitor.core.lineage import TIE_DAYS, Origin, Peer, Tie, origin_of, tie
from monitor.core.outlets import Outlets
from monitor.core.types import Article, Baseline, Embedding, Evidence, FloatArray, Issue
from monitor.jobs.examine import embed_heads, head_hash
from monitor.ports import Encoder, UnitOfWork

#: Most articles of a matter that a new one is compared with, the latest: weeks of a busy matter.
MAX_PEERS = 300


class Kinship:
    """Finds the origin of each article of a matter in view of those before it."""

    def __init__(self, outlets: Outlets, peers: Iterable[Peer] = ()) -> None:
        self._outlets = outlets
        self._peers = list(peers)

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The articles read so far, oldest first."""
        return tuple(self._peers)

    def origin(self, article: Article, vector: FloatArray | None) -> tuple[Origin, tuple[Tie, ...]]:
        """Return an article's origin with what ties it to others, and remember it for those that follow.

        `vector` (dim,) is that of its headline and lead.
        """
        origin, ties = tie(origin_of(article, self._outlets), article, vector, self._peers)
        self._peers = [peer for peer in self._peers if peer.article.article_id != article.article_id]
        self._peers.append(Peer(article, origin, vector))
        del self._peers[:-MAX_PEERS]
        return origin, ties


def of_seeds(issue: Issue, baseline: Baseline, outlets: Outlets) -> Kinship:
    """Return the kinship of an issue's seeds."""
    kinship = Kinship(outlets)
    for seed, vector in zip(issue.seeds, baseline.head_vectors, strict=True):
        kinship.origin(seed.article, vector)
    return kinship


def of_store(
    issue: Issue, baseline: Baseline, outlets: Outlets, articles: Iterable[Article], *, uow: UnitOfWork, encoder: Encoder
) -> tuple[Kinship, list[Embedding]]:
    """Return the kinship of the seeds and of what was read around the days of these articles, and embeddings that had to be made for it."""
    days = [article.published_at for article in articles]
    kinship = of_seeds(issue, baseline, outlets)
    if not days:
        return kinship, []
    span = timedelta(days=TIE_DAYS)
    with uow.reading() as store:
        pieces = store.issues.evidence_between(issue.key, since=min(days) - span, until=max(days) + span, limit=MAX_PEERS)
        read = store.articles.get({piece.article_id for piece in pieces})
        known = store.articles.embeddings({head_hash(article) for article in read.values()}, model_id=encoder.model_id)
    vectors, fresh = embed_heads(encoder, list(read.values()), known)
    rows = dict(zip(read, vectors, strict=True))
    # Of several versions the latest stands for the article.
    latest = {piece.article_id: piece for piece in pieces if piece.article_id in read}
    stored = [_peer(piece, read[article_id], rows[article_id]) for article_id, piece in latest.items()]
    return Kinship(outlets, [*kinship.peers, *stored]), fresh


def _peer(evidence: Evidence, article: Article, vector: FloatArray) -> Peer:
    return Peer(article, Origin(evidence.origin, evidence.origin_keys, is_told=evidence.origin != evidence.source), vector)

"""The vectors of all stored heads, in memory as their signs: which articles lie near one, of a million, in a few hundredths of a second.

One bit a dimension (48 bytes an article of 384 dimensions, with its number 56) is enough to find the few hundred that may be nearest; their
whole vectors are then read and compared. This is binary quantisation with rescoring (Yamada et al. 2021, arXiv:2106.00882). The signs are
read in order of storing, a piece at a time, so that nobody waits for them: `LikenessIndex.take_in` is called until nothing is left.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, FromClause, and_, func, select

from monitor.core.similarity import hamming, signatures
from monitor.store import schema, search
from monitor.store.codec import from_bytes
from monitor.store.statements import chunks

#: Articles of a block: 1.5 MB of signs, which a processor keeps near while it compares them.
BLOCK = 32_768
#: Articles that had no vector yet when they were read, and are asked for again: those of about a day.
MAX_PENDING = 2000


@dataclass
class _Bank:
    """Signs of one model's vectors, in blocks: (words, BLOCK) each, so that a word of all stands in one row."""

    dim: int
    blocks: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]] = field(default_factory=list)
    n: int = 0

    def add(self, vectors: npt.NDArray[np.float32], numbers: list[int]) -> None:
        signs = signatures(vectors)
        for start in range(0, len(numbers), BLOCK):
            self._add(signs[start : start + BLOCK], numbers[start : start + BLOCK])

    def _add(self, signs: npt.NDArray[np.uint64], numbers: list[int]) -> None:
        place = self.n % BLOCK
        if place == 0:
            self.blocks.append((np.zeros((signs.shape[1], BLOCK), dtype=np.uint64), np.zeros(BLOCK, dtype=np.int64)))
        n = min(len(numbers), BLOCK - place)
        words, kept = self.blocks[-1]
        words[:, place : place + n] = signs[:n].T
        kept[place : place + n] = numbers[:n]
        self.n += n
        if n < len(numbers):
            self._add(signs[n:], numbers[n:])

    def nearest(self, vector: npt.NDArray[np.float32], k: int, n: int) -> list[int]:
        """Return the numbers of the `k` of the first `n` whose signs differ least, those stored last first among equals."""
        sign = signatures(vector[np.newaxis])[0]
        pieces, kept = [], []
        for number, (words, numbers) in enumerate(self.blocks):
            size = min(n - number * BLOCK, BLOCK)
            if size <= 0:
                break
            pieces.append(hamming(sign, words[:, :size]))
            kept.append(numbers[:size])
        if not pieces:
            return []
        distances, numbers = np.concatenate(pieces), np.concatenate(kept)
        counts = np.bincount(distances, minlength=1).cumsum()
        limit = int(np.searchsorted(counts, min(k, n)))
        near = np.flatnonzero(distances <= limit)[::-1]
        return [int(number) for number in numbers[near[np.argsort(distances[near], kind="stable")[:k]]]]


class LikenessIndex:
    """The banks by model, and how far the store has been read. Safe to use from several threads."""

    def __init__(self) -> None:
        self._banks: dict[str, _Bank] = {}
        self._last = 0
        self._pending: deque[int] = deque(maxlen=MAX_PENDING)
        self._lock = threading.Lock()

    def take_in(self, connection: Connection, limit: int) -> bool:
        """Read the next `limit` stored versions; return whether others are left. What had no vector is asked for again at the end."""
        with self._lock:
            place = _place(connection)
            following = select(place.c.search_number).where(place.c.search_number > self._last)
            numbers = list(connection.scalars(following.order_by(place.c.search_number).limit(limit)))
            found = self._add(connection, numbers)
            if numbers:
                # Numbers that are skipped may belong to a transaction that is still open.
                gap = range(max(self._last + 1, numbers[-1] - MAX_PENDING), numbers[-1] + 1)
                self._pending.extend(number for number in gap if number not in found)
                self._last = numbers[-1]
            if len(numbers) == limit:
                return True
            if self._pending:
                done = self._add(connection, list(self._pending))
                self._pending = deque((number for number in self._pending if number not in done), MAX_PENDING)
            return False

    def _add(self, connection: Connection, numbers: list[int]) -> set[int]:
        """Read the vectors of these versions into their banks; return which had one."""
        embeddings, versions, place = schema.embeddings, schema.article_versions, _place(connection)
        this = and_(versions.c.article_id == place.c.article_id, versions.c.version == place.c.version)
        vectors = (
            select(place.c.search_number, embeddings.c.model_id, embeddings.c.dim, embeddings.c.vector)
            .select_from(place)
            .join(versions, this)
            .join(embeddings, embeddings.c.text_hash == versions.c.head_hash)
        )
        found: dict[tuple[str, int], list[tuple[int, bytes]]] = {}
        for some in chunks(numbers):
            for row in connection.execute(vectors.where(place.c.search_number.in_(some))):
                found.setdefault((row.model_id, row.dim), []).append((row.search_number, row.vector))
        for (model_id, dim), rows in found.items():
            bank = self._banks.setdefault(model_id, _Bank(dim))
            if bank.dim == dim:
                bank.add(from_bytes(b"".join(vector for _, vector in rows), dim=dim), [number for number, _ in rows])
        return {number for rows in found.values() for number, _ in rows}

    def nearest(self, model_id: str, vector: npt.NDArray[np.float32], k: int) -> tuple[list[int], int]:
        """Return the numbers of the versions that may lie nearest, and how many were looked at."""
        with self._lock:
            bank = self._banks.get(model_id)
            n = bank.n if bank and bank.dim == len(vector) else 0
        # Outside of the lock: what lies before `n` is never written again.
        return (bank.nearest(vector, k, n) if bank and n else []), n


def article_ids(connection: Connection, numbers: list[int]) -> set[str]:
    """Return the articles whose latest versions have these numbers."""
    articles, place = schema.articles, _place(connection)
    latest = and_(articles.c.article_id == place.c.article_id, articles.c.version == place.c.version)
    statement = select(place.c.article_id).select_from(place).join(articles, latest)
    return {key for some in chunks(numbers) for key in connection.scalars(statement.where(place.c.search_number.in_(some)))}


def n_stored(connection: Connection) -> int:
    """Return about how many versions are stored: the number of the last."""
    return connection.execute(select(func.max(_place(connection).c.search_number))).scalar_one() or 0


def _place(connection: Connection) -> FromClause:
    return search.index if connection.dialect.name == "postgresql" else search.rows

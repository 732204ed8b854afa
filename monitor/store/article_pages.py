"""Read models of the stored articles: filtered, searched by word, and by likeness of meaning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, and_, exists, func, select, tuple_

from monitor.core.search import SearchWords
from monitor.core.similarity import top_k
from monitor.core.text import head_text, text_hash
from monitor.core.types import Article, ArticleId, IssueKey, Match
from monitor.errors import ConfigError
from monitor.ports.pages import ArticleFilter, ArticlePage, ArticleRow, Likeness, Mark, Neighbour, Verdict
from monitor.store import likeness, schema, search
from monitor.store.codec import from_bytes, from_columns
from monitor.store.session import SqlUnitOfWork
from monitor.store.statements import chunks

N = TypeVar("N", int, float)
#: Characters of an article's text in a list: two lines of it.
EXCERPT = 400
#: Articles whose whole vectors are compared with one: of all stored, those whose signs differ least. Reading so many takes a few hundredths
#: of a second.
N_CANDIDATES = 1000
#: While the signs of the store are still being read, those published just before and just after, and matched by the same issues, as well.
N_AROUND, N_OF_ISSUE = 300, 300
#: Stored vectors that are read into memory when somebody asks what is alike: the newest, or where nobody reads them beforehand, the first.
N_INLINE = 500


class SqlArticlePages:
    """The part of the Pages that is about articles; each one is a read-only view of one moment."""

    def __init__(self, unit_of_work: SqlUnitOfWork) -> None:
        self._unit_of_work = unit_of_work
        self._index = likeness.LikenessIndex()
        self._is_whole = False

    def articles(self, wanted: ArticleFilter, *, after: Mark | None = None, limit: int = 50) -> ArticlePage:
        """Return a page of the stored articles: newest publication first; a search by words newest stored first; or nearest first."""
        with self._unit_of_work.connect(is_readonly=True) as connection:
            baseline_id = _baseline(connection, wanted.issue_key)
            if wanted.words is not None:
                statement = _by_words(connection, wanted.words, after)
            elif wanted.is_nearest_first and wanted.issue_key is not None:
                statement = _nearest(wanted, baseline_id, after)
            else:
                statement = _newest(wanted, after)
            rows = list(connection.execute(_narrowed(statement, wanted, baseline_id).limit(limit + 1)))
            is_more, rows = len(rows) > limit, rows[:limit]
            after = Mark(rows[-1].published_at, _key(rows[-1], wanted)) if is_more else None
            return ArticlePage(tuple(_with_matches(connection, rows)), after)

    def article(self, article_id: ArticleId) -> ArticleRow | None:
        """Return one article, whole, with its verdicts; None where it is unknown."""
        with self._unit_of_work.connect(is_readonly=True) as connection:
            rows = list(connection.execute(_articles(is_whole=True).where(schema.articles.c.article_id == article_id)))
            return next(iter(_with_matches(connection, rows)), None)

    def take_in(self, limit: int) -> bool:
        """Read the next stored vectors into memory for `like`; return whether others are left."""
        with self._unit_of_work.connect(is_readonly=True) as connection:
            self._is_whole = not self._index.take_in(connection, limit)
        return not self._is_whole

    def like(self, article: Article, *, limit: int) -> Likeness | None:
        """Return the articles most similar to one, best first, and among how many; None where it has no vector yet."""
        self.take_in(N_INLINE)
        embeddings = schema.embeddings
        head = text_hash(head_text(article.title, article.text))
        with self._unit_of_work.connect(is_readonly=True) as connection:
            own = connection.execute(select(embeddings).where(embeddings.c.text_hash == head).order_by(embeddings.c.model_id)).first()
            if own is None:
                return None
            vector = from_bytes(own.vector, dim=own.dim)[0]
            is_whole = self._is_whole
            numbers, n_compared = self._index.nearest(own.model_id, vector, N_CANDIDATES)
            keys = likeness.article_ids(connection, numbers)
            if not is_whole:
                keys |= _around(connection, article)
            keys.discard(article.article_id)
            near = _compared(connection, keys, own)[:limit]
            stored = connection.execute(_articles().where(schema.articles.c.article_id.in_([key for key, _ in near])))
            rows = {row.article.article_id: row for row in _with_matches(connection, list(stored))}
            found = tuple(Neighbour(rows[ArticleId(key)], score) for key, score in near)
            return Likeness(found, max(n_compared - 1, len(keys)), likeness.n_stored(connection), is_whole)


def _compared(connection: Connection, keys: set[str], own: Row[Any]) -> list[tuple[str, float]]:
    """Return articles with their cosines to a vector, nearest first; without those that have none of its model."""
    embeddings, articles, versions = schema.embeddings, schema.articles, schema.article_versions
    latest = and_(versions.c.article_id == articles.c.article_id, versions.c.version == articles.c.version)
    same = and_(embeddings.c.text_hash == versions.c.head_hash, embeddings.c.model_id == own.model_id)
    vectors = select(articles.c.article_id, embeddings.c.vector).join(versions, latest).join(embeddings, same)
    found = [
        (row[0], row[1]) for some in chunks(sorted(keys)) for row in connection.execute(vectors.where(articles.c.article_id.in_(some)))
    ]
    if not found:
        return []
    rows = from_bytes(b"".join(vector for _, vector in found), dim=own.dim)
    return [(found[number][0], score) for number, score in top_k(from_bytes(own.vector, dim=own.dim)[0], rows, len(found))]


def _around(connection: Connection, article: Article) -> set[str]:
    """Return the articles published just before and after one, and those last matched by its issues."""
    articles, matches, evidence = schema.articles, schema.matches, schema.evidence
    order = (articles.c.published_at, articles.c.article_id)
    before = select(articles.c.article_id).where(articles.c.published_at <= article.published_at)
    behind = select(articles.c.article_id).where(articles.c.published_at > article.published_at)
    keys = set(connection.scalars(before.order_by(*(column.desc() for column in order)).limit(N_AROUND)))
    keys |= set(connection.scalars(behind.order_by(*order).limit(N_AROUND)))
    for issue_key in connection.scalars(select(matches.c.issue_key).where(matches.c.article_id == article.article_id).distinct()):
        read = select(evidence.c.article_id).where(evidence.c.issue_key == issue_key).order_by(evidence.c.published_at.desc())
        keys |= set(connection.scalars(read.limit(N_OF_ISSUE)))
    return keys


def _articles(*, is_whole: bool = False) -> Select[Any]:
    """Return the latest versions."""
    articles, versions = schema.articles, schema.article_versions
    words = versions.c.text if is_whole else func.substr(versions.c.text, 1, EXCERPT)
    columns = [column for column in versions.columns if column.name not in {"text", "head_hash"}]
    latest = and_(versions.c.article_id == articles.c.article_id, versions.c.version == articles.c.version)
    return select(*columns, words.label("text")).select_from(articles).join(versions, latest)


def _newest(wanted: ArticleFilter, after: Mark | None) -> Select[Any]:
    """Return articles by publication; those of one source in the order of its own index."""
    articles, versions = schema.articles, schema.article_versions
    order = (versions if wanted.source else articles).c.published_at, articles.c.article_id
    statement = _articles().add_columns(articles.c.article_id.label("mark"))
    if after is not None:
        statement = statement.where(tuple_(*order) < tuple_(after.at, after.key))
    return statement.order_by(*(column.desc() for column in order))


def _nearest(wanted: ArticleFilter, baseline_id: str | None, after: Mark | None) -> Select[Any]:
    """Return articles by relevance to an issue; with `no_match`, the near misses."""
    matches, articles = schema.matches, schema.articles
    judged = and_(matches.c.article_id == articles.c.article_id, matches.c.version == articles.c.version)
    order = matches.c.score, matches.c.article_id
    statement = _articles().join(matches, judged).add_columns(matches.c.score.label("mark"))
    statement = statement.where(matches.c.issue_key == wanted.issue_key, matches.c.baseline_id == baseline_id)
    statement = statement.where(matches.c.is_match.is_(wanted.verdict is not Verdict.NO_MATCH))
    if after is not None:
        score, _, article_id = after.key.partition("|")
        statement = statement.where(tuple_(*order) < tuple_(_number(score, float), article_id))
    return statement.order_by(*(column.desc() for column in order))


def _by_words(connection: Connection, words: SearchWords, after: Mark | None) -> Select[Any]:
    """Return articles that have the words, the newest stored first: the order in which the index knows them."""
    number = search.number(connection)
    statement = search.joined(connection, _articles().add_columns(number.label("mark")), schema.articles)
    statement = statement.where(search.matches(connection, words))
    if after is not None:
        statement = statement.where(number < row_number(after))
    return statement.order_by(number.desc())


def row_number(after: Mark) -> int:
    """Return the number of the row that a mark names. Raises: ConfigError where it is the mark of another list."""
    number = _number(after.key, int)
    return min(max(number, 0), 2**63 - 1)


def _number(text: str, kind: Callable[[str], N]) -> N:
    try:
        return kind(text)
    except ValueError as exc:
        raise ConfigError("cursor: this is a place in another list; take `next` of the page before, or leave it out") from exc


def _narrowed(statement: Select[Any], wanted: ArticleFilter, baseline_id: str | None) -> Select[Any]:
    articles, versions, matches, baselines = schema.articles, schema.article_versions, schema.matches, schema.baselines
    if wanted.source:
        statement = statement.where(versions.c.source == wanted.source)
    if wanted.since is not None:
        statement = statement.where(articles.c.published_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(articles.c.published_at < wanted.until)
    if wanted.verdict is Verdict.ANY or (wanted.is_nearest_first and wanted.issue_key is not None and wanted.words is None):
        return statement
    if wanted.issue_key is not None:
        of_issue = and_(matches.c.issue_key == wanted.issue_key, matches.c.baseline_id == baseline_id)
    else:
        of_issue = exists().where(baselines.c.issue_key == matches.c.issue_key, baselines.c.baseline_id == matches.c.baseline_id)
    this = and_(matches.c.article_id == articles.c.article_id, matches.c.version == articles.c.version)
    is_match = exists().where(this, of_issue, schema.IS_MATCH)
    if wanted.verdict is Verdict.MATCH:
        return statement.where(is_match)
    return statement.where(exists().where(this, of_issue), ~is_match)


def _baseline(connection: Connection, issue_key: IssueKey | None) -> str | None:
    if issue_key is None:
        return None
    present = select(schema.baselines.c.baseline_id).where(schema.baselines.c.issue_key == issue_key)
    return connection.execute(present).scalar_one_or_none()


def _with_matches(connection: Connection, rows: Sequence[Row[Any]]) -> list[ArticleRow]:
    """Return rows with what was judged of these versions under the present baselines, by issue."""
    matches, baselines = schema.matches, schema.baselines
    articles = [from_columns(Article, row._mapping) for row in rows]
    present = and_(baselines.c.issue_key == matches.c.issue_key, baselines.c.baseline_id == matches.c.baseline_id)
    verdicts: defaultdict[tuple[str, int], list[Match]] = defaultdict(list)
    for some in chunks([article.article_id for article in articles]):
        judged = select(matches).join(baselines, present).where(matches.c.article_id.in_(some)).order_by(matches.c.issue_key)
        for row in connection.execute(judged):
            verdicts[row.article_id, row.version].append(from_columns(Match, row._mapping))
    return [ArticleRow(article, tuple(verdicts[article.article_id, article.version])) for article in articles]


def _key(row: Row[Any], wanted: ArticleFilter) -> str:
    """Return what, beside the publication, tells where a list was cut."""
    # A score with all its digits, or the next page begins a hair beside the place.
    return f"{row.mark!r}|{row.article_id}" if isinstance(row.mark, float) and wanted.is_nearest_first else str(row.mark)

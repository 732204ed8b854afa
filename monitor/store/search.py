"""Full-text search in the words of each database: FTS5 of SQLite, `tsvector` of PostgreSQL. The tables are made by migration 0007.

Both know letters and digits only, whatever their case; FTS5 passes over accents as well. Neither reduces words to stems, as feeds come in
many languages: `withdraw*` finds the forms of a word.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Connection, FromClause, Select, TableClause, Text, and_, column, func, literal_column, table
from sqlalchemy.sql import ColumnElement

from monitor.core.search import SearchWords, Term

#: The index. SQLite: an FTS5 table that keeps no words of its own; its row numbers are those of `search_rows`.
index: TableClause = table(
    "article_search",
    column("rowid", BigInteger),
    column("search_number", BigInteger),
    column("article_id", Text),
    column("version", BigInteger),
    column("words", Text),
)
#: Which version of which article a row of the index is of.
rows: TableClause = table(
    "article_search_rows", column("search_number", BigInteger), column("article_id", Text), column("version", BigInteger)
)


def matches(connection: Connection, words: SearchWords) -> ColumnElement[bool]:
    """Return the condition that a row of `index` has the words."""
    if connection.dialect.name == "postgresql":
        query = " & ".join([_tsquery(term) for term in words.wanted] + [f"!({_tsquery(term)})" for term in words.unwanted])
        return index.c.words.op("@@", is_comparison=True)(func.to_tsquery(literal_column("'simple'"), query))
    query = " AND ".join(map(_fts5, words.wanted)) + "".join(f" NOT {_fts5(term)}" for term in words.unwanted)
    return literal_column("article_search").op("MATCH", is_comparison=True)(query)


def joined(connection: Connection, statement: Select[Any], articles: FromClause) -> Select[Any]:
    """Return a statement over articles narrowed to the rows of the index that are of their versions."""
    place = index if connection.dialect.name == "postgresql" else rows
    statement = statement.join(place, and_(place.c.article_id == articles.c.article_id, place.c.version == articles.c.version))
    return statement if place is index else statement.join(index, index.c.rowid == rows.c.search_number)


def number(connection: Connection) -> ColumnElement[int]:
    """Return the column that numbers the rows of the index in order of storing."""
    return index.c.search_number if connection.dialect.name == "postgresql" else index.c.rowid


def _fts5(term: Term) -> str:
    # Words are letters and digits only, so that a quotation mark cannot end the phrase.
    return f'"{" ".join(term.words)}"{"*" if term.is_prefix else ""}'


def _tsquery(term: Term) -> str:
    quoted = [f"'{word}'" for word in term.words]
    return "(" + " <-> ".join([*quoted[:-1], quoted[-1] + (":*" if term.is_prefix else "")]) + ")"

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Table, select

from monitor.core.types import Article, Baseline, Change, Delivery, Entry, Evidence, Feed, FeedState, IssueState, Match, Poll, Review
from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.session import SqlUnitOfWork
from tests.examples import ARTICLE, ISSUE, NOON, article


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (Article, schema.article_versions),
        (Baseline, schema.baselines),
        (Change, schema.changes),
        (Delivery, schema.outbox),
        (Entry, schema.entries),
        (Evidence, schema.evidence),
        (FeedState, schema.feeds),
        (Feed, schema.feeds),
        (IssueState, schema.issues),
        (Match, schema.matches),
        (Poll, schema.polls),
        (Review, schema.reviews),
    ],
)
def test_every_field_has_its_column(kind: type[Article], table: Table) -> None:
    elsewhere = {"feed": "feed_key", "key": "feed_key"}
    assert {elsewhere.get(field.name, field.name) for field in fields(kind)} <= set(table.columns.keys())


def test_instants_of_any_zone_come_back_in_utc(sql: SqlUnitOfWork) -> None:
    local = datetime(2026, 3, 1, 23, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
    with sql.transaction() as tx:
        tx.articles.add(article(published_at=local), fingerprints=[])
        stored = tx.articles.get([ARTICLE])[ARTICLE]
    assert stored.published_at == local
    assert stored.published_at.tzinfo is UTC


def test_instants_sort_by_time_whatever_their_zone_and_fraction(sql: SqlUnitOfWork) -> None:
    east, west = timezone(timedelta(hours=9)), timezone(timedelta(hours=-8))
    ordered = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(seconds=1), NOON + timedelta(days=400)]
    with sql.transaction() as tx:
        for number, at in reversed(list(enumerate(ordered))):
            tx.articles.add(article(f"a-{number}", published_at=at.astimezone(east if number % 2 else west)), fingerprints=[])
        found = [found.article_id for found in tx.articles.unmatched(ISSUE, "b", limit=9)]
    assert found == ["a-0", "a-1", "a-2", "a-3"]


def test_a_naive_instant_is_refused(sql: SqlUnitOfWork) -> None:
    naive = replace(article(), first_seen_at=datetime(2026, 3, 1))  # noqa: DTZ001 - this is what is refused
    with pytest.raises(StoreError, match="no zone"), sql.transaction() as tx:
        tx.articles.add(naive, fingerprints=[])


def test_characters_that_no_database_takes_become_marks_and_offsets_stay(sql: SqlUnitOfWork) -> None:
    with sql.transaction() as tx:
        tx.articles.add(article(title="a\0b\ud800c \U0001f600"), fingerprints=["f\0"])
    with sql.reading() as tx:
        assert tx.articles.get([ARTICLE])[ARTICLE].title == "a\ufffdb\ufffdc \U0001f600"


def test_keys_sort_by_code_point_on_every_database(sql: SqlUnitOfWork) -> None:
    keys = ["Z", "a", "a-b", "ab", "é"]
    with sql.transaction() as tx:
        for key in reversed(keys):
            tx.articles.add(article(key), fingerprints=[])
    with sql.connect(is_readonly=True) as connection:
        table = schema.articles
        assert list(connection.scalars(select(table.c.article_id).order_by(table.c.article_id))) == keys

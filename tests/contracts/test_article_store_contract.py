"""What every ArticleStore promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from monitor.core.types import ArticleId, DateBasis, Edit, Embedding, FeedKey
from monitor.ports import UnitOfWork
from tests.builders import make_article
from tests.examples import ARTICLE, ISSUE, NOON, after, article, entry, feed, fill, match


def test_an_article_comes_back_as_it_was_stored(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.articles.add(article(), fingerprints=["f-1"])
    with unit.reading() as tx:
        assert tx.articles.get([ARTICLE, ArticleId("unknown")]) == {ARTICLE: article()}
        assert tx.articles.get([]) == {}


def test_the_latest_version_is_the_article_and_all_are_kept(unit: UnitOfWork) -> None:
    edited = article(version=2, title="Duties end", published_at=after(30))
    with unit.transaction() as tx:
        tx.articles.add(article(), fingerprints=[])
        tx.articles.add(edited, fingerprints=[])
        assert tx.articles.get([ARTICLE]) == {ARTICLE: edited}
        assert tx.articles.versions(ARTICLE) == [article(), edited]
        assert tx.articles.versions(ArticleId("unknown")) == []


def test_an_older_version_that_comes_late_is_kept_and_not_the_latest(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.articles.add(article(version=2), fingerprints=[])
        tx.articles.add(article(version=1), fingerprints=[])
        assert tx.articles.get([ARTICLE]) == {ARTICLE: article(version=2)}
        assert tx.articles.versions(ARTICLE) == [article(version=1), article(version=2)]


def test_the_same_version_again_changes_nothing(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.articles.add(article(), fingerprints=[])
        tx.articles.add(article(title="Other words"), fingerprints=[])
        assert tx.articles.versions(ARTICLE) == [article()]


def test_a_fingerprint_belongs_to_the_article_that_had_it_first(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.articles.add(article("a-1"), fingerprints=["f-1", "f-1", "f-2"])
        tx.articles.add(article("a-2"), fingerprints=["f-2", "f-3"])
        tx.articles.add(article("a-1"), fingerprints=["f-4"])
        known = tx.articles.by_fingerprint(["f-1", "f-2", "f-3", "f-4", "f-5"])
        assert known == {"f-1": "a-1", "f-2": "a-1", "f-3": "a-2", "f-4": "a-1"}


def test_more_fingerprints_than_fit_into_one_statement_are_found(unit: UnitOfWork) -> None:
    marks = [f"f-{number}" for number in range(2500)]
    with unit.transaction() as tx:
        tx.articles.add(article(), fingerprints=marks)
        assert tx.articles.by_fingerprint(marks) == dict.fromkeys(marks, ARTICLE)


def test_further_fingerprints_leave_those_that_are_known_to_their_article(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.articles.add(article("a-1"), fingerprints=["u:1"])
        tx.articles.add(article("a-2"), fingerprints=[])
        tx.articles.add_fingerprints([(ArticleId("a-2"), ["u:1", "g:2"]), (ArticleId("a-1"), ("g:2", "g:1"))])
        tx.articles.add_fingerprints([])
        assert tx.articles.by_fingerprint(["u:1", "g:1", "g:2"]) == {"u:1": "a-1", "g:1": "a-1", "g:2": "a-2"}


def test_entries_are_known_by_feed_and_identity(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        tx.feeds.sync([feed("wire"), feed("zoo")], now=NOON)
        tx.articles.add(article("a-1"), fingerprints=[])
        tx.articles.add(article("a-2"), fingerprints=[])
        tx.articles.add_entry(entry("wire"), identity="e-1", article_id=ArticleId("a-1"))
        tx.articles.add_entry(entry("zoo"), identity="e-1", article_id=ArticleId("a-2"))
        assert tx.articles.known_entries(FeedKey("wire"), ["e-1", "e-2"]) == {"e-1": "a-1"}
        assert tx.articles.known_entries(FeedKey("zoo"), ["e-1"]) == {"e-1": "a-2"}


def test_an_entry_stored_again_changes_nothing(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx, "a-1", "a-2")
        tx.articles.add_entry(entry(), identity="e-1", article_id=ArticleId("a-1"))
        tx.articles.add_entry(entry(), identity="e-1", article_id=ArticleId("a-2"))
        assert tx.articles.known_entries(FeedKey("wire"), ["e-1"]) == {"e-1": "a-1"}


def test_unmatched_articles_come_oldest_publication_first_up_to_the_limit(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx, "a-1")
        tx.articles.add(article("a-3", published_at=after(-5)), fingerprints=[])
        tx.articles.add(article("a-2"), fingerprints=[])
        assert [found.article_id for found in tx.articles.unmatched(ISSUE, "b-1", limit=9)] == ["a-3", "a-1", "a-2"]
        assert [found.article_id for found in tx.articles.unmatched(ISSUE, "b-1", limit=2)] == ["a-3", "a-1"]


def test_a_verdict_counts_for_its_version_and_baseline_only(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        tx.articles.add_match(match(is_match=False))
        assert tx.articles.unmatched(ISSUE, "b-1", limit=9) == []
        assert tx.articles.unmatched(ISSUE, "b-2", limit=9) == [article()]
        tx.articles.add(article(version=2), fingerprints=[])
        assert tx.articles.unmatched(ISSUE, "b-1", limit=9) == [article(version=2)]


def test_a_verdict_may_be_replaced(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        tx.articles.add_match(match(score=0.1, is_match=False))
        tx.articles.add_match(replace(match(), reason="the policy changed"))
        assert tx.articles.unmatched(ISSUE, "b-1", limit=9) == []


def test_vectors_come_back_for_their_model_only(unit: UnitOfWork) -> None:
    first, second = np.array([0.6, -0.8], dtype=np.float32), np.array([1, 0, 0], dtype=np.float32)
    with unit.transaction() as tx:
        tx.articles.add_embeddings([Embedding("t-1", "m-1", first), Embedding("t-2", "m-1", -first), Embedding("t-1", "m-2", second)])
    with unit.reading() as tx:
        found = tx.articles.embeddings(["t-1", "t-2", "t-3"], model_id="m-1")
        assert found.keys() == {"t-1", "t-2"}
        assert found["t-1"].dtype == np.float32
        np.testing.assert_array_equal(found["t-1"], first)
        np.testing.assert_array_equal(tx.articles.embeddings(["t-1"], model_id="m-2")["t-1"], second)


def test_a_vector_that_exists_is_kept(unit: UnitOfWork) -> None:
    first, second = np.array([1, 0], dtype=np.float32), np.array([0, 1], dtype=np.float32)
    with unit.transaction() as tx:
        tx.articles.add_embeddings([Embedding("t-1", "m-1", first)])
        tx.articles.add_embeddings(iter([Embedding("t-1", "m-1", second)]))
        np.testing.assert_array_equal(tx.articles.embeddings(["t-1"], model_id="m-1")["t-1"], first)


def test_an_article_is_found_by_id_by_its_address_and_by_its_entrys_address(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        fill(tx)
        tx.articles.add_entry(entry(url="https://feed.example/go/1"), identity="e-1", article_id=ARTICLE)
        edited = replace(article(version=2), url="https://news.example/moved")
        tx.articles.add(edited, fingerprints=[])
        for known in (ARTICLE, "https://news.example/a-1", "https://news.example/moved", "https://feed.example/go/1"):
            assert tx.articles.find(known) == edited
        assert tx.articles.find("https://news.example/none") is None


def test_of_articles_with_one_address_the_latest_published_is_found(unit: UnitOfWork) -> None:
    live = [replace(article(f"a-{number}", published_at=after(number)), url="https://news.example/live") for number in (2, 3, 1)]
    with unit.transaction() as tx:
        for found in live:
            tx.articles.add(found, fingerprints=[])
        assert tx.articles.find("https://news.example/live") == live[1]


def test_many_are_stored_as_if_one_after_the_other(unit: UnitOfWork) -> None:
    edited = article(version=2, title="Duties end", published_at=after(30))
    with unit.transaction() as tx:
        tx.feeds.sync([feed()], now=NOON)
        tx.articles.add_all([(article(), ["f-1"]), (article("a-2"), ["f-1", "f-2"]), (edited, ["f-3"]), (article(title="x"), [])])
        tx.articles.add_all([])
        assert tx.articles.get([ARTICLE, ArticleId("a-2")]) == {ARTICLE: edited, ArticleId("a-2"): article("a-2")}
        assert tx.articles.versions(ARTICLE) == [article(), edited]
        assert tx.articles.by_fingerprint(["f-1", "f-2", "f-3"]) == {"f-1": "a-1", "f-2": "a-2", "f-3": "a-1"}
        tx.articles.add_entries([(entry(), "e-1", ARTICLE), (entry(), "e-2", ArticleId("a-2")), (entry(), "e-1", ArticleId("a-2"))])
        tx.articles.add_entries([])
        assert tx.articles.known_entries(FeedKey("wire"), ["e-1", "e-2", "e-3"]) == {"e-1": "a-1", "e-2": "a-2"}


def test_what_a_version_changed_and_what_dates_it_come_back(unit: UnitOfWork) -> None:
    edited = replace(article(version=2), dated_by=DateBasis.PAGE, edits=(Edit("Duties stay.", "Duties end."), Edit("", "“Zürich”")))
    with unit.transaction() as tx:
        tx.articles.add(article(), fingerprints=[])
        tx.articles.add(edited, fingerprints=[])
    with unit.reading() as tx:
        assert tx.articles.versions(ARTICLE) == [article(), edited]


def test_the_ids_that_came_with_an_address_are_those_of_the_feed(unit: UnitOfWork) -> None:
    first, other = entry(), replace(entry(), guid="another")
    with unit.transaction() as tx:
        tx.feeds.sync([feed(), feed("other")], now=NOON)
        tx.articles.add(article(), fingerprints=[])
        tx.articles.add_entry(first, identity="i-1", article_id=ARTICLE)
        tx.articles.add_entry(other, identity="i-2", article_id=ARTICLE)
        tx.articles.add_entry(replace(first, feed_key=FeedKey("other"), guid="elsewhere"), identity="i-1", article_id=ARTICLE)
    with unit.reading() as tx:
        found = tx.articles.delivered(first.feed_key, [first.url, "https://unknown.example/"])
        assert sorted(found, key=str) == sorted([(first.url, first.guid), (first.url, "another")], key=str)
        assert tx.articles.delivered(first.feed_key, []) == []


def test_the_latest_articles_of_an_outlet_come_latest_first(unit: UnitOfWork) -> None:
    with unit.transaction() as tx:
        for number in range(4):
            tx.articles.add(
                make_article(f"a-{number}", source="Wire" if number else "Gazette", published_at=after(number)), fingerprints=[]
            )
        tx.articles.add(make_article("a-2", source="Wire", version=2, title="Edited", published_at=after(2)), fingerprints=[])
        assert [(one.article_id, one.title) for one in tx.articles.latest_of("Wire", before=after(9), limit=2)] == [
            ("a-3", article().title),
            ("a-2", "Edited"),
        ]
        assert [one.article_id for one in tx.articles.latest_of("Wire", before=after(3), limit=9)] == ["a-2", "a-1"]
        assert tx.articles.latest_of("Nobody", before=after(9), limit=2) == []

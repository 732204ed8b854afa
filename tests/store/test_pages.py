"""The read models of the review page, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from monitor.core.search import parse_search
from monitor.core.text import head_text, text_hash
from monitor.core.types import ArticleId, ChangeId, ChangeKind, Embedding, FeedKey, IssueKey, Poll, ReviewAction, ReviewId
from monitor.ports.pages import ArticleFilter, ChangeFilter, Mark, Reviewed, Verdict
from monitor.store import article_pages
from monitor.store.pages import SqlPages
from monitor.store.session import SqlUnitOfWork
from tests.examples import ISSUE, NOON, after, article, baseline, change, delivery, evidence, fill, match, review

OTHER = IssueKey("port-dues")


@pytest.fixture
def pages(sql: SqlUnitOfWork) -> SqlPages:
    with sql.transaction() as tx:
        fill(tx)
        tx.issues.ensure(OTHER, title="", ladder_key="agreement")
        tx.issues.save_baseline(baseline())
    return SqlPages(sql)


def ids(pages: SqlPages, wanted: ChangeFilter, *, limit: int = 2) -> list[list[str]]:
    """Return the ids of every page of a list."""
    found, after_ = [], None
    while True:
        page = pages.changes(wanted, after=after_, limit=limit)
        found.append([str(row.change.change_id) for row in page.rows])
        after_ = page.after
        if after_ is None:
            return found


def test_the_log_is_cut_into_pages_newest_first(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    with sql.transaction() as tx:
        for number, minute in enumerate([0, 5, 5, 1, 9]):
            tx.issues.add_change(change(f"c-{number}", at=after(minute)), now=NOON)
        tx.issues.add_change(change("c-9", at=after(7), issue_key=OTHER), now=NOON)
        tx.issues.add_change(replace(change("c-d", at=after(-5)), kind=ChangeKind.DENIAL), now=NOON)
    assert ids(pages, ChangeFilter()) == [["c-4", "c-9"], ["c-2", "c-1"], ["c-3", "c-0"], ["c-d"]]
    assert ids(pages, ChangeFilter(issue_key=OTHER)) == [["c-9"]]
    assert ids(pages, ChangeFilter(kinds=(ChangeKind.DENIAL,))) == [["c-d"]]
    assert ids(pages, ChangeFilter(since=after(1), until=after(7)), limit=9) == [["c-2", "c-1", "c-3"]]
    assert [row.change.change_id for row in pages.newer(pages.last_number() - 2, limit=9)] == ["c-9", "c-d"]
    assert [found.change_id for found in pages.course(ISSUE, limit=3)] == ["c-1", "c-2", "c-4"]


def test_what_people_said_decides_which_changes_are_open(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    with sql.transaction() as tx:
        for name in ("c-1", "c-2", "c-3", "c-4"):
            tx.issues.add_change(replace(change(name), is_history=name == "c-4"), now=NOON)
        tx.reviews.add(review("r-1", change_id=ChangeId("c-1")))
        tx.reviews.add(review("r-2", ReviewAction.NOT_A_CHANGE, change_id=ChangeId("c-2")))
        tx.reviews.add(review("r-3", minute=1, change_id=ChangeId("c-3")))
        tx.reviews.add(review("r-4", ReviewAction.UNDO, minute=2, change_id=ChangeId("c-3"), undoes=ReviewId("r-3")))
    assert ids(pages, ChangeFilter(reviewed=Reviewed.OPEN)) == [["c-3"]]
    assert ids(pages, ChangeFilter(reviewed=Reviewed.ACCEPTED)) == [["c-1"]]
    assert ids(pages, ChangeFilter(reviewed=Reviewed.REJECTED)) == [["c-2"]]
    row = pages.change(ChangeId("c-3"))
    assert row is not None
    assert [found.review_id for found in row.reviews] == ["r-3", "r-4"]
    assert pages.change(ChangeId("c-9")) is None


def test_an_empty_store_has_empty_pages(pages: SqlPages) -> None:
    assert pages.changes(ChangeFilter()).rows == ()
    assert pages.changes(ChangeFilter(reviewed=Reviewed.OPEN)).after is None
    assert pages.last_number() == 0
    assert pages.volume(ISSUE) == []


def fill_articles(sql: SqlUnitOfWork) -> None:
    words = ["Dockers strike at the port", "Port strike settled", "Talks on olive duties", "Zürich talks fail", "Nothing of note"]
    with sql.transaction() as tx:
        for number, title in enumerate(words):
            tx.articles.add(article(f"w-{number}", title=title, published_at=after(number)), fingerprints=[])
            tx.articles.add_match(match(f"w-{number}", score=0.9 - number / 10, is_match=number < 2))
        tx.articles.add_match(match("w-4", baseline_id="b-0"))


def found(pages: SqlPages, wanted: ArticleFilter, *, limit: int = 50) -> list[str]:
    keys: list[str] = []
    mark: Mark | None = None
    while True:
        page = pages.articles(wanted, after=mark, limit=limit)
        keys += [row.article.article_id for row in page.rows]
        mark = page.after
        if mark is None:
            return keys


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_articles_are_listed_filtered_and_cut_into_pages(sql: SqlUnitOfWork, pages: SqlPages, limit: int) -> None:
    fill_articles(sql)
    assert found(pages, ArticleFilter(), limit=limit) == ["w-4", "w-3", "w-2", "w-1", "w-0", "a-1"]
    assert found(pages, ArticleFilter(source="Wire", since=after(3)), limit=limit) == ["w-4", "w-3"]
    assert found(pages, ArticleFilter(source="Gazette"), limit=limit) == []
    assert found(pages, ArticleFilter(issue_key=ISSUE, verdict=Verdict.MATCH), limit=limit) == ["w-1", "w-0"]
    assert found(pages, ArticleFilter(verdict=Verdict.MATCH), limit=limit) == ["w-1", "w-0"]
    assert found(pages, ArticleFilter(issue_key=ISSUE, verdict=Verdict.NO_MATCH), limit=limit) == ["w-4", "w-3", "w-2"]
    nearest = ArticleFilter(issue_key=ISSUE, verdict=Verdict.NO_MATCH, is_nearest_first=True)
    assert found(pages, nearest, limit=limit) == ["w-2", "w-3", "w-4"]
    assert found(pages, replace(nearest, verdict=Verdict.ANY), limit=limit) == ["w-0", "w-1"]


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("strike", ["w-1", "w-0"]),
        ("STRIKE -settled", ["w-0"]),
        ('"port strike"', ["w-1"]),
        ("dock*", ["w-0"]),
        ("ZÜRICH fail", ["w-3"]),
        ("agreed talks", ["w-3", "w-2"]),
        ("nonsense", []),
    ],
)
def test_articles_are_found_by_their_words(sql: SqlUnitOfWork, pages: SqlPages, typed: str, keys: list[str]) -> None:
    fill_articles(sql)
    words = parse_search(typed)
    assert found(pages, ArticleFilter(words=words)) == found(pages, ArticleFilter(words=words), limit=1) == keys
    matched = ArticleFilter(words=words, issue_key=ISSUE, verdict=Verdict.MATCH)
    assert found(pages, matched) == [key for key in keys if key in {"w-0", "w-1"}]


def test_only_the_latest_version_is_found(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    fill_articles(sql)
    with sql.transaction() as tx:
        tx.articles.add(article("w-0", version=2, title="Dockers back at work"), fingerprints=[])
    assert found(pages, ArticleFilter(words=parse_search("strike"))) == ["w-1"]
    assert found(pages, ArticleFilter(words=parse_search("back"))) == ["w-0"]


def test_an_article_comes_whole_with_its_present_verdicts(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    fill_articles(sql)
    row = pages.article(ArticleId("w-4"))
    assert row is not None
    assert row.article.text == article().text
    assert [found.baseline_id for found in row.matches] == ["b-1"]
    assert pages.article(ArticleId("none")) is None


def test_the_nearest_articles_are_those_whose_vectors_are(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    fill_articles(sql)
    vectors = {"w-0": [1, 0, 0], "w-1": [0.8, 0.6, 0], "w-2": [0, 1, 0], "w-3": [0.6, 0.8, 0]}
    with sql.transaction() as tx:
        for key, vector in vectors.items():
            stored = tx.articles.get([ArticleId(key)])[ArticleId(key)]
            head = text_hash(head_text(stored.title, stored.text))
            tx.articles.add_embeddings([Embedding(head, "m", np.array(vector, dtype=np.float32))])
            stranger = Embedding(head, "another", np.array([0, 0, 1], dtype=np.float32))
            tx.articles.add_embeddings([stranger] if key == "w-2" else [])
        first, alone = tx.articles.get([ArticleId("w-0")])[ArticleId("w-0")], tx.articles.get([ArticleId("w-4")])[ArticleId("w-4")]
    near = pages.like(first, limit=2)
    assert near is not None
    assert [(found.row.article.article_id, round(found.similarity, 2)) for found in near.neighbours] == [("w-1", 0.8), ("w-3", 0.6)]
    assert (near.is_whole, near.n_compared) == (True, 3)
    assert pages.like(alone, limit=2) is None


def test_what_gets_its_vector_later_is_found_then(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    fill_articles(sql)
    keys = [ArticleId("w-0"), ArticleId("w-1")]
    for n_near, key in enumerate(keys):
        with sql.transaction() as tx:
            stored = tx.articles.get(keys)
            tx.articles.add_embeddings(
                [Embedding(text_hash(head_text(stored[key].title, stored[key].text)), "m", np.array([1, 0, 0], np.float32))]
            )
        near = pages.like(stored[keys[0]], limit=5)
        assert near is not None
        assert len(near.neighbours) == n_near


def test_an_older_version_is_not_what_an_article_is_like(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    with sql.transaction() as tx:
        versions = [article("w-0", title="One"), article("w-1", title="The same"), article("w-1", title="Another", version=2)]
        for number, version in enumerate(versions):
            tx.articles.add(version, fingerprints=[f"f-{number}"])
        # Both versions have a vector; only that of the first is near.
        for version, vector in zip(versions, ([1, 0, 0], [1, 0, 0], [0, 0, 1]), strict=True):
            tx.articles.add_embeddings([Embedding(text_hash(head_text(version.title, version.text)), "m", np.array(vector, np.float32))])
    near = pages.like(versions[0], limit=5)
    assert near is not None
    assert [(found.row.article.article_id, found.similarity) for found in near.neighbours] == [("w-1", 0.0)]


def test_until_all_vectors_are_read_those_around_are_compared_and_the_answer_says_so(
    sql: SqlUnitOfWork, pages: SqlPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(article_pages, "N_INLINE", 1)
    fill_articles(sql)
    with sql.transaction() as tx:
        stored = tx.articles.get([ArticleId(f"w-{number}") for number in range(4)])
        for one in stored.values():
            tx.articles.add_embeddings([Embedding(text_hash(head_text(one.title, one.text)), "m", np.array([1, 0, 0], np.float32))])
    near = pages.like(stored[ArticleId("w-0")], limit=5)
    assert near is not None
    assert not near.is_whole
    assert len(near.neighbours) == 3
    while pages.take_in(1):
        pass
    near = pages.like(stored[ArticleId("w-0")], limit=5)
    assert near is not None
    assert near.is_whole
    assert len(near.neighbours) == 3


def test_what_was_read_is_counted_by_day_and_listed(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    with sql.transaction() as tx:
        fill(tx, "a-1", "a-2", "a-3")
        for key, hours in (("a-1", 0), ("a-2", 11), ("a-3", 13)):
            tx.issues.add_evidence(evidence(key, published_at=after(60 * hours)))
        tx.issues.mark_seen(evidence("a-1"), verdict="no step", now=NOON)
    assert pages.volume(ISSUE) == [(date(2026, 3, 1), 2), (date(2026, 3, 2), 1)]
    reads = pages.reads(ISSUE, limit=2)
    assert [read.article_id for read in reads] == ["a-3", "a-2"]
    assert pages.reads(ISSUE, limit=9)[-1].verdict == "no step"
    assert reads[0].origin_keys == ("byline:wire", "url:a-1")


def test_deliveries_of_a_change_are_listed(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    with sql.transaction() as tx:
        for found_ in (delivery("d-1"), delivery("d-2")):
            tx.outbox.add(found_)
    assert [found_.delivery_id for found_ in pages.deliveries(ChangeId("c-d-1"))] == ["d-1"]


def test_polls_tell_failures_and_what_ended_them(sql: SqlUnitOfWork, pages: SqlPages) -> None:
    outcomes = ["ok", "FetchError", "FetchError", "not_modified", "ok"]
    with sql.transaction() as tx:
        for minute, outcome in enumerate(outcomes):
            tx.feeds.record(Poll(FeedKey("wire"), after(minute), outcome))
    told = [poll.outcome for poll in pages.polls(since=NOON, limit=9)]
    assert told == ["FetchError", "FetchError", "not_modified"]
    assert [poll.at for poll in pages.polls(since=NOON, limit=1)] == [after(2), after(3)]

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.dedupe import EntryDecision, Known, New, NewVersion, choose_known, decide_entry
from monitor.core.marks import article_fingerprints, content_hash, entry_identity, new_article_id
from monitor.core.types import Article, ArticleId, DateBasis, Entry, FeedKey

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG = "Negotiators met in the harbour town for a third day. " * 6
ENTRY = Entry(
    feed_key=FeedKey("gazette"),
    guid="g-1",
    url="https://gazette.example/ferry",
    title="Ferry talks resume",
    text="The two ministries met again on Monday.",
    published_at=NOON - timedelta(hours=1),
    published_raw="2026-03-02T11:00:00Z",
    fetched_at=NOON,
)


class Shelf:
    """Remembers what a store would, in the fewest words."""

    def __init__(self) -> None:
        self.identities: dict[tuple[str, str], ArticleId] = {}
        self.fingerprints: dict[str, ArticleId] = {}
        self.articles: dict[ArticleId, Article] = {}

    def take(self, entry: Entry, at: datetime = NOON) -> EntryDecision:
        marks = article_fingerprints(entry)
        identity = (entry.feed_key, entry_identity(entry))
        found = {mark: self.fingerprints[mark] for mark in marks if mark in self.fingerprints}
        article_id = choose_known(self.identities.get(identity), marks, found)
        known = self.articles[article_id] if article_id else None
        decision = decide_entry(entry, known, at, source="Gazette", seen=found)
        self.articles[decision.article.article_id] = decision.article
        self.identities.setdefault(identity, decision.article.article_id)
        for mark in marks:
            self.fingerprints.setdefault(mark, decision.article.article_id)
        return decision


def test_the_first_sight_of_an_entry_founds_an_article() -> None:
    decision = Shelf().take(ENTRY)
    assert isinstance(decision, New)
    assert decision.article == Article(
        article_id=new_article_id(ENTRY),
        url=ENTRY.url,
        source="Gazette",
        title=ENTRY.title,
        text=ENTRY.text,
        published_at=NOON - timedelta(hours=1),
        first_seen_at=NOON,
    )


SAME = [
    ("nothing changed", {}),
    ("the guid changed", {"guid": "g-2"}),
    ("the guid went", {"guid": None}),
    ("the link got tracking", {"url": "https://gazette.example/ferry?utm_source=rss"}),
    ("the link moved to https", {"url": "http://www.gazette.example/ferry/"}),
    ("blanks changed", {"text": "The  two ministries met again\non Monday. "}),
    ("quotation marks and case changed", {"title": "FERRY talks resume"}),
    ("the text was cut to a teaser", {"text": "The two ministries met again..."}),
    ("the text went", {"text": ""}),
    ("the date was bumped", {"published_raw": "2026-03-02T11:59:00Z"}),
    ("the article moved to another address", {"url": "https://gazette.example/2026/ferry"}),
    ("it came by another feed", {"feed_key": FeedKey("gazette-world"), "guid": "w-9"}),
]


@pytest.mark.parametrize("changes", [changes for _, changes in SAME], ids=[name for name, _ in SAME])
def test_an_entry_that_tells_nothing_new_is_known(changes: dict[str, object]) -> None:
    shelf = Shelf()
    first = shelf.take(ENTRY).article
    assert shelf.take(replace(ENTRY, **changes)) == Known(first)  # type: ignore[arg-type]


VERSIONS = [
    ("another headline", {"title": "Ferry talks end in agreement"}),
    ("another headline and guid", {"title": "Ferry talks end in agreement", "guid": "ferry-talks-end"}),
    ("another headline and address", {"title": "Ferry talks end", "url": "https://gazette.example/ferry-talks-end"}),
    ("more text", {"text": ENTRY.text + " They signed."}),
    ("another text altogether at the same address", {"text": "Both sides have signed."}),
]


@pytest.mark.parametrize("changes", [changes for _, changes in VERSIONS], ids=[name for name, _ in VERSIONS])
def test_a_changed_headline_or_text_is_a_new_version_of_the_same_article(changes: dict[str, object]) -> None:
    shelf = Shelf()
    first = shelf.take(ENTRY).article
    changed = replace(ENTRY, **changes)  # type: ignore[arg-type]
    decision = shelf.take(changed, NOON + timedelta(hours=3))
    assert isinstance(decision, NewVersion)
    assert decision.article == replace(first, title=changed.title, text=changed.text, version=2, edits=decision.article.edits)
    assert decision.article.edits
    assert isinstance(shelf.take(changed), Known)


def test_an_edit_that_is_dated_anew_is_news_of_that_date() -> None:
    shelf = Shelf()
    shelf.take(ENTRY)
    edited = replace(ENTRY, text="They signed.", published_raw="2026-03-02T15:00:00Z", fetched_at=NOON + timedelta(hours=4))
    assert shelf.take(edited, NOON + timedelta(hours=4)).article.published_at == NOON + timedelta(hours=3)


def test_two_feeds_that_tell_one_article_differently_do_not_overwrite_each_other_for_ever() -> None:
    shelf = Shelf()
    other = replace(ENTRY, feed_key=FeedKey("world"), guid="w-1", text="Monday saw the ministries meet once more.")
    kinds = [type(shelf.take(entry)) for _ in range(3) for entry in (ENTRY, other)]
    assert kinds == [New, NewVersion, Known, Known, Known, Known]


def test_a_teaser_that_outlives_the_text_it_was_taken_from_is_not_taken_for_an_edit() -> None:
    shelf = Shelf()
    teaser = replace(ENTRY, feed_key=FeedKey("world"), guid="w-1", text="The two ministries met")
    edited = replace(ENTRY, text="Both sides have signed.")
    assert [type(shelf.take(entry)) for entry in (ENTRY, teaser, edited, teaser)] == [New, Known, NewVersion, Known]


def test_a_guid_that_all_items_share_hides_none_of_them() -> None:
    shelf = Shelf()
    items = [
        replace(ENTRY, guid="0", url=f"https://gazette.example/{n}", title=title, text="")
        for n, title in enumerate(["Ferry talks resume", "Court hears appeal", "Harvest fails"])
    ]
    assert [type(shelf.take(item)) for item in items] == [New] * 3
    assert [type(shelf.take(item)) for item in items] == [Known] * 3
    assert len(shelf.articles) == 3


def test_items_that_link_to_the_home_page_stay_apart() -> None:
    shelf = Shelf()
    items = [replace(ENTRY, guid=f"b-{n}", url="https://gazette.example/", title=title) for n, title in enumerate(["Ferry", "Court"])]
    assert [type(shelf.take(item)) for item in items] == [New, New]


def test_a_wire_copy_with_the_same_title_and_long_text_is_the_same_article_wherever_it_appears() -> None:
    shelf = Shelf()
    first = shelf.take(replace(ENTRY, text=LONG)).article
    copy = replace(ENTRY, feed_key=FeedKey("courier"), guid=None, url="https://courier.example/wire/7", text=LONG)
    assert shelf.take(copy) == Known(first)


def test_a_short_teaser_is_no_mark_of_an_article() -> None:
    assert not [mark for mark in article_fingerprints(ENTRY) if mark.startswith("t:")]
    assert [mark for mark in article_fingerprints(replace(ENTRY, text=LONG)) if mark.startswith("t:")]


def test_an_entry_without_guid_and_link_is_known_by_its_words() -> None:
    bare = replace(ENTRY, guid=None, url="")
    assert entry_identity(bare) == entry_identity(replace(bare, text=f" {bare.text}\n"))
    assert entry_identity(bare) != entry_identity(replace(bare, title="Court hears appeal"))
    assert new_article_id(bare) != new_article_id(replace(bare, title="Court hears appeal"))


def test_an_undated_entry_counts_as_published_when_it_was_fetched() -> None:
    undated = Shelf().take(replace(ENTRY, published_at=None, published_raw=None)).article
    assert (undated.published_at, undated.dated_by) == (NOON, DateBasis.SEEN)


WORDS = st.lists(st.text(alphabet="abcdéß’-", min_size=1), max_size=6)
ENTRIES = st.builds(
    Entry,
    feed_key=st.sampled_from([FeedKey("a"), FeedKey("b")]),
    guid=st.sampled_from([None, "0", "1"]),
    url=st.sampled_from(["", "https://a.example/", "https://a.example/1", "https://a.example/2", "not a link"]),
    title=WORDS.map(" ".join),
    text=WORDS.map(" ".join),
    published_at=st.none(),
    fetched_at=st.just(NOON),
)


@settings(deadline=None)
@given(st.lists(ENTRIES, max_size=8))
def test_polling_the_same_feed_again_finds_nothing_new(entries: list[Entry]) -> None:
    shelf = Shelf()
    for entry in entries:
        shelf.take(entry)
    articles = dict(shelf.articles)
    assert all(isinstance(shelf.take(entry), Known) for entry in entries)
    assert shelf.articles == articles


@settings(deadline=None)
@given(WORDS, WORDS)
def test_blanks_and_case_never_change_the_hash_of_the_words(title: list[str], text: list[str]) -> None:
    assert content_hash(" ".join(title), " ".join(text)) == content_hash("\n".join(title).upper().lower(), "\t ".join(text) + " ")

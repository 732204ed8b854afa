"""What a feed's items become, poll after poll: every way in which publishers are known to break identity, with nothing lost or doubled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from monitor.core.marks import page_address
from monitor.core.types import Article, DateBasis, Edit, Entry, FeedKey, IdPolicy
from monitor.jobs.intake import Intake, store_entries
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.story import GAZETTE, HERALD, START

HOUR = timedelta(hours=1)
SUBJECTS = ["ferry", "court", "harvest", "bridge", "tram", "dam", "school", "mine", "port", "budget"]


def item(number: int, **changes: object) -> Entry:
    """An item as a sound feed has it: its own id, address, date and words."""
    at = START - number * HOUR
    subject = SUBJECTS[number % len(SUBJECTS)]
    entry = Entry(
        feed_key=GAZETTE.key,
        guid=f"gazette-{number}",
        url=f"https://gazette.example/{subject}-{number}",
        title=f"The {subject} is in the news, part {number}",
        text="",
        published_at=at,
        published_raw=at.isoformat(),
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


@dataclass
class Desk:
    """Takes bodies in, an hour apart."""

    uow: MemoryUnitOfWork
    at: datetime = START
    taken: list[Intake] = field(default_factory=list)

    def take(self, entries: Sequence[Entry], feed_key: FeedKey = GAZETTE.key) -> Intake:
        self.at += HOUR
        with self.uow.transaction() as tx:
            delivered = [replace(entry, fetched_at=self.at, feed_key=feed_key) for entry in entries]
            intake = store_entries(delivered, tx, source=feed_key.title(), now=self.at)
        self.taken.append(intake)
        return intake

    @property
    def articles(self) -> list[Article]:
        return sorted(self.uow.committed().articles.values(), key=lambda article: article.title)

    def policy(self) -> IdPolicy:
        with self.uow.reading() as tx:
            verdict = tx.feeds.id_verdict(GAZETTE.key)
        assert verdict is not None
        return verdict.policy


@pytest.fixture
def desk(uow: MemoryUnitOfWork) -> Desk:
    with uow.transaction() as tx:
        tx.feeds.sync([GAZETTE, HERALD], now=START)
    return Desk(uow)


TEN = [item(n) for n in range(10)]


def with_headline(entry: Entry) -> Entry:
    return replace(entry, title=f"{entry.title}, in other words")


#: Name, first body, second body of the same ten items, versions that the second makes.
SAME_ITEMS: list[tuple[str, list[Entry], list[Entry], int]] = [
    ("nothing changed", TEN, TEN, 0),
    ("order turned round", TEN, TEN[::-1], 0),
    ("edited headlines", TEN, [with_headline(entry) for entry in TEN], 10),
    ("headline inside the id", TEN, [replace(with_headline(entry), guid=f"{entry.guid}-in-other-words") for entry in TEN], 10),
    ("all ids changed at once", TEN, [replace(entry, guid=f"urn:uuid:{n}") for n, entry in enumerate(TEN)], 0),
    (
        "ids and addresses changed at once",
        TEN,
        [replace(entry, guid=f"new-{n}", url=f"https://gazette.example/archive/{n}") for n, entry in enumerate(TEN)],
        0,
    ),
    ("a new id at every request", [replace(entry, guid=f"a{n}") for n, entry in enumerate(TEN)], [replace(entry, guid=f"b{n}") for n, entry in enumerate(TEN)], 0),
    ("tracking in the links", TEN, [replace(entry, url=f"{entry.url}?utm_source=rss&fbclid=1") for entry in TEN], 0),
    ("AMP twins", TEN, [replace(entry, url=f"{entry.url}/amp", guid=f"amp-{n}") for n, entry in enumerate(TEN)], 0),
    ("mobile twins", TEN, [replace(entry, url=entry.url.replace("//gazette", "//m.gazette"), guid=None) for entry in TEN], 0),
    ("dates bumped", TEN, [replace(entry, published_raw=(START + HOUR).isoformat(), published_at=START + HOUR) for entry in TEN], 0),
    ("dates gone", TEN, [replace(entry, published_raw=None, published_at=None) for entry in TEN], 0),
    ("one id for all", [replace(entry, guid="0") for entry in TEN], [replace(entry, guid="0") for entry in TEN], 0),
    ("no ids", [replace(entry, guid=None) for entry in TEN], [replace(entry, guid=None) for entry in TEN], 0),
    (
        "one page for all, ids of their own",
        [replace(entry, url=f"https://gazette.example/live#post-{n}") for n, entry in enumerate(TEN)],
        [replace(with_headline(entry), url=f"https://gazette.example/live#post-{n}") for n, entry in enumerate(TEN)],
        10,
    ),
    ("one page and one id for all", [replace(entry, url="https://gazette.example/live", guid="0") for entry in TEN], [replace(entry, url="https://gazette.example/live", guid="0") for entry in TEN], 0),
    ("links to the home page", [replace(entry, url="https://gazette.example/") for entry in TEN], [replace(entry, url="https://gazette.example/") for entry in TEN], 0),
    ("neither ids nor links", [replace(entry, url="", guid=None) for entry in TEN], [replace(entry, url="", guid=None) for entry in TEN], 0),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "n_versions"), [case[1:] for case in SAME_ITEMS], ids=[case[0] for case in SAME_ITEMS])
def test_ten_items_stay_ten_articles(desk: Desk, first: list[Entry], second: list[Entry], n_versions: int) -> None:
    assert desk.take(first).n_new == 10
    again = desk.take(second)
    assert (again.n_new, again.n_versions) == (0, n_versions)
    assert len(desk.articles) == 10
    # Whichever form comes next, it is known: nothing flip-flops.
    for body in (first, second, first, second):
        assert desk.take(body) == Intake(10, 10, 0, 0)


POLICIES = [
    ("one id for all", [replace(entry, guid="0") for entry in TEN], IdPolicy.URL),
    ("one page for all", [replace(entry, url=f"https://gazette.example/live#{n}") for n, entry in enumerate(TEN)], IdPolicy.ID),
    ("as it should be", TEN, IdPolicy.BOTH),
]


@pytest.mark.parametrize(("body", "policy"), [case[1:] for case in POLICIES], ids=[case[0] for case in POLICIES])
def test_the_policy_of_a_feed_is_there_after_its_first_poll(desk: Desk, body: list[Entry], policy: IdPolicy) -> None:
    desk.take(body)
    assert desk.policy() is policy


@pytest.mark.parametrize("is_edited", [False, True])
def test_ids_that_change_at_every_poll_fill_no_table(desk: Desk, is_edited: bool) -> None:
    for number in range(8):
        desk.take([replace(entry, guid=f"{number}-{n}", title=entry.title + f" ({number})" * is_edited) for n, entry in enumerate(TEN)])
    assert desk.policy() is IdPolicy.URL
    # The first poll's rows, the second's, whose ids had changed, and those from when ids were no longer asked for.
    assert len(desk.uow.committed().entries) <= 30
    assert len(desk.articles) == 10


def test_a_repeated_id_hides_no_item_even_where_it_is_the_only_one(desk: Desk) -> None:
    desk.take([TEN[0]])
    assert desk.take([replace(TEN[1], guid=TEN[0].guid)]).n_new == 1


def test_the_same_headline_in_two_places_may_be_two_articles(desk: Desk) -> None:
    briefings = [replace(entry, title="Morning briefing", text="") for entry in TEN[:3]]
    assert desk.take(briefings).n_new == 3


def test_an_edit_keeps_the_sentences_it_changed_and_is_dated_by_its_sight(desk: Desk) -> None:
    before, after = "They have broadly agreed on the ferry treaty.", "They have signed the ferry treaty."
    desk.take([replace(TEN[0], text=f"Ministers met. {before}")])
    desk.take([replace(TEN[0], text=f"Ministers met. {after}")])
    [article] = desk.articles
    assert (article.version, article.edits) == (2, (Edit(before, after),))
    assert (article.published_at, article.dated_by) == (desk.at, DateBasis.SEEN)


def test_the_words_of_another_feed_are_no_edit_and_make_nothing_younger(desk: Desk) -> None:
    desk.take([replace(TEN[0], text="Ministers met in the harbour town.")])
    desk.take([replace(TEN[0], guid="h-1", text="A meeting of ministers took place at the harbour.")], HERALD.key)
    [article] = desk.articles
    assert (article.version, article.published_at, article.dated_by) == (2, TEN[0].published_at, DateBasis.FEED)


def test_an_old_item_that_comes_back_with_a_new_date_is_no_news(desk: Desk) -> None:
    desk.take([TEN[9]])
    desk.take([replace(TEN[9], published_raw=(START + HOUR).isoformat(), published_at=START + HOUR)])
    [article] = desk.articles
    assert article.published_at == TEN[9].published_at


def test_old_items_that_resurface_when_newer_ones_are_deleted_are_known(desk: Desk) -> None:
    desk.take(TEN[:6])
    desk.take(TEN[4:])
    assert desk.take(TEN[3:]) == Intake(7, 7, 0, 0)


@pytest.mark.parametrize("entries", [TEN, TEN[::-1]], ids=["newest first", "oldest first"])
def test_the_order_of_a_feed_is_of_no_consequence(desk: Desk, entries: list[Entry]) -> None:
    desk.take(entries)
    assert {article.title: article.published_at for article in desk.articles} == {entry.title: entry.published_at for entry in TEN}


def test_several_thousand_items_at_once_are_all_kept(desk: Desk) -> None:
    many = [item(n) for n in range(3000)]
    assert desk.take(many).n_new == 3000
    assert desk.take(many) == Intake(3000, 3000, 0, 0)


def test_a_date_ahead_counts_from_its_first_sight_and_an_undated_item_by_its_address(desk: Desk) -> None:
    ahead = replace(TEN[0], published_raw="2062-01-01T00:00:00Z", published_at=None)
    in_address = replace(TEN[1], url="https://gazette.example/2023/05/17/court", published_raw=None, published_at=None)
    undated = replace(TEN[2], published_raw="lundi", published_at=None)
    desk.take([ahead, in_address, undated])
    dated = {article.url: (article.published_at, article.dated_by) for article in desk.articles}
    assert dated[ahead.url] == dated[undated.url] == (desk.at, DateBasis.SEEN)
    assert dated[in_address.url] == (datetime.fromisoformat("2023-05-17T23:59:59Z"), DateBasis.ADDRESS)


def test_an_item_without_words_gets_them_later_as_a_version(desk: Desk) -> None:
    desk.take([replace(TEN[0], title="")])
    assert desk.take([TEN[0]]).n_versions == 1
    assert [article.title for article in desk.articles] == [TEN[0].title]


def test_what_a_poll_was_served_is_written_down_once(desk: Desk) -> None:
    desk.take(TEN[:4])
    desk.take(TEN[:5])
    desk.take(TEN[:5])
    with desk.uow.reading() as tx:
        servings = tx.feeds.servings(GAZETTE.key, since=START, until=desk.at + HOUR)
        known = tx.articles.by_fingerprint([mark for serving in servings for mark in serving.marks])
    assert [(serving.n_items, serving.n_fresh) for serving in servings] == [(4, 4), (5, 1)]
    assert len(known) == 5


def test_an_item_with_nothing_to_know_it_by_is_passed_over(desk: Desk) -> None:
    assert desk.take([Entry(GAZETTE.key, None, "", "", "", None)]) == Intake()


def test_addresses_are_compared_by_their_page() -> None:
    assert (
        page_address("https://www.gazette.example/a?utm_source=x#y") == page_address("http://m.gazette.example/a/") == "gazette.example/a"
    )

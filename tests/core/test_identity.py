"""What ids are worth, by what they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.identity import count_habits, date_habit, decide_id_policy
from monitor.core.marks import article_fingerprints, entry_identity, new_article_id, without_twins
from monitor.core.types import Entry, FeedKey, IdHabits, IdPolicy

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def item(number: int, *, guid: str | None = "", url: str = "", title: str = "", at: datetime | None = NOON) -> Entry:
    """An item of its own id, address and words, but for what is given; `-` is an empty address."""
    return Entry(
        feed_key=FeedKey("gazette"),
        guid=f"g-{number}" if guid == "" else guid,
        url={"": f"https://gazette.example/{number}", "-": ""}.get(url, url),
        title=title or f"The headline of story number {number}, as it was",
        text="",
        published_at=at,
        published_raw=at.isoformat() if at else None,
        fetched_at=NOON,
    )


POLICIES = [
    ("as it should be", [item(n) for n in range(9)], IdPolicy.BOTH, "each id and each address is of one item"),
    ("no item", [], IdPolicy.BOTH, "no item seen yet"),
    ("one id for all", [item(n, guid="0") for n in range(9)], IdPolicy.URL, "9 of 9 items have an id that another item has as well"),
    ("no ids", [item(n, guid=None) for n in range(9)], IdPolicy.URL, "9 of 9 items have no id"),
    (
        "one page for all",
        [item(n, url="https://gazette.example/live#1") for n in range(9)],
        IdPolicy.ID,
        "9 of 9 items share their address with another item; their ids tell them apart",
    ),
    (
        "one page and one id for all",
        [item(n, guid="0", url="https://gazette.example/live") for n in range(9)],
        IdPolicy.WORDS,
        "9 of 9 items share their address with another item, and 9 of 9 items have an id that another item has as well",
    ),
    ("an old and a new headline", [item(1, title="Ferry sinks"), *(item(n) for n in range(9))], IdPolicy.BOTH, ""),
    ("two items on one live page", [item(n, url="https://gazette.example/1" if n < 2 else "") for n in range(9)], IdPolicy.BOTH, ""),
    ("one item twice", [item(1), item(1), item(1), *(item(n) for n in range(2, 9))], IdPolicy.BOTH, ""),
    ("an item twice, once with tracking", [item(1), item(1, url="https://gazette.example/1?utm_source=a")], IdPolicy.BOTH, ""),
]


@pytest.mark.parametrize(("entries", "policy", "why"), [case[1:] for case in POLICIES], ids=[case[0] for case in POLICIES])
def test_one_body_is_enough_to_see_what_ids_do(entries: list[Entry], policy: IdPolicy, why: str) -> None:
    verdict = decide_id_policy(count_habits(entries, {}))
    assert verdict.policy is policy
    assert why in verdict.reason


def test_where_neither_ids_nor_addresses_tell_items_apart_their_words_do() -> None:
    entries = [item(n, guid=f"g-{n // 2}", url="https://gazette.example/live") for n in range(10)]
    verdict = decide_id_policy(count_habits(entries, {}))
    assert verdict.policy is IdPolicy.WORDS
    assert "share their address" in verdict.reason


def test_ids_that_change_from_poll_to_poll_are_not_asked_for() -> None:
    before = {f"gazette.example/{n}": {f"old-{n}"} for n in range(9)}
    verdict = decide_id_policy(count_habits([item(n) for n in range(9)], before))
    assert (verdict.policy, verdict.reason) == (IdPolicy.URL, "9 of 9 items that came again had another id")


def test_a_feed_whose_ids_all_changed_at_once_is_believed_again_when_they_stay() -> None:
    before = {f"gazette.example/{n}": {f"old-{n}"} for n in range(9)}
    habits = count_habits([item(n) for n in range(9)], before)
    kept = {address: {*ids, f"g-{address.rpartition('/')[2]}"} for address, ids in before.items()}
    policies = []
    for _ in range(12):
        habits = habits + count_habits([item(n) for n in range(9)], kept)
        policies.append(decide_id_policy(habits).policy)
    assert (policies[0], policies[-1]) == (IdPolicy.URL, IdPolicy.BOTH)


def test_old_habits_fade() -> None:
    habits = IdHabits(n_items=1990, n_repeated=1990)
    for _ in range(2000):
        habits = habits + IdHabits(n_items=10)
    assert decide_id_policy(habits).policy is IdPolicy.BOTH
    assert habits.n_items <= 2000


def test_dates_are_judged_by_the_feed_and_not_one_by_one() -> None:
    later = NOON + timedelta(days=3)
    assert date_habit(count_habits([item(n) for n in range(9)], {})).startswith("dates are of the past")
    outlier = count_habits([item(0, at=later), *(item(n) for n in range(1, 9))], {})
    assert date_habit(outlier).startswith("1 of 9 dates lie ahead, taken for mistakes")
    assert date_habit(count_habits([item(n, at=later) for n in range(9)], {})).startswith("a calendar: 9 of 9 dates lie ahead")
    assert date_habit(count_habits([item(n, at=None) for n in range(9)], {})).startswith("9 of 9 items have no date")


def test_what_a_policy_does_not_trust_is_no_mark() -> None:
    kinds = {policy: "".join(mark[0] for mark in article_fingerprints(item(1), policy)) for policy in IdPolicy}
    assert kinds == {IdPolicy.BOTH: "ucdg", IdPolicy.URL: "ucd", IdPolicy.ID: "cdg", IdPolicy.WORDS: "cd"}


@pytest.mark.parametrize("policy", list(IdPolicy))
def test_the_same_item_has_the_same_identity_and_article(policy: IdPolicy) -> None:
    assert entry_identity(item(1), policy) == entry_identity(item(1), policy) != entry_identity(item(2), policy)
    assert new_article_id(item(1), policy) == new_article_id(item(1), policy) != new_article_id(item(2), policy)


def test_ids_that_change_make_no_other_identity_where_they_are_not_asked_for() -> None:
    assert entry_identity(item(1, guid="x"), IdPolicy.URL) == entry_identity(item(1, guid="y"), IdPolicy.URL)


def test_items_of_the_same_words_and_date_are_told_apart_by_their_addresses() -> None:
    photos = [item(n, title="Photographs of the day: the harbour") for n in range(3)]
    marks = [article_fingerprints(photo) for photo in photos]
    assert all(any(mark.startswith("d:") for mark in each) for each in marks)
    assert not any(mark.startswith("d:") for each in without_twins(photos, marks) for mark in each)
    same = [photos[0], photos[0]]
    assert without_twins(same, marks[:1] * 2) == marks[:1] * 2


@given(
    st.lists(
        st.builds(item, st.integers(0, 4), guid=st.sampled_from([None, "", "0"]), url=st.sampled_from(["", "-", "https://a.example/1"]))
    )
)
def test_no_count_is_larger_than_the_number_of_items(entries: list[Entry]) -> None:
    habits = count_habits(entries, {})
    assert habits.n_items == len(entries)
    assert max(habits.n_without_id, habits.n_repeated, habits.n_shared_urls, habits.n_future, habits.n_undated) <= len(entries)
    assert decide_id_policy(habits).reason

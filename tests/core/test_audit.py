"""The account of a feed: what is missing, when nothing was watched, where items may have come and gone."""

from __future__ import annotations

from monitor.core.audit import Blind, Gap, audit, marks_of, unstored
from monitor.core.types import ArticleId, Entry, FeedKey, IdPolicy, Poll, Serving
from tests.examples import after

FEED = FeedKey("wire")


def poll(minutes: float, outcome: str = "ok", detail: str | None = None) -> Poll:
    return Poll(FEED, after(minutes), outcome, detail=detail)


def serving(minutes: float, *marks: str, n_items: int = 3, n_fresh: int = 1) -> Serving:
    return Serving(FEED, after(minutes), n_items, n_fresh, marks)


KNOWN = {"c:1": ArticleId("a-1"), "c:2": ArticleId("a-2")}


def test_all_that_was_served_is_stored() -> None:
    account = audit(FEED, [poll(0), poll(60, "not_modified")], [serving(0, "c:1", "c:2")], KNOWN)
    assert (account.n_polls, account.n_answered, account.n_served, account.n_stored) == (2, 2, 2, 2)
    assert (account.is_whole, account.missing, account.blind, account.gaps) == (True, (), (), ())


def test_a_wording_that_leads_to_no_article_is_missing_with_its_poll() -> None:
    account = audit(FEED, [poll(0), poll(60)], [serving(60, "c:3", "c:4", "c:1"), serving(0, "c:1")], KNOWN)
    assert (account.n_missing, account.missing, account.is_whole) == (2, ((after(60), 2),), False)


def test_polls_that_failed_in_a_row_are_one_blind_spell() -> None:
    polls = [poll(120, "FetchError", "503"), poll(0), poll(60, "FetchError", "timed out"), poll(180, "same_body"), poll(240, "ParseError")]
    assert audit(FEED, polls, [], {}).blind == (Blind(after(0), after(180), 2, "503"), Blind(after(180), None, 1, "ParseError"))
    assert audit(FEED, [poll(0, "FetchError", "x")], [], {}).blind == (Blind(None, None, 1, "x"),)


def test_a_poll_that_knew_nothing_of_what_it_was_served_is_a_gap_unless_it_is_the_first() -> None:
    polls = [poll(0), poll(60), poll(120)]
    servings = [serving(0, "c:1", n_fresh=3), serving(60, "c:2", n_fresh=1), serving(120, "c:3", n_fresh=3)]
    assert audit(FEED, polls, servings, KNOWN).gaps == (Gap(after(60), after(120), 3),)


def test_entries_of_a_body_are_stored_missing_or_edited() -> None:
    def entry(number: int, title: str) -> Entry:
        return Entry(FEED, f"g-{number}", f"https://wire.example/{number}", title, "", None)

    stored, edited, missing = entry(1, "Ferry talks resume"), entry(2, "Court hears appeal"), entry(3, "Harvest fails")
    known = dict.fromkeys(marks_of([stored, entry(2, "Court sits")], IdPolicy.BOTH), ArticleId("a"))
    assert unstored([stored, edited, missing], IdPolicy.BOTH, known) == ([missing], [edited])

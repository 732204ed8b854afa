"""The measure of a folder of feed files, tried on our own ones: every file is read, and none gives fewer items than feedparser finds."""

from __future__ import annotations

from benchmarks.feed_files import headers_of, run
from tests.fetch.test_parse import FEEDS


def test_no_file_gives_fewer_items_than_feedparser_finds() -> None:
    outcomes = {outcome.path.name: outcome for outcome in run(FEEDS)}
    assert len(outcomes) == len([path for path in FEEDS.rglob("*") if path.is_file()])
    assert {name for name, outcome in outcomes.items() if outcome.crash} == set()
    assert {name for name, outcome in outcomes.items() if outcome.n_items < outcome.n_reference and not outcome.refusal} == set()
    # A page is none, and entities that grow are not expanded by anybody.
    assert {name for name, outcome in outcomes.items() if outcome.refusal} == {"entities.xml", "page.html"}
    assert outcomes["feed.json"].n_items > outcomes["feed.json"].n_reference == 0


def test_a_test_file_is_served_with_the_headers_that_it_names() -> None:
    body = b"<?xml version='1.0'?>\n<!--\nHeader:      Content-type: text/xml; charset=big5\nDescription: x\n-->\n<rss/>"
    assert headers_of(body) == {"content-type": "text/xml; charset=big5"}
    assert headers_of(b"<rss>Header of a page: none</rss>") == {}

"""`monitor feeds`: list and test."""

from __future__ import annotations

from dataclasses import replace

from monitor.core.types import FeedKey, Health
from monitor.store.session import SqlUnitOfWork
from tests.cli.conftest import Command


def test_list_tells_health_and_last_error(command: Command) -> None:
    command.site.publish("/herald.xml", b"<html><body>Moved</body></html>", "text/html")
    command("poll", "--once")
    lines = command("feeds", "list").out.splitlines()
    assert lines[0].split()[:4] == ["healthy", "gazette", "read", "2024-09-04"]
    assert lines[1].startswith("failing  herald")
    assert lines[2].startswith("         failing since 2024-09-04")
    assert lines[3].startswith("         error: Feed 'herald' is an HTML page, not a feed")


def test_list_tells_where_a_feed_moved_and_what_it_may_have_missed(command: Command) -> None:
    unit = SqlUnitOfWork(f"sqlite:///{command.folder / 'monitor.db'}")
    with unit.transaction() as store:
        states = {state.feed.key: state for state in store.feeds.states()}
        moved = replace(states[FeedKey("gazette")], adopted_url="https://new.example/", learned_interval_s=900.0)
        store.feeds.save(replace(moved, last_gap_at=moved.last_poll_at))
        store.feeds.save(replace(states[FeedKey("herald")], health=Health.GONE))
    unit.close()
    out = command("feeds", "list").out
    assert "every 15 min" in out
    assert "moved: asked at https://new.example/" in out
    assert "items may have been missed" in out
    assert "not asked again" in out


def test_list_before_the_first_start_says_so(empty: Command) -> None:
    assert empty("feeds", "list").out == "no feeds stored yet; 2 are configured and will be at the next start of the daemon\n"


def test_test_tells_what_was_seen_and_stores_nothing(empty: Command) -> None:
    for target in ("gazette", empty.site.url("/gazette.xml")):
        told = empty("feeds", "test", target)
        assert told.status == 0
        assert "HTTP 200" in told.out
        assert "rss20: “Gazette”, 3 entries" in told.out
        assert "2024-09-02 08:00  Norland and Sudmark have broadly agreed on the harbour treaty  https://gazette.example/2" in told.out
    assert empty("feeds", "list").out.startswith("no feeds stored yet")


def test_test_of_a_page_is_status_1(empty: Command) -> None:
    empty.site.publish("/page", b"<!doctype html><html><body>Hello</body></html>", "text/html")
    told = empty("feeds", "test", empty.site.url("/page"))
    assert told.status == 1
    assert "HTML page" in told.err


def test_test_of_what_is_out_of_reach_is_status_3(empty: Command) -> None:
    assert empty("feeds", "test", empty.site.url("/nothing")).status == 3


def test_test_of_a_refused_address_is_status_1(empty: Command) -> None:
    told = empty("feeds", "test", "file:///etc/hostname")
    assert told.status == 1
    assert told.out == ""


def test_test_of_neither_key_nor_address_is_status_2(empty: Command) -> None:
    assert empty("feeds", "test", "nothing").status == 2

"""`monitor feeds`: the list, what looks into feeds, and what changes the list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from monitor.config.files import load_feeds
from monitor.core.types import FeedKey, Health
from monitor.store.session import SqlUnitOfWork
from tests.cli.conftest import Command
from tests.story import AGREED, CAKES, STATEMENT, rss


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


def test_test_explains_ids_dates_validators_and_what_is_stored(command: Command) -> None:
    command.site.publish("/gazette.xml", rss(CAKES, AGREED, STATEMENT), etag='"1"', headers={"Cache-Control": "max-age=600"})
    out = command("feeds", "test", "gazette").out
    assert 'validators: ETag "1", Last-Modified —\n  asked again with them: 304, as it should' in out
    assert "how often it wants to be asked: cache-control: max-age=600" in out
    assert "ids: items are known by id and address; each id and each address is of one item" in out
    assert "dates: dates are of the past, as they should be" in out
    assert "as learned from its polls: id and address" in out
    assert "stored: 3 of 3 entries are known" in out


def test_test_tells_of_a_feed_whose_ids_are_worth_nothing(empty: Command) -> None:
    body = rss(CAKES, AGREED, STATEMENT).decode().replace("<guid>", "<guid>same</guid><x>").replace("</guid><link>", "</x><link>")
    out = empty("feeds", "test", empty.site.publish("/same.xml", body.encode())).out
    assert "ids: items are known by their address; 3 of 3 items have an id that another item has as well" in out
    assert "the server gives none: every poll costs the whole body" in out


def test_test_of_a_page_names_the_command_that_finds_its_feeds(empty: Command) -> None:
    empty.site.publish("/page", b"<!doctype html><html><body>Hello</body></html>", "text/html")
    assert "monitor feeds discover" in empty("feeds", "test", empty.site.url("/page")).err


PAGE = """<html><head><base href="/world/"><link rel="alternate" type="application/rss+xml" href="rss.xml">
<link rel="alternate" type="application/rss+xml" href="/comments/feed.xml" title="Comments">
<link rel="alternate" hreflang="fr" href="/fr"><link rel="stylesheet" href="/style.css"></head>
<body><a href="/about">About</a> <a href="/feeds/all.xml">Feed</a> <a href="https://elsewhere.example/feed">Their feed</a></body></html>"""


def publish_site(command: Command) -> str:
    command.site.publish("/world/rss.xml", rss(CAKES, title="World"))
    command.site.publish("/comments/feed.xml", rss(AGREED, title="Comments"))
    command.site.publish(
        "/robots.txt", f"Sitemap: {command.site.url('/sitemap.xml')}\nSitemap: {command.site.url('/news.xml')}".encode(), "text/plain"
    )
    news = "<urlset xmlns:n='x'><url><loc>https://a.example/1</loc><n:news><n:title>Ferry</n:title></n:news></url></urlset>"
    command.site.publish("/news.xml", news.encode(), "text/xml")
    return command.site.publish("/page", PAGE.encode(), "text/html")


def test_discover_finds_what_a_page_declares_links_to_and_robots_names(empty: Command) -> None:
    told = empty("feeds", "discover", publish_site(empty))
    assert told.status == 0
    lines = [line.strip() for line in told.out.splitlines()]
    assert [line for line in lines if line.startswith("http")] == [
        empty.site.url(path) for path in ("/world/rss.xml", "/news.xml", "/comments/feed.xml")
    ]
    assert "rss20: “World”, 1 entries, newest 2024-09-02 14:00; declared in the page's head" in lines
    assert "sitemap-news: “”, 1 entries; a news sitemap of robots.txt" in lines
    # Linked, and not there.
    assert f"not a feed: {empty.site.url('/feeds/all.xml')}" in told.err
    assert not [request for request in empty.site.requests if request.path in ("/about", "/fr", "/style.css", "/sitemap.xml")]


def test_discover_looks_in_the_usual_places_last(empty: Command) -> None:
    empty.site.publish("/feed.xml", rss(CAKES))
    url = empty.site.publish("/", b"<html><body>Hello</body></html>", "text/html")
    assert empty("feeds", "discover", url).out.startswith(empty.site.url("/feed.xml"))


def test_discover_of_a_feed_is_the_feed_and_of_nothing_status_1(empty: Command) -> None:
    assert "the address itself" in empty("feeds", "discover", empty.site.url("/gazette.xml")).out
    assert empty("feeds", "discover", empty.site.publish("/bare", b"<html></html>", "text/html")).status == 1
    assert empty("feeds", "discover", "gazette.example").status == 2
    assert empty("feeds", "discover", empty.site.url("/nowhere")).status == 3


def listed(command: Command) -> list[tuple[str, str, str]]:
    return [(feed.key, feed.url, feed.source) for feed in load_feeds(command.folder / "feeds.yaml")]


def test_add_puts_a_feed_at_the_end_and_leaves_the_rest_as_it_is(empty: Command) -> None:
    path = empty.folder / "feeds.yaml"
    before = f'# Ours: "quoted".\n{path.read_text(encoding="utf-8")}'
    path.write_text(before, encoding="utf-8")
    told = empty("feeds", "add", empty.site.publish("/new.xml", rss(CAKES, title="Café “Süd”: news")), "--interval", "900")
    assert told.out == f"added cafe-sud-news: {empty.site.url('/new.xml')}, shown as “Café “Süd”: news”\n"
    assert path.read_text(encoding="utf-8").startswith(before.rstrip())
    assert listed(empty)[-1] == ("cafe-sud-news", empty.site.url("/new.xml"), "Café “Süd”: news")
    # A running daemon finds it due.
    assert "cafe-sud-news" in empty("feeds", "list").out


def test_add_takes_the_one_feed_of_a_page_and_asks_where_there_are_several(empty: Command) -> None:
    url = publish_site(empty)
    asked = empty("feeds", "add", url)
    assert asked.status == 2
    assert empty.site.url("/world/rss.xml") in asked.err
    empty.site.publish("/robots.txt", b"", "text/plain")
    assert empty("feeds", "add", url, "--key", "world", "--source", "The World").status == 0
    assert listed(empty)[-1] == ("world", empty.site.url("/world/rss.xml"), "The World")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("SITE/gazette.xml",), 2, "on the list already, as 'gazette'"),
        (("SITE/new.xml", "--key", "herald"), 2, "'herald' is taken"),
        (("SITE/new.xml", "--key", "The Key"), 2, "not changed"),
        (("SITE/new.xml", "--interval", "5"), 2, "not changed"),
        (("SITE/nothing",), 3, "404"),
        (("SITE/bare",), 1, "no feed of its site was found"),
        (("gazette.example",), 2, "is no address"),
        (("file:///etc/hostname", "--unchecked"), 2, "not changed"),
    ],
)
def test_add_that_is_refused_changes_nothing(empty: Command, words: tuple[str, ...], status: int, said: str) -> None:
    empty.site.publish("/new.xml", rss(CAKES))
    empty.site.publish("/bare", b"<html></html>", "text/html")
    before = (empty.folder / "feeds.yaml").read_bytes()
    told = empty("feeds", "add", *(word.replace("SITE", empty.site.url("")) for word in words))
    assert (told.status, said in told.err) == (status, True), told.err
    assert (empty.folder / "feeds.yaml").read_bytes() == before
    assert sorted(path.name for path in empty.folder.glob("*feeds*")) == ["feeds.yaml"]


@pytest.mark.parametrize("text", ["feeds: []\n", "# none yet\nfeeds:\n"])
def test_add_begins_an_empty_list(empty: Command, text: str) -> None:
    (empty.folder / "feeds.yaml").write_text(text, encoding="utf-8")
    assert empty("feeds", "add", "https://gazette.example/rss", "--unchecked").status == 0
    assert listed(empty) == [("gazette-example", "https://gazette.example/rss", "gazette.example")]
    assert yaml.safe_load((empty.folder / "feeds.yaml").read_text(encoding="utf-8"))["feeds"][0]["checked"] is False


OPML = """<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/hostname">]><opml version="1.0"><body>
<outline text="News"><outline text="Wire &amp; Post" xmlUrl="https://wire.example/rss" language="fr"/>
<outline title="Wire &amp; Post" xmlurl="https://post.example/rss"/></outline>
<outline text="Gone" xmlUrl="feed://x"/><outline text="Again" xmlUrl="https://wire.example/rss"/><outline text="&a;Here" xmlUrl="SITE/gazette.xml"/>
</body></opml>"""


def test_import_takes_what_is_new_and_names_what_it_cannot_take(empty: Command) -> None:
    file = empty.folder / "list.opml"
    file.write_text(OPML.replace("SITE", empty.site.url("")), encoding="utf-8")
    told = empty("feeds", "import", str(file))
    assert told.out == "2 feeds added, 1 on the list already, 1 not taken\n"
    assert "'feed://x'" in told.err
    assert [row[0] for row in listed(empty)][-2:] == ["wire-post", "wire-post-2"]
    assert empty("feeds", "import", str(file)).out.startswith("0 feeds added, 3 on the list already")


@pytest.mark.parametrize("content", [b"", b"not xml", b"<rss/>", b"<opml><body/></opml>", b"\xff\xfe\x00"])
def test_import_of_what_is_no_list_is_status_2_and_changes_nothing(empty: Command, content: bytes) -> None:
    file = empty.folder / "list.opml"
    file.write_bytes(content)
    before = (empty.folder / "feeds.yaml").read_bytes()
    assert empty("feeds", "import", str(file)).status == 2
    assert (empty.folder / "feeds.yaml").read_bytes() == before


def test_an_exported_list_comes_back_with_its_keys_and_intervals(empty: Command, tmp_path: Path) -> None:
    empty(
        "feeds", "add", "https://slow.example/rss", "--unchecked", "--interval", "7200", "--source", "Slow & <steady>", "--language", "de"
    )
    before = load_feeds(empty.folder / "feeds.yaml")
    file = tmp_path / "out.opml"
    assert empty("feeds", "export", "--out", str(file)).out == f"3 feeds written to {file}\n"
    assert file.read_text(encoding="utf-8") == empty("feeds", "export").out
    (empty.folder / "feeds.yaml").write_text("feeds: []\n", encoding="utf-8")
    assert empty("feeds", "import", str(file)).status == 0
    assert load_feeds(empty.folder / "feeds.yaml") == before


def test_audit_of_what_was_polled_is_whole(empty: Command) -> None:
    empty("poll", "--once")
    told = empty("feeds", "audit", "--until", "2030-01-01", "--since", "2020-01-01", "--now")
    assert told.status == 0, told.out
    assert "gazette: whole; 3 of 3 served wordings stored; 1 of 1 polls answered" in told.out
    assert "gazette, what it serves now: 3 of 3 entries stored, 0 edited since" in told.out


def test_audit_names_what_is_missing_and_what_was_edited(command: Command) -> None:
    edited = rss(CAKES, AGREED, STATEMENT).decode().replace(AGREED.title, "Norland and Sudmark have signed the harbour treaty")
    body = edited.replace("</channel>", "<item><title>Late item</title><link>https://gazette.example/late</link></item></channel>")
    file = command.folder / "saved.xml"
    file.write_text(body, encoding="utf-8")
    told = command("feeds", "audit", "gazette", "--body", str(file))
    assert told.status == 1
    assert f"gazette, {file}: 3 of 4 entries stored, 1 edited since" in told.out
    assert "missing: no date (none given)  Late item  https://gazette.example/late" in told.out
    assert "edited: 2024-09-02 08:00  Norland and Sudmark have signed the harbour treaty" in told.out


def test_audit_tells_when_nothing_was_watched(command: Command) -> None:
    command.site.publish("/herald.xml", b"<html><body>Moved</body></html>", "text/html")
    command("poll", "--once")
    out = command("feeds", "audit", "herald", "--until", "2030-01-01", "--since", "2020-01-01").out
    assert "not watched from" in out
    assert "1 polls failed, the last with: Feed 'herald' is an HTML page" in out


@pytest.mark.parametrize("words", [("nothing",), ("--since", "yesterday"), ("--body", "saved.xml"), ("gazette", "--body", "/nowhere.xml")])
def test_audit_of_what_is_not_there_is_status_2(command: Command, words: tuple[str, ...]) -> None:
    assert command("feeds", "audit", *words).status == 2

"""Whatever is wrong with one feed, file or database is told in one clear line; the rest goes on, and nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.app import App
from monitor.config import load_settings
from monitor.core.types import Health
from monitor.errors import DatabaseBusyError, SeedError, StoreError
from monitor.testing.fakes import FrozenClock
from monitor.testing.loopback import Answer, LoopbackSite
from tests.story import AGREED, STATEMENT, rss
from tests.story_app import StoryApp, write_files

Lines = list[MutableMapping[str, Any]]


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite() as site:
        site.publish("/good.xml", rss(AGREED))
        yield site


@pytest.fixture
def app(tmp_path: Path, site: LoopbackSite, sqlite_template: Path) -> Iterator[App]:
    """An application with a feed under test, `bad`, and one that is right, `good`."""
    (tmp_path / "monitor.db").write_bytes(sqlite_template.read_bytes())
    app = StoryApp(load_settings(write_files(tmp_path, {"bad": site.url("/bad.xml"), "good": site.url("/good.xml")})))
    app.learn_seeds()
    app.sync_feeds()
    yield app
    app.uow.close()


def _poll(app: App) -> Lines:
    """Poll, and return what was logged at warning and above."""
    with capture_logs() as lines:
        app.poll(jitter=lambda: 0.0)
    return [line for line in lines if line["log_level"] in {"warning", "error"}]


def _titles(app: App) -> list[str]:
    with app.uow.reading() as tx:
        baseline = tx.issues.baseline(app.issues[0].key)
        assert baseline is not None
        return [article.title for article in tx.articles.unmatched(app.issues[0].key, baseline.baseline_id, limit=99)]


def _health(app: App, key: str = "bad") -> tuple[Health, str]:
    with app.uow.reading() as tx:
        state = next(state for state in tx.feeds.states() if state.feed.key == key)
    return state.health, state.last_error or ""


def _flood() -> Iterable[bytes]:
    for _ in range(200):
        yield b"<item>" + b" " * (1024 * 1024 - 6)


PAGE = b"<!doctype html><html><head><title>Just a moment</title></head><body>Are you human?</body></html>"


@pytest.mark.parametrize(
    ("answer", "error_type", "words"),
    [
        (Answer(body=b"\x00\x01\x02 nothing of sense"), "ParseError", "is no feed that can be read"),
        (Answer(body=PAGE, headers={"Content-Type": "text/html"}), "ParseError", "is an HTML page, not a feed"),
        (Answer(body=b""), "ParseError", "empty"),
        (Answer(body=_flood), "BodyTooLargeError", "15,728,640 bytes"),
        (Answer(500), "FetchError", "500"),
        (Answer(302, {"Location": "http://10.0.0.1/feed"}), "BlockedAddressError", "10.0.0.1"),
    ],
    ids=["unreadable", "page", "empty body", "200 MB", "server error", "redirect to a private network"],
)
def test_a_feed_that_cannot_be_read_is_one_warning_and_the_other_goes_on(
    app: App, site: LoopbackSite, answer: Answer, error_type: str, words: str
) -> None:
    site.script("/bad.xml", answer)
    [line] = _poll(app)
    assert (line["event"], line["feed"], line["error_type"], line["log_level"]) == ("feed_failed", "bad", error_type, "warning")
    assert words.casefold() in line["error"].casefold()
    assert _health(app) == (Health.FAILING, line["error"])
    assert _titles(app) == [AGREED.title]


def test_a_feed_without_entries_is_no_error(app: App, site: LoopbackSite) -> None:
    site.publish("/bad.xml", rss())
    assert _poll(app) == []
    assert _health(app) == (Health.HEALTHY, "")


def test_an_invalid_date_costs_no_article(app: App, site: LoopbackSite) -> None:
    site.publish("/bad.xml", rss(STATEMENT, site="https://bad.example").replace(b"<pubDate>", b"<pubDate>the 34th of "))
    assert _poll(app) == []
    assert sorted(_titles(app)) == sorted([AGREED.title, STATEMENT.title])
    with app.uow.reading() as tx:
        found = tx.articles.find("https://bad.example/4")
    assert found is not None
    # Without a date it is as old as its first sighting.
    assert found.published_at == app.clock.now()


def test_a_feed_without_ids_gives_each_item_once(app: App, site: LoopbackSite) -> None:
    body = rss(STATEMENT, replace(STATEMENT, number=7, title="Norland rests"), site="https://bad.example")
    for number in (b"4", b"7"):
        body = body.replace(b"<guid>https://bad.example/" + number + b"</guid>", b"")
        body = body.replace(b"<link>https://bad.example/" + number + b"</link>", b"")
    assert b"guid" not in body
    site.publish("/bad.xml", body)
    assert _poll(app) == []
    assert len(_titles(app)) == 3
    assert isinstance(app.clock, FrozenClock)
    app.clock.advance(86_400)
    assert _poll(app) == []
    assert len(_titles(app)) == 3


def test_a_feed_that_heals_is_read_as_if_nothing_had_been(app: App, site: LoopbackSite) -> None:
    site.publish("/bad.xml", PAGE, "text/html", etag='"wall"')
    _poll(app)
    site.publish("/bad.xml", rss(STATEMENT, site="https://bad.example"))
    assert isinstance(app.clock, FrozenClock)
    app.clock.advance(86_400)
    assert _poll(app) == []
    assert _health(app) == (Health.HEALTHY, "")
    assert sorted(_titles(app)) == sorted([AGREED.title, STATEMENT.title])


def _no_manifest(folder: Path) -> None:
    (folder / "manifest.yaml").unlink()


def _no_yaml(folder: Path) -> None:
    (folder / "manifest.yaml").write_text("seeds: [")


def _no_text(folder: Path) -> None:
    (folder / "seed-1.txt").unlink()


def _no_utf8(folder: Path) -> None:
    (folder / "seed-1.txt").write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize("breakage", [_no_manifest, _no_yaml, _no_text, _no_utf8])
def test_a_broken_seed_stops_the_start_and_names_the_file(
    app: App, tmp_path: Path, breakage: Callable[[Path], None], request: pytest.FixtureRequest
) -> None:
    breakage(tmp_path / "seeds")
    with pytest.raises(SeedError, match=r"seeds/(manifest\.yaml|seed-1\.txt)"):
        StoryApp(app.settings).check_files()


def test_a_locked_database_is_a_passing_error_and_nothing_is_lost(app: App, site: LoopbackSite, tmp_path: Path) -> None:
    site.publish("/bad.xml", rss(STATEMENT, site="https://bad.example"))
    with closing(sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusyError):
            app.poll()
        other.execute("ROLLBACK")
    assert _poll(app) == []
    assert sorted(_titles(app)) == sorted([AGREED.title, STATEMENT.title])


def test_a_read_only_database_is_an_error_that_says_so(app: App, site: LoopbackSite, tmp_path: Path) -> None:
    site.publish("/bad.xml", rss(STATEMENT, site="https://bad.example"))
    settings = load_settings(
        write_files(
            tmp_path,
            {"bad": site.url("/bad.xml"), "good": site.url("/good.xml")},
            database={"url": f"sqlite:///file:{tmp_path}/monitor.db?mode=ro&uri=true"},
        )
    )
    readonly = StoryApp(settings)
    with closing(readonly.uow), pytest.raises(StoreError, match="cannot be written"):
        readonly.poll()
    assert _poll(app) == []
    assert sorted(_titles(app)) == sorted([AGREED.title, STATEMENT.title])

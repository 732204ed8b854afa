"""The quick way gives what feedparser gives, or leaves it to feedparser."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from monitor.core.types import Feed, FeedKey, ParsedFeed
from monitor.errors import ParseError
from monitor.fetch import parse
from monitor.fetch.parse import FeedparserParser
from monitor.fetch.wellformed import TooDeepError, read_well_formed

FEEDS = Path(__file__).parents[1] / "feeds"
FEED = Feed(FeedKey("gazette"), "https://gazette.example/feed", "Gazette")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def rss(items: str, *, channel: str = "<title>Gazette</title>") -> bytes:
    namespaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:fb="http://rssnamespace.org/feedburner/ext/1.0"'
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {namespaces}><channel>{channel}{items}</channel></rss>'.encode()


def atom(entries: str) -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">A &amp;amp; B</title>{entries}</feed>'.encode()


QUICK = {
    "plain": rss(
        "<item><guid>1</guid><title>Talks</title><link>https://a.example/1</link><description>&lt;p&gt;A&lt;/p&gt;</description></item>"
    ),
    "dates": rss("<item><title>a</title><pubDate>Mon, 02 Mar 2026 12:00:00 GMT</pubDate><dc:date>2026-03-02T12:00:00Z</dc:date></item>"),
    "guid that is a link": rss("<item><guid>https://a.example/1</guid><title>a</title></item>"),
    "guid that is none": rss('<item><guid isPermaLink="false">https://a.example/1</guid><title>a</title></item>'),
    "link before guid": rss("<item><link>https://a.example/2</link><guid>https://a.example/1</guid><title>a</title></item>"),
    "whole text beside a summary": rss(
        "<item><title>a</title><description>short</description><content:encoded><![CDATA[<p>Long & whole.</p>]]></content:encoded></item>"
    ),
    "link of feedburner": rss(
        "<item><title>a</title><link>https://f.example/1</link><fb:origLink>https://a.example/1</fb:origLink></item>"
    ),
    "what is beside the point": rss(
        "<item><title>a</title><author>x</author><category>y</category><enclosure url='z'/><dc:creator>w</dc:creator>"
        "<media:thumbnail url='u'/><atom:link rel='self' href='https://s.example/'/></item>"
    ),
    "cdata in a headline": rss("<item><title><![CDATA[Talks & more <b>talks</b>]]></title></item>"),
    "no entries": rss(""),
    "atom": atom(
        "<entry><id>urn:1</id><title>Talks</title><link href='/1'/><link rel='edit' href='/e'/><updated>2026-03-02T12:00:00Z</updated>"
        "<summary>A &lt; B</summary><content type='html'>&lt;p&gt;Long.&lt;/p&gt;</content><author><name>x</name></author></entry>"
    ),
    "atom without a link": atom("<entry><id>https://a.example/1 2</id><title>Talks</title></entry>"),
    "atom in xhtml": atom(
        "<entry><title>Talks</title><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>One</p><p>Two</p></div></content></entry>"
    ),
}

UNUSUAL = {
    "another format": b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>",
    "another version": b"<rss version='0.91'><channel><title>a</title></channel></rss>",
    "a document type": b"<!DOCTYPE rss><rss version='2.0'><channel><title>a</title></channel></rss>",
    "another encoding": '<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><title>п</title></channel></rss>'.encode(
        "cp1251"
    ),
    "a base": rss("<item xml:base='https://b.example/'><title>a</title><link>1</link></item>"),
    "an unknown element": rss("<item><title>a</title><media:description>words</media:description></item>"),
    "words within what is beside the point": rss(
        "<item><title>a</title><media:content><media:title>b</media:title></media:content></item>"
    ),
    "two headlines": rss("<item><title>a</title><title>b</title></item>"),
    "markup in a headline": rss("<item><title>a <b>b</b></title></item>"),
    "a date in words": rss("<item><title>a</title><pubDate>the day before yesterday</pubDate></item>"),
    "signs of another encoding": rss("<item><title>don\x92t</title></item>"),
    "content in base 64": atom("<entry><title>a</title><content type='image/png'>AAAA</content></entry>"),
    "a channel without a title": rss("<item><title>a</title></item>", channel=""),
    "unclosed elements": b"<rss version='2.0'><channel><title>a</title><item><title>a<br></item>",
    "no XML": b"{}",
}


def _by_feedparser(body: bytes, content_type: str | None) -> Any:
    return feedparser.parse(
        io.BytesIO(body), response_headers=parse._headers(body, content_type), sanitize_html=False, resolve_relative_uris=False
    )


def _read(body: bytes) -> object:
    try:
        return FeedparserParser().parse(body, feed=FEED, content_type="text/xml", fetched_at=NOON)
    except ParseError as exc:
        return str(exc)


@pytest.mark.parametrize("name", QUICK)
def test_the_quick_way_gives_what_feedparser_gives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_well_formed(QUICK[name]) is not None
    quick = _read(QUICK[name])
    monkeypatch.setattr(parse, "_read", _by_feedparser)
    assert quick == _read(QUICK[name])


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_is_left_to_feedparser(name: str) -> None:
    assert read_well_formed(UNUSUAL[name]) is None


@pytest.mark.parametrize("name", sorted(path.name for path in FEEDS.glob("*.xml")))
def test_the_feeds_of_the_suite_read_the_same_either_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (FEEDS / name).read_bytes()
    quick = _read(body)
    monkeypatch.setattr(parse, "_read", _by_feedparser)
    slow = _read(body)
    if isinstance(quick, ParsedFeed) and isinstance(slow, ParsedFeed):
        # Each tells in its own words what is wrong with a feed.
        assert (quick.entries, quick.title, quick.version) == (slow.entries, slow.title, slow.version)
        assert (quick.flaw is None) == (slow.flaw is None)
    else:
        assert quick == slow


def test_bare_signs_and_entities_of_html_are_mended_and_told() -> None:
    body = rss(
        "<item><title>Smith & Co <3 &nbsp;tea &copy; &unknown; &amp; &#33;</title><description><![CDATA[a & b]]></description></item>"
    )
    parsed = FeedparserParser().parse(body, feed=FEED, content_type=None, fetched_at=NOON)
    [entry] = parsed.entries
    assert (entry.title, entry.text) == ("Smith & Co <3 tea © &unknown; & !", "a & b")
    assert "mended" in (parsed.flaw or "")


def test_elements_nested_without_end_are_refused() -> None:
    body = rss("<a>" * 50_000 + "</a>" * 50_000)
    with pytest.raises(TooDeepError):
        read_well_formed(body)
    assert "nested deeper" in str(_read(body))


POISON = {
    "comments without end": rss("<item><title>t</title><description>" + "<!--" * 100_000 + "</description></item>"),
    "sections without end": rss("<item><title>t</title><description>" + "<![CDATA[" * 50_000 + "</description></item>"),
    "comments in a section": rss("<item><title>t</title><description><![CDATA[" + "<!--" * 100_000 + "]]></description></item>"),
    "ampersands": rss("<item><title>t</title><description>" + "&" * 200_000 + "</description></item>"),
}


@pytest.mark.parametrize("name", POISON)
def test_what_takes_the_square_of_its_length_elsewhere_is_read_at_once(name: str) -> None:
    """Were it otherwise, this would take minutes, and whoever runs the suite would know."""
    parsed = _read(POISON[name])
    assert isinstance(parsed, ParsedFeed)
    assert [entry.title for entry in parsed.entries] == ["t"]

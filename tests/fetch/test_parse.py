from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.types import Entry, Feed, FeedKey, ParsedFeed
from monitor.errors import ParseError
from monitor.fetch.parse import FeedparserParser

FEEDS = Path(__file__).parent.parent / "feeds"
FEED = Feed(FeedKey("gazette"), "https://gazette.example/feeds/all.xml", "Gazette")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def parse(body: bytes, content_type: str | None = None) -> ParsedFeed:
    return FeedparserParser().parse(body, feed=FEED, content_type=content_type, fetched_at=NOON)


def parse_file(name: str, content_type: str | None = None) -> ParsedFeed:
    return parse((FEEDS / name).read_bytes(), content_type)


def rss(items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode()


def test_an_rss_item_becomes_an_entry() -> None:
    parsed = parse_file("rss.xml", "application/rss+xml")
    assert (parsed.title, parsed.version, parsed.flaw) == ("Harbour Gazette & Courier", "rss20", None)
    assert parsed.entries[0] == Entry(
        feed_key=FEED.key,
        guid="gazette-1",
        url="https://gazette.example/2026/ferry?utm_source=rss",
        title="Ferry talks resume at AT&T tower",
        text="The two ministries met again.\nThey will sign next week.",
        published_at=NOON,
        published_raw="Mon, 02 Mar 2026 17:30:00 IST",
        fetched_at=NOON,
    )


def test_a_relative_link_is_resolved_against_the_feed_and_an_unreadable_date_is_kept_as_written() -> None:
    entry = parse_file("rss.xml").entries[1]
    assert (entry.url, entry.guid) == ("https://gazette.example/2026/harvest", "4711")
    assert (entry.published_at, entry.published_raw) == (None, "lundi 2 mars 2026")
    assert entry.text == "Harvest 5 < 6, they said."


def test_only_links_of_the_web_are_kept() -> None:
    assert [entry.url for entry in parse_file("rss.xml").entries[2:5]] == ["", "", "https://gazette.example/2026/court"]


@pytest.mark.parametrize(
    ("guid", "url"), [("https://a.example/x y#z", "https://a.example/x%20y#z"), ("4712", ""), ("/4712", ""), ("tag:a,2026:1", "")]
)
def test_a_guid_stands_in_for_a_link_only_where_it_is_a_whole_address(guid: str, url: str) -> None:
    assert parse(rss(f"<item><title>x</title><guid>{guid}</guid></item>")).entries[0].url == url


def test_an_item_without_headline_and_text_is_an_entry_that_may_get_words_later() -> None:
    (bare,) = (entry for entry in parse_file("rss.xml").entries if entry.url == "https://gazette.example/nothing-to-read")
    assert (bare.title, bare.text, bare.is_blank) == ("", "", False)
    assert parse(rss("<item><author>A. Writer</author></item>")).entries[0].is_blank


def test_atom_entries_come_with_their_longest_text_and_first_date() -> None:
    parsed = parse_file("atom.xml", "application/atom+xml; charset=utf-8")
    first, second = parsed.entries
    assert (parsed.title, parsed.version) == ("World & Sea", "atom10")
    assert (first.url, first.text) == ("https://gazette.example/world/court", "The court heard the appeal.\nIt rules in May.")
    assert (first.published_at, second.published_at) == (NOON - timedelta(hours=1), NOON - timedelta(hours=3))


def test_rdf_is_read() -> None:
    (entry,) = parse_file("rdf.xml").entries
    assert (entry.title, entry.url, entry.published_at) == ("Harvest fails", "https://gazette.example/rdf/1", NOON - timedelta(hours=2))


ITEM = "<title>Ferry talks resume</title><link>https://gazette.example/ferry</link>"
OLD_FORMATS = [
    ("rss20", f"<rss version='2.0'><channel><title>T</title><item>{ITEM}</item></channel></rss>"),
    ("rss092", f"<rss version='0.92'><channel><title>T</title><item>{ITEM}</item></channel></rss>"),
    (
        "rss091n",
        (
            "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://my.netscape.com/publish/formats/rss-0.91.dtd'>"
            f"<rss version='0.91'><channel><title>T</title><item>{ITEM}</item></channel></rss>"
        ),
    ),
    (
        "rss090",
        (
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'>"
            f"<channel><title>T</title></channel><item>{ITEM}</item></rdf:RDF>"
        ),
    ),
    (
        "atom03",
        (
            "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><title>T</title><entry><title>Ferry talks resume</title>"
            "<link rel='alternate' type='text/html' href='https://gazette.example/ferry'/></entry></feed>"
        ),
    ),
]


@pytest.mark.parametrize(("version", "body"), OLD_FORMATS, ids=[version for version, _ in OLD_FORMATS])
@pytest.mark.parametrize("content_type", [None, "text/html; charset=utf-8", "application/octet-stream", "image/png", "nonsense", ";;=,"])
def test_old_formats_are_read_whatever_type_the_server_claims(version: str, body: str, content_type: str | None) -> None:
    parsed = parse(body.encode(), content_type)
    assert parsed.version == version
    assert [(entry.title, entry.url) for entry in parsed.entries] == [("Ferry talks resume", "https://gazette.example/ferry")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso-8859-2", "cp1250"])
def test_every_byte_order_mark_and_declared_encoding_is_read(encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(encoding, encoding)
    body = f"<?xml version='1.0' encoding='{declared}'?><rss version='2.0'><channel><title>T</title><item><title>Łódź votes</title></item></channel></rss>"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert parse(mark + body.encode(encoding)).entries[0].title == "Łódź votes"


def test_items_without_ids_links_and_headlines_are_entries_all_the_same() -> None:
    assert [(entry.guid, entry.url, entry.title, entry.text) for entry in parse_file("no_ids.xml").entries] == [
        (None, "", "", "Water will be cut on Tuesday."),
        (None, "", "", "Water is back."),
    ]


def test_a_json_feed_is_read() -> None:
    parsed = parse_file("feed.json", "application/feed+json")
    first, second, *wordless = parsed.entries
    assert not any(entry.title or entry.text for entry in wordless)
    assert (parsed.title, parsed.version, parsed.flaw) == ("Gazette", "json11", None)
    assert (first.guid, first.url, first.title) == ("a", "https://gazette.example/json/1", "Ferry & train")
    assert (first.text, first.published_at) == ("They met.\nAgain.", NOON - timedelta(hours=1))
    assert (second.guid, second.url, second.text) == ("17", "https://elsewhere.example/x", "5 < 6\nand so on")
    assert (second.published_at, second.published_raw) == (None, "soon")


@pytest.mark.parametrize("body", [b"{", b'{"a": 1}', b'{"items": {}}', b"{" * 100_000, b'{"a":' * 100_000, b'{"items": ' + b"9" * 5000])
def test_json_that_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError, match=r"gazette"):
        parse(body)


def test_json_of_an_unknown_version_or_encoding_is_read_with_a_flaw() -> None:
    assert parse(b'{"items": [{"id": "1", "title": "x"}]}').flaw == "JSON Feed version '' is unknown"
    parsed = parse(b'\xef\xbb\xbf{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "caf\xe9 \\ud800"}]}')
    assert (parsed.version, parsed.entries[0].title) == ("json10", "caf\ufffd")
    assert parsed.flaw is not None


def test_a_feed_without_entries_is_no_error() -> None:
    parsed = parse_file("empty.xml", "text/xml")
    assert (parsed.title, parsed.entries, parsed.flaw) == ("Nothing yet", (), None)


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\0\0"])
def test_an_empty_body_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError, match="'gazette' is empty"):
        parse(body)


def test_a_page_in_place_of_a_feed_is_refused_by_its_name() -> None:
    with pytest.raises(ParseError, match="is an HTML page, not a feed"):
        parse_file("page.html", "text/html")


@pytest.mark.parametrize(
    "body", [b"not a feed", b"<opml><body/></opml>", b"%PDF-1.7", bytes(range(1, 256)), b"/etc/passwd", b"http://127.0.0.1/"]
)
def test_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(ParseError, match="no feed that can be read"):
        parse(body)


def test_a_body_over_the_limit_is_refused() -> None:
    with pytest.raises(ParseError, match="more than the 10 that are parsed"):
        FeedparserParser(max_body_bytes=10).parse(b"<rss></rss>", feed=FEED, content_type=None, fetched_at=NOON)


def test_what_can_be_read_of_a_broken_feed_is_read_and_the_flaw_is_told() -> None:
    cut, bare = parse_file("truncated.xml"), parse_file("bare_ampersand.xml")
    assert cut.entries[0].title == "Whole"
    assert [(entry.title, entry.url) for entry in bare.entries] == [("Fish & chips dearer", "https://gazette.example/a?x=1&y=2")]
    assert cut.flaw
    assert bare.flaw


ENCODED = [
    ("mislabelled_latin1.xml", None, "Café closes in Zürich"),
    ("mislabelled_latin1.xml", "text/xml; charset=ISO-8859-1", "Café closes in Zürich"),
    ("utf16.xml", None, "Łódź votes"),
    ("windows1251.xml", "application/xml", "Переговоры начались"),
    ("windows1251.xml", "application/xml; charset=windows-1251", "Переговоры начались"),
]


@pytest.mark.parametrize(("name", "content_type", "title"), ENCODED)
def test_wrong_and_rare_encodings_are_read(name: str, content_type: str | None, title: str) -> None:
    assert parse_file(name, content_type).entries[0].title == title


def test_a_servers_default_charset_does_not_spoil_utf8() -> None:
    parsed = parse(rss("<item><title>Café</title></item>"), "text/xml; charset=ISO-8859-1")
    assert parsed.entries[0].title == "Café"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_feed_that_declares_entities_which_grow_is_refused_before_it_is_parsed(encoding: str) -> None:
    body = (FEEDS / "entities.xml").read_text(encoding="utf-8").encode(encoding)
    with pytest.raises(ParseError, match="declares entities"):
        parse(body)


@pytest.mark.parametrize("declaration", ['a SYSTEM "file:///etc/hostname"', 'a PUBLIC "x" "http://127.0.0.1/"', '% a "b"', "a '&b;&b;'"])
def test_a_declaration_that_reaches_out_or_nests_is_refused(declaration: str) -> None:
    with pytest.raises(ParseError, match="declares entities"):
        parse(f"<!DOCTYPE rss [<!ENTITY {declaration}>]>".encode() + rss("<item><title>&a;</title></item>"))


def test_a_declaration_of_a_mere_character_costs_no_entry() -> None:
    body = b'<!DOCTYPE rss [<!ENTITY eacute "&#233;">]>' + rss("<item><title>Caf&eacute; closes</title></item>")
    assert parse(body).entries[0].title == "Café closes"


def test_a_packed_file_is_unpacked_within_the_limit() -> None:
    assert parse(gzip.compress(rss("<item><title>Ferry</title></item>"))).entries[0].title == "Ferry"
    with pytest.raises(ParseError, match="cannot be unpacked"):
        parse(gzip.compress(b" " * 20_000_000))
    with pytest.raises(ParseError, match="cannot be unpacked"):
        parse(gzip.compress(b"<rss/>")[:-4])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_json_feed_is_read_in_every_encoding_of_unicode(encoding: str) -> None:
    body = '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "Łódź votes"}]}'.encode(encoding)
    assert parse(body).entries[0].title == "Łódź votes"


NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made every minute -->
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://gazette.example/2026/ferry</loc><lastmod>2026-03-02T11:30:00Z</lastmod><news:news><news:publication>
<news:name>Harbour Gazette</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-03-02T12:00:00+01:00</news:publication_date><news:title>Ferry &amp; train talks resume</news:title></news:news></url>
<url><loc>/2026/harvest</loc><news:news><news:title><![CDATA[Harvest fails]]></news:title></news:news></url>
<url><loc>https://gazette.example/about</loc></url>
</urlset>"""


def test_a_news_sitemap_is_read() -> None:
    parsed = parse(NEWS.encode(), "text/plain")
    first, second = parsed.entries
    assert (parsed.title, parsed.version, parsed.flaw) == ("Harbour Gazette", "sitemap-news", None)
    assert (first.title, first.url) == ("Ferry & train talks resume", "https://gazette.example/2026/ferry")
    assert (first.published_at, first.published_raw) == (NOON - timedelta(hours=1), "2026-03-02T12:00:00+01:00")
    assert (second.title, second.url, second.published_at) == ("Harvest fails", "https://gazette.example/2026/harvest", None)


def test_a_sitemap_cut_short_gives_what_it_has_and_its_flaw() -> None:
    parsed = parse(NEWS[: NEWS.index("<url><loc>https://gazette.example/about")].encode())
    assert len(parsed.entries) == 2
    assert (parsed.flaw or "").startswith("XMLSyntaxError")


def test_a_sitemap_without_news_and_an_index_say_what_to_list_instead() -> None:
    with pytest.raises(ParseError, match="lists addresses but no headlines"):
        parse(b"<urlset><url><loc>https://gazette.example/about</loc></url></urlset>")
    with pytest.raises(ParseError, match=r"index of 1 sitemaps.*https://gazette.example/news.xml"):
        parse(b"<sitemapindex><sitemap><loc>https://gazette.example/news.xml</loc></sitemap></sitemapindex>")


def test_a_sitemap_fetches_and_expands_nothing() -> None:
    head = '<!DOCTYPE urlset SYSTEM "http://127.0.0.1:9/x.dtd">'
    assert len(parse((head + NEWS.split("?>", 1)[1]).encode()).entries) == 2
    with pytest.raises(ParseError):
        parse(b'<!DOCTYPE urlset [<!ENTITY a SYSTEM "file:///etc/hostname">]><urlset><url><loc>&a;</loc></url></urlset>')
    assert len(parse(NEWS.replace("<url>", "&nbsp;<url>&copy;").encode()).entries) == 2


def test_an_old_document_type_without_declarations_is_fine() -> None:
    assert parse_file("old_doctype.xml").entries[0].title == "Still here"


def test_an_article_on_entities_is_no_attack() -> None:
    item = "<item><title>How XXE works</title><description><![CDATA[<!DOCTYPE a [<!ENTITY b SYSTEM 'c'>]>]]></description></item>"
    assert parse(rss(item)).entries[0].title == "How XXE works"


def test_values_are_free_of_characters_that_no_database_takes() -> None:
    (entry,) = parse(rss("<item><title>A&amp;#8;B\x00\x07</title><guid isPermaLink='false'>g\x00\n1</guid></item>")).entries
    assert (entry.title, entry.guid) == ("AB", "g 1")


def test_long_values_are_cut() -> None:
    (entry,) = parse(rss(f"<item><title>{'t' * 9999}</title><description>{'d ' * 99_999}</description></item>")).entries
    assert len(entry.title) == 500
    assert len(entry.text) <= 60_000


@settings(deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"{", b"<rss version='2.0'><channel><item><title>", b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>"]),
)
def test_any_bytes_give_a_feed_or_a_parse_error(noise: bytes, head: bytes) -> None:
    try:
        parsed = parse(head + noise)
    except ParseError:
        return
    assert all(len(entry.title) <= 500 and len(entry.text) <= 60_000 for entry in parsed.entries)


POISON = [
    "<![CDATA[{}]]>".format("<!--" * 25_000),
    "&lt;!--" * 25_000,
    "<![CDATA[{}]]>".format("&" * 300_000),
    "<![CDATA[{}]]>".format("<" * 300_000),
    "<![CDATA[{}]]>".format("<div>" * 60_000),
    "<![CDATA[{}]]>".format("<b><a>" * 40_000),
    "<![CDATA[{}]]>".format("<a b='" * 50_000),
    "<![CDATA[{}]]>".format("<svg><rb>" * 30_000),
    "<![CDATA[{}]]>".format("<p>Talks resumed.</p>" * 100_000),
]


@pytest.mark.parametrize("poison", POISON, ids=[str(n) for n in range(len(POISON))])
def test_poison_is_read_in_time_linear_in_its_length(poison: str) -> None:
    # An honest machine needs a tenth; anything that takes the square of the length needs minutes.
    begun = time.process_time()
    parse(rss(f"<item><title>x</title><description>{poison}</description></item>"))
    assert time.process_time() - begun < 5

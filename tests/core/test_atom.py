"""Atom documents: a limit, a date also where there is nothing, and text that stays text."""

from __future__ import annotations

from xml.etree import ElementTree

from monitor.core.atom import MAX_ENTRIES, AtomEntry, atom_document
from tests.examples import NOON

ENTRY = AtomEntry("urn:x:1", "Agreed <b>\x00", NOON, "<p>clean</p>", "status", "https://desk.example/1", is_html=True)


def test_a_feed_has_a_limit_and_a_date_also_where_it_is_empty() -> None:
    assert atom_document("T", [ENTRY] * (MAX_ENTRIES + 5), feed_id="urn:x").count(b"<entry>") == MAX_ENTRIES
    assert b"<updated>1970-01-01T00:00:00Z</updated>" in atom_document("T", [], feed_id="urn:x")


def test_text_stays_text_and_links_are_named() -> None:
    body = atom_document("T\x01", [ENTRY], feed_id="urn:x", self_link="https://desk.example/atom.xml", page_link="https://desk.example/")
    assert body == atom_document(
        "T\x01", [ENTRY], feed_id="urn:x", self_link="https://desk.example/atom.xml", page_link="https://desk.example/"
    )
    feed = ElementTree.fromstring(body)
    space = "{http://www.w3.org/2005/Atom}"
    assert feed.findtext(f"{space}title") == "T"
    assert feed.findtext(f"{space}entry/{space}title") == "Agreed <b>"
    content = feed.find(f"{space}entry/{space}content")
    assert content is not None
    assert (content.get("type"), content.text) == ("html", "<p>clean</p>")
    assert [link.get("rel") for link in feed.findall(f"{space}link")] == ["self", "alternate"]

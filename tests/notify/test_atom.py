"""Atom feeds: well formed whatever a headline holds, the same for the same alerts, never half-written."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.atom import atom_document
from monitor.core.types import Alert, IssueKey
from monitor.errors import DeliveryError
from monitor.fetch.parse import FeedparserParser
from monitor.notify.atom import AtomNotifier, entry_of
from tests.examples import ISSUE, NOON, delivery, feed
from tests.notify.alerts import alerts


def _stored(*rows: Alert) -> dict[IssueKey, list[tuple[Alert, datetime]]]:
    found: dict[IssueKey, list[tuple[Alert, datetime]]] = {}
    for number, alert in enumerate(rows):
        found.setdefault(alert.issue_key, []).insert(0, (alert, NOON + timedelta(minutes=number)))
    return found


def test_an_issue_has_a_feed_that_a_feed_reader_reads(tmp_path: Path) -> None:
    first, second = delivery("d-1").alert, delivery("d-2").alert
    stored = _stored(first, second)
    receipt = AtomNotifier(tmp_path / "new", stored.__getitem__, link="https://desk.example/feeds/").send(second)
    assert receipt == f"{ISSUE}.atom#{second.alert_id}"
    body = (tmp_path / "new" / f"{ISSUE}.atom").read_bytes()
    parsed = FeedparserParser(max_body_bytes=100_000).parse(body, feed=feed(), content_type="application/atom+xml", fetched_at=NOON)
    assert parsed.flaw is None
    assert [entry.guid for entry in parsed.entries] == [f"urn:statuswatch:{alert.alert_id}" for alert in (second, first)]
    assert [entry.published_at or NOON for entry in parsed.entries] == [NOON + timedelta(minutes=1), NOON]
    assert first.change is not None
    assert parsed.entries[1].url == first.change.evidence[0].url
    found = feedparser.parse(body)
    assert found.feed.links[0].href == f"https://desk.example/feeds/{ISSUE}.atom"
    assert found.feed.title == first.issue_title


def test_sending_again_changes_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    alert = delivery().alert
    atom = AtomNotifier(tmp_path, _stored(alert).__getitem__)
    atom.send(alert)
    body = (tmp_path / f"{ISSUE}.atom").read_bytes()
    atom.send(alert)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(f"{ISSUE}.atom", body)]


@given(st.lists(alerts, max_size=3))
def test_whatever_a_headline_holds_the_feed_is_well_formed_and_text_stays_text(found: list[Alert]) -> None:
    root = ElementTree.fromstring(atom_document("Title\x00<b>", [entry_of(alert, NOON) for alert in found], feed_id="urn:x"))
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"feed", "id", "title", "updated", "author", "name", "entry", "link", "category", "content"}
    assert len(root.findall("{http://www.w3.org/2005/Atom}entry")) == len(found)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DeliveryError, match=r"channels\.atom\.folder"):
        AtomNotifier(tmp_path / "file", _stored(delivery().alert).__getitem__).send(delivery().alert)

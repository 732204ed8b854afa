from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from monitor.config.articles import load_articles
from monitor.core.interchange import article_object, change_object, instant_text, quote_object
from tests.builders import ROOT, make_article, make_change, make_quote

CHANGE_KEYS = [
    "change_id",
    "issue",
    "at",
    "article_id",
    "kind",
    "from_status",
    "to_status",
    "from_phase",
    "to_phase",
    "confirmation",
    "confidence",
    "origins",
    "reason",
    "evidence",
    "baseline_evidence",
]
EVIDENCE_KEYS = ["article_id", "source", "url", "published_at", "quote", "start", "end", "stance", "speaker", "score"]


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2024, 9, 27, 18, tzinfo=UTC), "2024-09-27T18:00:00Z"),
        (datetime(2024, 9, 27, 20, tzinfo=timezone(timedelta(hours=2))), "2024-09-27T18:00:00Z"),
        (datetime(2024, 9, 27, 18, 0, 0, 1500, tzinfo=UTC), "2024-09-27T18:00:00.001500Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_a_z(at: datetime, text: str) -> None:
    assert instant_text(at) == text
    assert datetime.fromisoformat(text) == at


def test_a_change_has_every_key_of_the_format() -> None:
    found = change_object(make_change())
    assert set(found) == {*CHANGE_KEYS, "is_history"}
    assert set(found["evidence"][0]) == set(found["baseline_evidence"][0]) == {*EVIDENCE_KEYS, "field"}


def test_every_key_of_a_change_is_documented_and_no_other() -> None:
    rows = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8").split("**Change**")[1]
    documented = set(re.findall(r"`([a-z_]+)`", rows))
    written = {*change_object(make_change()), *quote_object(make_quote())}
    assert written <= documented


def test_a_change_reads_as_the_format_says() -> None:
    found = change_object(make_change())
    assert found["issue"] == "olive-duties"
    assert found["at"] == "2026-03-01T12:00:00Z"
    assert (found["kind"], found["confirmation"]) == ("status", "reported")
    assert (found["from_phase"], found["to_phase"]) == ("talks", "agreed_in_principle")
    assert found["origins"] == ["Wire"]
    assert found["is_history"] is False
    assert len(found["baseline_evidence"]) == 2


def test_a_first_sighting_comes_from_nowhere() -> None:
    found = change_object(make_change(from_status=None, from_phase=None, is_history=True))
    assert (found["from_status"], found["from_phase"], found["is_history"]) == (None, None, True)


def test_a_change_survives_json_in_plain_types() -> None:
    found = change_object(make_change(reason="“déjà vu”"))
    assert json.loads(json.dumps(found)) == found
    assert json.loads(json.dumps(found))["at"].endswith("Z")


def test_a_quote_says_in_which_field_its_offsets_count() -> None:
    found = quote_object(make_quote(start=3, end=13, field="title"))
    assert (found["start"], found["end"], found["field"]) == (3, 13, "title")
    assert (found["stance"], found["speaker"], found["score"]) == ("attributed", "party", 0.75)


def test_an_article_that_was_written_is_read_back_the_same(tmp_path: Path) -> None:
    article = make_article(title="Duties “to end”", text="Line one.\nLine\u2028two.\r\nThree.")
    file = tmp_path / "articles.jsonl"
    file.write_text(json.dumps(article_object(article), ensure_ascii=False) + "\n", encoding="utf-8")
    (found,) = load_articles(file)
    assert article_object(found) == article_object(article)

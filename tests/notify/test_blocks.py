"""Messages that Slack takes whatever the feeds wrote."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from monitor.core.types import Alert
from monitor.notify.blocks import MAX_SECTION, cut, escape, message
from tests.examples import change, delivery, quote
from tests.notify.alerts import alerts, check_message, texts


@given(alerts)
@settings(deadline=None, max_examples=150)
def test_any_alert_makes_a_message_that_slack_takes(alert: Alert) -> None:
    check_message(message(alert))


@given(texts)
@settings(deadline=None)
def test_escaped_text_holds_nothing_that_slack_reads(text: str) -> None:
    safe = escape(text)
    assert not set("<>") & set(safe)
    assert all(safe[place - 1] == "\u200b" for place, mark in enumerate(safe) if mark in "*_~`")


def test_a_cut_never_goes_through_an_escaped_character() -> None:
    assert cut("ab&amp;cd", 6) == "ab…"
    assert cut("ab&amp;cd", 8) == "ab&amp;…"
    assert cut("short", 5) == "short"


def test_a_change_shows_before_after_proof_and_reason() -> None:
    alert = replace(delivery().alert, from_label="Talks", to_label="Broadly agreed")
    blocks = message(alert)["blocks"]
    assert blocks[0]["text"]["text"] == "Talks → Broadly agreed"
    shown = "\n".join(block["text"]["text"] for block in blocks if block["type"] == "section")
    assert "*Olive duties*" in shown
    assert "*reported* · 1 independent origin (Wire) · confidence 0.90" in shown
    assert "*Now* “We agreed.”\n<https://news.example/a-1|Wire>, 01 Mar 2026 12:00 UTC" in shown
    assert "*Before* “We agreed.”" in shown
    assert blocks[-1]["elements"][0]["text"] == "Why: decisive"


def test_a_message_carries_the_key_of_its_alert() -> None:
    assert message(delivery().alert)["metadata"]["event_payload"] == {"alert_id": "alert-d-1", "issue": "olive-duties"}


def test_a_notice_shows_its_lines() -> None:
    blocks = message(delivery(is_notice=True).alert)["blocks"]
    assert [block["text"]["text"] for block in blocks] == ["Agreed", "line"]


def test_an_alert_without_words_still_has_a_header_and_a_section() -> None:
    body = message(replace(delivery(is_notice=True).alert, headline=" ", detail=("",)))
    check_message(body)
    assert [block["text"]["text"] for block in body["blocks"]] == ["(no words)", "(no words)"]


def test_an_address_that_is_no_link_is_left_out() -> None:
    for url in ("javascript:alert(1)", "https://x.example/a|b", "https://x.example/>", f"https://x.example/{'a' * MAX_SECTION}", ""):
        told = replace(change(), evidence=(replace(quote(), url=url),), baseline_evidence=())
        shown = message(replace(delivery().alert, change=told))["blocks"][3]["text"]["text"]
        assert shown.endswith("\nWire, 01 Mar 2026 12:00 UTC")

"""Messages that Slack takes whatever the feeds wrote, and that show the whole case."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from monitor.core.alerts import make_alert
from monitor.core.types import Alert, ChangeKind, Confirmation, Post, PostForm
from monitor.notify import actions
from monitor.notify.blocks import MAX_URL, key_of, message
from monitor.testing.slack_limits import problems, texts
from tests.builders import LADDER, make_change, make_quote
from tests.examples import NOON, delivery
from tests.notify.alerts import check_message, posts

SECOND = make_quote(
    source="Gazette", url="https://gazette.example/2", quote="The minister confirmed it.", published_at=NOON + timedelta(hours=3)
)


def alert(**fields: Any) -> Alert:
    return make_alert(make_change(**fields), issue_title="Olive duties", ladder=LADDER)


def change_post(told: Alert | None = None, **fields: Any) -> Post:
    told = told or alert()
    return replace(Post(told.alert_id, PostForm.CHANGE, told, thread="C1:17.0"), **fields)


def blocks_of(post: Post) -> list[dict[str, Any]]:
    body = message(post)
    check_message(body)
    blocks: list[dict[str, Any]] = body["blocks"]
    return blocks


@given(posts)
@settings(max_examples=250)
def test_any_post_makes_a_message_that_slack_takes(post: Post) -> None:
    check_message(message(post))


def test_a_change_shows_the_whole_case() -> None:
    header, title, sure, sides, also, why, _ = blocks_of(change_post(alert(evidence=(make_quote(), SECOND), origins=("Wire", "Gazette"))))
    assert header["text"]["text"] == "talks under way → broadly agreed"
    assert title["text"]["text"] == "*Olive duties*\n◐ talks under way › ● *broadly agreed* › ○ signed"
    assert sure["text"]["text"] == "reported, 2 independent origins: Wire, Gazette; confidence 0.90"
    now, before = (field["text"] for field in sides["fields"])
    assert now == "*Now* · broadly agreed\n“We agreed.”\n<https://news.example/a-1|Wire>, 01 Mar 2026 12:00 UTC"
    assert before.startswith("*Before* · talks under way\n“We agreed.”")
    assert also["text"]["text"] == ("*Also*\n• <https://gazette.example/2|Gazette>, 01 Mar 2026 15:00 UTC: “The minister confirmed it.”")
    assert why["elements"][0]["text"] == "Why: decisive"


def test_a_status_off_the_line_stands_behind_the_ladder() -> None:
    told = alert(kind=ChangeKind.DENIAL, to_status="denied", from_status="broadly-agreed")
    assert blocks_of(change_post(told))[1]["text"]["text"].endswith("\n○ talks under way › ◐ broadly agreed › ○ signed  ‖  ● *denied*")


def test_the_text_beside_the_blocks_tells_the_same_without_formats() -> None:
    text = message(change_post(alert(evidence=(make_quote(), SECOND))))["text"]
    for part in (
        "Olive duties: talks under way → broadly agreed (reported)",
        "talks under way &gt; [broadly agreed] &gt; signed",
        "now:    “We agreed.” — Wire, 01 Mar 2026 12:00 UTC https://news.example/a-1",
        "“The minister confirmed it.”",
        "before: “We agreed.”",
        "why:    decisive",
    ):
        assert part in text


def test_every_button_carries_its_change() -> None:
    block = blocks_of(change_post())[-1]
    assert block["block_id"] == actions.BLOCK
    named = {element["action_id"]: element for element in block["elements"]}
    assert set(named) == set(actions.ALL)
    assert {element["value"] for element in named.values() if element["type"] == "button"} == {"c-1"}
    menu = named[actions.WRONG_STATUS]["options"]
    assert [actions.unpack_status(option["value"]) for option in menu] == [("c-1", "talks-under-way"), ("c-1", "signed"), ("c-1", "denied")]
    assert [option["text"]["text"] for option in menu] == ["talks under way", "signed", "denied"]


def test_buttons_are_left_out_where_nobody_listens() -> None:
    assert "actions" not in [block["type"] for block in message(change_post(), has_buttons=False)["blocks"]]


def test_what_people_said_takes_the_place_of_the_buttons() -> None:
    last = blocks_of(change_post(note="✓ accepted by <@U1>"))[-1]
    assert (last["type"], last["elements"][0]["text"]) == ("context", "✓ accepted by &lt;@U1&gt;")


def test_a_root_shows_where_the_issue_stands_and_no_buttons() -> None:
    told = alert(confirmation=Confirmation.CONFIRMED)
    standing, ladder = blocks_of(Post("root_olive-duties", PostForm.ROOT, told))
    assert standing["text"]["text"] == "*Olive duties*\nNow: *broadly agreed* · confirmed · since 01 Mar 2026 12:00 UTC"
    assert ladder["elements"][0]["text"].startswith("◐ talks under way › ● *broadly agreed* › ○ signed\n")
    assert message(Post("r", PostForm.ROOT, told))["text"] == "Olive duties: now broadly agreed"


def test_a_message_carries_its_key() -> None:
    body = message(change_post())
    assert body["metadata"]["event_payload"] == {"alert_id": "a_c-1", "form": "change", "issue": "olive-duties"}
    assert key_of(body) == "a_c-1"


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"metadata": None},
        {"metadata": {"event_type": "other", "event_payload": {"alert_id": "a_c-1"}}},
        {"metadata": {"event_type": "monitor_alert"}},
    ],
)
def test_a_message_of_somebody_else_has_no_key(found: dict[str, Any]) -> None:
    assert key_of(found) is None


def test_a_notice_shows_its_lines() -> None:
    notice = delivery(is_notice=True).alert
    header, lines = blocks_of(Post(notice.alert_id, PostForm.NOTICE, notice))
    assert (header["text"]["text"], lines["text"]["text"]) == ("Agreed", "line")


def test_an_alert_without_words_still_has_a_header_and_a_section() -> None:
    empty = replace(delivery(is_notice=True).alert, headline=" ", detail=("",))
    assert [block["text"]["text"] for block in blocks_of(Post("k", PostForm.NOTICE, empty))] == ["(no words)", "(no words)"]


def test_an_alert_of_a_version_without_ladders_is_shown_without_one() -> None:
    old = replace(alert(), steps=())
    assert blocks_of(change_post(old))[1]["text"]["text"] == "*Olive duties*"
    assert actions.WRONG_STATUS not in json.dumps(blocks_of(change_post(old)))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://x.example/a|b",
        "https://x.example/>",
        f"https://x.example/{'a' * MAX_URL}",
        "",
        "https://x.example/\u202ea",
    ],
)
def test_an_address_that_is_no_link_is_left_out(url: str) -> None:
    fields = blocks_of(change_post(alert(evidence=(make_quote(url=url),))))[3]["fields"]
    assert fields[0]["text"].endswith("\nWire, 01 Mar 2026 12:00 UTC")


def test_more_sources_than_fit_are_counted() -> None:
    many = tuple(make_quote(source=f"Outlet {number}", url=f"https://outlet.example/{number}", quote="words " * 60) for number in range(30))
    also = blocks_of(change_post(alert(evidence=many)))[4]["text"]["text"].splitlines()
    assert also[-1] == f"and {30 - 1 - (len(also) - 2)} more"


def test_the_longest_of_everything_still_fits() -> None:
    long = make_quote(quote="&" * 9000, source="<" * 900, url="https://x.example/" + "&" * 400)
    told = replace(
        alert(
            evidence=(long,) * 30, baseline_evidence=(long,), reason="<" * 9000, origins=tuple(f"{number} " * 99 for number in range(40))
        ),
        issue_title="<" * 9000,
        from_label="&" * 9000,
        to_label="<" * 9000,
        detail=("<" * 9000,) * 9,
        steps=tuple(replace(alert().steps[0], key=f"s-{number}", label="&" * 500) for number in range(200)),
    )
    body = message(change_post(told))
    check_message(body)
    # Near the limit, so that the limit was met by cutting and not by having little to say.
    assert sum(len(text) for block in body["blocks"] for text in texts(block)) > 5000


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda body: body.update(text=" "), "text: there is none"),
        (lambda body: body.update(text="x" * 4001), "text: 4001 > 4000"),
        (lambda body: body.update(blocks=[{"type": "divider"}] * 51), "blocks: 51 > 50"),
        (lambda body: body["blocks"][0]["text"].update(text="x" * 151), "a text of 151 characters > 150"),
        (lambda body: body["blocks"][0]["text"].update(type="mrkdwn"), "must be plain_text"),
        (lambda body: body["blocks"][1]["text"].update(text="x" * 3001), "a text of 3001 characters > 3000"),
        (lambda body: body["blocks"][1]["text"].update(text=""), "a text is empty"),
        (lambda body: body["blocks"][3].update(fields=body["blocks"][3]["fields"] * 6), "12 fields, must be 1 to 10"),
        (lambda body: body["blocks"][3]["fields"][0].update(text="x" * 2001), "a text of 2001 characters > 2000"),
        (lambda body: body["blocks"][-1]["elements"][0].update(value="x" * 2001), "value of accept: 2001 > 2000"),
        (lambda body: body["blocks"][-1]["elements"][0]["text"].update(text="x" * 76), "a text of 76 characters > 75"),
        (lambda body: body["blocks"][-1]["elements"][0].update(action_id="x" * 256), "must be 1 to 255 characters"),
        (lambda body: body["blocks"][-1].update(elements=[]), "0 elements, must be 1 to 25"),
        (lambda body: body["blocks"][-1].update(elements=body["blocks"][-1]["elements"][:1] * 2), "two elements have the same action_id"),
        (lambda body: body["blocks"][-1].update(block_id="x" * 256), "block_id: 256 > 255"),
        (lambda body: body["blocks"][-1]["elements"][-1]["options"][0].update(value="x" * 151), "must be 1 to 150 characters"),
        (lambda body: body["blocks"].append(body["blocks"][-1]), "two have the same block_id"),
        (
            lambda body: body["blocks"].extend([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 4),
            "characters of text > 9597",
        ),
        (lambda body: body["blocks"].append({"type": "table"}), "type: 'table' is none"),
        (lambda body: body["metadata"].pop("event_type"), "metadata: must be an object"),
        (lambda body: body["metadata"]["event_payload"].update(more={"a": 1}), "metadata/more: must be a string"),
    ],
    ids=range(21),
)
def test_the_limits_that_the_tests_hold_to_find_each_breach(spoil: Any, told: str) -> None:
    body = json.loads(json.dumps(message(change_post())))
    assert problems(body) == []
    spoil(body)
    assert any(told in problem for problem in problems(body)), problems(body)

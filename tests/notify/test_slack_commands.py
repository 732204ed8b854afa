"""`/monitor ...` in Slack: what is asked is answered to whoever asked, and what is done is a row that can be taken back."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from monitor.core.types import Review, ReviewAction, ReviewId, Via
from monitor.notify import actions
from monitor.testing.fakes import FrozenClock
from monitor.testing.slack_server import StandInSlack
from tests.notify.slack_desk import app, change_id, interaction, post, reviews, shown, signed, slack
from tests.story import ISSUE_KEY, STATEMENT, TITLE, article, store_articles
from tests.story_app import StoryApp

__all__ = ["app", "slack"]


def command(app: StoryApp, text: str, trigger: str = "") -> str:
    assert app.slack_endpoint is not None
    assert isinstance(app.clock, FrozenClock)
    body = urlencode({"command": "/monitor", "text": text, "user_id": "U1", "user_name": "ada", "trigger_id": trigger}).encode()
    reply = app.slack_endpoint.handle(signed(body, app.clock), body)
    assert reply.status == 200
    answer = json.loads(reply.body)
    assert answer["response_type"] == "ephemeral"
    assert isinstance(answer["text"], str)
    return answer["text"]


def test_status_tells_where_issues_stand(app: StoryApp) -> None:
    assert command(app, "status").startswith(
        "Will Norland and Sudmark conclude the harbour treaty? (harbour-treaty): broadly agreed since 02 Sep 2024, reported"
    )
    told = command(app, f"status {ISSUE_KEY}").splitlines()
    assert len(told) >= 2
    assert told[1].startswith("“Norland and Sudmark have broadly agreed")
    assert command(app, "status figs") == "There is no issue 'figs'; known: harbour-treaty"


def test_why_tells_the_way_of_an_article(app: StoryApp) -> None:
    told = command(app, "why <https://gazette.example/2|the gazette>")
    assert "2. match with harbour-treaty: yes" in told
    assert "4. change: status talks\u200b_under\u200b_way → broadly\u200b_agreed" in told or "broadly_agreed" in told.replace("\u200b", "")
    assert "5. alert: slack, sent" in told
    assert "No stored article has the address" in command(app, "why https://nowhere.example/1")
    assert "Which article?" in command(app, "why")


def held(app: StoryApp) -> int:
    with app.uow.reading() as tx:
        return sum(len(tx.held.waiting(channel)) for channel in tx.held.channels())


def test_mute_holds_and_unmute_tells_again_and_the_root_says_so(app: StoryApp, slack: StandInSlack) -> None:
    told = command(app, f"mute {ISSUE_KEY} 2h", "t-1")
    assert "(harbour-treaty) is muted until 04 Sep 10:00 UTC" in told
    # Slack delivered it twice.
    assert command(app, f"mute {ISSUE_KEY} 2h", "t-1") == told
    command(app, f"mute {TITLE}", "t-2")
    assert [row[:2] for row in reviews(app)] == [("mute", "ada (U1)")] * 2
    store_articles(app.uow, article(STATEMENT))
    app.match()
    app.assess()
    app.deliver()
    [root] = slack.of_form("root")
    assert "Muted until 05 Sep 08:00 UTC by ada (U1)" in json.dumps(root["blocks"])
    assert held(app) == 1
    told = command(app, f"unmute {ISSUE_KEY}", "t-3")
    assert "is no longer muted; 1 alert waited, and will be told within minutes" in told
    assert command(app, f"unmute {ISSUE_KEY}", "t-4").endswith("is not muted")
    assert isinstance(app.clock, FrozenClock)
    app.clock.advance(300)
    app.release()
    for _ in range(3):
        app.deliver()
    assert held(app) == 0
    [root] = slack.of_form("root")
    assert "Muted" not in json.dumps(root["blocks"])
    assert "Muted" not in json.dumps([message["blocks"] for message in slack.of_form("change")])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("mute", "Which issue?; known: harbour-treaty. Write /monitor mute ISSUE 24h"),
        ("mute figs 3h", "There is no issue 'figs'; known: harbour-treaty"),
        (f"mute {ISSUE_KEY} 24x", f"There is no issue '{ISSUE_KEY} 24x'; known: harbour-treaty. Write /monitor mute ISSUE 24h"),
        (f"mute {ISSUE_KEY} 0h", "That did not work: mute: 2024-09-04 08:00 UTC is past; choose a later time, or none"),
        (f"mute {ISSUE_KEY} 99w", "365 days are the most; /monitor mute harbour-treaty always"),
        ("unmute figs", "There is no issue 'figs'; known: harbour-treaty. Write /monitor unmute ISSUE"),
        ("undo", "Nobody has said or done anything that stands"),
    ],
)
def test_a_command_that_cannot_be_followed_says_what_to_write(app: StoryApp, text: str, answer: str) -> None:
    assert command(app, text).replace("\u200b", "").startswith(answer)
    assert reviews(app) == []


def test_undo_lists_what_stands_and_takes_back_what_is_named(app: StoryApp, slack: StandInSlack) -> None:
    post(app, interaction(actions.ACCEPT, change_id(app)))
    listed = command(app, "undo")
    assert listed.startswith("Which one? /monitor undo REVIEW; the latest that stand:")
    # As it is copied from the answer, with what keeps it from being read as a format.
    name = listed.splitlines()[1].partition(":")[0]
    told = command(app, f"undo {name}", "t-1")
    assert "Taken back: accept by ada (U1), 04 Sep 08:00 UTC, on harbour-treaty. If that was wrong: /monitor undo r" in told
    app.slack_actions.close()
    app.deliver()
    assert "Accepted" not in shown(slack)
    assert '"action_id": "accept"' in shown(slack)
    assert "is taken back already" in command(app, f"undo {name}", "t-2")
    assert command(app, "undo r_none") == "Nobody has said or done anything that stands"


def test_undo_of_a_status_set_by_hand_says_where_the_issue_stands(app: StoryApp) -> None:
    now = app.clock.now()
    app.review(Review(ReviewId("r_1"), ISSUE_KEY, ReviewAction.SET_STATUS, now, "mara", Via.PAGE, status_key="signed", note="seen"))
    assert command(app, "undo r_1").splitlines()[1].startswith(f"{TITLE} (harbour-treaty): broadly agreed")


def test_what_nobody_knows_gets_the_list_of_commands(app: StoryApp) -> None:
    assert command(app, "") == command(app, "dance") == command(app, "help")
    assert "why LINK" in command(app, "help")

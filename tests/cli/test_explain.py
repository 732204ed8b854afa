"""`monitor explain`: one article from feed to alert, or to where it stopped."""

from __future__ import annotations

from tests.cli.conftest import Command
from tests.story import AGREED, CAKES, rss


def test_an_article_that_made_an_alert_is_followed_to_it(command: Command) -> None:
    told = command("explain", "https://gazette.example/2")
    assert told.status == 0
    lines = told.out.splitlines()
    assert lines[0] == "Norland and Sudmark have broadly agreed on the harbour treaty — Gazette, 2024-09-02 08:00 UTC"
    assert any(line.startswith("1. feed: gazette delivered it at 2024-09-04 08:00 UTC, dated “Mon, 02 Sep 2024") for line in lines)
    assert any(line.startswith("2. match with harbour-treaty: yes, alike enough") for line in lines)
    assert any("(threshold " in line and "to seed seed-1, anchors 100% (norland, sudmark)" in line for line in lines)
    assert any(line.startswith("3. read for harbour-treaty by scripted/1, origin Gazette: 2 sentences tell of a step") for line in lines)
    assert any("verdict: “broadly agreed” with weight 0.90" in line for line in lines)
    tipped = next(number for number, line in enumerate(lines) if line.startswith("4. change: status talks_under_way → broadly_agreed (c_"))
    assert lines[tipped].endswith("), tipped by it")
    assert lines[tipped + 1] == "5. alert: console, sent at 2024-09-04 08:00 UTC, tries 1"


def test_an_article_that_did_not_match_is_followed_to_where_it_stopped(command: Command) -> None:
    lines = command("explain", "https://gazette.example/5").out.splitlines()
    assert any(line.startswith("2. match with harbour-treaty: no, not alike enough") for line in lines)
    assert lines[-1] == "   it stopped here: only a match is read"


def test_an_article_that_only_confirmed_says_why_it_was_silent(command: Command) -> None:
    told = command("explain", "https://herald.example/3").out
    assert "confirmed, a second independent origin says it (Herald); no alert: changes of kind confirmation are recorded only" in told
    lines = told.splitlines()
    [own] = [number for number, line in enumerate(lines) if line.endswith("tipped by it")]
    assert lines[own].startswith("4. change: confirmation broadly_agreed → broadly_agreed")
    # The next line tells of the change that quotes it as its past, with the alert of that one.
    assert lines[own + 1].startswith("4. change: status broadly_agreed → joint_statement")
    assert lines[own + 1].endswith(", quotes it")


def test_a_seed_says_that_it_is_one(command: Command) -> None:
    told = command("explain", "seed-1").out
    assert "1. feed: none delivered it; it was given as a seed" in told
    assert "is a seed of the issue" in told


def test_an_unknown_article_is_status_2_with_a_next_step(command: Command) -> None:
    told = command("explain", "https://nowhere.example/1")
    assert told.status == 2
    assert told.err.endswith("was its feed polled? See `monitor feeds list`")


def test_an_edit_is_shown_with_the_sentence_it_changed_and_what_dates_it(command: Command) -> None:
    before = AGREED.title
    after = before.replace("broadly agreed on", "torn up")
    edited = rss(CAKES, AGREED).decode().replace(before, after)
    command.site.publish("/gazette.xml", edited.encode())
    command("poll", "--once")
    told = command("explain", "https://gazette.example/2").out
    assert f"this version changed: “{before}” → “{after}”" in told
    assert "dated by its first sight: its feed tells no date for this version" in told

"""`monitor issues`: list, show, add, calibrate."""

from __future__ import annotations

import yaml

from tests.cli.conftest import Command
from tests.story import TITLE


def test_list_tells_where_each_issue_stands(command: Command) -> None:
    first, second = command("issues", "list").out.splitlines()
    assert first == f"harbour-treaty  joint_statement since 2024-09-03 08:00  [reported]  {TITLE}"
    assert "4 changes, ladder treaty" in second


def test_list_without_issues_tells_the_next_step(empty: Command) -> None:
    assert "run `monitor issues add`" in empty("issues", "list").out


def test_show_tells_status_proof_threshold_anchors_and_course(command: Command) -> None:
    told = command("issues", "show", "harbour-treaty").out
    assert told.startswith(f"{TITLE}\nstatus: joint_statement (reported; Gazette)\n    “")
    assert "relevance threshold: 0." in told
    assert "anchors: norland (1.00), sudmark (1.00)" in told
    assert "2024-09-02  talks_under_way → broadly_agreed [reported]  “" in told


def test_show_of_an_unknown_issue_is_status_2(command: Command) -> None:
    assert command("issues", "show", "nothing").status == 2


def test_add_learns_what_lies_in_the_folder_once(empty: Command) -> None:
    assert empty("issues", "add").out == "1 of 1 issues learned anew\n"
    assert empty("issues", "add").out == "0 of 1 issues learned anew\n"
    assert empty("issues", "list").out.startswith("harbour-treaty  talks_under_way since 2024-09-01 08:00")


def test_add_copies_a_file_with_the_path_of_its_seeds(empty: Command) -> None:
    folder = empty.folder / "elsewhere"
    folder.mkdir()
    file = folder / "fish.yaml"
    file.write_text(yaml.safe_dump({"key": "fish", "title": "Will they share the fish?", "ladder": "treaty", "seeds": "../seeds"}))
    assert empty("issues", "add", str(file)).out == "2 of 2 issues learned anew\n"
    assert yaml.safe_load((empty.folder / "issues" / "fish.yaml").read_text())["seeds"] == "../seeds"
    again = empty("issues", "add", str(file))
    assert again.status == 2
    assert "exists already" in again.err


def test_add_of_a_broken_file_is_status_2_and_copies_nothing(empty: Command) -> None:
    file = empty.folder / "fish.yaml"
    file.write_text(yaml.safe_dump({"key": "fish", "title": "Will they share the fish?", "ladder": "no-such", "seeds": "seeds"}))
    told = empty("issues", "add", str(file))
    assert told.status == 2
    assert "ladder = 'no-such': there is no such ladder; known: treaty" in told.err
    assert not (empty.folder / "issues" / "fish.yaml").exists()


def test_calibrate_shows_threshold_and_course_and_changes_nothing(empty: Command) -> None:
    told = empty("issues", "calibrate", "harbour-treaty").out
    assert told.startswith(f"{TITLE}\nthreshold 0.")
    assert "halfway between" in told
    assert "2024-09-01  — → talks_under_way" in told
    assert "no issues yet" in empty("issues", "list").out


def test_calibrate_of_an_unknown_issue_is_status_2(empty: Command) -> None:
    told = empty("issues", "calibrate", "nothing")
    assert (told.status, told.err.rsplit("; ", 1)[1]) == (2, "known: harbour-treaty")

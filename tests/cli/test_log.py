"""`monitor log`: the change log in every format."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from monitor.cli.log import CSV_COLUMNS, Format, render
from tests.cli.conftest import Command
from tests.examples import change, quote

#: The keys that the interface fixes.
KEYS = {
    "change_id", "issue", "at", "article_id", "kind", "from_status", "to_status", "from_phase", "to_phase", "confirmation", "confidence",
    "origins", "reason", "evidence", "baseline_evidence",
}  # fmt: skip
COURSE = ["joint_statement", "broadly_agreed", "broadly_agreed", "talks_under_way"]


def test_the_table_tells_newest_first_with_proof_and_reason(command: Command) -> None:
    told = command("log")
    assert told.status == 0
    lines = [line for line in told.out.splitlines() if not line.startswith(" ")]
    assert [line.split(" → ")[1].split()[0] for line in lines] == COURSE
    assert lines[0].startswith("2024-09-03 08:00  harbour-treaty  status: broadly_agreed → joint_statement  [reported, ")
    assert lines[-1].endswith("(history)")
    assert "    “Norland and Sudmark issue joint statement on the harbour treaty” — Gazette" in told.out


def test_json_is_one_list_and_json_lines_are_one_object_a_line(command: Command) -> None:
    whole = json.loads(command("log", "--format", "json").out)
    lines = [json.loads(line) for line in command("log", "--format", "jsonl").out.splitlines()]
    assert lines == whole
    assert [entry["to_status"] for entry in whole] == COURSE
    for entry in whole:
        assert set(entry) >= KEYS
        assert all(set(found) >= {"article_id", "source", "url", "quote", "start", "end", "score"} for found in entry["evidence"])


def test_csv_has_a_header_and_one_row_a_change(command: Command) -> None:
    rows = list(csv.DictReader(io.StringIO(command("log", "--format", "csv").out)))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [row["to_status"] for row in rows] == COURSE
    assert rows[1]["origins"] == "Gazette; Herald"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_csv_is_a_formula(start: str) -> None:
    trap = f"{start}HYPERLINK(1)"
    told = replace(change(), evidence=(replace(quote(), quote=trap, source=trap),), origins=(trap,), reason=trap)
    [row] = csv.DictReader(io.StringIO(render([told], Format.CSV), newline=""))
    assert [row[key] for key in ("quote", "source", "origins", "reason")] == [f"'{trap}"] * 4


def test_the_log_can_be_narrowed(command: Command) -> None:
    since = command("log", "--since", "2024-09-02T09:00:00Z", "--format", "jsonl").out
    assert [json.loads(line)["kind"] for line in since.splitlines()] == ["status", "confirmation"]
    assert len(command("log", "--limit", "1", "--format", "jsonl").out.splitlines()) == 1
    assert len(command("log", "--issue", "harbour-treaty", "--format", "jsonl").out.splitlines()) == 4


def test_an_empty_log_says_so(empty: Command) -> None:
    assert empty("log").out == "no changes yet\n"
    assert empty("log", "--format", "json").out == "[]\n"
    assert empty("log", "--format", "jsonl").out == ""


def test_an_unknown_issue_or_instant_is_status_2(command: Command) -> None:
    told = command("log", "--issue", "nothing")
    assert (told.status, told.err) == (2, "--issue 'nothing': there is no such issue; see `monitor issues list`")
    assert command("log", "--since", "yesterday").status == 2


def test_a_database_that_is_not_there_is_status_3(empty: Command) -> None:
    (empty.folder / "monitor.db").unlink()
    told = empty("log")
    assert told.status == 3
    assert "monitor db upgrade" in told.err

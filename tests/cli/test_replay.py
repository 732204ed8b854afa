"""`monitor replay`: files in, files out, and no database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.story import AGREED, CAKES, STATEMENT, TALKS, json_line


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join([json_line(STATEMENT), json_line(CAKES), json_line(AGREED, title="<b>Broadly agreed</b> & more")]) + "\n")
    return path


def _replay(command: Command, articles: Path, out: Path, *words: str, issue: str = "issues/harbour-treaty.yaml") -> tuple[int, str, str]:
    told = command("replay", "--issue", str(command.folder / issue), "--articles", str(articles), "--out", str(out), *words)
    return told.status, told.out, told.err


def test_it_writes_the_changes_that_would_have_been_recorded(empty: Command, articles: Path, tmp_path: Path) -> None:
    out = tmp_path / "changes.jsonl"
    assert _replay(empty, articles, out) == (0, f"3 articles, 2 matched, 2 changes → {out}\n", "")
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["article_id"], row["to_status"], row["at"]) for row in rows] == [
        ("story-2", "broadly_agreed", "2024-09-02T08:00:00Z"),
        ("story-4", "joint_statement", "2024-09-03T08:00:00Z"),
    ]


def test_it_touches_no_database(empty: Command, articles: Path, tmp_path: Path) -> None:
    (empty.folder / "monitor.db").unlink()
    assert _replay(empty, articles, tmp_path / "changes.jsonl")[0] == 0
    assert not (empty.folder / "monitor.db").exists()


def test_it_writes_the_same_bytes_whatever_the_order_of_the_lines(empty: Command, articles: Path, tmp_path: Path) -> None:
    _replay(empty, articles, tmp_path / "one.jsonl")
    articles.write_text("\n".join(reversed(articles.read_text().splitlines())))
    _replay(empty, articles, tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_seeds_may_be_json_lines_beside_the_issue_file(empty: Command, articles: Path, tmp_path: Path) -> None:
    (empty.folder / "issues" / "seeds.jsonl").write_text(json_line(TALKS))
    issue = empty.folder / "issues" / "other.yaml"
    issue.write_text((empty.folder / "issues" / "harbour-treaty.yaml").read_text().replace("../seeds", "seeds.jsonl"))
    assert _replay(empty, articles, tmp_path / "changes.jsonl", issue="issues/other.yaml")[0] == 0


def test_the_report_is_one_page_in_which_no_article_s_markup_lives(empty: Command, articles: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    assert _replay(empty, articles, tmp_path / "changes.jsonl", "--report", str(report))[0] == 0
    page = report.read_text()
    assert "&lt;b&gt;Broadly agreed&lt;/b&gt; &amp; more" in page
    assert "<b>" not in page
    assert "<script" not in page
    assert "broadly_agreed → joint_statement" in page
    assert "Bakers of Westmoor" in page


def test_a_wrong_article_is_status_2_and_names_file_line_and_key(empty: Command, articles: Path, tmp_path: Path) -> None:
    articles.write_text(f'{json_line(AGREED)}\n{{"id": "x"}}\n')
    status, _, error = _replay(empty, articles, tmp_path / "changes.jsonl")
    assert status == 2
    assert error.startswith(f"{articles}, line 2: key 'published_at' is missing")
    assert not (tmp_path / "changes.jsonl").exists()


def test_an_output_that_cannot_be_written_is_status_2(empty: Command, articles: Path, tmp_path: Path) -> None:
    status, _, error = _replay(empty, articles, tmp_path / "nowhere" / "changes.jsonl")
    assert status == 2
    assert "cannot be written (No such file or directory)" in error


def test_an_issue_file_that_is_not_there_is_status_2(empty: Command, articles: Path, tmp_path: Path) -> None:
    assert _replay(empty, articles, tmp_path / "changes.jsonl", issue="issues/none.yaml")[0] == 2

"""`monitor replay` with prompts and answers: a whole replay by a language model, in rounds, without a server."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.cli.conftest import Command, Outcome
from tests.reader.questions import LocalStoryApp
from tests.story import AGREED, CAKES, DENIED, STATEMENT, json_line

SIGNED = replace(
    AGREED,
    number=7,
    at=DENIED.at.replace(hour=23),
    title="Norland and Sudmark put their names to the harbour treaty",
    text="The harbour treaty was signed by Norland and Sudmark in Osthaven.",
)
STEPS = {"broadly agreed": "broadly_agreed", "joint statement": "joint_statement", "names to": "signed"}
PHASES = {"broadly_agreed": "agreed_in_principle", "joint_statement": "announced", "signed": "adopted"}


@pytest.fixture
def replaying(empty: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("monitor.app.App", LocalStoryApp)
    (empty.folder / "articles.jsonl").write_text("".join(f"{json_line(item)}\n" for item in (AGREED, CAKES, STATEMENT, DENIED, SIGNED)))
    return empty


def replay(command: Command, *words: str) -> Outcome:
    folder = command.folder
    files = {
        "--issue": folder / "issues" / "harbour-treaty.yaml",
        "--articles": folder / "articles.jsonl",
        "--out": folder / "changes.jsonl",
    }
    return command("replay", *(str(word) for pair in files.items() for word in pair), *words)


def round_of(command: Command) -> tuple[str, list[dict[str, Any]]]:
    """Replay once; return what was said of prompts, and the prompts that are missing."""
    folder = command.folder
    told = replay(command, "--prompts", str(folder / "prompts.jsonl"), "--answers", str(folder / "answers.jsonl"))
    assert told.status == 0
    return told.out.splitlines()[-1], [json.loads(line) for line in (folder / "prompts.jsonl").read_text().splitlines()]


def scripted_answer(prompt: dict[str, Any]) -> str:
    """Answer as a careful model would: a step of the headline that is not the present one, and no denial."""
    asked = prompt["messages"][-1]["content"]
    present = re.findall(r"^Present step: `(\w+)`", asked, re.M)
    title = re.findall(r"^Title: (.*)$", asked, re.M)[-1]
    step = next((step for phrase, step in STEPS.items() if phrase in title), None)
    is_news = step is not None and [step] != present and "denied" not in title
    return json.dumps(
        {
            "why": "scripted",
            "about_matter": True,
            "quote": title if is_news else "",
            "phase": PHASES[step] if is_news and step else "none",
            "status": step if is_news else None,
            "stance": "asserted",
            "speaker": "outlet",
            "confidence": 0.95,
        }
    )


def answer(command: Command, prompts: list[dict[str, Any]]) -> None:
    with (command.folder / "answers.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"id": prompt["id"], "content": scripted_answer(prompt)}) + "\n" for prompt in prompts)


def changes(command: Command) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (command.folder / "changes.jsonl").read_text().splitlines()]


def where_it_moved(command: Command) -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in (command.folder / "changes.jsonl").read_text().splitlines()]
    return [(row["article_id"], row["to_status"]) for row in rows]


def test_answering_and_replaying_again_comes_to_an_end_with_every_article_read_by_the_model(replaying: Command) -> None:
    rounds = []
    while (found := round_of(replaying))[1]:
        rounds.append([prompt["id"] for prompt in found[1]])
        assert len(rounds) < 6
        answer(replaying, found[1])
    # The seed and four matched articles. The last one's question names the present step, which the model's own answers lead to: a denial
    # that the local reader believed is none to the model.
    assert [len(ids) for ids in rounds] == [5, 1]
    assert len({key for ids in rounds for key in ids}) == 6
    assert found[0] == f"0 of 5 prompts lack an answer → {replaying.folder / 'prompts.jsonl'}"
    assert where_it_moved(replaying) == [("story-2", "broadly_agreed"), ("story-4", "joint_statement"), ("story-7", "signed")]
    whole = (replaying.folder / "changes.jsonl").read_bytes()
    round_of(replaying)
    assert (replaying.folder / "changes.jsonl").read_bytes() == whole


def test_the_same_files_ask_the_same_prompts_under_the_same_ids(replaying: Command) -> None:
    said, prompts = round_of(replaying)
    written = (replaying.folder / "prompts.jsonl").read_bytes()
    assert round_of(replaying) == (said, prompts)
    assert (replaying.folder / "prompts.jsonl").read_bytes() == written
    assert [sorted(prompt) for prompt in prompts] == [["id", "messages", "schema"]] * 5
    assert said == f"5 of 5 prompts lack an answer → {replaying.folder / 'prompts.jsonl'}"


def test_meanwhile_articles_are_read_locally(replaying: Command) -> None:
    assert "prompts" not in replay(replaying).out
    alone = where_it_moved(replaying)
    assert len(alone) == 4
    round_of(replaying)
    assert where_it_moved(replaying) == alone


def test_with_answers_alone_it_says_how_many_are_missing(replaying: Command) -> None:
    told = replay(replaying, "--answers", str(replaying.folder / "answers.jsonl"))
    assert told.out.splitlines()[-1] == "5 of 5 prompts lack an answer"
    assert not (replaying.folder / "prompts.jsonl").exists()


def test_an_unsound_answer_is_an_answer_and_the_article_is_read_locally(replaying: Command) -> None:
    replay(replaying)
    alone = where_it_moved(replaying)
    _, prompts = round_of(replaying)
    (replaying.folder / "answers.jsonl").write_text("".join(json.dumps({"id": row["id"], "content": "?"}) + "\n" for row in prompts))
    assert round_of(replaying)[1] == []
    assert where_it_moved(replaying) == alone


def test_a_wrong_answers_file_is_status_2(replaying: Command) -> None:
    (replaying.folder / "answers.jsonl").write_text("nonsense\n")
    told = replay(replaying, "--answers", str(replaying.folder / "answers.jsonl"))
    assert told.status == 2
    assert "answers.jsonl, line 1: is no JSON" in told.err

"""The corpora as they lie here, and files that are wrong."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from benchmarks.evaluate import STORYLINES
from monitor.config.files import load_ladders
from monitor.core.ladder import Ladder, Phase
from monitor.core.types import Stance
from monitor.errors import ConfigError
from monitor.training.corpus import CORPUS, MARKS, Storyline, digest_of, load_sentences, load_storyline, load_storylines
from tests.builders import ROOT

HEAD = "title: Will the duties end?\nladder: agreement\nkind: trade\n"
SEED = "S|2026-03-01T12:00:00Z|talks|Wire|Talks open|They met. // Rain fell.\n"


@cache
def ladders() -> dict[str, Ladder]:
    return load_ladders(ROOT / "config" / "ladders")


@cache
def trained_on() -> tuple[Storyline, ...]:
    return load_storylines(CORPUS / "storylines", ladders())


@cache
def evaluated_on() -> tuple[Storyline, ...]:
    return load_storylines(STORYLINES, ladders())


def plain(text: str) -> str:
    """What stays of a text when case, spaces and punctuation vary."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def twice(texts: list[str]) -> list[str]:
    return sorted(text for text, count in Counter(map(plain, texts)).items() if count > 1)


def test_the_sentence_corpus_is_large_and_wide() -> None:
    sentences = load_sentences()
    assert len(sentences) >= 6000
    assert len({sentence.field for sentence in sentences}) >= 40
    assert {sentence.phase for sentence in sentences} == {None, *Phase}
    assert {sentence.stance for sentence in sentences} == set(Stance)
    assert all(sentence.text and sentence.matter for sentence in sentences)


def test_no_sentence_stands_twice() -> None:
    assert twice([sentence.text for sentence in load_sentences()]) == []


def test_there_are_many_storylines_of_many_kinds() -> None:
    assert len(trained_on()) >= 120
    assert {storyline.issue.ladder.key for storyline in trained_on()} == set(ladders())
    assert {item.mark for storyline in trained_on() for item in storyline.items} == MARKS


@pytest.mark.parametrize("load", [trained_on, evaluated_on], ids=["training", "evaluation"])
def test_labels_hold_together(load: object) -> None:
    storylines = trained_on() if load is trained_on else evaluated_on()
    for storyline in storylines:
        name = storyline.issue.key
        assert storyline.issue.seeds, name
        assert sum(item.mark == "*" for item in storyline.items) >= 1, name
        phase = None
        for item in storyline.items:
            place = f"{name}: {item.article.title or item.article.text}"
            assert item.article.headline_and_text.strip(), place
            assert item.is_on_matter == (item.mark not in {"x", "-"}), place
            if item.is_on_matter:
                # Only a seed or a labelled change moves the status.
                assert item.mark in {"S", "*"} or item.phase is phase, place
                assert item.mark != "*" or item.phase is not phase, place
                phase = item.phase


def test_every_evaluation_storyline_belongs_to_a_half() -> None:
    assert {storyline.split for storyline in evaluated_on()} == {"dev", "final"}
    assert {storyline.split for storyline in trained_on()} == {""}


def test_nothing_that_is_trained_on_is_evaluated_on() -> None:
    seen = {plain(sentence.text) for sentence in load_sentences()}
    seen |= {plain(item.article.title) for storyline in trained_on() for item in storyline.items}
    headlines = {plain(item.article.title) for storyline in evaluated_on() for item in storyline.items if item.article.title}
    assert headlines & seen == set()
    questions = [plain(storyline.issue.title) for storyline in (*trained_on(), *evaluated_on())]
    assert twice(questions) == []


def test_a_storyline_is_read_with_its_seeds_and_paragraphs(tmp_path: Path) -> None:
    path = tmp_path / "duties.txt"
    path.write_text(f"{HEAD}\n# A remark.\n{SEED}x|2026-03-02T12:00:00Z|-|Wire|Olives rot|\n", encoding="utf-8")
    storyline = load_storyline(path, ladders())
    assert [(item.mark, item.phase, item.is_on_matter) for item in storyline.items] == [("S", Phase.TALKS, True), ("x", None, False)]
    assert storyline.items[0].article.text == "They met.\nRain fell."
    assert [seed.article for seed in storyline.issue.seeds] == [storyline.items[0].article]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (HEAD + SEED + "?|2026-03-02T12:00:00Z|talks|Wire|x|y\n", r"line 5: mark '\?' is none of"),
        (HEAD + SEED + "*|2026-03-02T12:00:00|talks|Wire|x|y\n", r"line 5: published_at .* has no zone"),
        (HEAD + SEED + "*|yesterday|talks|Wire|x|y\n", "line 5: .*a line is mark"),
        (HEAD + SEED + "*|2026-03-02T12:00:00Z|chatting|Wire|x|y\n", "line 5: 'chatting' is not a valid Phase"),
        (HEAD + SEED + "*|2026-03-02T12:00:00Z|talks\n", "line 5: not enough values"),
        ("ladder: agreement\n" + SEED, "key 'title' is missing"),
        ("title: x\nladder: rope\n" + SEED, "ladder = 'rope': there is no such ladder; known: "),
    ],
)
def test_a_wrong_storyline_is_told_by_file_and_line(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "duties.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"duties\.txt.*{told}"):
        load_storyline(path, ladders())


@pytest.mark.parametrize("line", ["talks|asserted", "chatting|asserted|They chat.", "talks|sung|They talk."])
def test_a_wrong_sentence_is_told_by_file_and_line(line: str, tmp_path: Path) -> None:
    (tmp_path / "trade.txt").write_text(f"# matter: duties\nnone|asserted|Rain fell.\n{line}\n", encoding="utf-8")
    if line.count("|") == 1:
        assert load_sentences(tmp_path)[-1].text == ""
        return
    with pytest.raises(ConfigError, match=r"trade\.txt, line 3: .*; a line is phase\|stance\|text"):
        load_sentences(tmp_path)


def test_the_digest_changes_with_names_and_bytes(tmp_path: Path) -> None:
    found = []
    for name, content in [("a.txt", "x"), ("a.txt", "y"), ("b.txt", "y"), ("c.md", "z")]:
        (tmp_path / name).write_text(content)
        found.append(digest_of(tmp_path))
    assert len(set(found)) == 3
    assert found[2] == found[3]

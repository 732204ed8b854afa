"""Training the matter head: which examples it sees, and that a few of them can be learned."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from monitor.config.files import load_ladders
from monitor.core.ladder import Phase
from monitor.core.telling import KINDS
from monitor.core.types import Stance
from monitor.reader.head import PHASES, ReadingHead
from monitor.testing.fakes import HashEncoder
from monitor.training import examples, matter
from monitor.training.corpus import CORPUS, LabelledSentence, Storyline, load_storyline, load_storylines
from tests.builders import ROOT

STORYLINE = """title: Will the {thing} end?
ladder: agreement

S|2026-03-01T12:00:00Z|talks|Wire|{thing} talks open|
=repeat|2026-03-02T12:00:00Z|talks|Gazette|{thing} talks are open|
*|2026-03-03T12:00:00Z|adopted|Wire|{thing} pact signed|Both sides signed it.
=hedge|2026-03-04T12:00:00Z|adopted|Gazette|{thing} pact may take effect|
x|2026-03-05T12:00:00Z|-|Herald|Other pact signed|
"""
SENTENCES = (
    LabelledSentence("They signed.", Phase.ADOPTED, Stance.ASSERTED, "pacts", "the olive pact"),
    LabelledSentence("They may sign.", Phase.ADOPTED, Stance.CONDITIONAL, "pacts", "the olive pact"),
    LabelledSentence("They have not signed.", Phase.ADOPTED, Stance.DENIED, "pacts", "the olive pact"),
    LabelledSentence("Rain fell.", None, Stance.ASSERTED, "pacts", "the rain"),
    LabelledSentence("They met.", Phase.TALKS, Stance.ASSERTED, "pacts", ""),
)


def storylines(tmp_path: Path) -> list[Storyline]:
    found = []
    for thing in ("duties", "strike", "blockade"):
        path = tmp_path / f"{thing}.txt"
        path.write_text(STORYLINE.format(thing=thing), encoding="utf-8")
        found.append(load_storyline(path, load_ladders(ROOT / "config" / "ladders")))
    return found


def stored(stories: list[Storyline]) -> examples.States:
    states = examples.States()
    states.add(examples.texts_of(stories, SENTENCES), HashEncoder(384, 7), ReadingHead())
    return states


def test_what_an_article_tells_follows_from_its_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "STREWN", 0.0)
    [story, *_] = storylines(tmp_path)
    found = examples.storyline_examples([story], {}, random.Random(1))
    assert [(PHASES[one.phase], KINDS[one.kind]) for one in found] == [
        (Phase.TALKS, "told"),
        (Phase.ADOPTED, "told"),
        (None, "hedge"),
        (None, "look-alike"),
    ]
    assert {one.question for one in found} == {"Will the duties end?"}
    assert found[1].parts.lead == "Both sides signed it."


def test_articles_of_other_storylines_tell_nothing_of_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "STREWN", 1.0)
    stories = storylines(tmp_path)
    near = examples.nearest(stories, stored(stories))
    for share in (0.0, 1.0):
        monkeypatch.setattr(examples, "STREWN_NEAR", share)
        strewn = [one for one in examples.storyline_examples(stories, near, random.Random(1)) if one.weight != 1.0]
        assert len(strewn) >= 4
        for one in strewn:
            assert (one.phase, KINDS[one.kind]) == (0, "unrelated")
            assert one.question.split()[2] not in (one.parts.headline or "").lower()


def test_the_nearest_articles_are_those_of_others_that_read_like_the_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stories = storylines(tmp_path)
    monkeypatch.setattr(examples, "N_NEAREST", 3)
    for story in stories:
        found = examples.nearest(stories, stored(stories))[str(story.issue.key)]
        assert len(found) == 3
        assert not set(found) & set(story.items)
        assert "Other pact signed" not in [item.article.title for item in found]


def test_a_storyline_alone_has_nothing_strewn_in(tmp_path: Path) -> None:
    [story, *_] = storylines(tmp_path)
    assert len(examples.storyline_examples([story], {}, random.Random(1))) == 4


def test_sentences_stand_beside_their_matter_or_a_strange_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "SENTENCES", 1.0)
    monkeypatch.setattr(examples, "STRANGE", 0.0)
    found = examples.sentence_examples(SENTENCES, random.Random(1))
    assert [(PHASES[one.phase], KINDS[one.kind]) for one in found] == [
        (Phase.ADOPTED, "told"),
        (None, "hedge"),
        (None, "denied"),
        (None, "colour"),
    ]
    monkeypatch.setattr(examples, "STRANGE", 1.0)
    strange = [one for _ in range(20) for one in examples.sentence_examples(SENTENCES, random.Random(_)) if one.question == "the rain"]
    told = [one for one in strange if one.parts.headline != "Rain fell."]
    assert told
    assert {(one.phase, KINDS[one.kind]) for one in told} == {(0, "unrelated")}


def test_each_storyline_is_strange_to_exactly_one_net(tmp_path: Path) -> None:
    stories = storylines(tmp_path)
    for place, story in enumerate(stories):
        knows = [story in matter.known_to(stories, number) for number in range(matter.N_NETS)]
        assert [number for number, known in enumerate(knows) if not known] == [place % matter.N_NETS]


def test_a_thinned_example_keeps_its_labels_and_something_to_read(tmp_path: Path) -> None:
    rng = random.Random(5)
    example = examples.storyline_examples(storylines(tmp_path), {}, rng)[1]
    shapes = set()
    for _ in range(300):
        thin = examples.thinned(example, rng)
        assert (thin.phase, thin.kind, thin.weight, thin.question) == (example.phase, example.kind, example.weight, example.question)
        shapes.add((thin.parts.headline is not None, thin.parts.lead is not None))
    assert shapes == {(True, True), (True, False), (False, True)}


def test_training_is_repeatable_and_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"EPOCHS": 12, "LEARNING_RATE": 5e-3, "BATCH": 4}.items():
        monkeypatch.setattr(matter, name, value)
    monkeypatch.setattr(examples, "SENTENCES", 0.0)
    stories = storylines(tmp_path)
    states = stored(stories)
    torch.set_num_threads(1)
    nets = [matter.fit(stories, SENTENCES, states, 0) for _ in range(2)]
    first, second = (matter.weights_of([net]) for net in nets)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    own = [one for story in stories for one in examples.storyline_examples([story], {}, random.Random(1))]
    right, false = matter.family_right(nets[0], own, states)
    assert right > 0.9
    assert false < 0.5


def test_how_many_nets_are_trained_at_a_time_changes_no_weight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"EPOCHS": 1, "BATCH": 4}.items():
        monkeypatch.setattr(matter, name, value)
    monkeypatch.setattr(examples, "SENTENCES", 0.0)
    stories = storylines(tmp_path)
    states = stored(stories)
    torch.set_num_threads(1)
    alone = matter.weights_of([matter.fit(matter.known_to(stories, number), SENTENCES, states, number) for number in range(matter.N_NETS)])
    together = matter.weights_of(matter.fit_all(stories, SENTENCES, states, 2))
    assert alone.keys() == together.keys()
    assert all(np.array_equal(alone[name], together[name]) for name in alone)


def test_the_form_of_an_article_says_nothing_about_its_news() -> None:
    stories = load_storylines(CORPUS / "storylines", load_ladders(ROOT / "config" / "ladders"))
    rng = random.Random(3)
    own = [
        examples.thinned(example, rng)
        for story in stories
        for item in story.items
        if item.mark != "S" and (example := examples.example_of("", (), item))
    ]
    share = {
        form: np.mean([one.phase > 0 for one in own if form == (one.parts.lead is not None, bool(one.parts.body))])
        for form in ((False, False), (True, False), (True, True))
    }
    assert max(share.values()) - min(share.values()) < 0.06, share

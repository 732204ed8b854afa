"""How far an article is about the matter: a look-alike with the same actor shares fewer words."""

from __future__ import annotations

import math
from itertools import product

import pytest

from monitor.core.aboutness import NAMES, aboutness, vocabulary, words
from monitor.core.types import Article, Baseline, Issue
from tests.builders import coalition_issue, head_vector, learn, make_article, make_issue, off_topic_stories

SHARES = tuple(number for number, name in enumerate(NAMES) if name.startswith("words of") and "do not use" not in name)


@pytest.fixture(scope="module")
def coalition() -> tuple[Issue, Baseline]:
    issue = coalition_issue()
    return issue, learn(issue, off_topic_stories())


def numbers(article: Article, issue: Issue, baseline: Baseline) -> dict[str, float]:
    found = aboutness(head_vector(article), article, baseline, vocabulary(issue, baseline))
    return dict(zip(NAMES, found, strict=True))


MATTER = make_article(
    "m-1", title="US-led coalition to end its mission in Iraq", text="Baghdad and Washington agreed that the coalition leaves its bases."
)
LOOK_ALIKE = make_article(
    "l-1", title="Iraq raises oil price for Asian buyers", text="Baghdad told refiners in Busan and Ningbo that cargoes cost more in May."
)


def test_a_look_alike_shares_fewer_words_with_the_matter(coalition: tuple[Issue, Baseline]) -> None:
    matter, look_alike = numbers(MATTER, *coalition), numbers(LOOK_ALIKE, *coalition)
    assert len(SHARES) == 6
    for number in SHARES:
        assert matter[NAMES[number]] > look_alike[NAMES[number]]
    # It names the actor all the same.
    assert look_alike["anchors named in the headline"] > 0
    assert look_alike["words of the headline that the seeds do not use, in tens"] > 0
    assert look_alike["share of the lead's names that the seeds do not use"] > matter["share of the lead's names that the seeds do not use"]


def test_a_seed_is_wholly_about_its_own_matter(coalition: tuple[Issue, Baseline]) -> None:
    issue, baseline = coalition
    found = numbers(issue.seeds[0].article, issue, baseline)
    assert found["cosine to the nearest seed"] == pytest.approx(1.0, abs=1e-5)
    assert found["words of the headline that the seeds use"] == 1.0
    assert found["names in the lead that the seeds do not use, in fives"] == 0.0


@pytest.mark.parametrize(("title", "text"), list(product(["", "a", "7 %", "Duties to end"], ["", "…", "They met."])))
def test_texts_without_words_divide_nothing_by_zero(title: str, text: str) -> None:
    article = make_article(title=title, text=text)
    for issue in (make_issue(make_article("s-1")), make_issue(make_article("s-1", title="", text=""), title="?")):
        found = numbers(article, issue, learn(issue))
        assert len(found) == len(NAMES)
        assert all(math.isfinite(value) and 0.0 <= value <= 1.001 for value in found.values())


def test_words_are_brought_to_one_form() -> None:
    assert words("The TALKS ended; talking ends the talk's end") == {"talk", "end"}
    assert words("It is on to us, 27") == frozenset()

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from monitor.config.articles import load_articles
from monitor.config.files import load_feeds, load_issues, load_ladder, load_ladders
from monitor.core.ladder import Ladder, Phase
from tests.builders import ROOT, SEED_FOLDER

LADDERS = load_ladders(ROOT / "config" / "ladders")
SHA256 = {
    "000_ee7a84e249861f88.txt": "68da76997ac7cd076a16e7de01d6db3dcd5d18e31ad4b9cd173806fdc87f1738",
    "001_28af89360197374f.txt": "2c163cb0650b1536b6d7405b565e2fbca1ef7d40cd8ca19a0bafe1d49bfe07c3",
    "002_fc4bd835b40b472d.txt": "54d44b8c630dab9187cd652e52a74bdb404efdb33143791f177f7522fcc61039",
    "003_b8bd4d4ee7a7783a.txt": "3863eb1fa64c7ffda4cd11e534d1b10c521fb39258a08ae07b04f16fa3335652",
    "004_b1c9d95a80215d30.txt": "dcd38c8c35122a8cf53caa7fbabc6833408600df28d8cebcb193537de507f35a",
}


def test_seven_ladders_ship() -> None:
    assert set(LADDERS) == {"agreement", "ceasefire", "court", "deal", "legislation", "lifecycle", "strike"}


@pytest.mark.parametrize("ladder", LADDERS.values(), ids=LADDERS)
def test_a_shipped_ladder_has_its_own_cues_enough_for_each_status(ladder: Ladder) -> None:
    assert all(len(status.cues) >= 5 for status in ladder.statuses)
    assert not [cue for cue, n in Counter(cue for status in ladder.statuses for cue in status.cues).items() if n > 1]


@pytest.mark.parametrize("ladder", LADDERS.values(), ids=LADDERS)
def test_a_shipped_ladder_can_tell_a_denial_and_lists_its_forward_steps_in_order(ladder: Ladder) -> None:
    ranks = [status.phase.rank for status in ladder.statuses if status.phase.is_forward]
    # A strike is settled after it has begun: its settlement stands behind the walkout, whatever the ranks of their phases.
    if ladder.key == "strike":
        assert [status.key for status in ladder.statuses[4:9]] == ["date_set", "on_strike", "tentative_settlement", "ratified", "ended"]
    else:
        assert ranks == sorted(ranks)
    assert ladder.of_phase(Phase.DENIED)
    n_forward = len(ranks)
    assert all(status.phase.is_forward for status in ladder.statuses[:n_forward])


@pytest.mark.parametrize("key", LADDERS)
def test_a_shipped_ladder_s_file_is_named_by_its_key(key: str) -> None:
    assert load_ladder(ROOT / "config" / "ladders" / f"{key}.yaml").key == key


def test_the_lifecycle_has_one_status_a_phase_named_like_it() -> None:
    assert [(status.key, status.phase.value) for status in LADDERS["lifecycle"].statuses] == [(phase.value, phase.value) for phase in Phase]


def test_the_shipped_feeds_are_many_and_differ() -> None:
    feeds = load_feeds(ROOT / "config" / "feeds.yaml")
    assert len(feeds) >= 25
    assert len({feed.key for feed in feeds}) == len({feed.url for feed in feeds}) == len(feeds)
    assert all(feed.source for feed in feeds)


def test_the_shipped_issue_has_its_five_seeds_in_order_of_publication() -> None:
    (issue,) = load_issues(ROOT / "config" / "issues", LADDERS)
    assert (issue.key, issue.ladder.key) == ("us-iraq-coalition", "agreement")
    assert [seed.article.article_id[:3] for seed in issue.seeds] == ["004", "002", "000", "001", "003"]


def test_the_seeds_are_byte_for_byte_those_given() -> None:
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in SEED_FOLDER.glob("*.txt")}
    assert found == SHA256


def test_a_loaded_seed_is_its_file_unchanged() -> None:
    (issue,) = load_issues(ROOT / "config" / "issues", LADDERS)
    for seed in issue.seeds:
        assert hashlib.sha256(seed.article.text.encode()).hexdigest() == SHA256[f"{seed.article.article_id}.txt"]


def test_the_other_news_is_not_about_the_shipped_issue_s_question() -> None:
    stories = load_articles(ROOT / "seeds" / "off-topic" / "stories.jsonl")
    assert len(stories) >= 30
    assert len({story.title for story in stories}) == len(stories)
    assert all(story.title and story.text for story in stories)
    assert not [story.title for story in stories if "coalition" in story.title.casefold() and "iraq" in story.title.casefold()]

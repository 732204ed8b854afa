from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.config.files import load_feeds, load_issue, load_issues, load_ladder, load_ladders, read_yaml, resolve
from monitor.core.ladder import Phase
from monitor.errors import ConfigError, SeedError
from tests.builders import ROOT

FEED = '{key: wire, url: "https://wire.example/rss", source: Wire}'
STATUS = "{key: talks, label: talks, phase: talks, cues: [a, b, c]}"
OTHER = "{key: signed, label: signed, phase: adopted, cues: [a, b, c], after: [talks]}"
LADDER = f"key: deal\nlabel: Deal\nstatuses:\n  - {STATUS}\n  - {OTHER}\n"
ARTICLE = {"id": "s-1", "published_at": "2024-09-27T18:00:00Z", "source": "Wire", "url": "", "title": "Duties end", "text": ""}


def write(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return file


def write_issue(folder: Path, content: str = "") -> Path:
    write(folder, "ladders/deal.yaml", LADDER)
    write(folder, "issues/seeds.jsonl", json.dumps(ARTICLE))
    content = content or "key: duties\ntitle: Will the duties end?\nladder: deal\nseeds: seeds.jsonl\n"
    return write(folder, "issues/duties.yaml", content)


def test_feeds_are_read_in_order_with_their_defaults(tmp_path: Path) -> None:
    slow = '{key: slow, url: "https://slow.example/rss", source: Slow, language: fr, interval_s: 7200, checked: false}'
    wire, other = load_feeds(write(tmp_path, "feeds.yaml", f"feeds:\n  - {FEED}\n  - {slow}\n"))
    assert (wire.key, wire.url, wire.source, wire.interval_s, wire.language) == ("wire", "https://wire.example/rss", "Wire", None, "en")
    assert (other.key, other.interval_s, other.language) == ("slow", 7200, "fr")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('{url: "https://wire.example/rss", source: Wire}', "feeds.0.key: is missing; add it"),
        ("{key: wire, source: Wire}", "feeds.0.url: is missing; add it"),
        ('{key: The Wire, url: "https://wire.example/rss", source: Wire}', "feeds.0.key = 'The Wire': String should match pattern"),
        ("{key: wire, url: wire.example/rss, source: Wire}", "feeds.0.url = 'wire.example/rss': Input should be a valid URL"),
        (
            '{key: wire, url: "file:///etc/hosts", source: Wire}',
            "feeds.0.url = 'file:///etc/hosts': URL scheme should be 'http' or 'https'",
        ),
        ('{key: wire, url: "https://wire.example/rss", source: ""}', "feeds.0.source = '': String should have at least 1 character"),
        ('{key: wire, url: "https://wire.example/rss", source: Wire, lang: en}', "feeds.0.lang: there is no such key"),
        (
            '{key: wire, url: "https://wire.example/rss", source: Wire, interval_s: 5}',
            "feeds.0.interval_s = 5: Input should be greater than",
        ),
        ("wire", "feeds.0 = 'wire': Input should be a valid dictionary"),
        (f"{FEED}\n  - {FEED}", "feeds.key = 'wire' stands there 2 times; keep one"),
        (f"{FEED}\n  - {FEED.replace('key: wire', 'key: again')}", "feeds.url = 'https://wire.example/rss' stands there 2 times; keep one"),
    ],
)
def test_a_wrong_feed_is_named_with_file_key_value_and_fix(tmp_path: Path, rows: str, message: str) -> None:
    file = write(tmp_path, "feeds.yaml", f"feeds:\n  - {rows}\n")
    with pytest.raises(ConfigError) as caught:
        load_feeds(file)
    assert str(caught.value).startswith(f"{file}: {message}")


@pytest.mark.parametrize(
    ("row", "key", "value"),
    [
        ('{key: wire, url: "https://wire.example/rss", source: Wire, language: no}', "language", "False"),
        ('{key: wire, url: "https://wire.example/rss", source: 2024}', "source", "2024"),
        ('{key: wire, url: "https://wire.example/rss", source: 22:30}', "source", "1350"),
        ('{key: 12, url: "https://wire.example/rss", source: Wire}', "key", "12"),
        ('{key: wire, url: "https://wire.example/rss", source: 2024-09-27}', "source", "datetime.date(2024, 9, 27)"),
    ],
)
def test_what_yaml_reads_as_no_text_is_to_be_put_in_quotes(tmp_path: Path, row: str, key: str, value: str) -> None:
    file = write(tmp_path, "feeds.yaml", f"feeds:\n  - {row}\n")
    with pytest.raises(ConfigError) as caught:
        load_feeds(file)
    assert str(caught.value) == f"{file}: feeds.0.{key} = {value}: must be text; put it in quotes"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("feeds: [", "is no YAML ("),
        ("feeds: a: b", "is no YAML ("),
        ("feeds:\n\t- a", "is no YAML ("),
        ("since: 2024-02-30", "is no YAML (day is out of range for month"),
        ("{[a]: b}", "is no YAML ("),
        ("", "holds NoneType, not keys with values"),
        ("- a", "holds list, not keys with values"),
        ("just words", "holds str, not keys with values"),
        ("feeds: []\nfeed: x", "feed: there is no such key; known: feeds"),
        ("{}", "feeds: is missing; add it"),
        ("feeds: wire", "feeds = 'wire': Input should be a valid tuple"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    file = write(tmp_path, "feeds.yaml", content)
    with pytest.raises(ConfigError) as caught:
        load_feeds(file)
    assert str(caught.value).startswith(f"{file}: {message}")


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_bytes(b"feeds: \xff")
    with pytest.raises(ConfigError, match=r"feeds.yaml: is no YAML \('utf-8' codec .*mend the line"):
        load_feeds(file)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.yaml: cannot be read \(No such file or directory\); create it, or point"):
        read_yaml(tmp_path / "none.yaml")


def test_a_ladder_is_read_in_its_order(tmp_path: Path) -> None:
    ladder = load_ladder(write(tmp_path, "deal.yaml", LADDER))
    assert (ladder.key, ladder.label) == ("deal", "Deal")
    assert [(status.key, status.phase, status.after) for status in ladder.statuses] == [
        ("talks", Phase.TALKS, ()),
        ("signed", Phase.ADOPTED, ("talks",)),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LADDER.replace("phase: talks", "phase: chatting"), "statuses.0.phase = 'chatting': Input should be 'proposed', 'talks'"),
        (LADDER.replace("key: signed", "key: talks"), "statuses.key = 'talks' stands there 2 times; keep one"),
        (
            LADDER.replace("after: [talks]", "after: [shook]"),
            "statuses.signed.after = 'shook': the ladder has no such status; known: talks, signed",
        ),
        (LADDER.replace("cues: [a, b, c]", "cues: [a]"), "statuses.0.cues = ['a']: Tuple should have at least 3 items"),
        (LADDER.replace("cues: [a, b, c]", "cues: [yes, b, c]"), "statuses.0.cues.0 = True: must be text; put it in quotes"),
        (LADDER.replace(f"  - {OTHER}\n", ""), "statuses = [{"),
        (LADDER.replace("key: deal", "key: The Deal"), "key = 'The Deal': String should match pattern"),
        (LADDER.replace("label: Deal", "label: ''"), "label = '': String should have at least 1 character"),
        (LADDER + "order: x\n", "order: there is no such key; known: key, label, statuses"),
    ],
)
def test_a_wrong_ladder_is_named_with_file_key_value_and_fix(tmp_path: Path, content: str, message: str) -> None:
    file = write(tmp_path, "deal.yaml", content)
    with pytest.raises(ConfigError) as caught:
        load_ladder(file)
    assert str(caught.value).startswith(f"{file}: {message}")


def test_two_ladders_of_one_key_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", LADDER)
    second = write(tmp_path, "b.yaml", LADDER)
    with pytest.raises(ConfigError) as caught:
        load_ladders(tmp_path)
    assert str(caught.value) == f"{second}: key = 'deal' is taken by another ladder of this folder; choose another"


@pytest.mark.parametrize("folder", [".", "none"])
def test_a_folder_without_ladders_is_named(tmp_path: Path, folder: str) -> None:
    with pytest.raises(ConfigError, match=r"there is no ladder .* in this folder; set paths\.ladders"):
        load_ladders(tmp_path / folder)


def test_an_issue_is_read_with_its_ladder_and_seeds(tmp_path: Path) -> None:
    file = write_issue(tmp_path)
    issue = load_issue(file, load_ladders(tmp_path / "ladders"))
    assert (issue.key, issue.title, issue.ladder.key) == ("duties", "Will the duties end?", "deal")
    assert [seed.article.article_id for seed in issue.seeds] == ["s-1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("title: Will the duties end?\nladder: deal\nseeds: seeds.jsonl", "key: is missing; add it"),
        ("key: duties\nladder: deal\nseeds: seeds.jsonl", "title: is missing; add it"),
        ("key: duties\ntitle: Duties\nladder: deal\nseeds: seeds.jsonl", "title = 'Duties': String should have at least 8 characters"),
        (
            "key: duties\ntitle: Will the duties end?\nladder: deals\nseeds: seeds.jsonl",
            "ladder = 'deals': there is no such ladder; known: deal",
        ),
        ("key: duties\ntitle: Will the duties end?\nladder: deal\nseeds: ''", "seeds = '': String should have at least 1 character"),
        ("key: duties\ntitle: Will the duties end?\nladder: deal\nseeds: [a]", "seeds = ['a']: must be text; put it in quotes"),
        ("key: no\ntitle: Will the duties end?\nladder: deal\nseeds: s", "key = False: must be text; put it in quotes"),
        (
            "key: duties\ntitle: Will the duties end?\nladder: deal\nseeds: s\nthreshold: 1",
            "threshold: there is no such key; known: key, title",
        ),
    ],
)
def test_a_wrong_issue_is_named_with_file_key_value_and_fix(tmp_path: Path, content: str, message: str) -> None:
    file = write_issue(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        load_issue(file, load_ladders(tmp_path / "ladders"))
    assert str(caught.value).startswith(f"{file}: {message}")


def test_an_issue_whose_seeds_are_missing_names_where_they_were_looked_for(tmp_path: Path) -> None:
    file = write_issue(tmp_path, "key: duties\ntitle: Will the duties end?\nladder: deal\nseeds: ../seeds\n")
    with pytest.raises(SeedError, match=r"\.\./seeds: there is no such folder or file; `seeds` names"):
        load_issue(file, load_ladders(tmp_path / "ladders"))


def test_the_issues_of_a_folder_come_by_key(tmp_path: Path) -> None:
    write_issue(tmp_path)
    write(tmp_path, "issues/a.yaml", "key: zinc\ntitle: Will the zinc pact hold?\nladder: deal\nseeds: seeds.jsonl\n")
    issues = load_issues(tmp_path / "issues", load_ladders(tmp_path / "ladders"))
    assert [issue.key for issue in issues] == ["duties", "zinc"]


def test_two_issues_of_one_key_are_refused(tmp_path: Path) -> None:
    first = write_issue(tmp_path)
    second = write(tmp_path, "issues/z.yaml", first.read_text(encoding="utf-8"))
    with pytest.raises(ConfigError) as caught:
        load_issues(tmp_path / "issues", load_ladders(tmp_path / "ladders"))
    assert str(caught.value) == f"{second}: key = 'duties' is taken by another issue of this folder; choose another"


def test_a_folder_of_issues_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none: there is no such folder; set paths\.issues"):
        load_issues(tmp_path / "none", {})


def test_a_path_is_taken_as_given_else_from_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = Path("config/feeds.yaml")
    assert resolve(shipped) == ROOT / shipped
    write(tmp_path, "config/feeds.yaml", "feeds: []")
    assert resolve(shipped) == shipped
    assert resolve(tmp_path / "none") == tmp_path / "none"
    assert resolve(Path("config/none.yaml")) == Path("config/none.yaml")

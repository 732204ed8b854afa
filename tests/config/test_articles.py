from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.articles import REQUIRED, instant, load_articles, load_seeds
from monitor.errors import ArticleFileError, SeedError

ROW = {
    "id": "a-1",
    "published_at": "2024-09-27T18:00:00Z",
    "source": "Wire",
    "url": "https://wire.example/1",
    "title": "Duties end",
    "text": "They signed.",
}
SEED = "{file: one.txt, published_at: 2024-09-27T18:00:00Z, source: Wire, title: Duties end, url: null}"


def line(**fields: object) -> str:
    return json.dumps({**ROW, **fields})


def write_lines(folder: Path, *lines: str) -> Path:
    file = folder / "articles.jsonl"
    file.write_bytes("\n".join(lines).encode())
    return file


def write_seeds(folder: Path, manifest: str, **files: str) -> Path:
    seeds = folder / "seeds"
    seeds.mkdir()
    (seeds / "manifest.yaml").write_text(manifest, encoding="utf-8")
    for name, text in (files or {"one": "They signed."}).items():
        (seeds / f"{name}.txt").write_text(text, encoding="utf-8")
    return seeds


def manifest(*rows: str) -> str:
    return "seeds:\n" + "".join(f"  - {row}\n" for row in rows)


def refused_lines(file: Path) -> str:
    with pytest.raises(ArticleFileError) as caught:
        load_articles(file)
    return str(caught.value)


def refused_seeds(folder: Path) -> str:
    with pytest.raises(SeedError) as caught:
        load_seeds(folder)
    return str(caught.value)


def test_articles_come_in_the_order_of_their_lines(tmp_path: Path) -> None:
    first, second = load_articles(write_lines(tmp_path, line(id="b"), "", line(id="a", extra="kept out"), " "))
    assert (first.article_id, second.article_id) == ("b", "a")
    assert (first.title, first.text, first.source, first.url) == ("Duties end", "They signed.", "Wire", "https://wire.example/1")
    assert first.published_at == first.first_seen_at == datetime(2024, 9, 27, 18, tzinfo=UTC)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_may_end_either_way(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_bytes(f"{line(id='a')}{ending}{line(id='b')}{ending}".encode())
    assert [article.article_id for article in load_articles(file)] == ["a", "b"]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_separator_that_json_allows_inside_a_text_ends_no_line(tmp_path: Path, separator: str) -> None:
    row = json.dumps({**ROW, "text": f"One.{separator}Two."}, ensure_ascii=False)
    assert load_articles(write_lines(tmp_path, row))[0].text == f"One.{separator}Two."


@pytest.mark.parametrize(
    ("fields", "title", "text", "source"),
    [
        ({"title": None}, "", "They signed.", "Wire"),
        ({"title": ""}, "", "They signed.", "Wire"),
        ({"text": ""}, "Duties end", "", "Wire"),
        ({"source": None, "url": None}, "Duties end", "They signed.", "unknown"),
        ({"title": "  Duties end "}, "Duties end", "They signed.", "Wire"),
    ],
)
def test_what_may_be_empty_may_be_empty(tmp_path: Path, fields: dict[str, object], title: str, text: str, source: str) -> None:
    (found,) = load_articles(write_lines(tmp_path, line(**fields)))
    assert (found.title, found.text, found.source) == (title, text, source)


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key_is_named_with_file_and_line(tmp_path: Path, key: str) -> None:
    row = json.dumps({name: value for name, value in ROW.items() if name != key})
    file = write_lines(tmp_path, line(id="b"), "", row)
    assert refused_lines(file) == f"{file}, line 3: key '{key}' is missing; an article has {', '.join(REQUIRED)}"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("{", "is no JSON (Expecting property name enclosed in double quotes at column 2); mend the line"),
        ("[]", "is list, not an object; one article a line"),
        ("12", "is int, not an object; one article a line"),
        (line(id=7), "id = 7: must be text"),
        (line(id=None), "id = None: must be text"),
        (line(id=""), "id is empty; give each article its own"),
        (line(text=None), "text = None: must be text"),
        (line(title=3), "title = 3: must be text"),
        (line(source=["Wire"]), "source = ['Wire']: must be text"),
        (line(published_at=1727460000), "published_at = 1727460000: must be text"),
        (line(published_at="Friday"), "published_at = 'Friday': must be ISO 8601, e.g. 2024-09-27T18:00:00Z"),
        (line(published_at="2024-02-30"), "published_at = '2024-02-30': must be ISO 8601, e.g. 2024-09-27T18:00:00Z"),
        (line(published_at="0001-01-01T00:00:00+14:00"), "published_at = '0001-01-01T00:00:00+14:00': must be ISO 8601"),
        (line(title="", text=" "), "title and text are both empty; one of them must say something"),
        (line(title=None, text=""), "title and text are both empty; one of them must say something"),
        (line(id="a-0"), "id 'a-0' stands on line 1 already; give each article its own"),
    ],
)
def test_a_wrong_line_is_named_with_file_line_key_and_value(tmp_path: Path, wrong: str, message: str) -> None:
    file = write_lines(tmp_path, line(id="a-0"), wrong)
    assert refused_lines(file).startswith(f"{file}, line 2: {message}")


def test_a_file_of_articles_that_is_missing_is_named(tmp_path: Path) -> None:
    assert "none.jsonl: cannot be read (" in refused_lines(tmp_path / "none.jsonl")


def test_a_file_of_articles_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_bytes(b'{"id": "\xff"}')
    message = refused_lines(file)
    assert message.startswith(f"{file}: cannot be read ('utf-8' codec")
    assert message.endswith("give an existing UTF-8 file of JSON Lines")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-09-27T18:00:00Z", datetime(2024, 9, 27, 18, tzinfo=UTC)),
        ("2024-09-27T20:00:00+02:00", datetime(2024, 9, 27, 18, tzinfo=UTC)),
        ("2024-09-27 18:00", datetime(2024, 9, 27, 18, tzinfo=UTC)),
        (" 2024-09-27 ", datetime(2024, 9, 27, tzinfo=UTC)),
        (date(2024, 9, 27), datetime(2024, 9, 27, tzinfo=UTC)),
        (datetime(2024, 9, 27, 18, tzinfo=timezone(timedelta(hours=1))), datetime(2024, 9, 27, 17, tzinfo=UTC)),
        (datetime(2024, 9, 27, 18), datetime(2024, 9, 27, 18, tzinfo=UTC)),  # noqa: DTZ001 - YAML gives such ones
        ("", None),
        ("soon", None),
        (None, None),
        (1727460000, None),
        (True, None),
    ],
)
def test_an_instant_is_read_as_utc(value: object, expected: datetime | None) -> None:
    assert instant(value) == expected


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_an_instant(text: str) -> None:
    found = instant(text)
    assert found is None or found.utcoffset() == timedelta(0)


def test_seeds_come_in_order_of_publication(tmp_path: Path) -> None:
    rows = manifest("{file: late.txt, published_at: 2024-09-27}", "{file: early.txt, published_at: 2024-01-28T00:00:00Z}")
    late, early = " Late.\r\n", "Early.\n"
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "manifest.yaml").write_text(rows, encoding="utf-8")
    (folder / "late.txt").write_bytes(late.encode())
    (folder / "early.txt").write_bytes(early.encode())
    first, second = load_seeds(folder)
    assert (first.article.article_id, second.article.article_id) == ("early", "late")
    assert (first.article.text, second.article.text) == (early, late)
    assert first.path == str(folder / "early.txt")
    assert (first.article.title, first.article.source, first.article.url) == ("", "unknown", "")
    assert second.article.published_at == datetime(2024, 9, 27, tzinfo=UTC)


def test_seeds_may_be_a_file_of_articles(tmp_path: Path) -> None:
    file = write_lines(tmp_path, line(id="b", published_at="2024-09-28"), line(id="a"))
    assert [(seed.article.article_id, seed.path) for seed in load_seeds(file)] == [("a", str(file)), ("b", str(file))]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("{published_at: 2024-09-27T18:00:00Z}", "key 'file' is missing; each seed names its text file"),
        ("{file: 12, published_at: 2024-09-27T18:00:00Z}", "key 'file' is missing; each seed names its text file"),
        ("one.txt", "key 'file' is missing; each seed names its text file"),
        (
            "{file: ../outside.txt, published_at: 2024-09-27T18:00:00Z}",
            "file = '../outside.txt' lies outside the seed folder; move it there",
        ),
        (
            "{file: deeper/one.txt, published_at: 2024-09-27T18:00:00Z}",
            "file = 'deeper/one.txt' lies outside the seed folder; move it there",
        ),
        ("{file: /etc/hosts, published_at: 2024-09-27T18:00:00Z}", "file = '/etc/hosts' lies outside the seed folder; move it there"),
        ("{file: '', published_at: 2024-09-27T18:00:00Z}", "file = '' lies outside the seed folder; move it there"),
        ("{file: one.txt}", "published_at = None: must be ISO 8601, e.g. 2024-09-27T18:00:00Z"),
        ("{file: one.txt, published_at: Friday}", "published_at = 'Friday': must be ISO 8601, e.g. 2024-09-27T18:00:00Z"),
        ("{file: one.txt, published_at: 18:30}", "published_at = 1110: must be ISO 8601, e.g. 2024-09-27T18:00:00Z"),
        ("{file: one.txt, published_at: 2024-09-27, title: No}", "title = False: must be text; put it in quotes"),
        ("{file: one.txt, published_at: 2024-09-27, title: 2024}", "title = 2024: must be text; put it in quotes"),
        ("{file: one.txt, published_at: 2024-09-27, source: 22:30}", "source = 1350: must be text; put it in quotes"),
        ("{file: one.txt, published_at: 2024-09-27, url: [a]}", "url = ['a']: must be text; put it in quotes"),
    ],
)
def test_a_wrong_seed_is_named_with_manifest_key_value_and_fix(tmp_path: Path, rows: str, message: str) -> None:
    folder = write_seeds(tmp_path, manifest(rows))
    assert refused_seeds(folder) == f"{folder}/manifest.yaml, seed 1: {message}"


def test_a_seed_listed_twice_is_refused(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path, manifest(SEED, SEED))
    assert refused_seeds(folder) == (
        f"{folder}/manifest.yaml, seed 2: file = 'one.txt': another seed has this name already; list each file once"
    )


def test_a_link_out_of_the_seed_folder_is_refused(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path, manifest("{file: link.txt, published_at: 2024-09-27}"))
    (tmp_path / "secret.txt").write_text("Nothing for an index.", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    assert "file = 'link.txt' lies outside the seed folder" in refused_seeds(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("seeds: [", "is no YAML ("),
        ("seeds:\n  - {file: one.txt, published_at: 2024-02-30}", "is no YAML (day is out of range for month"),
        ("", "key 'seeds' is missing or no list; it lists each seed file"),
        ("- one.txt", "key 'seeds' is missing or no list; it lists each seed file"),
        ("seeds: one.txt", "key 'seeds' is missing or no list; it lists each seed file"),
        ("seed: []", "key 'seeds' is missing or no list; it lists each seed file"),
    ],
)
def test_a_broken_manifest_is_named(tmp_path: Path, content: str, message: str) -> None:
    folder = write_seeds(tmp_path, content)
    assert refused_seeds(folder).startswith(f"{folder}/manifest.yaml: {message}")


def test_a_folder_without_a_manifest_is_named(tmp_path: Path) -> None:
    assert (
        refused_seeds(tmp_path)
        == f"{tmp_path}/manifest.yaml: cannot be read (No such file or directory); a seed folder needs a manifest.yaml"
    )


def test_a_manifest_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_bytes(b"seeds: \xff")
    assert refused_seeds(tmp_path).startswith(f"{tmp_path}/manifest.yaml: is no YAML ('utf-8' codec")


def test_a_manifest_without_seeds_is_refused(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path, "seeds: []")
    assert refused_seeds(folder) == f"{folder}: holds no seed; give at least one article about the matter"


def test_a_seed_file_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path, manifest(SEED.replace("one.txt", "none.txt")))
    message = refused_seeds(folder)
    assert message.startswith(f"{folder}/none.txt: cannot be read (")
    assert message.endswith("give an existing UTF-8 text file, or take it out of manifest.yaml")


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_an_empty_seed_file_is_named(tmp_path: Path, text: str) -> None:
    folder = write_seeds(tmp_path, manifest(SEED), one=text)
    assert refused_seeds(folder) == f"{folder}/one.txt: is empty; give it the article's text, or take it out of manifest.yaml"


def test_a_seed_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path, manifest(SEED))
    (folder / "one.txt").write_bytes(b"caf\xe9")
    assert refused_seeds(folder).startswith(f"{folder}/one.txt: cannot be read ('utf-8' codec")


def test_seeds_that_are_nowhere_are_named(tmp_path: Path) -> None:
    message = refused_seeds(tmp_path / "none")
    assert message.startswith(f"{tmp_path}/none: there is no such folder or file; `seeds` names a folder with a manifest.yaml")


def test_an_empty_file_of_articles_holds_no_seed(tmp_path: Path) -> None:
    assert "holds no seed" in refused_seeds(write_lines(tmp_path, ""))

"""Articles from disk: seed folders with a manifest, and JSON Lines (docs/formats.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml

from monitor.core.types import Article, ArticleId, Seed
from monitor.errors import ArticleFileError, SeedError

#: Keys that every article must have; `title` or `text` may be empty, not both.
REQUIRED = ("id", "published_at", "source", "url", "title", "text")


def load_seeds(path: Path) -> tuple[Seed, ...]:
    """Return the seeds of a folder with a manifest, or of a JSON Lines file, in order of publication.

    Raises: SeedError (manifest, seed file), ArticleFileError (JSON Lines).
    """
    if path.is_dir():
        seeds = [*_manifest_seeds(path)]
    elif path.is_file():
        seeds = [Seed(article, str(path)) for article in load_articles(path)]
    else:
        raise SeedError(f"{path}: there is no such folder or file; `seeds` names a folder with a manifest.yaml, or a JSON Lines file")
    if not seeds:
        raise SeedError(f"{path}: holds no seed; give at least one article about the matter")
    return tuple(sorted(seeds, key=lambda seed: (seed.article.published_at, seed.article.article_id)))


def load_articles(path: Path) -> tuple[Article, ...]:
    """Return the articles of a JSON Lines file, in its order. Raises: ArticleFileError with file, line and key."""
    try:
        # Only a line feed ends a line: `splitlines` would also cut at separators that JSON allows inside a text.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise ArticleFileError(f"{path}: cannot be read ({exc}); give an existing UTF-8 file of JSON Lines") from exc
    articles = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as exc:
            raise ArticleFileError(f"{place}: is no JSON ({exc.msg} at column {exc.colno}); mend the line") from exc
        article = _article(row, place)
        if article.article_id in seen:
            raise ArticleFileError(
                f"{place}: id {article.article_id!r} stands on line {seen[article.article_id]} already; give each article its own"
            )
        seen[article.article_id] = number
        articles.append(article)
    return tuple(articles)


def _article(row: object, place: str) -> Article:
    if not isinstance(row, dict):
        raise ArticleFileError(f"{place}: is {type(row).__name__}, not an object; one article a line")
    for key in REQUIRED:
        if key not in row:
            raise ArticleFileError(f"{place}: key {key!r} is missing; an article has {', '.join(REQUIRED)}")
        if not isinstance(row[key], str) and not (row[key] is None and key in {"title", "url", "source"}):
            raise ArticleFileError(f"{place}: {key} = {row[key]!r}: must be text")
    if not row["id"]:
        raise ArticleFileError(f"{place}: id is empty; give each article its own")
    title, text = (row["title"] or "").strip(), row["text"]
    if not title and not text.strip():
        raise ArticleFileError(f"{place}: title and text are both empty; one of them must say something")
    at = instant(row["published_at"])
    if at is None:
        raise ArticleFileError(f"{place}: published_at = {row['published_at']!r}: must be ISO 8601, e.g. 2024-09-27T18:00:00Z")
    return Article(ArticleId(row["id"]), row["url"] or "", row["source"] or "unknown", title, text, at, first_seen_at=at)


def instant(value: object) -> datetime | None:
    """Return an ISO 8601 text, a date (its midnight) or a datetime as aware UTC, a missing zone read as UTC; None where it is none."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _manifest_seeds(folder: Path) -> Iterator[Seed]:
    manifest = folder / "manifest.yaml"
    seen: set[str] = set()
    for number, row in enumerate(_manifest_rows(manifest), start=1):
        place = f"{manifest}, seed {number}"
        if not isinstance(row, dict) or not isinstance(row.get("file"), str):
            raise SeedError(f"{place}: key 'file' is missing; each seed names its text file")
        path = folder / row["file"]
        if path.resolve().parent != folder.resolve():
            raise SeedError(f"{place}: file = {row['file']!r} lies outside the seed folder; move it there")
        if path.stem in seen:
            raise SeedError(f"{place}: file = {row['file']!r}: another seed has this name already; list each file once")
        seen.add(path.stem)
        for key in ("source", "title", "url"):
            # YAML reads `No`, `2024` and `22:30` as something else than text.
            if not isinstance(row.get(key), str | None):
                raise SeedError(f"{place}: {key} = {row[key]!r}: must be text; put it in quotes")
        at = instant(row.get("published_at"))
        if at is None:
            raise SeedError(f"{place}: published_at = {row.get('published_at')!r}: must be ISO 8601, e.g. 2024-09-27T18:00:00Z")
        try:
            text = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise SeedError(f"{path}: cannot be read ({exc}); give an existing UTF-8 text file, or take it out of {manifest.name}") from exc
        if not text.strip():
            raise SeedError(f"{path}: is empty; give it the article's text, or take it out of {manifest.name}")
        article = Article(
            article_id=ArticleId(path.stem),
            url=row.get("url") or "",
            source=row.get("source") or "unknown",
            title=row.get("title") or "",
            text=text,
            published_at=at,
            first_seen_at=at,
        )
        yield Seed(article, str(path))


def _manifest_rows(manifest: Path) -> list[Any]:
    try:
        content = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SeedError(f"{manifest}: cannot be read ({exc.strerror}); a seed folder needs a manifest.yaml") from exc
    except (yaml.YAMLError, ValueError) as exc:  # PyYAML lets the ValueError of an impossible date such as 2024-02-30 through.
        raise SeedError(f"{manifest}: is no YAML ({exc}); mend the line") from exc
    rows = content.get("seeds") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise SeedError(f"{manifest}: key 'seeds' is missing or no list; it lists each seed file with published_at, source, title, url")
    return rows

"""Writing the list of feeds: rows are put at its end, and what a person wrote there, comments and all, stays as it is."""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path

from monitor.config.files import load_feeds, read_yaml
from monitor.core.types import Feed
from monitor.errors import ConfigError

_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")
_MAX_KEY_CHARS = 60
_EMPTY_LIST = re.compile(r"^feeds:[ \t]*(?:\[[ \t]*\]|~|null)?[ \t]*(?:#.*)?$", re.MULTILINE)
_ROW = re.compile(r"^([ \t]*)- ", re.MULTILINE)


def new_key(name: str, taken: Collection[str]) -> str:
    """Return a feed's key made from a name, such as `harbour-gazette`, numbered where it is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    key = _NOT_IN_KEYS.sub("-", plain).strip("-")[:_MAX_KEY_CHARS].strip("-") or "feed"
    return next(found for found in (key, *(f"{key}-{number}" for number in range(2, len(taken) + 3))) if found not in taken)


def append_feeds(path: Path, feeds: Sequence[Feed], *, checked: bool) -> None:
    """Put feeds at the end of a list, or begin one; the file is replaced as a whole, or not at all.

    `checked` tells whether they were fetched and read. Raises: ConfigError where the list is wrong, before or after, or not to be written.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else "feeds:\n"
    if path.exists():
        if read_yaml(path).get("feeds"):
            # A list that is wrong already must not be taken for one that the new rows spoilt.
            load_feeds(path)
        elif not _EMPTY_LIST.search(text):
            raise ConfigError(f"{path}: has no key `feeds` on a line of its own; write `feeds:` there, then add again")
        else:
            text = _EMPTY_LIST.sub("feeds:", text, count=1)
    indents = _ROW.findall(text)
    indent = indents[-1] if indents else "  "
    written = f"{text.rstrip()}\n" + "".join(f"{indent}- {_row(feed, checked)}\n" for feed in feeds)
    _replace(path, written)


def _row(feed: Feed, checked: bool) -> str:
    # JSON's strings are strings of YAML as well.
    parts = [f"key: {feed.key}", f"url: {json.dumps(feed.url)}", f"source: {json.dumps(feed.source, ensure_ascii=False)}"]
    parts.append(f"language: {json.dumps(feed.language)}")
    if feed.interval_s is not None:
        parts.append(f"interval_s: {feed.interval_s:g}")
    return f"{{{', '.join(parts)}, checked: {str(checked).lower()}}}"


def _replace(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be written ({exc.strerror}); check who may write to its folder") from exc
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        # What would not load must not take the place of what does.
        load_feeds(new)
        new.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        new.replace(path)
    except ConfigError as exc:
        raise ConfigError(str(exc).replace(str(new), f"{path} (not changed)")) from exc
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be written ({exc.strerror}); check who may write to it") from exc
    finally:
        new.unlink(missing_ok=True)

"""The corpora as objects: sentences with phase and stance, storylines with the status after each article (corpus/README.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.core.ladder import Ladder, Phase
from monitor.core.types import Article, ArticleId, Issue, IssueKey, Seed, Stance
from monitor.errors import ConfigError

CORPUS = Path(__file__).parent.parent / "reader" / "corpus"
#: Marks of storyline articles: on the matter (seed, change, five kinds of no change), a look-alike, unrelated.
MARKS = frozenset({"S", "*", "=repeat", "=detail", "=hedge", "=background", "=colour", "x", "-"})


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """One sentence of the sentence corpus."""

    text: str
    #: None: it tells of no step.
    phase: Phase | None
    stance: Stance
    field: str
    matter: str


@dataclass(frozen=True, slots=True)
class Item:
    """One article of a storyline, with its label."""

    article: Article
    mark: str
    #: Status of the matter after it; None for articles that are not on the matter.
    phase: Phase | None

    @property
    def is_on_matter(self) -> bool:
        """Whether it tells of the matter at all."""
        return self.phase is not None


@dataclass(frozen=True, slots=True)
class Storyline:
    """One labelled matter."""

    issue: Issue
    kind: str
    field: str
    style: str
    #: `dev` or `final` for the evaluation storylines; empty in the training corpus.
    split: str
    items: tuple[Item, ...]


def load_sentences(folder: Path = CORPUS / "sentences") -> tuple[LabelledSentence, ...]:
    """Return the sentence corpus, by field. Raises: ConfigError naming file and line."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        matter = ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("# matter:"):
                matter = line.removeprefix("# matter:").strip()
                continue
            if not line.strip() or line.startswith("#"):
                continue
            phase, stance, text = (*line.split("|", 2), "", "")[:3]
            try:
                found.append(LabelledSentence(text.strip(), None if phase == "none" else Phase(phase), Stance(stance), path.stem, matter))
            except ValueError as exc:
                raise ConfigError(f"{path}, line {number}: {exc}; a line is phase|stance|text") from exc
    return tuple(found)


def load_storylines(folder: Path, ladders: Mapping[str, Ladder]) -> tuple[Storyline, ...]:
    """Return the storylines of a folder, by key. Raises: ConfigError naming file and line."""
    return tuple(load_storyline(path, ladders) for path in sorted(folder.glob("*.txt")))


def load_storyline(path: Path, ladders: Mapping[str, Ladder]) -> Storyline:
    """Return one storyline. Raises: ConfigError naming file and line."""
    head: dict[str, str] = {}
    items: list[Item] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if not items and line.split("|", 1)[0] not in MARKS:
            key, _, value = line.partition(":")
            head[key.strip()] = value.strip()
            continue
        try:
            items.append(_item(line, f"{path.stem}-{len(items):02d}"))
        except ValueError as exc:
            raise ConfigError(f"{path}, line {number}: {exc}; a line is mark|published_at|phase|source|headline|text") from exc
    for key in ("title", "ladder"):
        if not head.get(key):
            raise ConfigError(f"{path}: key {key!r} is missing in the head; add it")
    if head["ladder"] not in ladders:
        raise ConfigError(f"{path}: ladder = {head['ladder']!r}: there is no such ladder; known: {', '.join(sorted(ladders))}")
    seeds = tuple(Seed(item.article, str(path)) for item in items if item.mark == "S")
    issue = Issue(IssueKey(path.stem), head["title"], ladders[head["ladder"]], seeds)
    return Storyline(issue, head.get("kind", ""), head.get("field", ""), head.get("style", ""), head.get("split", ""), tuple(items))


def _item(line: str, item_id: str) -> Item:
    mark, at, phase, source, headline, text = line.split("|", 5)
    if mark not in MARKS:
        raise ValueError(f"mark {mark!r} is none of {', '.join(sorted(MARKS))}")
    published_at = datetime.fromisoformat(at)
    if published_at.tzinfo is None:
        raise ValueError(f"published_at {at!r} has no zone")
    body = "\n".join(part.strip() for part in text.split(" // "))
    article = Article(ArticleId(item_id), "", source.strip(), headline.strip(), body.strip(), published_at, published_at)
    return Item(article, mark, None if phase.strip() == "-" else Phase(phase.strip()))


def digest_of(folder: Path) -> str:
    """Return 16 hexadecimal digits over names and bytes of a folder's text files: which corpus a figure was measured on."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.txt")):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]

"""What is shown of an article: a quote in its paragraph, the difference of two versions, copies under their origin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TypeVar

from monitor.core.text import split_sentences
from monitor.core.types import Article, Quote

T = TypeVar("T")
#: Characters shown before and after a quote: a paragraph of a wire story; a feed that gives none its whole text would else be shown.
AROUND = 420


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A quote with what stands before and after it in its paragraph."""

    before: str
    quote: str
    after: str


def excerpt_of(quote: Quote, versions: Sequence[Article]) -> Excerpt:
    """Return the quote in its paragraph, taken from the newest version that has it where its offsets say; alone where none has."""
    for article in reversed(versions):
        text = article.title if quote.field == "title" else article.text
        if text[quote.start : quote.end] == quote.quote:
            start = text.rfind("\n", 0, quote.start) + 1
            end = text.find("\n", quote.end)
            before, after = text[start : quote.start], text[quote.end : end if end >= 0 else len(text)]
            return Excerpt(_cut_left(before), quote.quote, _cut_right(after))
    return Excerpt("", quote.quote, "")


def _cut_left(text: str) -> str:
    return text if len(text) <= AROUND else f"… {text[-AROUND:].split(' ', 1)[-1]}"


def _cut_right(text: str) -> str:
    return text if len(text) <= AROUND else f"{text[:AROUND].rsplit(' ', 1)[0]} …"


class Edit(StrEnum):
    """What became of a sentence from one version to the next."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


def edits(old: Article, new: Article) -> list[tuple[Edit, str]]:
    """Return the sentences of two versions, headline first: kept, removed and added ones, in the order of the text."""
    before = [sentence.text for sentence in split_sentences(old.title, old.text)]
    after = [sentence.text for sentence in split_sentences(new.title, new.text)]
    found: list[tuple[Edit, str]] = []
    for kind, i, j, k, m in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [(Edit.KEPT, text) for text in after[k:m]]
        else:
            found += [(Edit.REMOVED, text) for text in before[i:j]] + [(Edit.ADDED, text) for text in after[k:m]]
    return found


def by_origin(items: Sequence[T], keys_of: Callable[[T], Sequence[str]]) -> list[list[T]]:
    """Return items in groups that share a lineage key, directly or through others; groups and items keep their order."""
    groups: list[tuple[set[str], list[tuple[int, T]]]] = []
    for number, item in enumerate(items):
        keys = set(keys_of(item))
        met = [group for group in groups if not group[0].isdisjoint(keys)]
        rest = [group for group in groups if group[0].isdisjoint(keys)]
        merged = [(number, item), *(entry for group in met for entry in group[1])]
        groups = [*rest, (keys.union(*(group[0] for group in met)), sorted(merged, key=lambda entry: entry[0]))]
    groups.sort(key=lambda group: group[1][0][0])
    return [[item for _, item in members] for _, members in groups]

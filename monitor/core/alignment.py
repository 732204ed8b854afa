"""Two texts side by side, sentence by sentence: what an edit changed, and how much of one text another tells as well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from monitor.core.marks import normalised
from monitor.core.text import split_sentences
from monitor.core.types import Edit

#: Most sentences of a text that are compared: the cost grows with the square, and no news story is longer.
MAX_SENTENCES = 200

#: Most changed sentences kept with a version, and most characters of each: enough to show an edit, too few to store a text twice over.
MAX_EDITS = 40
MAX_EDIT_CHARS = 600

#: Share of the shorter sentence's words that must recur for a sentence to be the other one rewritten.
MIN_ALIKE = 0.6

#: Words, but for those that every sentence has, below which a sentence is not compared: "He declined to comment." is in every article.
MIN_WORDS = 5

_WORD = re.compile(r"\w+")

#: Words that every sentence has; what two sentences have in common must be more than these.
_STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "his",
        "in",
        "is",
        "it",
        "its",
        "not",
        "of",
        "on",
        "or",
        "said",
        "says",
        "she",
        "that",
        "the",
        "their",
        "them",
        "they",
        "this",
        "to",
        "was",
        "were",
        "which",
        "who",
        "will",
        "with",
        "would",
    ]
)


def edits_between(before: tuple[str, str], after: tuple[str, str]) -> tuple[Edit, ...]:
    """Return what changed from one (title, text) to another, in order of the text: sentences rewritten, struck out and added."""
    old, new = _sentences(*before), _sentences(*after)
    matcher = SequenceMatcher(None, [normalised(one) for one in old], [normalised(one) for one in new], autojunk=False)
    edits: list[Edit] = []
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind != "equal":
            edits += _paired(old[old_from:old_to], new[new_from:new_to])
    return tuple(edits[:MAX_EDITS])


def aligned_pairs(first: Sequence[str], second: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the numbers of those sentences that both texts have, perhaps rewritten, in order of the first text.

    Short sentences are passed over; each sentence is used once, the likeliest pair first.
    """
    ours, theirs = _comparable(first), _comparable(second)
    pairs = sorted(
        ((alike, i, j) for i, one in ours for j, other in theirs if (alike := likeness(one, other)) >= MIN_ALIKE),
        key=lambda pair: (-pair[0], pair[1] + pair[2], abs(pair[1] - pair[2]), pair[1]),
    )
    found: dict[int, int] = {}
    used: set[int] = set()
    for _, i, j in pairs:
        if i not in found and j not in used:
            found[i] = j
            used.add(j)
    return tuple(sorted(found.items()))


def aligned_share(first: Sequence[str], second: Sequence[str], n_aligned: int) -> float:
    """Return which share of the shorter text's comparable sentences so many aligned ones are; 0 where a text has none."""
    n_fewer = min(len(_comparable(first)), len(_comparable(second)))
    return n_aligned / n_fewer if n_fewer else 0.0


def _comparable(sentences: Sequence[str]) -> list[tuple[int, frozenset[str]]]:
    return [(number, words) for number, words in enumerate(map(content_words, sentences[:MAX_SENTENCES])) if len(words) >= MIN_WORDS]


def content_words(sentence: str) -> frozenset[str]:
    """Return the words that a sentence is about."""
    return frozenset(word for word in _WORD.findall(normalised(sentence).replace(".", "")) if word not in _STOP_WORDS)


def likeness(first: frozenset[str], second: frozenset[str]) -> float:
    """Return which share of the shorter sentence's words the longer one has; halved where the longer one is more than twice as long."""
    n_fewer, n_more = sorted((len(first), len(second)))
    if n_fewer == 0:
        return 0.0
    share = len(first & second) / n_fewer
    return share if n_more <= 2 * n_fewer else share / 2


def _sentences(title: str, text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(title, text)[:MAX_SENTENCES]]


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[Edit]:
    """Yield the edits of one changed stretch: each new sentence with the old one that it rewrites, if any."""
    left = [(sentence, content_words(sentence)) for sentence in old]
    found: list[Edit] = []
    for sentence in new:
        words = content_words(sentence)
        best = max(left, key=lambda other: likeness(words, other[1]), default=None)
        if best is not None and likeness(words, best[1]) >= MIN_ALIKE / 2:
            left.remove(best)
            found.append(Edit(best[0][:MAX_EDIT_CHARS], sentence[:MAX_EDIT_CHARS]))
        else:
            found.append(Edit("", sentence[:MAX_EDIT_CHARS]))
    yield from (Edit(sentence[:MAX_EDIT_CHARS], "") for sentence, _ in left)
    yield from found

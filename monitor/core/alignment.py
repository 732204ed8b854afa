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


def aligned_share(first: Sequence[str], second: Sequence[str]) -> tuple[float, int]:
    """Return which share of the shorter text's sentences the other has as well, perhaps rewritten, and how many they are.

    Takes the longer sentences of both texts; each sentence is used once, the likeliest pair first. (0, 0) where one has none.
    """
    ours = [words for words in map(content_words, first[:MAX_SENTENCES]) if len(words) >= MIN_WORDS]
    theirs = [words for words in map(content_words, second[:MAX_SENTENCES]) if len(words) >= MIN_WORDS]
    if not ours or not theirs:
        return 0.0, 0
    pairs = sorted(
        ((alike, i, j) for i, one in enumerate(ours) for j, other in enumerate(theirs) if (alike := likeness(one, other)) >= MIN_ALIKE),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    used_ours: set[int] = set()
    used_theirs: set[int] = set()
    for _, i, j in pairs:
        if i not in used_ours and j not in used_theirs:
            used_ours.add(i)
            used_theirs.add(j)
    return len(used_ours) / min(len(ours), len(theirs)), len(used_ours)


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

"""How far an article is about this very matter: more than similarity, for a look-alike with the same actors is just as similar.

What tells them apart is the thing at stake: words and names of headline and lead that the matter knows, and those that it does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.core.matching import ANCHOR_CHARS
from monitor.core.names import mentions, names_in
from monitor.core.similarity import cosines
from monitor.core.types import Article, Baseline, FloatArray, Issue

#: What each number means, in order; all are shares from 0 to 1, cosines, or counts brought near that span.
NAMES = (
    "cosine to the nearest seed",
    "cosine to the seeds together",
    "cosine to the question",
    "anchors named",
    "anchors named in the headline",
    "words of the headline that the seeds use",
    "words of the headline that their headlines use",
    "words of headline and lead that the seeds use",
    "words of the question that headline and lead use",
    "words of the question that the headline uses",
    "words of the seeds' headlines that headline and lead use",
    "words of the headline that the seeds do not use, in tens",
    "names in the lead that the seeds do not use, in fives",
    "share of the lead's names that the seeds do not use",
    "names in the lead, in tens",
)
#: Characters of a text that count as its lead, of a seed as its substance, and of a text as its headline where it has none.
LEAD_CHARS, SEED_CHARS, HEADLINE_CHARS = 300, 600, 120
_WORD = re.compile(r"[a-z][a-z'&-]+")
_SUFFIXES = ("'s", "ings", "ing", "ies", "ied", "es", "ed", "s")
_COMMON = frozenset(
    [
        "the",
        "a",
        "an",
        "and",
        "or",
        "but",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "by",
        "with",
        "from",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "has",
        "have",
        "had",
        "it",
        "its",
        "that",
        "this",
        "will",
        "would",
        "could",
        "may",
        "might",
        "not",
        "no",
        "after",
        "before",
        "over",
        "under",
        "into",
        "up",
        "down",
        "out",
        "off",
        "about",
        "new",
        "said",
        "says",
        "say",
        "than",
        "then",
        "when",
        "where",
        "who",
        "what",
        "how",
        "why",
        "if",
        "which",
        "their",
        "his",
        "her",
        "he",
        "she",
        "they",
        "we",
        "you",
        "i",
        "mr",
        "more",
        "most",
        "some",
        "one",
        "two",
        "three",
        "last",
        "next",
        "first",
        "year",
        "years",
        "day",
        "days",
        "week",
        "weeks",
    ]
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words and names of a matter."""

    anchors: dict[str, float]
    question: frozenset[str]
    seeds: frozenset[str]
    headlines: frozenset[str]
    names: frozenset[str]


def vocabulary(issue: Issue, baseline: Baseline) -> Vocabulary:
    """Return the words and names of a matter, from its question and its seeds."""
    asked = words(issue.title)
    articles = [seed.article for seed in issue.seeds]
    names = names_in(f"x {issue.title}").union(*(names_in(article.headline_and_text) for article in articles))
    return Vocabulary(
        anchors={anchor.name: anchor.weight for anchor in baseline.anchors},
        question=asked,
        seeds=asked.union(*(words(f"{article.title} {article.text[:SEED_CHARS]}") for article in articles)),
        headlines=asked.union(*(words(article.title) for article in articles)),
        names=frozenset(names | {part for name in names for part in name.split()}),
    )


def aboutness(vector: FloatArray, article: Article, baseline: Baseline, known: Vocabulary) -> tuple[float, ...]:
    """Return the numbers of `NAMES` for an article with the vector (dim,) of its head."""
    seeds = cosines(vector, baseline.head_vectors)
    headline = article.title or article.text[:HEADLINE_CHARS]
    head, lead = words(headline), words(f"{article.title} {article.text[:LEAD_CHARS]}")
    lead_names = names_in(article.text[:LEAD_CHARS])
    strangers = {name for name in lead_names if known.names.isdisjoint({name, *name.split()})}
    return (
        float(seeds.max()),
        float(seeds.mean()),
        float(vector @ baseline.question_vector),
        _anchor_share(f"{article.title}\n{article.text[:ANCHOR_CHARS]}", known),
        _anchor_share(headline, known),
        _share(head & known.seeds, head),
        _share(head & known.headlines, head),
        _share(lead & known.seeds, lead),
        _share(lead & known.question, known.question),
        _share(head & known.question, known.question),
        _share(lead & known.headlines, known.headlines),
        len(head - known.seeds) / 10,
        len(strangers) / 5,
        len(strangers) / (len(lead_names) + 1),
        len(lead_names) / 10,
    )


def words(text: str) -> frozenset[str]:
    """Return the content words of a text, in lower case, endings cut."""
    return frozenset(_stem(word) for word in _WORD.findall(text.lower()) if word not in _COMMON and len(word) > 2)


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part) / len(whole) if whole else 0.0


def _anchor_share(text: str, known: Vocabulary) -> float:
    total = sum(known.anchors.values())
    return sum(known.anchors[name] for name in mentions(text, known.anchors.keys())) / total if total else 0.5

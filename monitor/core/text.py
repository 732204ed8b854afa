"""Text as readers see it: sentences with offsets, the head that stands for an article, passages, and a hash of what was embedded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from monitor.core.types import Place, Sentence

#: Words that end in a dot without ending a sentence. News prose: titles, months, US states, companies. Wire measures (`mln dlrs`, `pct`) are
#: written without a dot: one behind them is a full stop.
_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "gen",
        "col",
        "lt",
        "sgt",
        "capt",
        "rep",
        "sen",
        "gov",
        "pres",
        "st",
        "jr",
        "sr",
        "rev",
        "hon",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "no",
        "vs",
        "etc",
        "inc",
        "corp",
        "co",
        "ltd",
        "plc",
        "llc",
        "bros",
        "dept",
        "est",
        "approx",
        "ave",
        "blvd",
        "ala",
        "ariz",
        "ark",
        "calif",
        "colo",
        "conn",
        "del",
        "fla",
        "ga",
        "ill",
        "ind",
        "kan",
        "ky",
        "la",
        "mass",
        "md",
        "mich",
        "minn",
        "miss",
        "mo",
        "mont",
        "neb",
        "nev",
        "okla",
        "ore",
        "pa",
        "tenn",
        "tex",
        "va",
        "vt",
        "wash",
        "wis",
        "wyo",
        "ont",
        "que",
    ]
)
#: Of the abbreviations, those that stay one in lower case; `ill.`, `sun.`, `mass.` are words.
_LOWER_CASE = frozenset(["vs", "etc", "approx", "dept", "est"])
_BOUNDARY = re.compile(r"""(?<![.!?])[.!?]+["'”’)\]]*(?=\s+["'“‘(\[<]*[A-Z0-9À-ÖØ-Þ])""")
_LAST_WORD = re.compile(r"([A-Za-z][A-Za-z.]*)\.+[\"'”’)\]]*$")
#: `GENEVA, March 4 - `, `PONTIAC, Mich., March 26 - `, `(Reuters) -`, `Shafaq News/ `: where the wire speaks from, not what it says.
_DATELINE = re.compile(
    r"""^\s*(?:
        [A-Z][A-Z .'\-]{2,40}(?:,\s[A-Z][A-Za-z.]+)*(?:,\s(?:Jan|Feb|March|April|May|June|July|Aug|Sept|Oct|Nov|Dec)[a-z.]*\s\d{1,2}(?:,\s\d{4})?)?\s*(?:\([A-Za-z ]{2,20}\)\s*)?[-–—]+\s
      | \([A-Z][A-Za-z ]{1,20}\)\s*[-–—]+\s?
      | [A-Z][A-Za-z ]{2,24}/\s
    )""",
    re.X,
)
_WORD = re.compile(r"[^\W\d_]+")
#: Characters of the lead that stand for an article beside its headline: about two wire sentences, well within 256 tokens.
LEAD_CHARS = 400
#: Words in a passage: short enough for one subject, long enough for its actors to be named.
PASSAGE_WORDS = 80


def split_sentences(title: str, text: str) -> tuple[Sentence, ...]:
    """Return the headline and the sentences of the text, in order, with their offsets.

    Offsets count in `title` for the headline and in `text` for all others. The lead is the first paragraph, at most its first two
    sentences. Datelines and a first line that repeats the headline are left out; a sentence without a letter is none.
    """
    found: list[Sentence] = []
    headline = title.strip()
    if _WORD.search(headline):
        start = title.index(headline)
        found.append(Sentence(headline, start, start + len(headline), Place.HEADLINE))
    n_lead = 0
    lead_paragraph: int | None = None
    for number, (p_start, p_end) in enumerate(_paragraphs(text)):
        start = p_start
        if number == 0 and text[p_start:p_end].strip().casefold() == headline.casefold():
            continue
        if lead_paragraph is None:
            dateline = _DATELINE.match(text[p_start:p_end])
            start += dateline.end() if dateline else 0
        for s_start, s_end in _spans(text, start, p_end):
            sentence = text[s_start:s_end]
            if not _WORD.search(sentence):
                continue
            if lead_paragraph is None:
                lead_paragraph = number
            is_lead = number == lead_paragraph and n_lead < 2
            n_lead += is_lead
            found.append(Sentence(sentence, s_start, s_end, Place.LEAD if is_lead else Place.BODY))
    return tuple(found)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    for line in re.finditer(r"[^\n]+", text):
        if line.group().strip():
            yield line.span()


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the sentence spans of one paragraph, without outer white space."""
    begin = start
    for boundary in _BOUNDARY.finditer(text, start, end):
        # The last word is looked for in a short tail: a paragraph of thousands of initials must not take quadratic time.
        word = _LAST_WORD.search(text[max(begin, boundary.end() - 40) : boundary.end()])
        # `U.S.`, `J.` and `Mich.` go on; `U.S. The` would need a parser, and splitting too little harms less than too much.
        if (
            word
            and boundary.group().startswith(".")
            and is_abbreviation(word.group(1).rstrip("."), text[boundary.end() : boundary.end() + 8])
        ):
            continue
        yield from _trim(text, begin, boundary.end())
        begin = boundary.end()
    yield from _trim(text, begin, end)


def is_abbreviation(word: str, following: str = "") -> bool:
    """Tell whether a dot behind a word may stand inside a sentence; `No.` is one before a figure only."""
    if word.lower() == "no":
        return following.lstrip()[:1].isdigit()
    if word.lower() in _ABBREVIATIONS:
        return word[0].isupper() or word in _LOWER_CASE
    return len(word) == 1 or "." in word


def _trim(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    if left < right:
        yield start + left, start + right


def head_text(title: str, text: str) -> str:
    """Return headline and lead: the text whose vector stands for the article. Empty where there is neither."""
    lead = ""
    for sentence in split_sentences("", text):
        if lead and len(lead) + len(sentence.text) > LEAD_CHARS:
            break
        lead = f"{lead} {sentence.text}".strip()
        if len(lead) >= LEAD_CHARS:
            break
    headline = sentence_case(title.strip())
    if not headline:
        return lead[: 2 * LEAD_CHARS]
    return f"{headline}. {lead[: 2 * LEAD_CHARS]}" if lead else headline


def passages(text: str) -> tuple[str, ...]:
    """Return the text in pieces of whole sentences of about `PASSAGE_WORDS` words, in order."""
    pieces: list[str] = []
    words: list[str] = []
    for sentence in split_sentences("", text):
        words += sentence.text.split()
        if len(words) >= PASSAGE_WORDS:
            pieces.append(" ".join(words))
            words = []
    if words:
        pieces.append(" ".join(words))
    return tuple(pieces)


def sentence_case(headline: str) -> str:
    """Return a capitals headline with only its first letter and tickers' angle brackets touched; others as they are.

    Encoders are trained on mixed case: `UAW STRIKES GM PLANT` shouts past them.
    """
    letters = [character for character in headline if character.isalpha()]
    if len(letters) < 8 or sum(character.isupper() for character in letters) < 0.8 * len(letters):
        return headline
    lowered = headline.lower()
    return lowered[:1].upper() + lowered[1:]


def text_hash(text: str) -> str:
    """Return 16 hexadecimal digits that name a text: the key of its embedding."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]

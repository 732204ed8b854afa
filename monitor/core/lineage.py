"""Which articles share one origin, so that copies do not confirm each other (ADR 15).

An article's *keys* tell what it rests on; two articles that share a key have one origin:

- `statement:` a public statement that it reports ("said in a joint statement on Friday"), by its kind, who made it, and the fortnight;
- `name:` the outlet that it credits in its headline or first sentences, or that signed it, or else its own outlet; owners count, not titles;
- `dated:` the same within a fortnight, for what rests on a statement: an outlet's report of a statement is not that outlet's earlier scoop,
  but nor does the outlet confirm itself the day after;
- `quote:` quotations of some length, whole and by clause, but for those that are recalled from the past;
- `text:` its very words;
- `origin:` the article itself, and every earlier one that it was tied to by any of these or by near-duplicate text. This carries over: what is
  tied to a copy is tied to what that was copied from.

Near-duplicates are found in two steps: vectors of headline and lead point to candidates, and sentences are then laid side by side, since
rewritten wire copy shares fewer than a third of its word runs with the original.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.alignment import aligned_pairs, aligned_share
from monitor.core.outlets import Outlet, Outlets
from monitor.core.similarity import cosines
from monitor.core.text import split_sentences
from monitor.core.types import Article, ArticleId, FloatArray

#: Sentences, the headline among them, in which a credit tells where the story comes from; further down it credits an aside.
CREDIT_SENTENCES = 7

#: Least words of a quotation, or of a clause of one, that two articles do not share by chance.
MIN_QUOTE_WORDS = 7

#: Days within which a statement, or an outlet's report of one, is the same one.
SAME_DAYS = 7

#: Days between two articles beyond which neither is a copy of the other, nor tied to it by more than what they credit.
TIE_DAYS = 14

#: Least cosine of heads at which two articles are laid side by side. Copies under new headlines lie above 0.6 (ADR 15).
MIN_COSINE = 0.55

#: Share of the shorter text's sentences that must recur, and how many at least, for one to be a copy of the other.
COPY_SHARE = 0.5
COPY_SENTENCES = 2

#: Sentences at the top of both among which one must recur: a wire repeats its own background under every new story.
NEWS_SENTENCES = 3

_VERBS = (
    r"(?:(?:has|had|have|first|also|earlier|exclusively)\s)*(?:reported|reports|reporting|said|says|quoted|quotes|quoting|citing|cited|revealed|learned|"
    r"learnt|wrote|writes|understands|news agency|newspaper|magazine)"
)
_LEADS = r"\b(?:told|according to|citing|quoting|quoted by|reported by|first reported by|a report by|a report in|reports from|interview with|via)\s(?:the\s)?"
_NAME = r"[A-Z][\w'’]+(?: [A-Z][\w'’]+){0,3}"
_NO_OUTLET = (
    r"(?!(?:They|He|She|It|We|I|You|Who|Which|Both|Some|Many|Several|Others|This|That|These|Those|Police|Officials?|Sources?|Ministers?)\b)"
)
#: What is an outlet by the company that its name keeps: `Newsweek reported`, `told the Morning Star newspaper`.
_UNLISTED = re.compile(
    rf"\b{_NO_OUTLET}({_NAME}) (?:has )?(?:reported|reports)\b"
    rf"|\b(?:according to|told) (?:the )?({_NAME}) (?:newspaper|magazine|website|news agency|channel)\b"
)
_STATEMENT = re.compile(
    r"(?P<who>(?:(?:[A-Z][\w.&'’-]*|of|and|the|for)\s){0,8})?"
    r"(?:said|says|announced|confirmed|declared|stated|disclosed|according to|(?:issued|released|published))\b[^.;]{0,60}?\b(?:in|via|through|by|at)?\s?"
    r"(?:a|an|the|their|its)\s(?:\w+\s){0,2}?"
    r"(?P<kind>joint statement|statement|communiqu[eé]|joint declaration|declaration|press release|news release|press conference|news conference|"
    r"regulatory filing|court filing|filing)\b"
)
_KINDS = {
    "communiqué": "communique",
    "news release": "press release",
    "news conference": "press conference",
    "joint declaration": "joint statement",
}
#: Kinds that several parties make together: who is named first is of no consequence.
_SHARED_KINDS = frozenset({"joint statement", "communique"})
#: Quotations with marks that tell opening from closing, and with straight ones, which tell it by what stands beside them: an odd one, as for
#: inches, must not turn the rest of the text inside out.
_QUOTATION = re.compile(
    r"“(?P<a>[^“”\n]{10,600})(?:”|$)|„(?P<b>[^„“”\n]{10,600})[“”]|«(?P<c>[^«»\n]{10,600})»"
    r"|(?:(?<=[\s(\[—–-])|^)\"(?=\S)(?P<d>[^\"\n]{10,600})(?<=\S)\"(?=[\s.,;:!?)\]—–-]|$)",
    re.MULTILINE,
)
#: Characters around a quotation in which its own sentence is looked for.
_AROUND = 200
_SENTENCE_END = re.compile(r"[.!?]\s|\n")
_CLAUSE_END = re.compile(r"[.;:,!?—–]+(?:\s|$)|\s-\s")
_RECALLED = re.compile(
    r"\bat the time\b|\b(?:last|previous|the same) year\b|\b(?:months|years) (?:ago|earlier|before)\b|\bin (?:19|20)\d\d\b", re.IGNORECASE
)
_UNKNOWN = frozenset({"", "unknown", "n/a", "none"})
_ASIDE = re.compile(r"\s*\(.*\)\s*$")


@dataclass(frozen=True, slots=True)
class Origin:
    """What one article rests on."""

    #: As shown.
    name: str
    keys: tuple[str, ...]
    #: Whether the name is that of a statement or of a credit, and not merely the outlet that printed it.
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Peer:
    """An article read before, of the same matter."""

    article: Article
    origin: Origin
    #: (dim,) of headline and lead; None where there is none, which rules out a comparison of texts.
    vector: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """Why two articles have one origin."""

    article_id: ArticleId
    reason: str


def origin_of(article: Article, outlets: Outlets) -> Origin:
    """Return what an article rests on by its own words alone; the keys are sorted."""
    sentences = split_sentences(article.title, article.text)
    lead = [sentence.text for sentence in sentences[:CREDIT_SENTENCES]]
    home = _home(article, outlets)
    credited = _credits(article, lead, outlets)
    statement = next((found for sentence in lead for found in [_statement(sentence)] if found), None)
    keys = {f"origin:{article.article_id}", f"text:{quote_key(f'{article.title} {article.text}')}"}
    keys |= {f"quote:{key}" for key in _quote_keys(article.text)}
    voices = [_voice(name, outlets) for name in credited] or ([home] if home else [])
    if statement is not None:
        kind, who = statement
        keys |= set(_fortnights(f"statement:{kind}:{who}", article.published_at))
        keys |= {key for voice in voices for key in _fortnights(f"dated:{voice}", article.published_at)}
        return Origin(kind if not who else f"{kind} ({who})", tuple(sorted(keys)), is_told=True)
    keys |= {f"name:{voice}" for voice in voices}
    keys |= {key for voice in voices for key in _fortnights(f"dated:{voice}", article.published_at)}
    name = credited[0] if credited else _source(article) or "unknown"
    return Origin(name, tuple(sorted(keys)), is_told=bool(credited))


def tie(origin: Origin, article: Article, vector: FloatArray | None, peers: Iterable[Peer]) -> tuple[Origin, tuple[Tie, ...]]:
    """Return an article's origin with what it shares with articles read before it, and why.

    An article that credits nobody takes the name of the first origin that it is tied to.
    """
    ties = [
        (peer, why)
        for peer in peers
        if peer.article.article_id != article.article_id
        for why in [_why_tied(origin, article, vector, peer)]
        if why
    ]
    if not ties:
        return origin, ()
    keys = set(origin.keys)
    for peer, _ in ties:
        keys |= {key for key in peer.origin.keys if key.startswith("origin:")}
    told = [peer.origin.name for peer, _ in sorted(ties, key=lambda pair: pair[0].article.published_at) if peer.origin.is_told]
    name = origin.name if origin.is_told or not told else told[0]
    return Origin(name, tuple(sorted(keys)), is_told=origin.is_told or bool(told)), tuple(
        Tie(peer.article.article_id, why) for peer, why in ties
    )


def origins_among(articles: Sequence[tuple[Article, FloatArray | None]], outlets: Outlets) -> list[tuple[Origin, tuple[ArticleId, ...]]]:
    """Return the origins behind articles of one matter, in order of publication, each with the articles that rest on it."""
    peers: list[Peer] = []
    for article, vector in sorted(articles, key=lambda pair: (pair[0].published_at, pair[0].article_id)):
        origin, _ = tie(origin_of(article, outlets), article, vector, peers)
        peers.append(Peer(article, origin, vector))
    groups: list[list[Peer]] = []
    for peer in peers:
        kin = [group for group in groups if any(share_origin(peer.origin.keys, other.origin.keys) for other in group)]
        groups = [group for group in groups if group not in kin] + [[other for group in kin for other in group] + [peer]]
    found = []
    for group in groups:
        named = next((peer.origin for peer in group if peer.origin.is_told), group[0].origin)
        keys = tuple(sorted({key for peer in group for key in peer.origin.keys}))
        found.append((Origin(named.name, keys, named.is_told), tuple(peer.article.article_id for peer in group)))
    return found


def share_origin(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Tell whether two articles' lineage keys meet."""
    return not set(first).isdisjoint(second)


def quote_key(quotation: str) -> str:
    """Return what stays of a quotation when case, punctuation and apostrophes vary: 12 hexadecimal digits."""
    letters = re.sub(r"[\W_]+", "", quotation.casefold())
    return hashlib.sha256(letters.encode()).hexdigest()[:12]


def _why_tied(origin: Origin, article: Article, vector: FloatArray | None, peer: Peer) -> str | None:
    if abs(article.published_at - peer.article.published_at) > timedelta(days=TIE_DAYS):
        return None
    shared = set(origin.keys) & set(peer.origin.keys)
    for prefix, why in _REASONS:
        if any(key.startswith(prefix) for key in shared):
            return why
    if vector is None or peer.vector is None or float(cosines(vector, peer.vector[None, :])[0]) < MIN_COSINE:
        return None
    ours, theirs = ([sentence.text for sentence in split_sentences("", one.text)] for one in (article, peer.article))
    pairs = aligned_pairs(ours, theirs)
    share = aligned_share(ours, theirs, len(pairs))
    tells_same_news = any(max(pair) < NEWS_SENTENCES for pair in pairs)
    if share >= COPY_SHARE and len(pairs) >= COPY_SENTENCES and tells_same_news:
        return f"{len(pairs)} sentences in common, {share:.0%} of the shorter text"
    return None


#: What ties articles and is passed on, strongest first. `dated:` is not: it would tie an outlet's scoop to its report of a later statement.
_REASONS = (
    ("text:", "the same words"),
    ("quote:", "the same quotation"),
    ("statement:", "the same public statement"),
    ("name:", "the same outlet, credited or its own"),
)


def _home(article: Article, outlets: Outlets) -> str:
    """Return the voice of the outlet that printed an article; empty where it is not known."""
    listed = outlets.named(_source(article)) or outlets.at(article.url)
    return listed.owner.casefold() if listed else _plain(_source(article))


def _source(article: Article) -> str:
    source = _ASIDE.sub("", article.source).strip()
    return "" if source.casefold() in _UNKNOWN else source


def _credits(article: Article, lead: Sequence[str], outlets: Outlets) -> list[str]:
    """Return the names of those whose work an article says it is, in order of appearance, each once; its own outlet is no credit."""
    home = _home(article, outlets)
    # A page that calls another outlet's address its own is a copy of what stands there.
    original = outlets.at(article.canonical_url)
    names = [original.name] if original is not None else []
    names += [outlet.name for outlet in outlets.signed(f"{article.title}\n{article.text}")]
    listed = outlets.mentioned("\n".join(lead))
    cited = re.compile(rf"(?:{_LEADS})(?P<after>{listed})\b|\b(?P<before>{listed})(?:['’]s?)?,? (?:{_VERBS})\b")
    for sentence in lead:
        for found in cited.finditer(sentence):
            outlet = outlets.named(found["after"] or found["before"])
            names += [outlet.name] if outlet else []
        names += [next(name for name in found.groups() if name) for found in _UNLISTED.finditer(sentence)]
    own = [name for name in dict.fromkeys(names) if _voice(name, outlets) != home]
    return own if own else list(dict.fromkeys(names))


def _voice(name: str, outlets: Outlets) -> str:
    listed: Outlet | None = outlets.named(name)
    return listed.owner.casefold() if listed else _plain(name)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split()).removeprefix("the ")


def _statement(sentence: str) -> tuple[str, str] | None:
    """Return kind and maker of the public statement that a sentence reports; the maker is empty where several make it or none is named."""
    found = _STATEMENT.search(sentence)
    if found is None:
        return None
    kind = _KINDS.get(found["kind"].casefold(), found["kind"].casefold()).replace("é", "e")
    if kind in _SHARED_KINDS:
        return kind, ""
    who = _plain(found["who"] or "").removeprefix("and ").removeprefix("the ")
    # "it said in a statement": nobody can tell whose without reading on, and two of them are not one.
    return (kind, who) if who else None


def _quote_keys(text: str) -> Iterator[str]:
    """Yield keys of the longer quotations and of their longer clauses, but for what is recalled from the past."""
    for found in _QUOTATION.finditer(text):
        quotation = next(filter(None, found.groups()), "")
        before = _SENTENCE_END.split(text[max(0, found.start() - _AROUND) : found.start()])[-1]
        after = _SENTENCE_END.split(text[found.end() : found.end() + _AROUND])[0]
        if _RECALLED.search(before) or _RECALLED.search(after):
            continue
        pieces = {quotation, *_CLAUSE_END.split(quotation)}
        yield from (quote_key(piece) for piece in pieces if len(piece.split()) >= MIN_QUOTE_WORDS)


def _fortnights(key: str, at: datetime) -> Iterator[str]:
    """Yield a key for each of the two overlapping fortnights around an instant: two instants within `SAME_DAYS` share at least one."""
    days = at.timestamp() / 86_400
    yield f"{key}:{int(days // (2 * SAME_DAYS))}a"
    yield f"{key}:{int((days + SAME_DAYS) // (2 * SAME_DAYS))}b"

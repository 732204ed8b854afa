"""Names in news text: actors and places, brought to one form, found in mixed case and looked for in any case."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import pairwise

from monitor.core.text import is_abbreviation

#: Country: what else news calls it (short forms, adjective, the capital speaking for its government).
_COUNTRIES = {
    "united states": "us u.s. usa u.s.a. american americans washington pentagon white|house",
    "united kingdom": "uk u.k. britain british london great|britain",
    "european union": "eu e.u. brussels",
    "european community": "ec e.c. eec",
    "united nations": "un u.n.",
    "russia": "russian russians moscow kremlin",
    "soviet union": "soviet soviets ussr u.s.s.r.",
    "china": "chinese beijing peking",
    "japan": "japanese tokyo",
    "germany": "german germans berlin bonn west|germany west|german",
    "france": "french paris",
    "italy": "italian italians rome",
    "spain": "spanish madrid",
    "portugal": "portuguese lisbon",
    "netherlands": "dutch hague",
    "belgium": "belgian",
    "ireland": "irish dublin",
    "greece": "greek greeks athens",
    "turkey": "turkish turks ankara türkiye",
    "ukraine": "ukrainian ukrainians kyiv kiev",
    "poland": "polish warsaw",
    "hungary": "hungarian budapest",
    "sweden": "swedish stockholm",
    "norway": "norwegian oslo",
    "denmark": "danish copenhagen",
    "finland": "finnish helsinki",
    "switzerland": "swiss berne bern",
    "austria": "austrian vienna",
    "iran": "iranian iranians tehran teheran",
    "iraq": "iraqi iraqis baghdad",
    "israel": "israeli israelis jerusalem",
    "egypt": "egyptian egyptians cairo",
    "syria": "syrian syrians damascus",
    "lebanon": "lebanese beirut",
    "jordan": "jordanian amman",
    "saudi arabia": "saudi saudis riyadh",
    "kuwait": "kuwaiti",
    "qatar": "qatari doha",
    "yemen": "yemeni sanaa",
    "libya": "libyan tripoli",
    "algeria": "algerian algiers",
    "morocco": "moroccan rabat",
    "sudan": "sudanese khartoum",
    "ethiopia": "ethiopian addis|ababa",
    "kenya": "kenyan nairobi",
    "nigeria": "nigerian lagos abuja",
    "ghana": "ghanaian accra",
    "ivory coast": "ivorian abidjan",
    "south africa": "south|african pretoria",
    "india": "indian new|delhi delhi",
    "pakistan": "pakistani islamabad",
    "bangladesh": "bangladeshi dhaka",
    "sri lanka": "lankan colombo",
    "afghanistan": "afghan afghans kabul",
    "south korea": "south|korean seoul",
    "north korea": "north|korean pyongyang",
    "taiwan": "taiwanese taipei",
    "vietnam": "vietnamese hanoi",
    "thailand": "thai bangkok",
    "malaysia": "malaysian kuala|lumpur",
    "indonesia": "indonesian jakarta",
    "philippines": "philippine filipino filipinos manila",
    "australia": "australian australians canberra",
    "new zealand": "zealand",
    "canada": "canadian canadians ottawa",
    "mexico": "mexican mexicans",
    "brazil": "brazilian brasilia",
    "argentina": "argentine argentinian buenos|aires",
    "chile": "chilean santiago",
    "peru": "peruvian lima",
    "colombia": "colombian bogota",
    "venezuela": "venezuelan caracas",
    "ecuador": "ecuadorean ecuadorian quito",
    "cuba": "cuban havana",
}
_ALIAS = {alias.replace("|", " "): country for country, aliases in _COUNTRIES.items() for alias in [*aliases.split(), country]}
#: Capitalised words that are no names: they open sentences, mark time, or belong to every story.
_COMMON = frozenset(
    [
        "the",
        "a",
        "an",
        "and",
        "but",
        "or",
        "for",
        "of",
        "in",
        "on",
        "at",
        "to",
        "by",
        "as",
        "with",
        "from",
        "into",
        "after",
        "before",
        "under",
        "over",
        "while",
        "when",
        "where",
        "what",
        "which",
        "who",
        "why",
        "how",
        "if",
        "is",
        "are",
        "was",
        "were",
        "will",
        "would",
        "could",
        "may",
        "might",
        "can",
        "has",
        "have",
        "had",
        "be",
        "been",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "there",
        "their",
        "they",
        "he",
        "she",
        "his",
        "her",
        "we",
        "our",
        "you",
        "i",
        "not",
        "no",
        "yes",
        "also",
        "however",
        "meanwhile",
        "still",
        "despite",
        "although",
        "though",
        "since",
        "until",
        "during",
        "following",
        "according",
        "some",
        "many",
        "most",
        "more",
        "other",
        "others",
        "another",
        "both",
        "all",
        "any",
        "each",
        "several",
        "new",
        "old",
        "first",
        "second",
        "third",
        "last",
        "next",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "today",
        "yesterday",
        "tomorrow",
        "president",
        "prime",
        "minister",
        "ministry",
        "minister",
        "government",
        "parliament",
        "congress",
        "senate",
        "house",
        "chairman",
        "chief",
        "executive",
        "officer",
        "director",
        "spokesman",
        "spokeswoman",
        "official",
        "officials",
        "company",
        "corp",
        "inc",
        "ltd",
        "plc",
        "co",
        "group",
        "mr",
        "mrs",
        "ms",
        "dr",
        "sir",
        "lord",
        "reuters",
        "newsweek",
        "ap",
        "afp",
        "bbc",
        "cnn",
        "news",
        "agency",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "state",
        "department",
        "general",
        "subsequently",
        "please",
        "read",
        "related",
        "hot",
    ]
)
_TOKEN = re.compile(r"[^\W\d_](?:[\w&'’.\-]*[\w])?\.?", re.U)


def _tokens(text: str) -> list[tuple[str, int]]:
    return [(match.group(), match.start()) for match in _TOKEN.finditer(text)]


def canonical_name(name: str) -> str:
    """Return the one form of a name: lower case, possessive dropped, countries under their own name."""
    plain = _plain(name)
    return _ALIAS.get(plain, plain)


def _plain(name: str) -> str:
    """Return a name in lower case, without possessive, and without a closing dot where it is known or read without one."""
    lowered = re.sub(r"['’]s?$", "", name.strip().lower()).strip()
    return lowered if lowered in _ALIAS else lowered.rstrip(".")


def names_in(text: str) -> set[str]:
    """Return the canonical names of actors and places in mixed-case text: capitalised words that do not only open a sentence.

    Runs of capitalised words are one name, and each of their words is one too: `Ain al-Asad`, `General Partners`.
    """
    found: set[str] = set()
    run: list[str] = []
    end = -1
    tokens = _tokens(text)
    for word, start in tokens:
        is_capital = word[:1].isupper() and word.rstrip(".'’").lower() not in _COMMON
        # `House` alone belongs to every story; `White House` is an actor.
        is_capital |= bool(run) and word[:1].isupper() and f"{_plain(run[-1])} {_plain(word)}" in _ALIAS
        opens = start == 0 or bool(re.search(r"[.!?:\n][\"'”’)]*\s*[\"'“‘(]*$", text[max(0, start - 6) : start]))
        if is_capital and run and start - end <= 1 and not _is_full_stop(run[-1]):
            run.append(word)
        else:
            _keep(run, found)
            run = [word] if is_capital and not (opens and word.lower() == word[:1].lower() + word[1:] and not _is_known(word)) else []
        end = start + len(word)
    _keep(run, found)
    return found


def _is_full_stop(word: str) -> bool:
    return word.endswith(".") and not is_abbreviation(word[:-1])


def _is_known(word: str) -> bool:
    return canonical_name(word) in _COUNTRIES or word.isupper()


def _keep(run: list[str], found: set[str]) -> None:
    if not run:
        return
    whole = " ".join(_plain(word) for word in run)
    if whole in _ALIAS:
        # `West German`, `White House`: their words alone name something else.
        found.add(_ALIAS[whole])
        return
    for word in run:
        # `US-led`, `U.S.-Japan`: the parts of a compound name their own actors.
        for part in [word, *word.split("-")]:
            if part[:1].isupper() and len(part.strip(".")) > 1 and canonical_name(part) not in _COMMON:
                found.add(canonical_name(part))
    if len(run) > 1:
        found.add(whole)


def mentions(text: str, names: Collection[str]) -> set[str]:
    """Return those of the canonical names that a text in any case names, itself or by an alias."""
    # `us` in small letters is the pronoun; a country that is written so cannot be told from it.
    words = [word for word, _ in _tokens(text)]
    plain = [_plain(word) for word in words]
    present = {canonical_name(part) for word in words if word != "us" for part in [word, *word.split("-")] if part}
    present |= {_ALIAS[pair] for pair in map(" ".join, pairwise(plain)) if pair in _ALIAS}
    running = f" {' '.join(plain)} "
    return {name for name in names if name in present or (" " in name and f" {name} " in running)}


def names_in_all(texts: Iterable[str]) -> list[set[str]]:
    """Return `names_in` of each text, in order."""
    return [names_in(text) for text in texts]

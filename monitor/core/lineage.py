"""Which articles share one origin: wire credited, outlets that are quoted, and rare quotations in common."""

from __future__ import annotations

import hashlib
import re

from monitor.core.types import Article

#: Wire services and how they sign.
_WIRES = {
    "Reuters": r"\(Reuters\)|\bReuters (?:has )?(?:reported|said|quoted|news agency)|\btold Reuters|\bReporting by\b|\bthe Reuters news agency",
    "AP": r"\(AP\)|\bAssociated Press\b|\btold (?:the )?AP\b",
    "AFP": r"\(AFP\)|\bAgence France-Presse\b|\btold AFP\b|\bAFP (?:reported|news agency)",
    "Bloomberg": r"\(Bloomberg\)|\bBloomberg (?:News )?(?:has )?reported|\btold Bloomberg",
    "UPI": r"\(UPI\)|\bUnited Press International\b",
    "Xinhua": r"\(Xinhua\)|\bXinhua (?:news agency|reported)",
}
#: `Newsweek reported on Saturday`, `according to the Daily Post`, `told the Morning Star newspaper`.
_CREDIT = re.compile(
    r"\b(?!(?:They|He|She|It|We|I|You|Who|Which|Both|Some|Many|Several|Others|This|That|These|Those)\b)"
    r"([A-Z][\w'’]+(?: [A-Z][\w'’]+){0,3}) (?:has )?(?:reported|reports)\b"
    r"|\baccording to (?:the )?([A-Z][\w'’]+(?: [A-Z][\w'’]+){0,3}) (?:newspaper|magazine|website|news agency|channel)\b"
    r"|\btold (?:the )?([A-Z][\w'’]+(?: [A-Z][\w'’]+){0,3}) (?:newspaper|magazine|website|news agency)\b"
)
_QUOTATION = re.compile(r"[\"“”]([^\"“”]{20,400})[\"“”]")
#: Least words of a quotation that two articles do not share by chance.
_MIN_QUOTE_WORDS = 7


def origin_of(article: Article) -> tuple[str, tuple[str, ...]]:
    """Return the name of an article's origin as shown, and its lineage keys.

    The origin is the wire or outlet that the article itself credited, else its own source. Keys are those names and its longer quotations
    (letters only, hashed); an article that shares a key with another has its origin. A wire's own unsigned article and a copy that
    credits it thus share one, and so do two reports of the same outlet: it does not corroborate itself.
    """
    text = f"{article.title}\n{article.text}"
    credited = [wire for wire, pattern in _WIRES.items() if re.search(pattern, text)]
    for match in _CREDIT.finditer(article.text):
        name = next(group for group in match.groups() if group)
        if name not in credited:
            credited.append(name)
    name = credited[0] if credited else (article.source or "unknown")
    keys = {f"name:{named.casefold().removeprefix('the ')}" for named in credited or [name]}
    keys |= {f"quote:{quote_key(words)}" for words in _QUOTATION.findall(article.text) if len(words.split()) >= _MIN_QUOTE_WORDS}
    # The same words are one origin, whoever prints them and whether or not they credit anybody.
    keys.add(f"text:{quote_key(f'{article.title} {article.text}')}")
    return name, tuple(sorted(keys))


def quote_key(quotation: str) -> str:
    """Return what stays of a quotation when case, punctuation and apostrophes vary: 12 hexadecimal digits."""
    letters = re.sub(r"[\W_]+", "", quotation.casefold())
    return hashlib.sha256(letters.encode()).hexdigest()[:12]


def share_origin(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Tell whether two articles' lineage keys meet."""
    return not set(first).isdisjoint(second)

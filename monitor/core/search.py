"""What a person types to search the stored articles, taken apart: no mark in it can be a command to a database."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.errors import ConfigError

#: More terms than anybody types; each costs the index a look.
MAX_TERMS = 16
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand next to each other; with `is_prefix` the last may go on."""

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class SearchWords:
    """All of `wanted`, none of `unwanted`."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()


def parse_search(typed: str) -> SearchWords | None:
    """Return what was typed: words, "phrases", beginnings* and -unwanted ones; None where there is no word at all.

    Raises: ConfigError where only unwanted words are given, or too many.
    """
    wanted: list[Term] = []
    unwanted: list[Term] = []
    for minus, phrase, word in _TERM.findall(typed):
        found = tuple(_WORD.findall(phrase or word))
        if found:
            (unwanted if minus else wanted).append(Term(found, is_prefix=word.endswith("*")))
    if not wanted and not unwanted:
        return None
    if not wanted:
        raise ConfigError(f"search {typed!r}: only unwanted words; give at least one that shall be there")
    if len(wanted) + len(unwanted) > MAX_TERMS:
        raise ConfigError(f"search: {len(wanted) + len(unwanted)} terms; {MAX_TERMS} are the most, leave some out")
    return SearchWords(tuple(wanted), tuple(unwanted))

from __future__ import annotations

import pytest

from monitor.core.search import MAX_TERMS, SearchWords, Term, parse_search
from monitor.errors import ConfigError


@pytest.mark.parametrize(
    ("typed", "wanted", "unwanted"),
    [
        ("port strike", (Term(("port",)), Term(("strike",))), ()),
        ('"joint statement" iraq', (Term(("joint", "statement")), Term(("iraq",))), ()),
        ("withdraw* -troops", (Term(("withdraw",), is_prefix=True),), (Term(("troops",)),)),
        ('-"cease fire" peace', (Term(("peace",)),), (Term(("cease", "fire")),)),
        ("U.S.-led", (Term(("U", "S", "led")),), ()),
        ('"never closed', (Term(("never", "closed")),), ()),
        ("a' OR 1=1; --", (Term(("a",)), Term(("OR",)), Term(("1", "1"))), ()),
        ("Zürich ’nein’", (Term(("Zürich",)), Term(("nein",))), ()),
    ],
)
def test_what_is_typed_is_taken_apart(typed: str, wanted: tuple[Term, ...], unwanted: tuple[Term, ...]) -> None:
    assert parse_search(typed) == SearchWords(wanted, unwanted)


@pytest.mark.parametrize("typed", ["", "   ", '""', "-", "*** ()"])
def test_nothing_is_no_search(typed: str) -> None:
    assert parse_search(typed) is None


@pytest.mark.parametrize(("typed", "message"), [("-only", "only unwanted"), (" ".join("a" * (MAX_TERMS + 1)), "are the most")])
def test_a_search_that_cannot_be_made_says_why(typed: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_search(typed)

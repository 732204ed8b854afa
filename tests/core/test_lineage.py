from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.lineage import origin_of, quote_key, share_origin
from tests.builders import coalition_seed, make_article
from tests.examples import NOON

QUOTATION = "“We have an agreement, it’s now just a question of when to announce it,”"


def keys(text: str, *, source: str = "Gazette", days: float = 0) -> tuple[str, ...]:
    return origin_of(make_article(text=text, source=source, published_at=NOON + timedelta(days=days)))[1]


def quotation_keys(number: str) -> set[str]:
    return {key for key in origin_of(coalition_seed(number))[1] if key.startswith("quote:")}


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("PARIS (Reuters) - They signed.", "Reuters"),
        ("They signed, a diplomat told Reuters.", "Reuters"),
        ("They signed.\n(Reporting by A. Writer)", "Reuters"),
        ("OSLO (AP) — They signed.", "AP"),
        ("They signed, the Associated Press learned.", "AP"),
        ("They signed, Agence France-Presse learned.", "AFP"),
        ("They signed, an aide told AFP.", "AFP"),
        ("Bloomberg News has reported that they signed.", "Bloomberg"),
        ("ROME (UPI) -- They signed.", "UPI"),
        ("They signed, Xinhua news agency learned.", "Xinhua"),
        ("They signed, Newsweek reported on Saturday.", "Newsweek"),
        ("They signed, according to the Harbour Post newspaper.", "Harbour Post"),
        ("They signed, she told the Morning Star newspaper.", "Morning Star"),
        ("They signed.", "Gazette"),
        ("They reported for work. It reported a loss.", "Gazette"),
        ("They signed, The Harbour Post reported.", "The Harbour Post"),
    ],
)
def test_the_origin_is_whom_the_article_credits_else_its_outlet(text: str, origin: str) -> None:
    assert origin_of(make_article(text=text, source="Gazette"))[0] == origin


def test_an_article_without_a_source_has_an_unknown_origin() -> None:
    assert origin_of(make_article(text="They signed.", source=""))[0] == "unknown"


def test_copies_that_credit_the_same_wire_share_an_origin() -> None:
    assert share_origin(keys("(Reuters) - They signed.", source="Gazette"), keys("They signed, Reuters reported.", source="Herald"))


def test_a_wire_s_own_unsigned_article_shares_an_origin_with_a_copy_that_credits_it() -> None:
    assert share_origin(keys("They signed.", source="Reuters"), keys("They signed, Reuters reported.", source="Herald"))


def test_an_outlet_s_scoop_shares_an_origin_with_who_cites_it() -> None:
    assert share_origin(keys("They signed.", source="Newsweek"), keys("They signed, Newsweek reported.", source="Herald"))


def test_an_article_before_an_outlet_s_name_makes_no_other_outlet() -> None:
    assert share_origin(keys("They signed.", source="The Gazette"), keys("They signed, the Gazette reported.", source="Herald"))


def test_a_copy_on_the_far_side_of_a_month_s_end_is_still_a_copy() -> None:
    assert share_origin(keys("(Reuters) - They signed."), keys("They signed, Reuters reported.", source="Herald", days=31))


def test_two_outlets_in_their_own_words_are_independent() -> None:
    assert not share_origin(keys("They signed.", source="Gazette"), keys("They have signed.", source="Herald"))


def test_an_outlet_does_not_corroborate_itself() -> None:
    assert share_origin(keys("They signed.", source="Gazette"), keys("Yes, they signed.", source="Gazette", days=3))


def test_a_long_quotation_in_common_ties_two_articles() -> None:
    assert share_origin(keys(f"{QUOTATION} one said.", source="Gazette"), keys(f"One said: {QUOTATION}", source="Herald"))


@pytest.mark.parametrize("short", ["“We have an agreement,”", "“No.”", "“an expanded bilateral security relationship”"])
def test_a_short_quotation_may_be_chance(short: str) -> None:
    assert not share_origin(keys(f"{short} one said.", source="Gazette"), keys(f"One said {short}", source="Herald"))


@pytest.mark.parametrize(
    "variant",
    [
        "We have an agreement; it's now just a question of when to announce it",
        "WE HAVE AN AGREEMENT, IT’S NOW JUST A QUESTION OF WHEN TO ANNOUNCE IT.",
        "We have an agreement it’s  now just a question of when to announce it",
    ],
)
def test_a_quotation_is_the_same_however_it_is_punctuated(variant: str) -> None:
    assert quote_key(variant) == quote_key("We have an agreement, it’s now just a question of when to announce it,")


def test_quotations_in_another_script_are_told_apart() -> None:
    assert quote_key("Мы подписали соглашение") != quote_key("Переговоры прерваны")


def test_the_three_september_seeds_share_an_origin_by_their_common_quotation() -> None:
    for first, second in combinations(("000", "001", "002"), 2):
        assert quotation_keys(first) & quotation_keys(second), (first, second)
        assert share_origin(origin_of(coalition_seed(first))[1], origin_of(coalition_seed(second))[1])


@pytest.mark.parametrize("number", ["001", "002"])
def test_the_joint_statement_shares_no_quotation_with_the_reports_before_it(number: str) -> None:
    assert not quotation_keys("003") & quotation_keys(number)


def test_the_joint_statement_is_the_wire_s() -> None:
    assert origin_of(coalition_seed("003"))[0] == "Reuters"


@given(st.text(max_size=300))
def test_every_article_has_an_origin_and_sorted_keys(text: str) -> None:
    name, found = origin_of(make_article(text=text))
    assert name
    assert found
    assert list(found) == sorted(set(found))


@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("cdef")))
def test_to_share_an_origin_is_symmetric(first: list[str], second: list[str]) -> None:
    assert share_origin(tuple(first), tuple(second)) == share_origin(tuple(second), tuple(first)) == bool({*first} & {*second})

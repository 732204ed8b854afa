from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.outlets import load_outlets
from monitor.core.lineage import Origin, Peer, origin_of, origins_among, quote_key, share_origin, tie
from monitor.core.outlets import Outlet, Outlets
from monitor.core.types import Article, FloatArray
from tests.builders import ROOT, coalition_issue, coalition_seed, make_article
from tests.examples import NOON

OUTLETS = load_outlets(ROOT / "config" / "outlets.yaml")

QUOTATION = "“We have an agreement, it’s now just a question of when to announce it,”"


def keys(text: str, *, source: str = "Gazette", days: float = 0) -> tuple[str, ...]:
    return origin_of(report(text, source=source, days=days), OUTLETS).keys


def report(text: str, *, source: str = "Gazette", days: float = 0, title: str = "Duties to end") -> Article:
    # Of its own id, as the article's own key would tie it to every other one.
    name = f"{source}-{days}-{text}"
    return make_article(name, title=title, text=text, source=source, url="", published_at=NOON + timedelta(days=days))


def heading(*numbers: float) -> FloatArray:
    vector = np.array(numbers, dtype=np.float32)
    return vector / np.float32(np.linalg.norm(vector))


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("PARIS (Reuters) - They signed.", "Reuters"),
        ("They signed, a diplomat told Reuters.", "Reuters"),
        ("They signed.\n(Reporting by A. Writer)", "Reuters"),
        ("OSLO (AP) — They signed.", "Associated Press"),
        ("They signed, the Associated Press learned.", "Associated Press"),
        ("They signed, an official told the AP.", "Associated Press"),
        ("They signed, according to Newsweek.", "Newsweek"),
        ("The Reuters news agency, quoting two sources, said they signed.", "Reuters"),
        ("They signed, Bloomberg first reported.", "Bloomberg"),
        ("The ministries said in a joint statement on Friday that they had signed.", "joint statement"),
        ("The Harbour Ministry said in a statement that they had signed.", "statement (harbour ministry)"),
        ("They signed, it said in a statement.", "Gazette"),
        ("They signed after The National Assembly said yes.", "Gazette"),
        ("They had signed. One. Two. Three. Four. Five. Six. Seven. Eight. An aide once told Reuters so.", "Gazette"),
        ("They signed, Agence France-Presse learned.", "AFP"),
        ("They signed, an aide told AFP.", "AFP"),
        ("Bloomberg News has reported that they signed.", "Bloomberg"),
        ("ROME (UPI) -- They signed.", "UPI"),
        ("They signed, Xinhua news agency learned.", "Xinhua"),
        ("They signed, Newsweek reported on Saturday.", "Newsweek"),
        ("They signed, according to the Harbour Post newspaper.", "Harbour Post"),
        ("They signed, she told the Morning Star newspaper.", "Morning Star"),
        ("They signed.", "Gazette"),
        ("They reported for work. It reported a loss. Police reported a theft.", "Gazette"),
        ("They signed, The Harbour Post reported.", "The Harbour Post"),
    ],
)
def test_the_origin_is_whom_the_article_credits_else_its_outlet(text: str, origin: str) -> None:
    assert origin_of(report(text), OUTLETS).name == origin


def test_an_article_without_a_source_has_an_unknown_origin() -> None:
    assert origin_of(report("They signed.", source=""), OUTLETS).name == "unknown"


def test_two_articles_of_unknown_source_are_not_one_voice() -> None:
    assert not share_origin(keys("They signed.", source="unknown"), keys("They have signed.", source="unknown (a copy)"))


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


def test_the_seeds_of_september_are_one_report_and_the_joint_statement_another() -> None:
    found = origins_among([(seed.article, None) for seed in coalition_issue().seeds], OUTLETS)
    assert [(origin.name, [article_id[:3] for article_id in ids]) for origin, ids in found] == [
        ("unknown", ["004"]),
        ("Reuters", ["002", "000", "001"]),
        ("joint statement", ["003"]),
    ]


def test_the_origins_are_the_same_where_a_feed_gives_no_paragraphs() -> None:
    seeds = [replace(seed.article, text=" ".join(seed.article.text.split())) for seed in coalition_issue().seeds]
    found = origins_among([(seed, None) for seed in seeds], OUTLETS)
    assert [[article_id[:3] for article_id in ids] for _, ids in found] == [["004"], ["002", "000", "001"], ["003"]]


@pytest.mark.parametrize("number", ["000", "001", "002", "004"])
def test_the_joint_statement_shares_nothing_with_the_reports_before_it(number: str) -> None:
    assert not share_origin(origin_of(coalition_seed("003"), OUTLETS).keys, origin_of(coalition_seed(number), OUTLETS).keys)


def test_outlets_of_one_owner_are_one_voice() -> None:
    assert share_origin(keys("They signed.", source="The Times"), keys("They have signed.", source="The Wall Street Journal"))
    assert not share_origin(keys("They signed.", source="The Times"), keys("They have signed.", source="The New York Times"))


def test_an_outlet_is_known_by_its_address_where_its_name_is_not_listed() -> None:
    one = make_article("a-1", text="They signed.", source="World desk", url="https://www.rudaw.net/english/1")
    assert "name:rudaw media network" in origin_of(one, OUTLETS).keys


def test_an_outlet_s_report_of_a_statement_is_not_its_scoop_of_a_month_before() -> None:
    scoop = keys("They have broadly agreed, two sources said.", source="Reuters")
    statement = keys("They will sign in May, the ministries said in a joint statement.", source="Reuters", days=21)
    assert not share_origin(scoop, statement)
    assert share_origin(statement, keys("They will sign in May, they said in a joint statement.", source="Herald", days=22))
    assert share_origin(statement, keys("They meet again next week.", source="Reuters", days=23))


def test_statements_of_two_parties_are_two_origins() -> None:
    ours = keys("The Harbour Ministry said in a statement that they had signed.")
    theirs = keys("The Fishing Union said in a statement that they had signed.", source="Herald")
    assert not share_origin(ours, theirs)


@pytest.mark.parametrize("days", [0, 3, 6.9])
@pytest.mark.parametrize("start", range(0, 15, 2))
def test_a_statement_of_the_same_week_is_the_same_wherever_the_fortnight_begins(start: int, days: float) -> None:
    text = "They have signed, they said in a communiqué."
    assert share_origin(keys(text, days=start), keys(f"Yes: {text}", source="Herald", days=start + days))


def test_a_quotation_from_the_past_ties_nothing() -> None:
    quotation = "“We have fought side by side for ten long and bitter years,”"
    assert not share_origin(keys(f"{quotation} she said at the time."), keys(f"{quotation} she had said last year.", source="Herald"))


def test_a_quotation_cut_short_is_still_the_same() -> None:
    whole = "“We have an agreement. It’s now just a question of when to announce it.”"
    cut = 'He said it was "now just a question of when to announce it", though.'
    assert share_origin(keys(f"{whole} one said."), keys("“It’s now just a question of when to announce it,” one said.", source="Herald"))
    assert not share_origin(keys(f"{whole} one said."), keys(cut, source="Herald"))


def test_an_odd_quotation_mark_does_not_turn_the_text_inside_out() -> None:
    text = 'A 6" shell fell. "Nobody was hurt," she said, and the long queue at the ferry moved on as if nothing had been "amiss"'
    assert not [key for key in keys(text) if key.startswith("quote:")]


COPY = "\n".join(
    [
        "The transport ministers of Norland and Sudmark have reached a provisional deal on the harbour treaty.",
        "It would open the northern channel to freight from next spring, two officials said.",
        "The text still has to be approved by both cabinets, and neither has set a date.",
    ]
)
REWRITTEN = "\n".join(
    [
        "A provisional deal on the harbour treaty has been reached by the transport ministers of Norland and Sudmark, we hear.",
        "From next spring it would open the northern channel to freight.",
        "Both cabinets still have to approve the text.",
        "Readers have sent us pictures of the harbour in the snow, which we print on page nine.",
    ]
)


def tied(
    first: Article, second: Article, *, vectors: tuple[FloatArray | None, FloatArray | None] = (heading(1, 0), heading(1, 0.5))
) -> str | None:
    peer = Peer(first, origin_of(first, OUTLETS), vectors[0])
    origin, ties = tie(origin_of(second, OUTLETS), second, vectors[1], [peer])
    assert bool(ties) == share_origin(origin.keys, peer.origin.keys)
    return ties[0].reason if ties else None


def test_a_rewritten_copy_that_credits_nobody_is_found_by_its_sentences() -> None:
    assert tied(report(COPY), report(REWRITTEN, source="Herald", days=1)) == "3 sentences in common, 100% of the shorter text"


def test_texts_are_laid_side_by_side_only_where_vectors_point_to_it() -> None:
    copies = report(COPY), report(REWRITTEN, source="Herald")
    assert tied(*copies, vectors=(heading(1, 0), heading(0, 1))) is None
    assert tied(*copies, vectors=(None, heading(1, 0))) is None


def test_background_in_common_makes_no_copy() -> None:
    news = "The harbour treaty was torn up in parliament on Friday, after a night of shouting."
    more = (
        "The prime minister of Sudmark left the chamber without a word to anybody.\nHis coalition has a majority of one seat in the house."
    )
    assert tied(report(COPY), report(f"{news}\n{more}\n{COPY}", source="Herald", days=3)) is None


def test_a_copy_weeks_later_is_another_story() -> None:
    assert tied(report(COPY), report(REWRITTEN, source="Herald", days=15)) is None


def test_what_is_tied_to_a_copy_is_tied_to_what_that_was_copied_from() -> None:
    first = report(f"{COPY}")
    second = report(f"{REWRITTEN}\n(Reuters)", source="Herald")
    third = report("It is done, Reuters reported.", source="Courier")
    peers: list[Peer] = []
    for article in (first, second, third):
        origin, _ = tie(origin_of(article, OUTLETS), article, heading(1, 0), peers)
        peers.append(Peer(article, origin, heading(1, 0)))
    assert share_origin(peers[0].origin.keys, peers[2].origin.keys)
    # A copy that credits nobody has the name of what it was copied from.
    assert tie(origin_of(report(COPY, source="Mail"), OUTLETS), report(COPY, source="Mail"), heading(1, 0), peers[1:])[0].name == "Reuters"


def test_without_a_list_of_outlets_only_what_names_itself_an_outlet_is_one() -> None:
    assert origin_of(report("They signed, Newsweek reported."), Outlets()).name == "Newsweek"
    assert origin_of(report("They signed, she told Reuters."), Outlets()).name == "Gazette"


def test_an_outlet_is_found_by_each_of_its_names_and_hosts() -> None:
    outlets = Outlets([Outlet("The Harbour Post", "Harbour Group", ("HP",), ("(HP)",), ("hp.example",))])
    assert {
        outlet and outlet.name for outlet in (outlets.named("harbour post"), outlets.named(" HP "), outlets.at("https://www.hp.example/a"))
    } == {"The Harbour Post"}
    assert outlets.named("Post") is outlets.at("https://hp.example.org/") is outlets.at("http://[") is None
    assert [outlet.name for outlet in outlets.signed("OSLO (HP) - x (HP)")] == ["The Harbour Post"]


@given(st.text(max_size=300))
def test_every_article_has_an_origin_and_sorted_keys(text: str) -> None:
    origin = origin_of(make_article(text=text), OUTLETS)
    assert origin.name
    assert list(origin.keys) == sorted(set(origin.keys)) != []
    assert isinstance(origin, Origin)


@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("cdef")))
def test_to_share_an_origin_is_symmetric(first: list[str], second: list[str]) -> None:
    assert share_origin(tuple(first), tuple(second)) == share_origin(tuple(second), tuple(first)) == bool({*first} & {*second})

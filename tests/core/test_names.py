from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.names import canonical_name, mentions, names_in, names_in_all


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("U.S.", "united states"),
        ("US", "united states"),
        ("U.S.A.", "united states"),
        ("Americans", "united states"),
        ("Washington’s", "united states"),
        ("Pentagon", "united states"),
        ("U.K.'s", "united kingdom"),
        ("Iraq's", "iraq"),
        ("Iraqis’", "iraq"),
        ("Iraq.", "iraq"),
        ("  Baghdad ", "iraq"),
        ("Türkiye", "turkey"),
        ("West German", "germany"),
        ("EEC", "european community"),
        ("European Union", "european union"),
        ("Sudani", "sudani"),
        ("Lavant's", "lavant"),
        ("Co.", "co"),
    ],
)
def test_a_name_has_one_form(name: str, expected: str) -> None:
    assert canonical_name(name) == expected


@given(st.text(max_size=40))
def test_the_one_form_of_a_name_depends_on_no_case(name: str) -> None:
    assert canonical_name(name) == canonical_name(name.lower())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The US-led coalition left.", {"us-led", "united states"}),
        ("Officials in Iraq and Iran met.", {"iraq", "iran"}),
        ("Iraq wants it.", {"iraq"}),
        ("Talks with the European Union's envoy.", {"european union"}),
        ("A West German bank.", {"germany"}),
        ("The U.S.-Japan pact.", {"u.s.-japan", "united states", "japan"}),
        ("They met the UAW. U.S. envoys left.", {"uaw", "united states"}),
        ("He flew British Airways. Workers cheered.", {"british airways", "united kingdom", "airways"}),
        ("Then Lavant Steel Works struck.", {"lavant steel works", "lavant", "steel", "works"}),
        ("Workers left on Monday in March.", set()),
        ("The prime minister said so.", set()),
        ("", set()),
    ],
)
def test_names_are_the_capitalised_words_that_do_not_only_open_a_sentence(text: str, expected: set[str]) -> None:
    assert names_in(text) == expected


def test_a_word_that_only_opens_a_sentence_is_no_name() -> None:
    assert names_in("Negotiators met. Workers waited.\nBankers: “Nothing.” Miners left.") == set()


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("US-LED COALITION TO LEAVE IRAQ", {"united states", "iraq", "iran"}, {"united states", "iraq"}),
        ("THE U.S. AND JAPAN'S MINISTERS", {"united states", "japan"}, {"united states", "japan"}),
        ("Iraqis cheered", {"iraq"}, {"iraq"}),
        ("Tehran’s envoy", {"iran"}, {"iran"}),
        ("London-based, non-EU and anti-Iran", {"united kingdom", "european union", "iran"}, {"united kingdom", "european union", "iran"}),
        ("US–Iraq and US/Iran talks", {"united states", "iraq", "iran"}, {"united states", "iraq", "iran"}),
        ("west german banks and south korean ships", {"germany", "south korea"}, {"germany", "south korea"}),
        ("the white house said", {"united states"}, {"united states"}),
        ("NEW DELHI'S REPLY", {"india"}, {"india"}),
        ("the United States’ troops", {"united states"}, {"united states"}),
        ("AIN AL-ASAD BASE", {"ain al-asad"}, {"ain al-asad"}),
        (
            "the Lavant Steel Works' gate",
            {"lavant steel works", "lavant steel", "steel works"},
            {"lavant steel works", "lavant steel", "steel works"},
        ),
        ("He flew British Airways.", {"british airways", "united kingdom"}, {"british airways", "united kingdom"}),
        ("Ford met Motor workers", {"ford motor"}, set()),
    ],
)
def test_names_are_found_in_any_case_by_any_alias(text: str, names: set[str], expected: set[str]) -> None:
    assert mentions(text, names) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Nigeria and the Nigerien border", "niger"),
        ("an Ohioan in Iraqgate", "iraq"),
        ("minutes of the business", "us"),
        ("house prices rose in white paint", "united states"),
        ("the usual bus", "united states"),
        ("he told us it was over", "united states"),
        ("Lavantine songs", "lavant"),
    ],
)
def test_a_name_is_not_found_inside_a_word_or_a_pronoun(text: str, name: str) -> None:
    assert mentions(text, {name}) == set()


@given(st.text(max_size=120), st.sets(st.sampled_from(["iraq", "united states", "ain al-asad", "x"])))
def test_mentions_are_among_the_names_asked_for(text: str, names: set[str]) -> None:
    assert mentions(text, names) <= names


@pytest.mark.parametrize(
    "text", ["Then Lavant Steel Works struck.", "In Baghdad the US and Iraq met.", "Officials from Ain al-Asad spoke to the UAW."]
)
def test_whatever_is_a_name_in_a_text_is_mentioned_by_it(text: str) -> None:
    names = names_in(text)
    assert mentions(text, names) == names == mentions(text.upper(), names)


def test_several_texts_are_read_in_order() -> None:
    assert names_in_all(["In Iraq.", "", "In Iran."]) == [{"iraq"}, set(), {"iran"}]

from __future__ import annotations

from monitor.core.excerpts import AROUND, Edit, Excerpt, by_origin, edits, excerpt_of
from tests.builders import make_article, make_quote


def test_a_quote_is_shown_in_its_paragraph() -> None:
    text = "First paragraph.\nThey met. They signed it. They left.\nLast."
    quote = make_quote(quote="They signed it.", start=27, end=42, field="text")
    assert excerpt_of(quote, [make_article(text=text)]) == Excerpt("They met. ", "They signed it.", " They left.")


def test_the_version_that_has_the_quote_is_taken() -> None:
    quote = make_quote(quote="Signed.", start=0, end=7, field="text")
    old, new = make_article(text="Signed. Then."), make_article(text="Not signed.", version=2)
    assert excerpt_of(quote, [old, new]) == Excerpt("", "Signed.", " Then.")
    assert excerpt_of(quote, [new]) == Excerpt("", "Signed.", "")


def test_a_headline_is_quoted_from_the_headline() -> None:
    quote = make_quote(quote="Duties", start=0, end=6, field="title")
    assert excerpt_of(quote, [make_article(title="Duties to end")]) == Excerpt("", "Duties", " to end")


def test_a_long_paragraph_is_cut_between_words() -> None:
    text = "word " * 400 + "Signed. " + "more " * 400
    found = excerpt_of(make_quote(quote="Signed.", start=2000, end=2007, field="text"), [make_article(text=text)])
    assert found.before.startswith("… word")
    assert found.after.endswith("more …")
    assert max(len(found.before), len(found.after)) <= AROUND + 2


def test_the_difference_of_two_versions_is_told_by_sentence() -> None:
    old = make_article(title="Duties", text="They met. They left.")
    new = make_article(title="Duties", text="They met. They signed. They left for home.", version=2)
    assert edits(old, new) == [
        (Edit.KEPT, "Duties"),
        (Edit.KEPT, "They met."),
        (Edit.REMOVED, "They left."),
        (Edit.ADDED, "They signed."),
        (Edit.ADDED, "They left for home."),
    ]


def test_copies_are_grouped_directly_or_through_others() -> None:
    keys = {"wire": ("a",), "other": ("x",), "copy": ("b", "c"), "bridge": ("a", "b"), "none": ()}
    assert by_origin(list(keys), lambda name: keys[name]) == [["wire", "copy", "bridge"], ["other"], ["none"]]

"""Words made to do harm, in every place where words come from outside, on every page and in every file."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from tests.web.desk import Words, client_of, files, fill, open_app, pages

#: Markup, scripts, attributes that end others, templates, directions, links that run, formulas.
CORPUS = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)><!-- <style>*{display:none}</style> {{ 7*7 }} {% raw %}",
    '"><a href="javascript:alert(4)" onmouseover=alert(5)>x</a>\' autofocus onfocus=alert(6) x="</title></textarea></script><script>alert(7)',
    "=cmd|' /C calc'!A0 \u202egnp.exe\u202c \u2066\u200b\ufeff\x07\x1b[31m ]]> &lt;script&gt; &#x3c;script&#x3e; <![CDATA[ <?php ?> ${7*7}",
    "@SUM(1+1)*cmd|' /C calc'!A0\r\nSet-Cookie: a=b \ufffe\uffff 𝔘 <base href=//evil.example><meta http-equiv=refresh content=0>",
)
LINKS = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://x.example/\u202e",
    'https://x.example/" onclick="alert(1)',
)
BLANKS = {"\u202e", "\u202c", "\u2066", "\u200b", "\ufeff", "\x07", "\x1b"}
#: What a page of ours is made of.
TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "link",
        "script",
        "body",
        "a",
        "header",
        "svg",
        "path",
        "circle",
        "rect",
        "line",
        "text",
        "nav",
        "div",
        "span",
        "form",
        "input",
        "select",
        "option",
        "label",
        "button",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "section",
        "ol",
        "ul",
        "li",
        "blockquote",
        "footer",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "time",
        "strong",
        "code",
        "details",
        "summary",
        "mark",
        "figure",
        "figcaption",
        "aside",
        "dl",
        "dt",
        "dd",
        "ins",
        "del",
        "br",
        "article",
        "cite",
        "textarea",
        "g",
    ]
)


class Reader(HTMLParser):
    """Looks at every tag and attribute that a browser would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in TAGS:
            self.wrong.append(f"<{tag}>")
        self.wrong += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        if tag == "script" and not str(given.get("src", "")).startswith("/static/"):
            self.wrong.append("a script of the page itself")
        for name in ("href", "src", "action", "formaction", "xlink:href"):
            url = given.get(name)
            if url is None:
                continue
            parts = urlsplit(url)
            if parts.scheme not in {"", "http", "https"} or (parts.scheme == "" and parts.netloc):
                self.wrong.append(f"{name}={url}")
            if parts.scheme and (tag != "a" or given.get("rel") != "noopener noreferrer nofollow"):
                self.wrong.append(f"{name}={url} without rel")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("number", range(len(CORPUS)))
def test_hostile_words_are_words_and_nothing_else(tmp_path: Path, sqlite_template: Path, number: int) -> None:
    evil = CORPUS[number]
    words = Words(title=evil, text=f"{evil} agreed. {evil}", source=evil, url=LINKS[number], issue=evil, error=evil, note=evil)
    app = open_app(tmp_path, sqlite_template)
    with app.uow.transaction() as tx:
        fill(tx, words)
    with client_of(app) as client:
        for address in pages():
            answer = client.get(address)
            assert answer.status_code == 200, address
            found = Reader()
            found.feed(answer.text)
            assert found.wrong == [], address
            assert BLANKS.isdisjoint(answer.text), address
            assert "49" not in found.words, address
        for address in files():
            check_file(address, client.get(address))
        assert client.get("/api/v1/changes").json()["items"][0]["evidence"][0]["url"] == LINKS[number]


def check_file(address: str, answer: Any) -> None:
    assert answer.status_code == 200, address
    if address.endswith(".csv"):
        assert answer.content.startswith(b"\xef\xbb\xbf"), address
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        assert len(rows) > 1, address
        assert {len(row) for row in rows} == {len(rows[0])}, address
        for cell in (cell for row in rows for cell in row):
            assert not cell.lstrip().startswith(("=", "+", "@", "\t", "\r")), (address, cell)
            assert not cell.startswith("-") or cell.removeprefix("-").replace(".", "").isdigit(), (address, cell)
            assert BLANKS.isdisjoint(cell), address
    elif address.endswith(".jsonl"):
        assert [json.loads(line) for line in answer.text.split("\n") if line], address
    else:
        feed = ET.fromstring(answer.content)
        space = "{http://www.w3.org/2005/Atom}"
        for entry in feed.findall(f"{space}entry"):
            content = Reader()
            content.feed(entry.findtext(f"{space}content") or "")
            assert content.wrong == [], address
        for found in feed.iter(f"{space}link"):
            assert found.get("href", "").startswith("http://127.0.0.1:8470/")

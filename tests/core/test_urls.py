from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.marks import page_address
from monitor.core.urls import canonical_url, is_plain_url, is_web_url

CANONICAL = [
    ("HTTPS://News.Example/Story", "https://news.example/Story"),
    ("http://news.example:80/a", "http://news.example/a"),
    ("https://news.example:443/a", "https://news.example/a"),
    ("https://news.example:8443/a", "https://news.example:8443/a"),
    ("https://news.example", "https://news.example/"),
    ("https://news.example./a/", "https://news.example/a"),
    ("https://news.example/a#comments", "https://news.example/a"),
    ("https://news.example/a?utm_source=rss&utm_medium=feed", "https://news.example/a"),
    ("https://news.example/a?id=7&fbclid=x&GCLID=y", "https://news.example/a?id=7"),
    ("https://news.example/a?b=2&a=1&b=1", "https://news.example/a?a=1&b=1&b=2"),
    ("https://news.example/a?ref=politics", "https://news.example/a?ref=politics"),
    ("https://news.example/a?", "https://news.example/a"),
    ("https://reader:secret@news.example/a", "https://news.example/a"),
    ("https://m.news.example/a", "https://news.example/a"),
    ("https://amp.news.example/a", "https://news.example/a"),
    ("https://m.example/a", "https://m.example/a"),
    ("https://news.example/a/amp/", "https://news.example/a"),
    ("https://news.example/amp", "https://news.example/amp"),
    ("https://news.example/a?amp=1", "https://news.example/a"),
    ("https://news.example/a?outputType=amp", "https://news.example/a"),
    ("https://news.example/a?amp=power", "https://news.example/a?amp=power"),
    ("https://news.example/amp/world/ferry", "https://news.example/world/ferry"),
    ("https://news.example/amp/ferry", "https://news.example/amp/ferry"),
    ("https://news.example/world/ferry.amp", "https://news.example/world/ferry"),
    ("https://news.example/world/ferry.amp.html", "https://news.example/world/ferry.html"),
    ("https://news-example.cdn.ampproject.org/c/s/news.example/ferry?utm_source=x", "https://news.example/ferry"),
    ("https://www.google.com/amp/s/news.example/ferry/amp", "https://news.example/ferry"),
    ("https://news.example/campaign/stamp-ample", "https://news.example/campaign/stamp-ample"),
    ("https://news.example/campaign-amp.html", "https://news.example/campaign.html"),
    ("https://www.google.com/amplify", "https://www.google.com/amplify"),
    ("https://news.example/a;jsessionid=0A1B?b=1&PHPSESSID=x", "https://news.example/a?b=1"),
    ("https://news.example/%7Eann/caf%c3%a9", "https://news.example/~ann/caf%C3%A9"),
    ("https://news.example/café", "https://news.example/caf%C3%A9"),
    ("https://zürich.example/a", "https://xn--zrich-kva.example/a"),
    ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
    ("  https://news.example/a\n", "https://news.example/a"),
    ("tag:news.example,2026:7", "tag:news.example,2026:7"),
    ("/relative", "/relative"),
    ("http://[broken/a", "http://[broken/a"),
    ("http://news.example:port/a", "http://news.example:port/a"),
    ("", ""),
]


@pytest.mark.parametrize(("url", "canonical"), CANONICAL)
def test_the_canonical_form_of_an_address(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


HOSTS = st.sampled_from(
    [
        "m.news.example",
        "a.cdn.ampproject.org/c/s/b.example",
        "m.google.com/amp/s/c.example",
        "amp.m.a.b",
        "NEWS.example.",
        "ü.example",
        "[::1]",
        "10.0.0.1",
        "x",
    ]
)
URLISH = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "HTTPS"]),
    HOSTS | st.text(min_size=1),
    st.sampled_from(["", ":80", ":443", ":8"]),
    st.text(),
)
TANGLED = st.builds(
    "http://{}/{}".format, st.sampled_from(["a.b", "cdn.ampproject.org", "m.google.c"]), st.text(alphabet="/amps.?&=%%241~;#utm_ ü\x00")
)


@settings(deadline=None)
@given(st.one_of(st.text(), URLISH, TANGLED))
def test_the_canonical_form_is_its_own_canonical_form(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once


@settings(deadline=None)
@given(TANGLED)
def test_the_canonical_form_of_a_web_address_is_a_web_address(url: str) -> None:
    assert is_web_url(canonical_url(url))


@pytest.mark.parametrize("url", ["http://a.example", "HTTPS://a.example/b?c#d", "http://127.0.0.1:8000/"])
def test_web_addresses_are_web_addresses(url: str) -> None:
    assert is_web_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "//a.example/b",
        "ftp://a.example",
        "javascript:alert(1)",
        "http://",
        "http:///a",
        "http://a b/",
        "http://[a/",
        "http://a:0/",
    ],
)
def test_other_texts_are_no_web_addresses(url: str) -> None:
    assert not is_web_url(url)


@pytest.mark.parametrize(
    "host", ["gazette.example", "www.gazette.example", "m.gazette.example", "a-b.c.example", "xn--bcher-kva.example", f"{'x' * 70}.example"]
)
@pytest.mark.parametrize(
    "path",
    [
        "/a",
        "/a/b.html",
        "/2026/03/02/ferry-talks_1",
        "/a/",
        "//a",
        "/a/../b",
        "/amp/a",
        "/ferry.amp",
        "/camp",
        "/a;jsessionid=1",
        "/%7Ea",
        "/",
    ],
)
def test_what_is_plain_at_a_glance_is_canonical_at_a_closer_look(host: str, path: str) -> None:
    url = f"https://{host}{path}"
    # A fragment is dropped, and not plain.
    closer = canonical_url(f"{url}#part")
    assert canonical_url(url) == closer
    if is_plain_url(url):
        assert closer == url
        assert page_address(url) == page_address(f"{url}#part")

"""What every FeedFetcher does, tried on the fake and on the real one against a site on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest

from monitor.errors import FetchError
from monitor.fetch.http import HttpFetcher
from monitor.ports import FeedFetcher
from monitor.testing.fake_feeds import FakeFetcher
from monitor.testing.loopback import LoopbackSite

BODY = b"<rss>\xff\x00</rss>"


class Publish(Protocol):
    def __call__(
        self, url: str, body: bytes, content_type: str = ..., *, etag: str | None = ..., last_modified: str | None = ...
    ) -> str: ...


Web = tuple[FeedFetcher, Publish, str]


@pytest.fixture(params=["fake", "real"])
def web(request: pytest.FixtureRequest) -> Iterator[Web]:
    if request.param == "fake":
        fake = FakeFetcher()
        yield fake, fake.publish, "https://gazette.example/feed"
        return
    with LoopbackSite() as site:

        def publish(
            url: str, body: bytes, content_type: str = "text/xml", *, etag: str | None = None, last_modified: str | None = None
        ) -> str:
            return site.publish(url.removeprefix(site.url("")), body, content_type, etag=etag, last_modified=last_modified)

        yield HttpFetcher("monitor/1", allowed_networks=["127.0.0.0/8"]), publish, site.url("/feed")


def test_a_document_comes_byte_for_byte_with_its_headers(web: Web) -> None:
    fetcher, publish, place = web
    answer = fetcher.fetch(publish(place, BODY, "application/atom+xml", etag='W/"1"', last_modified="Mon, 2 Mar 2026 12:00:00 GMT"))
    assert (answer.status, answer.body, answer.url, answer.is_modified) == (200, BODY, place, True)
    assert (answer.etag, answer.last_modified) == ('W/"1"', "Mon, 2 Mar 2026 12:00:00 GMT")
    assert answer.content_type == answer.headers["content-type"] == "application/atom+xml"


def test_a_document_without_validators_has_none(web: Web) -> None:
    fetcher, publish, place = web
    answer = fetcher.fetch(publish(place, BODY))
    assert (answer.etag, answer.last_modified) == (None, None)


def test_an_unchanged_document_is_answered_without_a_body(web: Web) -> None:
    fetcher, publish, place = web
    publish(place, BODY, etag='"1"', last_modified="Mon")
    for answer in (
        fetcher.fetch(place, etag='"1"'),
        fetcher.fetch(place, last_modified="Mon"),
        fetcher.fetch(place, etag='"1"', last_modified="x"),
    ):
        assert (answer.status, answer.body, answer.is_modified) == (304, b"", False)


def test_a_changed_document_is_answered_with_its_body(web: Web) -> None:
    fetcher, publish, place = web
    publish(place, BODY, etag='"1"', last_modified="Mon")
    publish(place, b"new", etag='"2"', last_modified="Mon")
    assert fetcher.fetch(place, etag='"1"').body == b"new"
    # The entity tag goes before the date.
    assert fetcher.fetch(place, etag='"1"', last_modified="Mon").body == b"new"


def test_what_is_not_there_is_a_fetch_error_with_its_status(web: Web) -> None:
    fetcher, _, place = web
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(place)
    assert caught.value.status == 404

from __future__ import annotations

import gzip
import itertools
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import brotli
import pytest

from monitor.errors import BlockedAddressError, BodyTooLargeError, FetchError
from monitor.fetch.dial import Timeouts
from monitor.fetch.http import HttpFetcher
from monitor.testing.loopback import Answer, LoopbackSite

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LOOPBACK = ["127.0.0.0/8"]
BODY = b"<rss version='2.0'/>"


def impatient(total_s: float = 0.3, max_body_bytes: int = 1_000_000_000) -> HttpFetcher:
    return HttpFetcher("monitor/1", Timeouts(5, 5, total_s), max_body_bytes, allowed_networks=LOOPBACK)


def test_a_request_is_plain_and_says_who_asks(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    fetcher.fetch(site.publish("/feed?b=2&a=%7E", BODY))
    assert site.requests[0].path == "/feed?b=2&a=%7E"
    assert site.requests[0].headers == {
        "host": f"127.0.0.1:{site.port}",
        "user-agent": "monitor/1 (+https://monitor.example)",
        "accept": site.requests[0].headers["accept"],
        "accept-encoding": "gzip, deflate, br, zstd",
    }


@pytest.mark.parametrize("etag", ['"abc"', 'W/"abc"', "bare", '"späße"', '"a,b" ', '""'])
def test_validators_go_back_byte_for_byte(site: LoopbackSite, fetcher: HttpFetcher, etag: str) -> None:
    url = site.publish("/feed", BODY, etag=etag, last_modified="Mon, 2 Mar 2026 12:00:00 GMT")
    first = fetcher.fetch(url)
    assert first.etag == etag.strip()
    assert fetcher.fetch(url, etag=first.etag, last_modified=first.last_modified).status in (304, 200)
    assert site.requests[1].headers["if-none-match"] == etag.strip()
    assert site.requests[1].headers["if-modified-since"] == "Mon, 2 Mar 2026 12:00:00 GMT"


def test_the_headers_that_tell_the_spacing_of_polls_come_with_the_answer(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    url = site.publish("/feed", BODY, headers={"Cache-Control": "max-age=60", "Set-Cookie": "id=7"})
    headers = fetcher.fetch(url).headers
    assert headers["cache-control"] == "max-age=60"
    assert "set-cookie" not in headers


def test_cookies_are_not_kept_from_hop_to_hop(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    site.publish("/there", BODY)
    fetcher.fetch(site.script("/here", Answer(302, {"Location": "/there", "Set-Cookie": "id=7"})))
    assert [request.path for request in site.requests] == ["/here", "/there"]
    assert not {"cookie", "referer"} & set(site.requests[1].headers)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_the_answer_names_where_it_led(site: LoopbackSite, fetcher: HttpFetcher, status: int) -> None:
    there = site.publish("/there?x=1", BODY)
    answer = fetcher.fetch(site.script("/here", Answer(status, {"Location": "/there?x=1#top"})), etag='"1"')
    assert (answer.body, answer.url.partition("#")[0]) == (BODY, there)
    assert site.requests[1].headers["if-none-match"] == '"1"'


def test_redirects_in_a_circle_end(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    with pytest.raises(FetchError, match="redirected more than 3 times"):
        fetcher.fetch(site.script("/round", Answer(302, {"Location": "/round"})))
    assert len(site.requests) == 4


HOSTILE_REDIRECTS = [
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://2886729729/",
    "http://0xa000001/",
    "//192.168.0.1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1/",
    "http://user:pass@127.0.0.1/",
    "http://[/",
    "http://127.0.0.1:99999/",
    "http://a%00.example/",
]


@pytest.mark.parametrize("location", HOSTILE_REDIRECTS)
def test_a_redirect_to_where_nobody_may_go_is_refused(site: LoopbackSite, fetcher: HttpFetcher, location: str) -> None:
    url = site.script("/here", Answer(302, {"Location": location}))
    with pytest.raises(BlockedAddressError) as caught:
        fetcher.fetch(url)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://127.0.0.1./",
        "https://10.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://user:pass@a.example/",
        "http://user@a.example/",
        "file:///etc/passwd",
        "ftp://a.example/",
        "feed://a.example/",
        "javascript:alert(1)",
        "a.example/feed",
        "//a.example/feed",
        "",
        "http://",
        "http:///feed",
        "http://a.example:port/",
        "http://a.example:99999/",
        "http://a.example:0/",
        "http://[broken/",
        "http://a b/",
        "http://a.example/\r\nX-Injected: 1",
        "http://a.example/\x00",
    ],
)
def test_an_address_that_may_not_be_asked_is_refused(url: str) -> None:
    fetcher = HttpFetcher("monitor/1", resolve=lambda host, port, timeout_s: ["127.0.0.1"])
    with pytest.raises(BlockedAddressError) as caught:
        fetcher.fetch(url)
    assert "pass" not in str(caught.value).replace("password", "")


def test_a_name_is_resolved_once_and_what_was_vetted_is_dialled(site: LoopbackSite) -> None:
    asked: list[str] = []

    def changing(host: str, port: int, timeout_s: float) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    site.publish("/feed", BODY)
    fetcher = HttpFetcher("monitor/1", allowed_networks=LOOPBACK, resolve=changing)
    assert fetcher.fetch(f"http://feeds.example:{site.port}/feed").body == BODY
    assert asked == ["feeds.example"]
    assert site.requests[0].headers["host"] == f"feeds.example:{site.port}"
    with pytest.raises(BlockedAddressError, match=r"10\.0\.0\.1"):
        fetcher.fetch(f"http://feeds.example:{site.port}/feed")


def test_the_next_address_is_tried_where_the_first_does_not_answer(site: LoopbackSite) -> None:
    site.publish("/feed", BODY)
    fetcher = HttpFetcher("monitor/1", allowed_networks=["::1/128", *LOOPBACK], resolve=lambda host, port, timeout_s: ["::1", "127.0.0.1"])
    assert fetcher.fetch(f"http://feeds.example:{site.port}/feed").body == BODY


def test_a_proxy_of_the_environment_is_not_used(site: LoopbackSite, fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetcher.fetch(site.publish("/feed", BODY)).body == BODY


def test_a_compressed_body_is_inflated(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    assert fetcher.fetch(site.publish("/feed", gzip.compress(BODY), headers={"Content-Encoding": "gzip"})).body == BODY


def test_a_gzip_bomb_is_refused(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    url = site.publish("/feed", gzip.compress(b"\0" * 2_000_000), headers={"Content-Encoding": "gzip"})
    with pytest.raises(BodyTooLargeError, match="inflated"):
        fetcher.fetch(url)


def test_two_hundred_megabytes_are_refused_before_they_are_sent(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    sent: list[int] = []

    def megabytes() -> Iterator[bytes]:
        for _ in range(200):
            sent.append(1)
            yield b"x" * 1_000_000

    with pytest.raises(BodyTooLargeError, match="on the wire"):
        fetcher.fetch(site.script("/feed", Answer(200, {"Content-Type": "text/xml"}, megabytes)))
    assert len(sent) < 50


def test_a_declared_length_over_the_limit_is_refused_at_once(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    with pytest.raises(BodyTooLargeError):
        fetcher.fetch(site.script("/feed", Answer(200, {"Content-Length": "200000000"}, lambda: [b"x"])))


def test_a_body_that_drips_is_ended_by_the_total_deadline(site: LoopbackSite) -> None:
    def drip() -> Iterator[bytes]:
        while not site.closing.wait(0.02):
            yield b"."

    begun = time.monotonic()
    with pytest.raises(FetchError, match=r"longer than 0\.3 s in all|timed out"):
        impatient().fetch(site.script("/feed", Answer(200, {}, drip)))
    assert time.monotonic() - begun < 3


def test_headers_that_never_end_are_ended_by_the_deadline_or_their_size() -> None:
    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(10_000)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while True:
                    connection.sendall(b"X-More: " + b"y" * 50 + b"\r\n")
            except ConnectionError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with pytest.raises(FetchError):
            impatient(total_s=2).fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/feed")
        thread.join()


def _serve_raw(listener: socket.socket, chunks: Iterator[bytes]) -> threading.Thread:
    """Answer the first connection with these bytes, however long they last."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(10_000)
            with suppress(ConnectionError):
                for chunk in chunks:
                    connection.sendall(chunk)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_a_head_beyond_its_limit_is_refused_long_before_the_deadline() -> None:
    heads = [
        itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X-More: " + b"y" * 50 + b"\r\n")),
        itertools.repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        itertools.chain([b"HTTP/1.1 200 OK\r\nX-One: "], itertools.repeat(b"y" * 1000)),
    ]
    fetcher = HttpFetcher("monitor/1", Timeouts(5, 5, 60), allowed_networks=LOOPBACK, max_header_bytes=20_000)
    for head in heads:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = _serve_raw(listener, head)
            with pytest.raises(FetchError, match=r"larger than 20,000 bytes"):
                fetcher.fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/feed")
            thread.join()


def test_a_server_that_says_nothing_at_all_is_not_waited_for_as_long_as_one_that_speaks(site: LoopbackSite) -> None:
    fetcher = HttpFetcher("monitor/1", Timeouts(5, 30, 30, first_byte_s=0.1), allowed_networks=LOOPBACK)
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(FetchError, match=r"timed out after [01]\."):
        fetcher.fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/feed")

    def slow() -> Iterator[bytes]:
        yield b"<rss "
        site.closing.wait(0.4)
        yield b"version='2.0'/>"

    assert fetcher.fetch(site.script("/feed", Answer(200, {}, slow))).body == BODY


HOPS = [
    ([301], "/1"),
    ([308], "/1"),
    ([301, 308], "/2"),
    ([302], None),
    ([307, 301], None),
    ([301, 302], "/1"),
    ([301, 303, 301], "/1"),
]


@pytest.mark.parametrize(("statuses", "moved_to"), HOPS)
def test_an_answer_tells_how_far_its_redirects_were_permanent(
    site: LoopbackSite, fetcher: HttpFetcher, statuses: list[int], moved_to: str | None
) -> None:
    for number, status in enumerate(statuses):
        site.script(f"/{number}", Answer(status, {"Location": f"/{number + 1}#top"}))
    site.publish(f"/{len(statuses)}", BODY)
    assert fetcher.fetch(site.url("/0")).moved_to == (moved_to and site.url(moved_to))
    assert fetcher.fetch(site.url(f"/{len(statuses)}")).moved_to is None


def test_a_retry_after_date_counts_from_our_clock_where_the_server_has_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)  # noqa: TID251 - the fetcher reads the system's clock.
        answer = f"HTTP/1.1 503 Busy\r\nRetry-After: {until}\r\nContent-Length: 0\r\n\r\n".encode()
        thread = _serve_raw(listener, iter([answer]))
        with pytest.raises(FetchError) as caught:
            impatient(total_s=10).fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/feed")
        thread.join()
    assert caught.value.retry_after_s is not None
    assert 3000 < caught.value.retry_after_s <= 3600


@pytest.mark.parametrize(("coding", "compress"), [("br", brotli.compress), ("zstd", zstd.compress)])
def test_newer_codings_are_asked_for_and_undone(
    site: LoopbackSite, fetcher: HttpFetcher, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    assert fetcher.fetch(site.publish("/feed", compress(BODY), headers={"Content-Encoding": coding})).body == BODY
    with pytest.raises(BodyTooLargeError, match="inflated"):
        fetcher.fetch(site.publish("/bomb", compress(b"\0" * 2_000_000), headers={"Content-Encoding": coding}))


def test_a_name_that_takes_too_long_to_resolve_is_a_failed_fetch() -> None:
    def dawdling(host: str, port: int, timeout_s: float) -> list[str]:
        assert timeout_s <= 0.3
        raise FetchError("not resolved")

    with pytest.raises(FetchError, match="not resolved"):
        HttpFetcher("monitor/1", Timeouts(5, 5, 0.3), resolve=dawdling).fetch("http://feeds.example/")


def test_an_error_status_comes_with_what_the_server_asks_for(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    url = site.script(
        "/feed",
        Answer(429, {"Retry-After": "120"}),
        Answer(503, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}),
        Answer(500),
        Answer(410),
    )
    seen = []
    for _ in range(4):
        with pytest.raises(FetchError) as caught:
            fetcher.fetch(url)
        seen.append((caught.value.status, caught.value.retry_after_s))
    assert (seen[0], seen[2], seen[3]) == ((429, 120.0), (500, None), (410, None))
    assert seen[1][1] is not None
    assert seen[1][1] > 1e8


def test_a_304_that_nobody_asked_for_is_an_error(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    with pytest.raises(FetchError, match="nothing was asked conditionally") as caught:
        fetcher.fetch(site.script("/feed", Answer(304)))
    assert caught.value.status == 304


def test_messages_name_host_and_path_and_never_the_query(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(site.url("/feed?token=secret"))
    assert "127.0.0.1/feed answered 404" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_closed_port_and_a_broken_answer_are_failed_fetches(site: LoopbackSite, fetcher: HttpFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchError, match="could not be had"):
        fetcher.fetch(f"http://127.0.0.1:{port}/feed")
    with pytest.raises(FetchError, match="could not be had"):
        fetcher.fetch(site.script("/cut", Answer(200, {"Content-Length": "100"}, lambda: [b"short"])))
    with pytest.raises(FetchError, match="could not be had"):
        fetcher.fetch(site.url("/feed").replace("http:", "https:"))

"""Addresses and redirects that lead where nobody may go: every one is refused before a connection is made, whatever a name resolves to."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from monitor.errors import BlockedAddressError
from monitor.fetch.dial import Timeouts
from monitor.fetch.http import HttpFetcher
from monitor.testing.loopback import Answer, LoopbackSite

#: What the resolver of these tests says of names; numbers in any notation go to the system's, as in life.
NAMES = {
    "private.example": ["10.1.2.3"],
    "loop.example": ["127.0.0.1"],
    "six.example": ["::1"],
    "metadata.example": ["169.254.169.254"],
    "one-bad-of-three.example": ["93.184.216.34", "2606:4700::1111", "192.168.7.7"],
    "mapped.example": ["::ffff:169.254.169.254"],
    "nat64.example": ["64:ff9b::a9fe:a9fe"],
    "teredo.example": ["2001:0:7f00:1::1"],
    "six-to-four.example": ["2002:a00:1::"],
    "zone.example": ["fe80::1%lo"],
    "cgnat.example": ["100.64.7.7"],
    "multicast.example": ["224.0.0.251"],
    "broadcast.example": ["255.255.255.255"],
    "unspecified.example": ["0.0.0.0"],
}

ADDRESSES = [
    # Loopback, in every spelling.
    "http://127.0.0.1/", "http://127.0.0.1:8080/feed", "http://127.8.9.10/", "http://localhost/", "http://localhost./", "http://LOCALHOST/",
    "http://127.1/", "http://127.0.1/", "http://0x7f000001/", "http://0x7f.0x0.0x0.0x1/", "http://0177.0.0.1/", "http://017700000001/",
    "http://2130706433/", "http://127.0.0.1./", "http://①②⑦.0.0.1/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000::0001]:8080/", "http://0/", "http://0.0.0.0/", "http://[::]/",
    # Private, link-local, shared, reserved.
    "http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.254/", "http://192.168.0.1/",
    "http://167772161/", "http://0xa000001/", "http://012.0.0.1/", "http://3232235521/", "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/", "http://100.64.0.1/", "http://100.127.255.254/",
    "http://168.63.129.16/", "http://192.0.0.8/", "http://198.18.0.1/", "http://192.88.99.1/", "http://224.0.0.1/", "http://240.0.0.1/",
    "http://255.255.255.255/", "http://192.0.2.1/", "http://203.0.113.9/",
    # The same in IPv6: mapped, compatible, NAT64, 6to4, Teredo, zones, local ranges.
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[::ffff:0:10.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::a00:1]/", "http://[64:ff9b:1::a00:1]/", "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/", "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/", "http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[fec0::1]/", "http://[ff02::1]/", "http://[2001:db8::1]/",
    "http://[100::1]/", "http://[5f00::1]/",
    # Names that resolve there.
    *(f"http://{name}/feed" for name in NAMES),
    # Credentials, other schemes, and what is no address.
    "http://user:secret@93.184.216.34/", "http://user@a.example/", "http://93.184.216.34@127.0.0.1/", "http://a.example:80@10.0.0.1/",
    "http://127.0.0.1#@a.example/", "http://127.0.0.1?@a.example/", "http://127.0.0.1\\@a.example/", "http://a.example\\@127.0.0.1/",
    "file:///etc/passwd", "file://localhost/etc/passwd", "ftp://a.example/", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/",
    "ldap://127.0.0.1/", "jar:http://127.0.0.1!/", "javascript:alert(1)", "data:text/xml,<rss/>", "unix:/var/run/docker.sock", "feed://a.example/",
    "//127.0.0.1/", "127.0.0.1/feed", "http:127.0.0.1/", "http:///127.0.0.1/", "http://", "", "http://a.example:0/", "http://a.example:99999/",
    "http://a.example:port/", "http://[/", "http://a b/", "http://a.example/\r\nHost: 127.0.0.1", "http://a%00.example/", "http://127.0.0.1%00.example/",
]  # fmt: skip


def resolve(host: str, port: int, timeout_s: float) -> list[str]:
    """Answer for the names of the table; spell out numbers as the system does; never ask a network."""
    del timeout_s
    name = host.strip("[]").rstrip(".").lower()
    if name in NAMES:
        return NAMES[name]
    if name == "localhost":
        return ["127.0.0.1", "::1"]
    try:
        return [str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0][4][0])]
    except OSError:
        # A name of the net: all of them lead into the trap, so that whatever is not refused is seen there.
        return ["127.0.0.1"]


@pytest.fixture(scope="module")
def fetcher() -> HttpFetcher:
    return HttpFetcher("monitor/1", Timeouts(2, 2, 5), resolve=resolve)


@pytest.fixture(scope="module")
def bound() -> HttpFetcher:
    """A fetcher that may go to one number of this machine."""
    return HttpFetcher("monitor/1", Timeouts(2, 2, 5), allowed_networks=["127.0.0.1/32"], resolve=_elsewhere)


@pytest.fixture(scope="module")
def first() -> Iterator[LoopbackSite]:
    with LoopbackSite() as site:
        yield site


@pytest.fixture(scope="module")
def trap() -> Iterator[LoopbackSite]:
    """A site that no request may reach."""
    with LoopbackSite() as site:
        yield site
        assert site.requests == []


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(set(ADDRESSES)) == len(ADDRESSES) >= 60


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_refused(address: str, trap: LoopbackSite, fetcher: HttpFetcher) -> None:
    for url in {address, address.replace("127.0.0.1/", f"127.0.0.1:{trap.port}/")}:
        with pytest.raises(BlockedAddressError) as caught:
            fetcher.fetch(url)
        assert "secret" not in str(caught.value)


def _elsewhere(host: str, port: int, timeout_s: float) -> list[str]:
    """Resolve as above, but only `first.example` to the one number that is allowed; its other names stand for its neighbour."""
    if host == "first.example":
        return ["127.0.0.1"]
    return ["127.0.0.3" if number == "127.0.0.1" else number for number in resolve(host, port, timeout_s)]


#: Without those that a redirect may not even say, or that are paths of the same site.
_OF_THE_SAME_SITE = {"", "127.0.0.1/feed", "http:127.0.0.1/", "http://", "http:///127.0.0.1/"}
REDIRECTS = [address for address in ADDRESSES if address not in _OF_THE_SAME_SITE and "\n" not in address]


@pytest.mark.parametrize("location", REDIRECTS)
def test_a_redirect_there_is_refused(location: str, first: LoopbackSite, bound: HttpFetcher) -> None:
    first.script("/feed", Answer(302, {"Location": location.encode().decode("latin-1")}))
    first.requests.clear()
    with pytest.raises(BlockedAddressError) as caught:
        bound.fetch(f"http://first.example:{first.port}/feed")
    assert len(first.requests) == 1
    assert "secret" not in str(caught.value)


def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    with LoopbackSite() as site:
        asked: list[str] = []

        def rebinding(host: str, port: int, timeout_s: float) -> list[str]:
            del port, timeout_s
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

        site.publish("/feed", b"<rss/>")
        fetcher = HttpFetcher("monitor/1", Timeouts(2, 2, 5), allowed_networks=["127.0.0.1/32"], resolve=rebinding)
        # Asked once, and that very number is dialled.
        assert fetcher.fetch(f"http://rebind.example:{site.port}/feed").status == 200
        assert asked == ["rebind.example"]
        with pytest.raises(BlockedAddressError, match=r"10\.0\.0\.1"):
            fetcher.fetch(f"http://rebind.example:{site.port}/feed")


def test_a_name_that_changes_its_mind_between_two_hops_is_judged_anew() -> None:
    with LoopbackSite() as site:
        numbers = iter([["127.0.0.1"], ["169.254.169.254"]])
        site.script("/feed", Answer(302, {"Location": f"http://rebind.example:{site.port}/latest/meta-data/"}))
        fetcher = HttpFetcher(
            "monitor/1", Timeouts(2, 2, 5), allowed_networks=["127.0.0.1/32"], resolve=lambda host, port, timeout_s: next(numbers)
        )
        with pytest.raises(BlockedAddressError, match=r"169\.254\.169\.254"):
            fetcher.fetch(f"http://rebind.example:{site.port}/feed")
        assert [request.path for request in site.requests] == ["/feed"]

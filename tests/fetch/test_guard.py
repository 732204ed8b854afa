from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import BlockedAddressError, ConfigError, FetchError
from monitor.fetch.guard import Guard, resolve_host

HOSTILE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
    "5f00::1",
    "not an address",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::200e", "2400:cb00::1"]

#: The same loopback and link-local numbers, as only a resolver reads them.
ODD_NOTATIONS = ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "017700000001", "0xa9fea9fe", "2852039166", "localhost"]


@pytest.mark.parametrize("address", HOSTILE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert Guard().refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_dialled(address: str) -> None:
    assert Guard().refusal(address) is None


@pytest.mark.parametrize("host", ODD_NOTATIONS)
def test_a_number_in_odd_notation_is_judged_as_what_it_resolves_to(host: str) -> None:
    with pytest.raises(BlockedAddressError, match=r"127\.0\.0\.1|169\.254\.169\.254|::1"):
        Guard().vet(host, 80, 5.0)


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    guard = Guard(resolve=lambda host, port, timeout_s: ["1.1.1.1", "10.0.0.1"])
    with pytest.raises(BlockedAddressError, match=r"'feeds.example' leads to 10\.0\.0\.1.*\(private\)"):
        guard.vet("feeds.example", 80, 5.0)


def test_an_allowed_network_passes_and_its_neighbours_do_not() -> None:
    guard = Guard(["10.20.0.0/16", "fd00:20::/32"])
    assert guard.refusal("10.20.3.4") is None
    assert guard.refusal("fd00:20::7") is None
    assert guard.refusal("10.21.0.1") == "private"
    assert guard.refusal("::ffff:10.20.3.4") == "mapped IPv4"


@pytest.mark.parametrize("network", ["intranet", "10.20.3.4/16", "10.0.0.0/33"])
def test_an_allowed_network_that_is_none_is_a_mistake_of_the_configuration(network: str) -> None:
    with pytest.raises(ConfigError, match="is no network"):
        Guard([network])


def test_a_name_without_address_is_a_failed_fetch() -> None:
    with pytest.raises(FetchError, match="has no address"):
        Guard(resolve=lambda host, port, timeout_s: []).vet("feeds.example", 80, 5.0)


@pytest.mark.parametrize("host", ["", "a" * 64 + ".example", ".example"])
def test_a_name_that_cannot_be_resolved_is_a_failed_fetch_or_refused(host: str) -> None:
    with pytest.raises((FetchError, BlockedAddressError)):
        Guard().vet(host, 80, 5.0)


def test_a_number_is_resolved_to_itself() -> None:
    assert resolve_host("127.0.0.1", 80, 5.0) == ["127.0.0.1"]


@settings(deadline=None)
@given(st.ip_addresses())
def test_whatever_the_standard_library_calls_private_or_special_is_refused(address: object) -> None:
    number = ip_address(str(address))
    if not number.is_global or number.is_multicast or number.is_loopback or number.is_link_local:
        assert Guard().refusal(str(number)) or any(number in ip_network(network) for network in ("2001::/23",))

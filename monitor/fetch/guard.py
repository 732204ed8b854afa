"""The guard: which addresses may be dialled. Feeds and pages name hosts that nobody checked; none may lead into the user's own network.

A name is resolved once, every address that it has is judged, and the caller dials exactly what was judged, so that a name which changes
its mind between check and connection gains nothing. Numbers in odd notation (`0x7f.1`, `2130706433`) are judged as what they resolve to.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from monitor.errors import BlockedAddressError, ConfigError, FetchError

#: Resolves (host, port, seconds) to addresses in numbers, in the order in which to try them. Raises: FetchError.
Resolver = Callable[[str, int, float], list[str]]

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

#: The only block from which public IPv6 addresses are handed out. Everything beside it is refused without being named: loopback,
#: link-local, unique local, multicast, mapped and compatible IPv4, NAT64.
_GLOBAL_V6 = IPv6Network("2000::/3")

#: IANA special-purpose registries of IPv4 and IPv6, as of 2026, by what a message calls them. `ipaddress.is_global` is not enough: it
#: lets multicast, NAT64 and 6to4 pass.
_REFUSED: tuple[tuple[str, IPNetwork], ...] = tuple(
    (kind, ip_network(network))
    for kind, networks in {
        "loopback": ("127.0.0.0/8", "::1/128"),
        "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
        "link-local": ("169.254.0.0/16", "fe80::/10"),
        "carrier-grade NAT": ("100.64.0.0/10",),
        "multicast": ("224.0.0.0/4", "ff00::/8"),
        "this network": ("0.0.0.0/8", "::/128"),
        # A public number behind which a large cloud answers each machine with its own settings.
        "cloud host agent": ("168.63.129.16/32",),
        "6to4": ("192.88.99.0/24", "2002::/16"),
        "Teredo": ("2001::/32",),
        "protocol assignment": ("192.0.0.0/24", "2001::/23"),
        "documentation": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
        "benchmarking": ("198.18.0.0/15",),
        "NAT64": ("64:ff9b::/96", "64:ff9b:1::/48"),
        "mapped IPv4": ("::ffff:0:0/96", "::ffff:0:0:0/96", "::/96"),
        "reserved": ("240.0.0.0/4",),
    }.items()
    for network in networks
)


def resolve_host(host: str, port: int, timeout_s: float) -> list[str]:
    """Return the addresses of a host, as the system's resolver orders them. Raises: FetchError (unknown, or not within the time)."""
    with suppress(ValueError):
        # A number in its usual form needs no resolver.
        return [str(ip_address(host))]
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put([str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as exc:
            answers.put(exc)

    # The system's resolver knows no time limit, so it is left behind in its own thread when it dawdles.
    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty as exc:
        raise FetchError(f"The name {host!r} was not resolved within {timeout_s:.1f} s; it is tried again at the next poll.") from exc
    if isinstance(answer, Exception):
        raise FetchError(f"The name {host!r} cannot be resolved ({answer}); check its spelling if this stays.") from answer
    return list(dict.fromkeys(answer))


class Guard:
    """Judges addresses. `allowed_networks` are let through whatever they are: for feeds of an intranet, and for tests."""

    def __init__(self, allowed_networks: Iterable[str] = (), *, resolve: Resolver = resolve_host) -> None:
        self._allowed = tuple(_network(text) for text in allowed_networks)
        self._resolve = resolve

    def vet(self, host: str, port: int, timeout_s: float) -> list[str]:
        """Return the addresses of a host that may be dialled. Raises: BlockedAddressError where any is refused, FetchError."""
        addresses = self._resolve(host, port, timeout_s)
        if not addresses:
            raise FetchError(f"The name {host!r} has no address; check its spelling if this stays.")
        for address in addresses:
            kind = self.refusal(address)
            if kind is not None:
                raise BlockedAddressError(
                    f"{host!r} leads to {address}, which is no public address ({kind}). If it is meant, add its network to the allowed networks."
                )
        return addresses

    def refusal(self, address: str) -> str | None:
        """Return what kind of address this is if it is refused, in words; None where it may be dialled."""
        try:
            number = ip_address(address)
        except ValueError:
            return "not an address"
        if any(number in network for network in self._allowed):
            return None
        for kind, network in _REFUSED:
            if number in network:
                return kind
        return "not assigned" if isinstance(number, IPv6Address) and number not in _GLOBAL_V6 else None


def _network(text: str) -> IPNetwork:
    try:
        return ip_network(text)
    except ValueError as exc:
        raise ConfigError(f"The allowed network {text!r} is no network ({exc}); write it like 10.20.0.0/16.") from exc

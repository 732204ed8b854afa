"""Who publishes: outlets with their other names, owners and the marks that wires sign with (config/outlets.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher, as one voice or as part of one."""

    name: str
    #: Whose voice it is; outlets of one owner do not confirm each other. The outlet's own name where it has no owner to tell.
    owner: str
    aliases: tuple[str, ...] = ()
    #: What stands in copy that is its own work: `(Reuters)`, `Reporting by`.
    signatures: tuple[str, ...] = ()
    #: Hosts that it publishes on, without `www.`.
    domains: tuple[str, ...] = ()
    #: Whether others reprint it as a service.
    is_wire: bool = False


class Outlets:
    """Finds an outlet by what an article says of it. Names are compared in their letter case: `AP` is a wire, `ap` is not."""

    def __init__(self, outlets: Iterable[Outlet] = ()) -> None:
        self._outlets = tuple(outlets)
        self._by_name = {_plain(name): outlet for outlet in self._outlets for name in (outlet.name, *outlet.aliases)}
        self._by_domain = {domain.casefold(): outlet for outlet in self._outlets for domain in outlet.domains}
        self._by_signature = {signature: outlet for outlet in self._outlets for signature in outlet.signatures}
        #: Longest first: `The National News` goes before `The National`.
        self._names = sorted(
            {name for outlet in self._outlets for name in (outlet.name, *outlet.aliases)}, key=lambda name: (-len(name), name)
        )

    def named(self, name: str) -> Outlet | None:
        """Return the outlet of a name, as a feed or an article gives it; None where it is not listed."""
        return self._by_name.get(_plain(name))

    def at(self, url: str) -> Outlet | None:
        """Return the outlet that publishes at an address; None where none is listed for it."""
        try:
            host = (urlsplit(url).hostname or "").casefold()
        except ValueError:
            return None
        labels = host.split(".")
        return next((self._by_domain[name] for n in range(len(labels)) if (name := ".".join(labels[n:])) in self._by_domain), None)

    def mentioned(self, text: str) -> str:
        """Return a pattern of those names of outlets that stand in a text, longest first; one that matches nothing where none does."""
        return "|".join(re.escape(name) for name in self._names if name in text) or r"(?!)"

    def signed(self, text: str) -> list[Outlet]:
        """Return the outlets whose signatures stand in a text, each once, in order."""
        found = sorted((text.find(signature), signature) for signature in self._by_signature if signature in text)
        return list(dict.fromkeys(self._by_signature[signature] for _, signature in found))


def _plain(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip().casefold().removeprefix("the ")

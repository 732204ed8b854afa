"""robots.txt (RFC 9309): what sites ask of whoever fetches their pages. Feeds are published to be fetched; pages are asked for here."""

from __future__ import annotations

import time
from collections import OrderedDict
from urllib.parse import urlsplit

from protego import Protego

from monitor.errors import BlockedAddressError, BodyTooLargeError, FetchError, RobotsError
from monitor.ports import FeedFetcher

#: The name by which rules may address us, as in the User-Agent.
TOKEN = "Statuswatch"  # noqa: S105 - RFC 9309 calls it a product token; it is no secret.

#: Seconds for which rules hold before they are fetched again: RFC 9309 allows no more than a day.
_RULES_HOLD_S = 86_400.0

#: Seconds before rules that could not be had are tried again.
_RETRY_S = 3_600.0

#: Sites whose rules are kept.
_MAX_SITES = 1_000

#: Characters of rules that are read: RFC 9309 asks for 500 KiB at least.
_MAX_RULES_CHARS = 512 * 1024


class Robots:
    """Knows the rules of sites, each fetched once a day through the fetcher."""

    def __init__(self, fetcher: FeedFetcher) -> None:
        self._fetcher = fetcher
        #: By scheme and host: when the rules run out, and the rules; None forbids everything.
        self._rules: OrderedDict[str, tuple[float, Protego | None]] = OrderedDict()

    def check(self, url: str) -> None:
        """Return where a page may be fetched. Raises: RobotsError; BlockedAddressError where the guard refuses the site."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        rules = self._rules_of(site)
        if rules is None:
            raise RobotsError(
                f"{site}/robots.txt cannot be had just now, so that no page of that site is fetched; feeds are polled as ever"
            )
        if not rules.can_fetch(url, TOKEN):
            raise RobotsError(f"{site}/robots.txt asks not to fetch this page; the text of the feed is used")

    def crawl_delay_s(self, url: str) -> float | None:
        """Return the seconds between two requests that the rules of a page's site ask for (`Crawl-delay`); None where they ask for none.

        Not in RFC 9309, but sites still write it and Bing and Yandex heed it. Asks nobody: the page has been checked before.
        """
        parts = urlsplit(url)
        _, rules = self._rules.get(f"{parts.scheme}://{parts.netloc}", (0.0, None))
        return None if rules is None else rules.crawl_delay(TOKEN)

    def _rules_of(self, site: str) -> Protego | None:
        now = time.monotonic()
        known = self._rules.get(site)
        if known is not None and now < known[0]:
            return known[1]
        rules, hold_s = self._fetched(site)
        self._rules[site] = (now + hold_s, rules)
        self._rules.move_to_end(site)
        while len(self._rules) > _MAX_SITES:
            self._rules.popitem(last=False)
        return rules

    def _fetched(self, site: str) -> tuple[Protego | None, float]:
        try:
            body = self._fetcher.fetch(f"{site}/robots.txt").body
        except FetchError as exc:
            # No file, no rules; a site that is down or overloaded is left alone (RFC 9309, section 2.3.1).
            is_missing = exc.status is not None and 400 <= exc.status < 500 and exc.status != 429
            return (Protego.parse(""), _RULES_HOLD_S) if is_missing else (None, _RETRY_S)
        except BlockedAddressError:
            raise
        except BodyTooLargeError:
            return None, _RULES_HOLD_S
        return Protego.parse(body.decode("utf-8-sig", "replace")[:_MAX_RULES_CHARS]), _RULES_HOLD_S

"""Atom feeds (RFC 4287) of changes, one an issue, and one of everything else: written as files, or served by a page."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from monitor.core.interchange import instant_text
from monitor.core.types import Alert, IssueKey
from monitor.errors import DeliveryError
from monitor.notify.plain import plain_text

_ATOM = "http://www.w3.org/2005/Atom"
#: Entries kept in a feed: readers ask at least once a month, and few issues change more often than daily.
MAX_ENTRIES = 100
#: The feed of notices, digests and summaries over several issues.
NOTICES_FILE = "monitor"
#: Characters that no XML document may hold (XML 1.0, section 2.2).
_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: Returns the latest alerts of an issue ("" for those of none) with the instant of each, newest first.
AlertsOf = Callable[[IssueKey], Sequence[tuple[Alert, datetime]]]


class AtomNotifier:
    """Writes the feed of an issue anew with each alert, from the alerts that are stored: repeating it changes nothing."""

    def __init__(self, folder: Path, alerts_of: AlertsOf, *, link: str = "", channel: str = "atom") -> None:
        """Write into `folder`; `link` is its public address."""
        self._folder, self._alerts_of, self._link, self._channel = folder, alerts_of, link.rstrip("/"), channel

    @property
    def channel(self) -> str:
        """The name given."""
        return self._channel

    def send(self, alert: Alert) -> str | None:
        """Write the feeds that the alert is about, and return the entry's place. Raises: DeliveryError."""
        keys = dict.fromkeys([alert.issue_key, *(change.issue_key for change in alert.changes)])
        names = [f"{key or NOTICES_FILE}.atom" for key in keys]
        for key, name in zip(keys, names, strict=True):
            entries = self._alerts_of(key)
            title = next((told.issue_title for told, _ in entries), alert.issue_title)
            self._write(name, atom_document(title, entries, feed_id=f"urn:statuswatch:{key or NOTICES_FILE}", self_link=self._url(name)))
        return f"{names[0]}#{alert.alert_id}"

    def _url(self, name: str) -> str:
        return f"{self._link}/{quote(name)}" if self._link else ""

    def _write(self, name: str, document: bytes) -> None:
        path = self._folder / name
        partial = path.with_suffix(".partial")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            # A reader sees the whole old feed or the whole new one.
            partial.replace(path)
        except OSError as exc:
            raise DeliveryError(f"the feed {path} cannot be written ({exc.strerror}); see channels.{self._channel}.folder") from exc


def atom_document(title: str, entries: Sequence[tuple[Alert, datetime]], *, feed_id: str, self_link: str = "") -> bytes:
    """Return a feed of alerts, newest first. Texts from outside stay text: nothing in them can become markup."""
    ElementTree.register_namespace("", _ATOM)
    feed = ElementTree.Element(_name("feed"))
    # The feed has a date also where nothing has happened yet; the epoch, as an empty feed must not look new each time it is asked.
    updated = max((at for _, at in entries), default=datetime.fromtimestamp(0, UTC))
    _add(feed, "id", feed_id)
    _add(feed, "title", title)
    _add(feed, "updated", instant_text(updated))
    _add(_add(feed, "author"), "name", "Statuswatch")
    if self_link:
        _add(feed, "link", rel="self", href=self_link)
    for alert, at in entries[:MAX_ENTRIES]:
        entry = _add(feed, "entry")
        headline, _, text = plain_text(alert).partition("\n")
        _add(entry, "id", f"urn:statuswatch:{alert.alert_id}")
        _add(entry, "title", headline)
        _add(entry, "updated", instant_text(at))
        url = next((proof.url for proof in alert.change.evidence), "") if alert.change else ""
        if url.startswith(("http://", "https://")):
            _add(entry, "link", rel="alternate", href=url)
        _add(entry, "category", term=alert.kind.value)
        _add(entry, "content", text or headline, type="text")
    document: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, _name(name), {key: _UNPRINTABLE.sub("", value) for key, value in attributes.items()})
    element.text = _UNPRINTABLE.sub("", text) or None
    return element


def _name(name: str) -> str:
    return f"{{{_ATOM}}}{name}"

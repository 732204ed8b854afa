"""A channel that writes Atom feeds as files: one an issue, and one of everything else. The review page serves its own of the change log."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from monitor.core.atom import AtomEntry, atom_document
from monitor.core.types import Alert, IssueKey
from monitor.errors import DeliveryError
from monitor.notify.plain import plain_text

#: The feed of notices, digests and summaries over several issues.
NOTICES_FILE = "monitor"

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
            told = self._alerts_of(key)
            title = next((found.issue_title for found, _ in told), alert.issue_title)
            entries = [entry_of(found, at) for found, at in told]
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


def entry_of(alert: Alert, at: datetime) -> AtomEntry:
    """Return an alert as an entry, which leads to the first article that proves it."""
    headline, _, text = plain_text(alert).partition("\n")
    url = next((proof.url for proof in alert.change.evidence), "") if alert.change else ""
    link = url if url.startswith(("http://", "https://")) else ""
    return AtomEntry(f"urn:statuswatch:{alert.alert_id}", headline, at, text or headline, alert.kind.value, link)

"""Alerts to a webhook: JSON, signed with HMAC and a timestamp as Standard Webhooks has it (standardwebhooks.com).

A change goes out as the change object of docs/formats.md with its headline, anything else as the notice object. The id in the headers is that of the alert: a
receiver that has seen it has seen the alert, so that a post whose answer was lost can be repeated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from monitor.core.interchange import change_object, instant_text
from monitor.core.types import Alert, AlertKind
from monitor.errors import (
    BlockedAddressError,
    ChannelRefusedError,
    ConfigError,
    DeliveryError,
    DeliveryRefusedError,
    FetchError,
    RateLimitedError,
)
from monitor.ports import Clock, HttpPoster

#: How old or how far ahead a timestamp may be: what Standard Webhooks recommends. Within it a receiver knows replays by their id.
TOLERANCE = timedelta(minutes=5)
#: A secret of the standard form, its bytes in base64.
_PREFIX = "whsec_"
#: Fewer bytes could be guessed; the standard asks for 24, people choose words.
MIN_SECRET_BYTES = 16
#: What passes by itself, beside every status from 500 on.
_PASSING = frozenset({408, 425})
#: The address or the secret is wrong: no alert would be taken.
_CLOSED = frozenset({401, 403, 404, 410})


class WebhookNotifier:
    """Posts to one address."""

    def __init__(self, poster: HttpPoster, url: str, secret: str, *, clock: Clock, channel: str = "webhook") -> None:
        """Post through `poster`; an empty secret leaves posts unsigned. Raises: ConfigError."""
        if not url:
            raise ConfigError(f"channels.{channel}.url is empty; set the address that is to be posted to")
        self._poster, self._url, self._clock, self._channel = poster, url, clock, channel
        self._key = signing_key(secret, setting=f"channels.{channel}.secret") if secret else None

    @property
    def channel(self) -> str:
        """The name given."""
        return self._channel

    def send(self, alert: Alert) -> str | None:
        """Post, and return the id under which it went. Raises: DeliveryError, DeliveryRefusedError."""
        body = json.dumps(payload(alert, self._clock.now()), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json; charset=utf-8", "Statuswatch-Event": alert.kind.value}
        headers |= signed_headers(self._key, alert.alert_id, self._clock.now(), body)
        try:
            answer = self._poster.post(self._url, body, headers)
        except BlockedAddressError as exc:
            raise ChannelRefusedError(
                f"channels.{self._channel}.url: {exc}; change it, or name its network in fetch.allowed_networks if it is your own"
            ) from exc
        except FetchError as exc:
            raise DeliveryError(f"the webhook {self._channel} failed: {exc}") from exc
        status = answer.status
        if 200 <= status < 300:
            return alert.alert_id
        if status == 429:
            raise RateLimitedError(f"the webhook {self._channel} answered 429: too many posts", retry_after_s=answer.retry_after_s)
        if status >= 500 or status in _PASSING:
            raise DeliveryError(f"the webhook {self._channel} answered {status}", retry_after_s=answer.retry_after_s)
        if 300 <= status < 400:
            raise ChannelRefusedError(f"channels.{self._channel}.url answered {status}: redirects are not followed; set where it leads")
        refused = ChannelRefusedError if status in _CLOSED else DeliveryRefusedError
        raise refused(f"the webhook {self._channel} answered {status}; see channels.{self._channel}.url and secret, and the receiver's log")


def payload(alert: Alert, now: datetime) -> dict[str, Any]:
    """Return the JSON of an alert: the change object with a headline, or that of a summary, a notice or a digest."""
    if alert.change is not None and alert.kind is AlertKind.CHANGE:
        return change_object(alert.change) | {"headline": alert.headline}
    return {
        "notice_id": alert.alert_id,
        "kind": alert.kind.value,
        "issue": alert.issue_key or None,
        "at": instant_text(now),
        "headline": alert.headline,
        "detail": list(alert.detail),
        "changes": [change_object(change) for change in alert.changes],
    }


def signing_key(secret: str, *, setting: str) -> bytes:
    """Return the bytes of a secret, `whsec_` and base64 or any text. Raises: ConfigError."""
    if not secret.startswith(_PREFIX):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError) as exc:
            raise ConfigError(f"{setting} begins with {_PREFIX} but goes on with what is no base64; copy it once more") from exc
    if len(key) < MIN_SECRET_BYTES:
        raise ConfigError(f"{setting} has {len(key)} bytes; take at least {MIN_SECRET_BYTES}, e.g. from `openssl rand -base64 32`")
    return key


def signed_headers(key: bytes | None, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that name, date and sign a post; without a key it is not signed."""
    timestamp = str(int(now.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    return headers if key is None else headers | {"webhook-signature": f"v1,{_signature(key, message_id, timestamp, body)}"}


def is_genuine(headers: Mapping[str, str], body: bytes, key: bytes, now: datetime) -> bool:
    """Return whether a post is signed with the key, and its timestamp within `TOLERANCE`. Header names are lower case.

    Of several signatures, as while a secret is changed, one that fits is enough.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isascii() or not timestamp.isdigit() or abs(int(timestamp[:12]) - now.timestamp()) > TOLERANCE.total_seconds():
        return False
    wanted = f"v1,{_signature(key, message_id, timestamp, body)}"
    return any(hmac.compare_digest(wanted.encode(), given.encode()) for given in headers.get("webhook-signature", "").split(" "))


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()

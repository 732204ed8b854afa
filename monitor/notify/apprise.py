"""Alerts through Apprise (github.com/caronc/apprise): e-mail and about a hundred other services, each named by a URL. An optional extra."""

from __future__ import annotations

import importlib
import logging
import warnings
from typing import Any

from monitor.core.types import Alert, Severity
from monitor.errors import ConfigError, DeliveryError
from monitor.notify.plain import plain_text


class AppriseNotifier:
    """Posts to the service that an Apprise URL names. The URL holds passwords: it is never shown."""

    def __init__(self, url: str, *, channel: str = "apprise") -> None:
        """Read the URL. Raises: ConfigError where Apprise is not installed or does not know the URL."""
        setting = f"channels.{channel}.url"
        if not url:
            raise ConfigError(f"{setting} is empty; set an Apprise URL such as mailto://user:password@example.org")
        with warnings.catch_warnings():
            # With its services it loads modules of the standard library that are to go; where they are gone, it does without them.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                apprise: Any = importlib.import_module("apprise")
            except ImportError as exc:
                raise ConfigError(
                    f"channels.{channel} is of kind apprise, which is not installed; run: pip install 'monitor[apprise]'"
                ) from exc
            # It tells at length, addresses included, what the errors below say in one line.
            logging.getLogger("apprise").setLevel(logging.CRITICAL)
            self._service: Any = apprise.Apprise()
            if not self._service.add(url):
                raise ConfigError(
                    f"{setting} is no URL that Apprise knows; see its list of services, and quote what is special in the password"
                )
        self._channel = channel
        self._types = {Severity.MAJOR: apprise.NotifyType.WARNING}
        self._plain_type, self._format = apprise.NotifyType.INFO, apprise.NotifyFormat.TEXT

    @property
    def channel(self) -> str:
        """The name given."""
        return self._channel

    def send(self, alert: Alert) -> str | None:
        """Post headline and text. Raises: DeliveryError, as Apprise does not tell why a post failed."""
        headline, _, body = plain_text(alert).partition("\n")
        try:
            is_sent = self._service.notify(
                title=headline,
                body=body or headline,
                notify_type=self._types.get(alert.severity, self._plain_type),
                body_format=self._format,
                interpret_escapes=False,
            )
        except Exception as exc:  # Each of its services may raise what it likes, with the URL in it.
            raise DeliveryError(f"the service of channels.{self._channel} failed ({type(exc).__name__})") from None
        if not is_sent:
            raise DeliveryError(f"the service of channels.{self._channel} did not take the alert; check its URL, and whether it is up")
        return None

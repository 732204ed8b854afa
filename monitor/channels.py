"""The part of the composition root that makes channels: settings to notifiers, each imported where it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from monitor import __version__
from monitor.config import Settings
from monitor.config.channels import ChannelSettings
from monitor.core.types import Alert, IssueKey
from monitor.errors import ConfigError
from monitor.ports import Clock, Notifier


def make_notifier(
    name: str,
    channel: ChannelSettings,
    settings: Settings,
    *,
    clock: Clock,
    alerts_of: Callable[[IssueKey], Sequence[tuple[Alert, datetime]]],
) -> Notifier:
    """Return the channel of a name. `alerts_of`: what was told of an issue, for channels that write it down. Raises: ConfigError."""
    match channel.kind:
        case "slack":
            return _slack(name, channel, settings)
        case "webhook":
            from monitor.fetch.post import GuardedPoster
            from monitor.notify.webhook import WebhookNotifier

            poster = GuardedPoster(
                f"Statuswatch/{__version__}", timeout_s=channel.timeout_s, allowed_networks=settings.fetch.allowed_networks
            )
            return WebhookNotifier(poster, channel.address(name), channel.signing_secret(name), clock=clock, channel=name)
        case "apprise":
            from monitor.notify.apprise import AppriseNotifier

            return AppriseNotifier(channel.address(name), channel=name)
        case "atom":
            from monitor.notify.atom import AtomNotifier

            return AtomNotifier(channel.folder, alerts_of, link=channel.link, channel=name)
        case "console":
            from monitor.notify.console import ConsoleNotifier

            return ConsoleNotifier()


def _slack(name: str, channel: ChannelSettings, settings: Settings) -> Notifier:
    from monitor.notify.slack import SlackNotifier

    section, token = settings.slack, settings.slack_token()
    if not token:
        raise ConfigError(f"channels.{name} is of kind slack, but there is no token; set slack.token or slack.token_file")
    to = channel.to or section.channel
    if not to:
        raise ConfigError("slack.channel is empty although a token is set; name the channel (id or name) that is to get the alerts")
    return SlackNotifier(
        token,
        to,
        channel=name,
        base_url=section.base_url,
        timeout_s=section.timeout_s,
        gap_s=section.gap_s,
        # Buttons that nobody listens to would answer every click with a warning sign.
        has_buttons=bool(settings.slack_app_token() or settings.slack_signing_secret()),
    )

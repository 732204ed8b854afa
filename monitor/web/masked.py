"""The settings in force as they may be shown: of a secret only whether it is set."""

from __future__ import annotations

from pydantic import SecretStr

from monitor.config import Settings
from monitor.log import mask_secrets


def value_of(settings: Settings, key: str) -> str:
    """Return the value of one setting, by its key (`slack.token`), in words."""
    value: object = settings
    for part in key.split("."):
        value = getattr(value, part)
    if isinstance(value, SecretStr):
        return "set, not shown" if value.get_secret_value() else ""
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else mask_secrets(f"{value:g}" if isinstance(value, float) else str(value))

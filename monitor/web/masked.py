"""The settings in force as they may be shown: of a secret only whether it is set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import SecretStr

from monitor.config import Settings
from monitor.config.table import CHOSEN, SettingRow, settings_table
from monitor.log import mask_secrets


def rows_in_force(settings: Settings) -> Iterator[tuple[SettingRow, str]]:
    """Yield every setting with its value; one under a name that the user chooses comes once for each that is there."""
    for row in settings_table():
        section, is_chosen, name = row.key.partition(f".{CHOSEN}.")
        keys = [f"{section}.{chosen}.{name}" for chosen in getattr(settings, section)] if is_chosen else [row.key]
        for key in keys:
            yield row.model_copy(update={"key": key}), value_of(settings, key)


def value_of(settings: Settings, key: str) -> str:
    """Return the value of one setting, by its key (`slack.token`), in words."""
    value: object = settings
    for part in key.split("."):
        value = value[part] if isinstance(value, Mapping) else getattr(value, part)
    if isinstance(value, SecretStr):
        return "set, not shown" if value.get_secret_value() else ""
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else mask_secrets(f"{value:g}" if isinstance(value, float) else str(value))

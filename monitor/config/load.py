"""Settings from file and environment, with errors that name file, key, value and fix."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict, SettingsError

from monitor.config.settings import DEFAULT_FILE, ENV_PREFIX, Settings
from monitor.config.table import CHOSEN, settings_table
from monitor.errors import ConfigError


def load_settings(file: Path | None = None) -> Settings:
    """Return the settings. Raises: ConfigError naming file, key, value and fix.

    The default file may be absent; one that was named must exist.
    """
    path = file or DEFAULT_FILE
    if file is not None and not file.is_file():
        raise ConfigError(f"{file}: there is no such file; give --config an existing file or leave it out")
    for name in os.environ:
        section = name.removeprefix(ENV_PREFIX).split("__")[0].lower()
        if name.startswith(ENV_PREFIX) and section not in Settings.model_fields:
            raise ConfigError(
                f"environment variable {name}: there is no setting {section!r}; known sections: {', '.join(Settings.model_fields)}"
            )

    class _Located(Settings):
        model_config = SettingsConfigDict(yaml_file=path if path.is_file() else None, yaml_file_encoding="utf-8")

    try:
        found = _Located()
    except ValidationError as exc:
        raise ConfigError("\n".join(_explain(error, path) for error in exc.errors())) from exc
    except SettingsError as exc:
        names = ", ".join(sorted(name for name in os.environ if name.startswith(ENV_PREFIX)))
        raise ConfigError(
            f"environment ({names}): {exc}; lists are given as JSON, e.g. MONITOR_ALERTS__KINDS='[\"status\"]', sections setting by setting"
        ) from exc
    except Exception as exc:  # PyYAML and pydantic-settings raise several families here; each means an unreadable file or value.
        raise ConfigError(f"{path}: cannot be read as settings ({exc}); see docs/configuration.md") from exc
    if found.poll.min_interval_s > found.poll.max_interval_s:
        raise ConfigError(
            f"{path}: poll.min_interval_s = {found.poll.min_interval_s:g} is above poll.max_interval_s = {found.poll.max_interval_s:g}; lower the first"
        )
    if found.match.min_threshold > found.match.max_threshold:
        raise ConfigError(
            f"{path}: match.min_threshold = {found.match.min_threshold:g} is above match.max_threshold = {found.match.max_threshold:g}; lower the first"
        )
    return found


def _explain(error: ErrorDetails, path: Path) -> str:
    key = ".".join(str(part) for part in error["loc"])
    # An item of a list, or a section given as one variable, is not named by its whole path.
    variables = [ENV_PREFIX + "__".join(map(str, error["loc"][:depth])).upper() for depth in range(len(error["loc"]), 0, -1)]
    variable = next((name for name in variables if name in os.environ), None)
    place = f"environment variable {variable}" if variable else f"{path}: {key}"
    if variable and variable != variables[0]:
        place += f": {key}"
    # The table knows a channel by no name.
    listed = ".".join([*map(str, error["loc"][:1]), CHOSEN, *map(str, error["loc"][2:])]) if error["loc"][0] == "channels" else key
    related = [row for row in settings_table() if f"{row.key}.".startswith(f"{listed}.") or listed.startswith(f"{row.key}.")]
    secret = any(row.kind.startswith("secret") for row in related)
    if error["type"] == "extra_forbidden":
        parent = listed.split(".")[:-1]
        known = (
            [row.key for row in settings_table() if row.key.startswith(".".join(parent) + ".")] if parent else list(Settings.model_fields)
        )
        return f"{place}: there is no such setting; known here: {', '.join(known)}"
    shown = "(hidden)" if secret else repr(error["input"])
    row = next((row for row in settings_table() if row.key == listed or listed.startswith(f"{row.key}.")), None)
    fix = f"; it is: {row.meaning} ({row.kind}, default {row.default or 'empty'})" if row else "; see docs/configuration.md"
    return f"{place} = {shown}: {error['msg'][:1].lower()}{error['msg'][1:]}{fix}"

"""Configuration: settings, and the files of feeds, ladders, issues, seeds and articles. Read once, by `app`."""

from __future__ import annotations

from monitor.config.load import load_settings
from monitor.config.settings import Settings
from monitor.config.table import SettingRow, settings_table

__all__ = ["SettingRow", "Settings", "load_settings", "settings_table"]

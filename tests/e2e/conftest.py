from __future__ import annotations

from tests.databases import sqlite_template

__all__ = ["sqlite_template"]

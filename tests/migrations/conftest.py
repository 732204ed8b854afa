"""Databases to migrate."""

from __future__ import annotations

from tests.databases import empty_url, postgresql

__all__ = ["empty_url", "postgresql"]

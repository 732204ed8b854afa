"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# Shared machines are slow by turns: a deadline would fail tests for the weather. Property tests find the same examples in each run.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

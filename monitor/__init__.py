"""Statuswatch: tells when the status of an issue changes, shows why, and otherwise stays silent."""

__version__ = "0.1.0"

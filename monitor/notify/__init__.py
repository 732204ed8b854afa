"""Alerts to channels."""

"""Logging set-up: structlog to standard error, readable on a terminal, JSON lines otherwise; secrets never pass."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

#: Slack tokens and webhook addresses, credentials in URLs, and query strings that carry a key.
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|whsec_[\w+/=]+|https://hooks\.slack\.com/[\w/]+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|(?<=[?&])(?:token|key|api_key|apikey|secret|password)=[^&\s]+",
    re.I,
)


def mask_secrets(text: str) -> str:
    """Return the text with everything that looks like a secret replaced by `***`."""
    return _SECRETS.sub("***", text)


def _mask(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        event[key] = _masked(value)
    return event


def _masked(value: object) -> object:
    if isinstance(value, str):
        return mask_secrets(value)
    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list | tuple) else value


def configure(level: str = "info", style: str = "auto") -> None:
    """Set up logging for the process. `level`: debug, info, warning or error; `style`: auto, console or json."""
    is_console = style == "console" or (style == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if is_console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # These print whole addresses at INFO, query strings and all.
    for name in ("httpx", "httpcore", "slack_sdk", "sentence_transformers", "transformers"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # The scheduler's events are listened to; its own lines would tell them twice, unmasked.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)

"""Alerts to Slack by chat.postMessage."""

from __future__ import annotations

import re
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from monitor.core.types import Alert
from monitor.errors import DeliveryError, DeliveryRefusedError
from monitor.notify.blocks import message

#: Slack's answers that another try may cure; every other error code needs somebody to change something.
TRANSIENT = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)

#: What the client raises where no whole answer came back.
_UNREACHABLE = (SlackClientError, URLError, HTTPException, OSError)
_ERROR_CODE = re.compile(r"[a-z0-9_]+")


class SlackNotifier:
    """Posts to one Slack channel. slack-sdk's own retries are off: the outbox retries, and remembers."""

    def __init__(
        self, token: str, slack_channel: str, *, base_url: str = "https://slack.com/api/", timeout_s: int = 20, gap_s: float = 1.0
    ) -> None:
        """Post with a bot token to a channel's id or name; `base_url` may name a stand-in."""
        self._client = WebClient(token=token, base_url=base_url, timeout=timeout_s, retry_handlers=[])
        self._slack_channel = slack_channel
        self._gap_s = gap_s

    @property
    def channel(self) -> str:
        """`slack`."""
        return "slack"

    def send(self, alert: Alert) -> str | None:
        """Post, and return Slack's `ts`. Raises: DeliveryError, DeliveryRefusedError."""
        body = message(alert)
        try:
            answer = self._client.chat_postMessage(
                channel=self._slack_channel,
                text=body["text"],
                blocks=body["blocks"],
                metadata=body["metadata"],
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as exc:
            raise _explain(exc) from exc
        except _UNREACHABLE as exc:
            raise DeliveryError(f"Slack could not be reached ({type(exc).__name__}); the outbox tries again") from exc
        ts = answer.get("ts")
        return str(ts) if ts else None

    def check(self) -> str:
        """Ask Slack who the token belongs to, for `monitor doctor`. Raises: DeliveryError, DeliveryRefusedError."""
        try:
            answer = self._client.auth_test()
        except SlackApiError as exc:
            raise _explain(exc) from exc
        except _UNREACHABLE as exc:
            raise DeliveryError(f"Slack could not be reached ({type(exc).__name__}); check slack.base_url and the network") from exc
        return f"{answer.get('user', '?')} in {answer.get('team', '?')}"


def _explain(exc: SlackApiError) -> DeliveryError | DeliveryRefusedError:
    response = exc.response
    status = getattr(response, "status_code", 0)
    code = str(response.get("error") or f"http_{status}") if hasattr(response, "get") else str(status)
    # A proxy's page or the like: whoever answered, it was not Slack, and nothing was refused.
    is_foreign = not _ERROR_CODE.fullmatch(code)
    if status == 429 or status >= 500 or code in TRANSIENT or is_foreign:
        header = response.headers.get("Retry-After") or response.headers.get("retry-after") if hasattr(response, "headers") else None
        seconds = float(header) if header and str(header).isdigit() else None
        shown = f"HTTP {status}, no answer of its own" if is_foreign else code
        return DeliveryError(f"Slack asked to wait or failed ({shown}); the outbox tries again", retry_after_s=seconds)
    return DeliveryRefusedError(f"Slack refused: {code}; check slack.token and slack.channel, then `monitor outbox retry`")

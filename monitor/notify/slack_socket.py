"""Socket Mode: clicks and commands over a connection that we open, so that no public address is needed."""

from __future__ import annotations

import logging
import threading
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from monitor.errors import MonitorError
from monitor.notify.slack_actions import SlackActions

log = structlog.get_logger(__name__)

#: Seconds between tries to connect: Slack allows a connection a second, and an outage lasts minutes.
RETRY_S = 30.0


class SlackSocket:
    """Keeps one connection; slack-sdk's client mends it when it breaks, this class when it never came about."""

    def __init__(
        self,
        app_token: str,
        handler: SlackActions,
        *,
        base_url: str = "https://slack.com/api/",
        timeout_s: int = 20,
        retry_s: float = RETRY_S,
    ) -> None:
        """Connect with an app-level token (xapp-...) with the scope connections:write."""
        quiet = logging.getLogger("slack_sdk.socket_mode")
        # It logs whole frames, which hold what people wrote.
        quiet.setLevel(logging.CRITICAL)
        self._client = SocketModeClient(
            app_token=app_token, web_client=WebClient(base_url=base_url, timeout=timeout_s), logger=quiet, concurrency=2
        )
        self._client.socket_mode_request_listeners.append(self._take)
        self._handler, self._retry_s = handler, retry_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._connect, name="slack-socket", daemon=True)

    def start(self) -> None:
        """Connect in the background; what cannot be connected is tried again."""
        self._thread.start()

    def close(self) -> None:
        """Close the connection, and finish what was begun."""
        self._stop.set()
        self._client.close()
        if self._thread.is_alive():
            self._thread.join(timeout=self._retry_s)
        self._handler.close()

    def _connect(self) -> None:
        while not self._stop.is_set():
            try:
                self._client.connect()
            except SlackApiError as exc:
                log.error(
                    "slack_socket_refused",
                    error=str(exc.response.get("error", "")),
                    next_step="check slack.app_token and its scope connections:write",
                )
            except Exception as exc:  # Sockets, names and TLS fail in many ways; each may pass.
                log.warning("slack_socket_failed", error_type=type(exc).__name__, retry_s=self._retry_s)
            else:
                log.info("slack_socket_connected")
                return
            self._stop.wait(self._retry_s)

    def _take(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """Handle one envelope. Without an acknowledgement Slack shows that it failed, and sends it again."""
        payload: dict[str, Any] | None = None
        try:
            if request.type == "interactive":
                self._handler.interact(request.payload)
            elif request.type == "slash_commands":
                payload = self._handler.command({key: str(value) for key, value in request.payload.items()})
        except ValueError as exc:
            log.warning("slack_envelope_unreadable", kind=request.type, error=str(exc))
        except MonitorError as exc:
            log.warning("click_not_written", error=str(exc))
            return
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))

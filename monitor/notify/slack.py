"""Alerts to one Slack channel by the Web API: threads, edits, and the look for what may be posted already.

Slack has no idempotency key: a post that timed out, or was answered by 500, may have arrived. Such a post raises UnknownOutcomeError, and
`find` looks for its key in the messages' metadata before anybody posts again. slack-sdk's retry handlers serve the calls that may be repeated
(look-ups, edits); a post is never repeated here.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import RetryHandler
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, ServerErrorRetryHandler
from slack_sdk.web import SlackResponse

from monitor.core.types import Alert, Post, PostForm
from monitor.errors import (
    ChannelRefusedError,
    DeliveryError,
    DeliveryRefusedError,
    LookupRefusedError,
    RateLimitedError,
    ThreadGoneError,
    UnknownOutcomeError,
)
from monitor.notify.blocks import key_of, message

#: Slack's answers by which it asks to wait.
LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
#: Answers of trouble on Slack's side; by its documentation some aspect of the call may have succeeded.
TROUBLE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
#: Answers before anything was done, that pass by themselves.
PASSING = frozenset({"team_added_to_org"})
#: Answers that any message to this channel would get, until somebody mends token, app or channel.
CHANNEL = frozenset(
    {
        "channel_not_found", "not_in_channel", "is_archived", "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
        "missing_scope", "no_permission", "not_allowed_token_type", "ekm_access_denied", "enterprise_is_restricted", "team_access_not_granted",
        "org_login_required", "two_factor_setup_required", "restricted_action", "restricted_action_read_only_channel",
        "restricted_action_non_threadable_channel", "access_denied", "deprecated_endpoint", "invalid_channel", "channel_type_not_supported",
    }
)  # fmt: skip
#: Answers by which a thread's root, or a message to be edited, is no longer there.
GONE = frozenset({"thread_not_found", "message_not_found", "cant_update_message", "cannot_reply_to_message", "invalid_thread_ts"})
#: Answers to a look-up by which the channel cannot be read, though it may be written.
UNREADABLE = frozenset({"missing_scope", "no_permission", "not_in_channel", "not_allowed_token_type", "access_denied"})
#: Scopes that let a bot read what a channel holds: public, private, direct.
READING_SCOPES = frozenset({"channels:history", "groups:history", "im:history", "mpim:history"})

#: How much Slack's clock, by which messages are stamped, may lag behind ours.
SKEW = timedelta(minutes=5)
#: Messages on one page of a look-up; Slack recommends no more than 200.
PAGE = 200
#: Pages looked through; a channel that gets ten thousand messages between a post and the look for it is not one for alerts.
MAX_PAGES = 50
_ERROR_CODE = re.compile(r"[a-z0-9_]+")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,}")
#: What the client raises where no whole answer came back.
_UNREACHABLE = (SlackClientError, URLError, HTTPException, OSError)


class SlackNotifier:
    """Posts to one Slack channel; a `ports.Board`."""

    def __init__(
        self,
        token: str,
        slack_channel: str,
        *,
        channel: str = "slack",
        base_url: str = "https://slack.com/api/",
        timeout_s: int = 20,
        gap_s: float = 1.0,
        has_buttons: bool = True,
    ) -> None:
        """Post with a bot token to a channel's id or name; `base_url` may name a stand-in. `channel` is our own name for it."""
        self._channel = channel
        self._gap_s = gap_s
        self._has_buttons = has_buttons
        self._slack_channel = slack_channel
        #: Slack's id of the channel, which look-ups and edits need; known from the setting, or from the first answer.
        self._id = slack_channel if _CHANNEL_ID.fullmatch(slack_channel) else None
        self._poster = _client(token, base_url, timeout_s, [])
        # These calls change nothing, or the same thing twice.
        repeating = [ConnectionErrorRetryHandler(max_retry_count=1), ServerErrorRetryHandler(max_retry_count=1)]
        self._reader = _client(token, base_url, timeout_s, repeating)

    @property
    def channel(self) -> str:
        """Our name of the channel, `slack` unless told otherwise."""
        return self._channel

    @property
    def gap_s(self) -> float:
        """Least seconds between two posts."""
        return self._gap_s

    def send(self, alert: Alert) -> str | None:
        """Post an alert by itself, and return its receipt. Raises: as `post`."""
        return self.post(Post(alert.alert_id, PostForm.NOTICE if alert.change is None else PostForm.CHANGE, alert))

    def post(self, post: Post) -> str:
        """Post once, and return `CHANNEL:TS`, which names the message.

        Raises: RateLimitedError, DeliveryError, UnknownOutcomeError, DeliveryRefusedError, ChannelRefusedError, ThreadGoneError.
        """
        channel, thread_ts = _named(post.thread) if post.thread else (self._id or self._slack_channel, None)
        body = message(post, has_buttons=self._has_buttons)
        reply: dict[str, Any] = {"thread_ts": thread_ts, "reply_broadcast": post.is_shown} if thread_ts else {}
        answer = self._call(
            lambda: self._poster.chat_postMessage(
                channel=channel,
                text=body["text"],
                blocks=body["blocks"],
                metadata=body["metadata"],
                mrkdwn=False,
                unfurl_links=False,
                unfurl_media=False,
                **reply,
            )
        )
        ts = answer.get("ts")
        if not ts:
            raise UnknownOutcomeError("Slack said ok, but named no message; the outbox looks for it")
        self._id = str(answer.get("channel") or channel)
        return f"{self._id}:{ts}"

    def find(self, post: Post, *, since: datetime) -> str | None:
        """Look for a post's key in the channel, or in the thread that it answers in, and return its receipt; None where it is not there.

        Raises: LookupRefusedError where the channel cannot be read; else as `post`.
        """
        oldest = f"{(since - SKEW).timestamp():.6f}"
        asked: dict[str, Any] = {"oldest": oldest, "limit": PAGE, "include_all_metadata": True}
        if post.thread:
            channel, root_ts = _named(post.thread)
            pages = self._pages(self._reader.conversations_replies, channel=channel, ts=root_ts, **asked)
        else:
            channel = self._channel_id()
            pages = self._pages(self._reader.conversations_history, channel=channel, **asked)
        for page in pages:
            for found in page.get("messages") or []:
                if key_of(found) == post.key:
                    return f"{channel}:{found['ts']}"
        return None

    def edit(self, receipt: str, post: Post) -> None:
        """Make a message read as the post does. Raises: as `post`."""
        channel, ts = _named(receipt)
        body = message(post, has_buttons=self._has_buttons)
        self._call(
            lambda: self._reader.chat_update(
                channel=channel, ts=ts, text=body["text"], blocks=body["blocks"], metadata=body["metadata"], parse="none"
            )
        )

    def check(self) -> str:
        """Ask Slack who the token belongs to, and whether the channel can be read; nothing is posted. Raises: as `post`."""
        answer = self._call(self._reader.auth_test)
        told = f"{answer.get('user', '?')} in {answer.get('team', '?')}"
        scopes = {scope.strip() for scope in (_header(answer.headers, "x-oauth-scopes") or "").split(",") if scope.strip()}
        if scopes and "chat:write" not in scopes:
            raise ChannelRefusedError("Slack: the token lacks the scope chat:write; add it to the app, and install the app again")
        try:
            channel = self._channel_id()
            self._call(lambda: self._reader.conversations_history(channel=channel, limit=1), is_look=True)
        except LookupRefusedError as exc:
            return f"{told}; posts of unknown outcome cannot be looked up, and may be doubled: {exc}"
        return f"{told}; can post, and look up what it posted"

    def _channel_id(self) -> str:
        """Return Slack's id of the channel, asking for it where only its name is known. Raises: LookupRefusedError."""
        if self._id is None:
            wanted = self._slack_channel.lstrip("#")
            listed = self._pages(self._reader.conversations_list, limit=PAGE, exclude_archived=True, types="public_channel,private_channel")
            named = (found for page in listed for found in page.get("channels") or [] if found.get("name") == wanted)
            found = next(named, None)
            if found is None:
                raise LookupRefusedError(f"no channel named {self._slack_channel!r} is known; set slack.channel to the channel's id (C...)")
            self._id = str(found["id"])
        return self._id

    def _pages(self, method: Callable[..., SlackResponse], **asked: Any) -> Iterator[SlackResponse]:  # noqa: ANN401 - Slack's arguments
        cursor = ""
        for _ in range(MAX_PAGES):
            page = self._call(lambda cursor=cursor: method(**asked, **({"cursor": cursor} if cursor else {})), is_look=True)  # type: ignore[misc]
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _call(self, call: Callable[[], SlackResponse], *, is_look: bool = False) -> SlackResponse:
        try:
            return call()
        except SlackApiError as exc:
            raise _explain(exc, is_look=is_look) from exc
        except _UNREACHABLE as exc:
            raise _unreachable(exc) from exc


def _client(token: str, base_url: str, timeout_s: int, handlers: list[RetryHandler]) -> WebClient:
    return WebClient(token=token, base_url=base_url, timeout=timeout_s, retry_handlers=handlers)


def _named(receipt: str) -> tuple[str, str]:
    """Return the channel and the `ts` of a receipt."""
    channel, _, ts = receipt.rpartition(":")
    return channel, ts


def _header(headers: Mapping[str, Any], name: str) -> str | None:
    """Return a header whatever its capitals; some clients give lists of values."""
    for key, value in headers.items():
        if key.lower() == name:
            return str(value[0] if isinstance(value, list) and value else value)
    return None


def _unreachable(exc: BaseException) -> DeliveryError:
    """Return what a call without a whole answer means: certainly not posted only where no connection was made."""
    reason = exc.reason if isinstance(exc, URLError) else exc
    name = type(reason).__name__ if isinstance(reason, BaseException) else type(exc).__name__
    if isinstance(reason, ConnectionRefusedError | socket.gaierror):
        return DeliveryError(f"Slack could not be reached ({name}); the outbox tries again; check slack.base_url and the network")
    return UnknownOutcomeError(f"Slack could not be reached, or did not answer ({name}); the outbox looks before it posts again")


def _explain(exc: SlackApiError, *, is_look: bool) -> DeliveryError | DeliveryRefusedError | LookupRefusedError:
    response = exc.response
    status = getattr(response, "status_code", 0)
    code = str(response.get("error") or f"http_{status}") if hasattr(response, "get") else f"http_{status}"
    if status == 429 or code in LIMITED:
        header = _header(response.headers, "retry-after") if hasattr(response, "headers") else None
        seconds = float(header) if header and header.isdigit() else None
        return RateLimitedError(f"Slack asked to wait ({code}); the outbox tries again", retry_after_s=seconds)
    if code in PASSING:
        return DeliveryError(f"Slack failed ({code}); the outbox tries again")
    # A proxy's page or the like: whoever answered, it was not Slack, and nobody knows what Slack got.
    is_foreign = not _ERROR_CODE.fullmatch(code)
    if status >= 500 or code in TROUBLE or is_foreign:
        shown = f"HTTP {status}, no answer of its own" if is_foreign else code
        return UnknownOutcomeError(f"Slack failed ({shown}); the outbox looks before it posts again")
    if is_look and code in UNREADABLE:
        needed = str(response.get("needed") or "") if hasattr(response, "get") else ""
        return LookupRefusedError(
            f"Slack: {code}{f', needs {needed}' if needed else ''}; give the app {' or '.join(sorted(READING_SCOPES)[:2])}"
        )
    if code in GONE:
        return ThreadGoneError(f"Slack: {code}; the message was removed, a new thread is opened")
    if code in CHANNEL:
        return ChannelRefusedError(f"Slack refused: {code}; check slack.token and slack.channel, then `monitor outbox retry`")
    return DeliveryRefusedError(f"Slack refused: {code}; see `monitor alerts preview`, then `monitor outbox retry`")

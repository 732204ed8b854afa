"""What Slack sends when people press buttons or type commands: read, checked, handed on. By HTTP it is signed, by Socket Mode it is ours.

The order is the same on both ways: the act is written first, then Slack is told that it was received, then the message is edited. Slack sends
again what it got no answer to, and the same click again is the same row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import structlog
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

from monitor.core.clicks import Click, Command, parse_command
from monitor.core.types import ChangeId, ReviewAction
from monitor.errors import MonitorError, PermanentError
from monitor.notify import actions
from monitor.notify.escaping import cut, escape
from monitor.ports import Clock

log = structlog.get_logger(__name__)

#: Most bytes of a request: Slack's largest interactions, which repeat the message, have some tens of kilobytes.
MAX_BODY_BYTES = 1_000_000
#: Slack wants a text below 4,000 characters.
MAX_ANSWER = 3900
_ACTIONS = {
    actions.ACCEPT: ReviewAction.ACCEPT,
    actions.NOT_A_CHANGE: ReviewAction.NOT_A_CHANGE,
    actions.WRONG_STATUS: ReviewAction.WRONG_STATUS,
    actions.SAME_AS_BEFORE: ReviewAction.SAME_AS_BEFORE,
    actions.MUTE_24H: ReviewAction.MUTE,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What clicks and commands lead to."""

    #: Do what a click says. Raises: MonitorError.
    take: Callable[[Click], object]
    #: Make the edits that wait in the outbox.
    show: Callable[[], object]
    #: Answer a command. Raises: MonitorError.
    answer: Callable[[Command], str]


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What a request to the endpoint is answered."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


class SlackActions:
    """Hands clicks and commands to the desk, and edits messages behind Slack's back: it waits three seconds for an answer, no more."""

    def __init__(self, desk: Desk) -> None:
        """Take the desk; `close` waits for the work in hand."""
        self._desk = desk
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="slack-actions")

    def interact(self, payload: Mapping[str, Any]) -> None:
        """Take the clicks of an interaction. Raises: TransientError where they could not be written: Slack is to send them again."""
        for click in clicks_of(payload):
            try:
                self._desk.take(click)
            except PermanentError as exc:
                # Sent again it would fail again; whoever clicked is told.
                log.warning("click_refused", action=click.action.value, change=click.change_id, error=str(exc))
                self._pool.submit(_tell, click.answer_url, f"That did not work: {exc}")

    def command(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Return the answer to a slash command, for the eyes of whoever typed it."""
        try:
            text = self._desk.answer(command_of(form))
        except MonitorError as exc:
            log.warning("command_failed", error=str(exc))
            text = f"That did not work: {exc}"
        return {"response_type": "ephemeral", "text": cut(escape(text), MAX_ANSWER)}

    def show_later(self) -> None:
        """Make the edits that wait, without letting the caller wait for it; one that fails is made by the deliver job."""
        try:
            self._pool.submit(self._show)
        except RuntimeError:
            # The daemon stops: the edits are in the outbox.
            log.info("edits_left", reason="stopping")

    def close(self) -> None:
        """Finish what was begun."""
        self._pool.shutdown(wait=True)

    def _show(self) -> None:
        try:
            self._desk.show()
        except MonitorError as exc:
            log.warning("edits_left", error=str(exc))
        except Exception:
            # Nobody waits for this thread's result: without this line it would be lost.
            log.exception("edits_left")


class SlackEndpoint:
    """The way by HTTP, for those who have a public address: a function from headers and body to a reply, for any server to mount.

    A request counts where Slack's signature fits and is not older than five minutes. Within them a replay changes nothing: it is the same click.
    """

    def __init__(self, signing_secret: str, handler: SlackActions, *, clock: Clock) -> None:
        """Check with the app's signing secret."""
        self._handler = handler
        self._verifier = SignatureVerifier(signing_secret, clock=_clock(clock))

    def handle(self, headers: Mapping[str, str], body: bytes) -> HttpReply:
        """Answer one POST; header names in any letter case."""
        if len(body) > MAX_BODY_BYTES:
            return HttpReply(413, b"too large")
        try:
            is_genuine = self._verifier.is_valid_request(body, {name.lower(): value for name, value in headers.items()})
        except (ValueError, UnicodeDecodeError):
            is_genuine = False
        if not is_genuine:
            return HttpReply(401, b"the signature does not fit, or is too old")
        try:
            form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
            if "payload" in form:
                self._handler.interact(_object(json.loads(form["payload"])))
                return HttpReply(200)
            if "command" in form:
                answer = json.dumps(self._handler.command(form)).encode()
                return HttpReply(200, answer, "application/json; charset=utf-8")
        except (ValueError, RecursionError):
            return HttpReply(400, b"that cannot be read")
        except MonitorError as exc:
            log.warning("click_not_written", error=str(exc))
            return HttpReply(503, b"try again")
        return HttpReply(400, b"neither an interaction nor a command")


def command_of(form: Mapping[str, str]) -> Command:
    """Return the command that a form holds, with who typed it; Slack's `trigger_id` names it."""
    user_name, user_id, token = (form.get(name, "") for name in ("user_name", "user_id", "trigger_id"))
    return replace(parse_command(form.get("text", "")), user_name=user_name[:80], user_id=user_id[:40], token=token[:120])


def clicks_of(payload: Mapping[str, Any]) -> list[Click]:
    """Return the clicks on our elements; empty where there are none. Raises: ValueError where one of ours cannot be read."""
    if payload.get("type") != "block_actions":
        return []
    user = _object(payload.get("user") or {})
    return [
        _click(_object(found), user, payload)
        for found in payload.get("actions") or []
        if isinstance(found, dict) and found.get("block_id") == actions.BLOCK and found.get("action_id") in _ACTIONS
    ]


def _click(found: Mapping[str, Any], user: Mapping[str, Any], payload: Mapping[str, Any]) -> Click:
    action, status_key = _ACTIONS[str(found["action_id"])], None
    value = found.get("value")
    if action is ReviewAction.WRONG_STATUS:
        change_id, status_key = actions.unpack_status(str(_object(found.get("selected_option") or {}).get("value", "")))
    elif isinstance(value, str) and value:
        change_id = ChangeId(value)
    else:
        raise ValueError("a button without a value")
    stamp = str(found.get("action_ts") or "")
    user_id, answer_url = str(user.get("id") or ""), payload.get("response_url")
    if not user_id or not stamp:
        raise ValueError("a click without user or time")
    return Click(
        action,
        change_id,
        str(user.get("username") or user.get("name") or "")[:80],
        user_id[:40],
        _instant(stamp),
        stamp[:40],
        status_key,
        answer_url if isinstance(answer_url, str) else "",
    )


def _instant(stamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(stamp), UTC)
    except (OverflowError, OSError) as exc:
        raise ValueError(f"{stamp[:40]!r} is no time") from exc


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _tell(answer_url: str, text: str) -> None:
    """Tell whoever clicked, and nobody else."""
    if not answer_url:
        return
    try:
        WebhookClient(answer_url, timeout=10).send(text=cut(escape(text), MAX_ANSWER), response_type="ephemeral", replace_original=False)
    except Exception as exc:  # Whatever goes wrong on the way to Slack: the reason stands in the log already.
        log.warning("click_not_answered", error_type=type(exc).__name__)


def _clock(clock: Clock) -> SignatureClock:
    class OurClock(SignatureClock):
        def now(self) -> float:
            return clock.now().timestamp()

    return OurClock()

"""The memory of the stand-in for Slack: channels, messages, threads, and the methods of the Web API over them, in the real one's shapes."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from monitor.testing.slack_limits import MAX_ALL_TEXTS, problems

Fields = dict[str, Any]
#: What each method needs, as the real one tells in `needed`; a look-up in a public channel.
NEEDS = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.postEphemeral": "chat:write",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "conversations.list": "channels:read",
}
SCOPES = frozenset({"chat:write", "channels:history", "channels:read", "commands"})
_ID = re.compile(r"[CGD][A-Z0-9]{6,}")


class Refusal(Exception):  # noqa: N818 - it is an answer, not an accident
    """An answer with `ok` false."""

    def __init__(self, error: str, **more: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(error)
        self.body = {"ok": False, "error": error, **more}


class Workspace:
    """Channels come to be when they are first posted to. Not safe for threads: the server takes one call at a time."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        """Stamp messages by `now`, in seconds since 1970."""
        self._now = now
        #: Every message, oldest first, as it reads now. `channel` is the id, `channel_name` the name without `#`.
        self.messages: list[Fields] = []
        self.ephemerals: list[Fields] = []
        self.views: list[Fields] = []
        #: Name of each channel by its id.
        self.names: dict[str, str] = {}
        #: Scopes of the bot's token.
        self.scopes = set(SCOPES)
        #: Errors by channel id or name, or `*` for any: what posting there is answered.
        self.refusals: dict[str, str] = {}
        #: Least seconds between two posts to one channel; sooner ones are answered by 429. 0: never.
        self.gap_s = 0.0
        self._last_post: dict[str, float] = {}
        self._last_ts = 0.0
        self._methods: Mapping[str, Callable[[Fields], Fields]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self.post,
            "chat.update": self._update,
            "chat.postEphemeral": self._post_ephemeral,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.list": self._list,
            "views.open": self._open_view,
        }

    def add_channel(self, name: str) -> str:
        """Open a channel before anybody posts to it, and return its id."""
        return self._channel({"channel": name})

    def call(self, method: str, fields: Fields) -> Fields:
        """Return what a method answers. Raises: Refusal."""
        found = self._methods.get(method)
        if found is None:
            raise Refusal("unknown_method", req_method=method)
        needed = NEEDS.get(method)
        if needed is not None and needed not in self.scopes:
            raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(self.scopes)))
        return {"ok": True, **found(fields)}

    def seconds_to_wait(self, fields: Fields) -> float:
        """Return in how many seconds the channel takes the next post; 0: now."""
        last = self._last_post.get(self._channel(fields))
        return 0.0 if last is None or not self.gap_s else max(0.0, last + self.gap_s - self._now())

    def post(self, fields: Fields) -> Fields:
        """Keep a message, or a reply. Raises: Refusal."""
        channel = self._channel(fields)
        _check(fields)
        thread_ts = fields.get("thread_ts")
        if thread_ts is not None and self._find(channel, str(thread_ts)) is None:
            raise Refusal("thread_not_found")
        self._last_post[channel] = self._now()
        message = {
            **fields,
            "type": "message",
            "channel": channel,
            "channel_name": self.names[channel],
            "ts": self._ts(),
            "user": "U0MONITOR",
            "bot_id": "B0MONITOR",
        }
        if thread_ts is not None and _is_true(fields.get("reply_broadcast")):
            message["subtype"] = "thread_broadcast"
        self.messages.append(message)
        return {"channel": channel, "ts": message["ts"], "message": _shown(message, is_all=True)}

    def _auth_test(self, _: Fields) -> Fields:
        return {"url": "https://stand-in.slack.example/", "team": "stand-in", "user": "monitor", "team_id": "T0", "user_id": "U0MONITOR"}

    def _update(self, fields: Fields) -> Fields:
        channel = self._channel(fields)
        message = self._find(channel, str(fields.get("ts")))
        if message is None:
            raise Refusal("message_not_found")
        _check(fields)
        message.update({name: fields[name] for name in ("text", "blocks", "metadata") if name in fields})
        message["edited"] = {"user": "U0MONITOR", "ts": self._ts()}
        return {"channel": channel, "ts": message["ts"], "text": message.get("text", "")}

    def _post_ephemeral(self, fields: Fields) -> Fields:
        self.ephemerals.append({**fields, "channel": self._channel(fields)})
        return {"message_ts": self._ts()}

    def _open_view(self, fields: Fields) -> Fields:
        self.views.append(fields)
        return {"view": {"id": f"V{len(self.views)}", **(fields.get("view") or {})}}

    def _history(self, fields: Fields) -> Fields:
        channel = self._channel(fields, is_id_needed=True)
        shown = [message for message in self.messages if "thread_ts" not in message or message.get("subtype") == "thread_broadcast"]
        return self._page(list(reversed(_within(fields, [found for found in shown if found["channel"] == channel]))), fields)

    def _replies(self, fields: Fields) -> Fields:
        channel = self._channel(fields, is_id_needed=True)
        root = self._find(channel, str(fields.get("ts")))
        if root is None:
            raise Refusal("thread_not_found")
        replies = [found for found in self.messages if found["channel"] == channel and found.get("thread_ts") == root["ts"]]
        return self._page([root, *_within(fields, replies)], fields)

    def _list(self, fields: Fields) -> Fields:
        return self._page([{"id": channel, "name": name, "is_channel": True} for channel, name in self.names.items()], fields, "channels")

    def _page(self, rows: list[Fields], fields: Fields, name: str = "messages") -> Fields:
        start, limit = int(fields.get("cursor") or 0), int(fields.get("limit") or 100)
        page, rest = rows[start : start + limit], rows[start + limit :]
        shown = [_shown(row, is_all=_is_true(fields.get("include_all_metadata"))) for row in page]
        cursor = str(start + limit) if rest else ""
        return {name: shown, "has_more": bool(rest), "response_metadata": {"next_cursor": cursor}}

    def _channel(self, fields: Fields, *, is_id_needed: bool = False) -> str:
        asked = str(fields.get("channel") or "")
        is_id = bool(_ID.fullmatch(asked))
        if not asked or (is_id_needed and not is_id):
            raise Refusal("channel_not_found")
        name = self.names.get(asked, asked.lower()) if is_id else asked.lstrip("#")
        channel = asked if is_id else f"C{hashlib.sha256(name.encode()).hexdigest()[:9].upper()}"
        for known in (channel, name, "*"):
            if known in self.refusals:
                raise Refusal(self.refusals[known])
        self.names.setdefault(channel, name)
        return channel

    def _find(self, channel: str, ts: str) -> Fields | None:
        return next((found for found in self.messages if found["channel"] == channel and found["ts"] == ts), None)

    def _ts(self) -> str:
        """Return a time stamp that no other message has, later than all before."""
        self._last_ts = max(self._now(), self._last_ts + 0.000_01)
        return f"{self._last_ts:.6f}"


def _check(fields: Fields) -> None:
    """Refuse what Slack would refuse."""
    found = problems(fields)
    if any(f"characters of text > {MAX_ALL_TEXTS}" in problem for problem in found):
        raise Refusal("msg_blocks_too_long")
    if found:
        error = "no_text" if found[0].startswith("text: there") else "invalid_blocks"
        raise Refusal(error, errors=found, response_metadata={"messages": [f"[ERROR] {problem}" for problem in found]})


def _within(fields: Fields, messages: list[Fields]) -> list[Fields]:
    oldest, latest = float(fields.get("oldest") or 0), float(fields.get("latest") or "inf")
    return [message for message in messages if oldest < float(message["ts"]) < latest]


def _shown(row: Fields, *, is_all: bool) -> Fields:
    """Return a row as it is answered: the metadata whole only to those who ask for it."""
    if "metadata" not in row or is_all:
        return dict(row)
    return {**row, "metadata": {"event_type": row["metadata"]["event_type"]}}


def _is_true(value: object) -> bool:
    return value in {True, "1", "true", "True"}

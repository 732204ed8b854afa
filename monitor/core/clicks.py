"""What people do under a message: clicks to reviews, and reviews to a note that everybody sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.ladder import Status
from monitor.core.reviews import review_id, review_of_change, review_of_issue
from monitor.core.types import Change, ChangeId, IssueKey, Review, ReviewAction, Step, Via

#: How long the button "Mute 24 h" mutes.
MUTE_FOR = timedelta(hours=24)
_SPAN = re.compile(r"(\d{1,4})([mhdw])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LINK = re.compile(r"<([^|>]+)(?:\|[^>]*)?>")
_SAID = {
    ReviewAction.ACCEPT: "Accepted",
    ReviewAction.NOT_A_CHANGE: "Not a change, says",
    ReviewAction.SAME_AS_BEFORE: "Same as before, says",
    ReviewAction.MERGE: "Same as another change, says",
}


@dataclass(frozen=True, slots=True)
class Click:
    """A button or an entry of a menu that somebody chose."""

    action: ReviewAction
    change_id: ChangeId
    #: Who, as a name to be shown, and for good.
    user_name: str
    user_id: str
    at: datetime
    #: Names the click: delivered again it is the same.
    token: str
    #: The status that was picked as the right one.
    status_key: str | None = None
    #: Where the person may be answered, and nobody else sees it.
    answer_url: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: its first word and the rest, and who typed it."""

    verb: str
    argument: str
    user_name: str = ""
    user_id: str = ""
    #: Names the command: delivered again it is the same.
    token: str = ""


def person(user_name: str, user_id: str) -> str:
    """Return how reviews name somebody: as shown, and for good."""
    return f"{user_name} ({user_id})" if user_name else user_id


def review_of_click(click: Click, issue_key: IssueKey) -> Review:
    """Return the act that a click stands for; a mute is about the issue, everything else about the change."""
    is_mute = click.action is ReviewAction.MUTE
    return Review(
        review_id("click", click.token, click.action.value, click.change_id, click.user_id),
        issue_key,
        click.action,
        click.at,
        person(click.user_name, click.user_id),
        Via.SLACK,
        change_id=None if is_mute else click.change_id,
        status_key=click.status_key,
        until=click.at + MUTE_FOR if is_mute else None,
    )


def note_of(
    change: Change, steps: Iterable[Status | Step], of_change: Iterable[Review], of_issue: Iterable[Review], now: datetime
) -> tuple[str, bool]:
    """Return what people came to about a change, in words, and whether anybody has said if it is right. Empty where nobody said anything.

    `steps` are those of the ladder, for what their statuses are called.
    """
    verdict = review_of_change(change.change_id, of_change).verdict
    said = [] if verdict is None else [f"{_verdict(verdict, steps)}, {verdict.at:%d %b %H:%M} UTC"]
    said += filter(None, [mute_note(change.issue_key, of_issue, now)])
    return " · ".join(said), verdict is not None


def mute_note(issue_key: IssueKey, of_issue: Iterable[Review], now: datetime) -> str:
    """Return until when an issue is muted and by whom, in words; empty where it is not."""
    mute = review_of_issue(issue_key, of_issue, now=now).mute
    if mute is None:
        return ""
    return f"Muted until {f'{mute.until:%d %b %H:%M} UTC' if mute.until else 'it is undone'} by {mute.by}"


def parse_command(text: str) -> Command:
    """Return verb and argument of a command's text; a link is taken out of the brackets that Slack may put round it.

    Names copied from our own messages hold the invisible characters that keep them from being read as formats: those go.
    """
    verb, _, argument = text.replace("\u200b", "").strip().partition(" ")
    return Command(verb.lower(), _LINK.sub(r"\1", argument.strip()))


def parse_mute(argument: str) -> tuple[str, timedelta | None]:
    """Return the issue that is to be muted, as it was written, and for how long; None: until somebody undoes it.

    The last word is a time (`90m`, `24h`, `7d`, `2w`, `always`) or belongs to the issue; without a time it is `MUTE_FOR`.
    """
    name, _, last = argument.strip().rpartition(" ")
    if name and last.lower() == "always":
        return name.strip(), None
    found = _SPAN.fullmatch(last.lower()) if name else None
    return (name.strip(), int(found[1]) * _UNITS[found[2]]) if found else (argument.strip(), MUTE_FOR)


def _verdict(review: Review, steps: Iterable[Status | Step]) -> str:
    if review.action is ReviewAction.WRONG_STATUS:
        label = next((status.label for status in steps if status.key == review.status_key), review.status_key or "another")
        return f"Wrong status, it is “{label}”, says {review.by}"
    verb = _SAID.get(review.action, review.action.value)
    return f"{verb} by {review.by}" if review.action is ReviewAction.ACCEPT else f"{verb} {review.by}"

"""What people do under a message: clicks to reviews, and reviews to a note that everybody sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.ladder import Ladder
from monitor.core.reviews import review_id, review_of_change, review_of_issue
from monitor.core.types import Change, ChangeId, IssueKey, Review, ReviewAction, Via

#: How long the button "Mute 24 h" mutes.
MUTE_FOR = timedelta(hours=24)
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
    """A slash command: its first word and the rest."""

    verb: str
    argument: str


def review_of_click(click: Click, issue_key: IssueKey) -> Review:
    """Return the act that a click stands for; a mute is about the issue, everything else about the change."""
    is_mute = click.action is ReviewAction.MUTE
    return Review(
        review_id("click", click.token, click.action.value, click.change_id, click.user_id),
        issue_key,
        click.action,
        click.at,
        f"{click.user_name} ({click.user_id})" if click.user_name else click.user_id,
        Via.SLACK,
        change_id=None if is_mute else click.change_id,
        status_key=click.status_key,
        until=click.at + MUTE_FOR if is_mute else None,
    )


def note_of(change: Change, ladder: Ladder, of_change: Iterable[Review], of_issue: Iterable[Review], now: datetime) -> tuple[str, bool]:
    """Return what people came to about a change, in words, and whether anybody has said if it is right. Empty where nobody said anything."""
    verdict = review_of_change(change.change_id, of_change).verdict
    mute = review_of_issue(change.issue_key, of_issue, now=now).mute
    said = []
    if verdict is not None:
        said.append(f"{_verdict(verdict, ladder)}, {verdict.at:%d %b %H:%M} UTC")
    if mute is not None:
        until = f"until {mute.until:%d %b %H:%M} UTC" if mute.until else "until it is undone"
        said.append(f"Muted {until} by {mute.by}")
    return " · ".join(said), verdict is not None


def parse_command(text: str) -> Command:
    """Return verb and argument of a command's text; a link is taken out of the brackets that Slack may put round it."""
    verb, _, argument = text.strip().partition(" ")
    return Command(verb.lower(), _LINK.sub(r"\1", argument.strip()))


def _verdict(review: Review, ladder: Ladder) -> str:
    if review.action is ReviewAction.WRONG_STATUS:
        label = next((status.label for status in ladder.statuses if status.key == review.status_key), review.status_key or "another")
        return f"Wrong status, it is “{label}”, says {review.by}"
    verb = _SAID.get(review.action, review.action.value)
    return f"{verb} by {review.by}" if review.action is ReviewAction.ACCEPT else f"{verb} {review.by}"

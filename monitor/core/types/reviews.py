"""Reviews: what a person said of a change, or did to an issue. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from monitor.core.types.articles import ArticleId, IssueKey
from monitor.core.types.status import ChangeId

ReviewId = NewType("ReviewId", str)


class ReviewAction(StrEnum):
    """What a person did."""

    ACCEPT = "accept"  #: the change is right
    NOT_A_CHANGE = "not_a_change"  #: nothing moved, or it is about something else
    WRONG_STATUS = "wrong_status"  #: something moved, but to another status: `status_key` is the right one
    MERGE = "merge"  #: the same movement as another change: `other_change_id`
    SAME_AS_BEFORE = "same_as_before"  #: told already; the change that told it first need not be named
    NOTE = "note"  #: words only
    SET_STATUS = "set_status"  #: the issue stands at `status_key`; `change_id` is the change of kind `manual` that says so
    MUTE = "mute"  #: no alerts of the issue before `until`; None: before the mute is undone
    PROMOTE = "promote"  #: `article_id` becomes a seed of the issue
    UNDO = "undo"  #: the review named by `undoes` shall not have been


class Via(StrEnum):
    """Where a review came from."""

    PAGE = "page"
    API = "api"
    SLACK = "slack"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Review:
    """One act of one person. It is never altered: to take it back is a review of its own."""

    review_id: ReviewId
    #: The issue, also where a change of it is meant.
    issue_key: IssueKey
    action: ReviewAction
    at: datetime
    #: Who, as the page or the channel knows the person.
    by: str
    via: Via
    #: The change meant; None where the issue itself is.
    change_id: ChangeId | None = None
    article_id: ArticleId | None = None
    #: A key of the issue's ladder.
    status_key: str | None = None
    other_change_id: ChangeId | None = None
    until: datetime | None = None
    undoes: ReviewId | None = None
    note: str = ""

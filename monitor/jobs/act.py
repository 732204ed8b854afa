"""act: what people do under a message, to review rows, to the message as everybody sees it; and the answers to their commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog

from monitor.core.clicks import Click, Command, review_of_click
from monitor.core.policy import StatusPolicy
from monitor.core.types import ChangeId, Issue, Review
from monitor.errors import ReviewError
from monitor.jobs.account import lines
from monitor.ports import Queries, UnitOfWork

log = structlog.get_logger(__name__)

#: Checks an act and does it (`jobs.review`), then has the messages about the change named second say so.
Record = Callable[[Review, ChangeId | None], Review]
HELP = "/monitor status [ISSUE] tells where an issue stands; /monitor why LINK tells what became of an article, and why."
#: Lines of an account that fit into one answer; `monitor explain` has them all.
MAX_LINES = 40


def take(click: Click, *, queries: Queries, record: Record) -> Review:
    """Do what a click says, by the way that every act takes, and return its row. The same click again changes nothing.

    Raises: ReviewError where it is about something that is not there, or does not fit.
    """
    change = queries.change(click.change_id)
    if change is None:
        raise ReviewError(f"{click.action.value}: there is no change {click.change_id!r}; was the database replaced?")
    return record(review_of_click(click, change.issue_key), change.change_id)


def answer(command: Command, *, uow: UnitOfWork, queries: Queries, issues: Sequence[Issue], status_policy: StatusPolicy) -> str:
    """Return the answer to a command, as lines of text."""
    answers: Mapping[str, Callable[[], str]] = {
        "status": lambda: _status(command.argument, uow, issues),
        "why": lambda: _why(command.argument, uow, queries, status_policy),
    }
    return answers.get(command.verb, lambda: HELP)()


def _status(name: str, uow: UnitOfWork, issues: Sequence[Issue]) -> str:
    wanted = [issue for issue in issues if not name or name.casefold() in {issue.key.casefold(), issue.title.casefold()}]
    if not wanted:
        return f"There is no issue {name!r}; known: {', '.join(issue.key for issue in issues)}"
    told = []
    with uow.reading() as store:
        for issue in wanted:
            state = store.issues.state(issue.key)
            label = next((status.label for status in issue.ladder.statuses if state and status.key == state.status_key), "no status yet")
            since = f" since {state.since:%d %b %Y}, {state.confirmation.value}" if state and state.since else ""
            told.append(f"{issue.title} ({issue.key}): {label}{since}")
            if name and state:
                told += [f"“{quote.quote}” — {quote.source}{f' {quote.url}' if quote.url else ''}" for quote in state.quotes[:2]]
    return "\n".join(told)


def _why(link: str, uow: UnitOfWork, queries: Queries, status_policy: StatusPolicy) -> str:
    if not link:
        return "Which article? Give its address or id: /monitor why LINK"
    with uow.reading() as store:
        found = store.articles.find(link)
        if found is None:
            return f"No stored article has the address or id {link!r}: no feed delivered it, or not yet."
        trace = queries.trace(found)
        held = [row for change in trace.changes for row in store.held.of_change(change.change_id)]
    told = list(lines(trace, status_policy, held))
    return "\n".join(
        told if len(told) <= MAX_LINES else [*told[:MAX_LINES], f"... and {len(told) - MAX_LINES} more lines: monitor explain"]
    )

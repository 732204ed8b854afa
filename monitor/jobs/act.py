"""act: what people do under a message, and by command, to reviews; and the answers to their commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.core.clicks import Click, Command, parse_mute, person, review_of_click
from monitor.core.policy import StatusPolicy
from monitor.core.reviews import review_id, review_of_issue, standing, undo
from monitor.core.types import ChangeId, Issue, Review, ReviewAction, ReviewId, Via
from monitor.errors import ReviewError
from monitor.jobs.account import lines
from monitor.ports import Clock, Queries, UnitOfWork

#: Checks an act and does it (`jobs.review`), then has the messages about the change named second say so.
Record = Callable[[Review, ChangeId | None], Review]
HELP = """/monitor status [ISSUE] tells where an issue stands
/monitor why LINK tells what became of an article, and why
/monitor mute ISSUE [24h] holds an issue's alerts for so long (90m, 24h, 7d, 2w, always), and tells them as one afterwards
/monitor unmute ISSUE tells them from now on
/monitor undo [REVIEW] takes back what somebody said or did; without a name it lists the latest"""
#: Lines of an account that fit into one answer; `monitor explain` has them all.
MAX_LINES = 40
#: Longest mute that has an end: as on the page.
MAX_MUTE = timedelta(days=365)
#: Acts that `/monitor undo` lists, and those looked at for them: an act that was taken back is not listed.
N_LISTED, LOOKED_AT = 5, 100


def take(click: Click, *, queries: Queries, record: Record) -> Review:
    """Do what a click says, by the way that every act takes, and return its row. The same click again changes nothing.

    Raises: ReviewError where it is about something that is not there, or does not fit.
    """
    change = queries.change(click.change_id)
    if change is None:
        raise ReviewError(f"{click.action.value}: there is no change {click.change_id!r}; was the database replaced?")
    return record(review_of_click(click, change.issue_key), change.change_id)


def answer(
    command: Command,
    *,
    uow: UnitOfWork,
    queries: Queries,
    issues: Sequence[Issue],
    status_policy: StatusPolicy,
    record: Record,
    clock: Clock,
) -> str:
    """Do what a command says, and return the answer as lines of text. Raises: ReviewError."""
    answers: Mapping[str, Callable[[], str]] = {
        "status": lambda: _status(command.argument, uow, issues),
        "why": lambda: _why(command.argument, uow, queries, status_policy),
        "mute": lambda: _mute(command, issues, record, clock.now()),
        "unmute": lambda: _unmute(command, uow, issues, record, clock.now()),
        "undo": lambda: _undo(command, uow, issues, record, clock.now()),
    }
    return answers.get(command.verb, lambda: HELP)()


def _mute(command: Command, issues: Sequence[Issue], record: Record, now: datetime) -> str:
    name, length = parse_mute(command.argument)
    issue = _named(name, issues)
    if issue is None:
        return _unknown(name, issues, "/monitor mute ISSUE 24h (or 90m, 7d, 2w, always)")
    if length is not None and length > MAX_MUTE:
        return f"{MAX_MUTE.days} days are the most; /monitor mute {issue.key} always holds until it is undone"
    until = None if length is None else now + length
    said = Review(_name(command, issue.key, now), issue.key, ReviewAction.MUTE, now, _who(command), Via.SLACK, until=until)
    written = record(said, None)
    told = f"until {written.until:%d %b %H:%M} UTC" if written.until else "until it is undone"
    return f"{issue.title} ({issue.key}) is muted {told}; what happens is told as one afterwards. Undo it: /monitor unmute {issue.key}"


def _unmute(command: Command, uow: UnitOfWork, issues: Sequence[Issue], record: Record, now: datetime) -> str:
    issue = _named(command.argument, issues)
    if issue is None:
        return _unknown(command.argument, issues, "/monitor unmute ISSUE")
    n_undone = 0
    # Behind the mute that holds an older one may hold as well.
    while (mute := _mute_in_force(issue, uow, now)) is not None:
        record(undo(mute, name=_name(command, mute.review_id, now), at=now, by=_who(command), via=Via.SLACK), None)
        n_undone += 1
    if not n_undone:
        return f"{issue.title} ({issue.key}) is not muted"
    with uow.reading() as store:
        n_held = sum(held.alert.issue_key == issue.key for channel in store.held.channels() for held in store.held.waiting(channel))
    waits = "nothing waited" if not n_held else f"{n_held} alert{'s' if n_held > 1 else ''} waited, and will be told within minutes"
    return f"{issue.title} ({issue.key}) is no longer muted; {waits}"


def _mute_in_force(issue: Issue, uow: UnitOfWork, now: datetime) -> Review | None:
    with uow.reading() as store:
        return review_of_issue(issue.key, store.reviews.of_issue(issue.key), now=now).mute


def _undo(command: Command, uow: UnitOfWork, issues: Sequence[Issue], record: Record, now: datetime) -> str:
    with uow.reading() as store:
        latest = standing(store.reviews.list(limit=LOOKED_AT))[: -N_LISTED - 1 : -1]
        target = store.reviews.get(ReviewId(command.argument)) if command.argument else None
    if target is None:
        listed = [f"{review.review_id}: {_told(review)}" for review in latest]
        found = "Which one? /monitor undo REVIEW" if not command.argument else f"There is no review {command.argument!r}"
        return "\n".join([f"{found}; the latest that stand:", *listed]) if listed else "Nobody has said or done anything that stands"
    taken = record(undo(target, name=_name(command, target.review_id, now), at=now, by=_who(command), via=Via.SLACK), None)
    lines = [f"Taken back: {_told(target)}. If that was wrong: /monitor undo {taken.review_id}"]
    if target.action in {ReviewAction.SET_STATUS, ReviewAction.UNDO}:
        lines.append(_status(target.issue_key, uow, issues).splitlines()[0])
    return "\n".join(lines)


def _told(review: Review) -> str:
    words = f" ({review.note[:80]})" if review.note else ""
    return f"{review.action.value} by {review.by}, {review.at:%d %b %H:%M} UTC, on {review.issue_key}{words}"


def _who(command: Command) -> str:
    return person(command.user_name, command.user_id)


def _name(command: Command, about: str, now: datetime) -> ReviewId:
    return review_id("command", command.token or now.isoformat(), command.verb, about, command.user_id)


def _named(name: str, issues: Sequence[Issue]) -> Issue | None:
    return next((issue for issue in issues if name.casefold() in {issue.key.casefold(), issue.title.casefold()}), None)


def _unknown(name: str, issues: Sequence[Issue], usage: str) -> str:
    found = f"There is no issue {name!r}" if name else "Which issue?"
    return f"{found}; known: {', '.join(issue.key for issue in issues)}. Write {usage}"


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

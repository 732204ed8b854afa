"""Read models for the review page: lists by keyset, so that the thousandth page costs what the first does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Date, Row, Select, cast, exists, func, or_, select, tuple_

from monitor.core.reviews import VERDICTS, review_of_change
from monitor.core.types import Change, ChangeId, Delivery, FeedKey, IssueKey, Poll, Review, ReviewAction
from monitor.ports.pages import ChangeFilter, ChangePage, ChangeRow, IssueName, Mark, Read, Reviewed
from monitor.store import schema
from monitor.store.article_pages import SqlArticlePages, row_number
from monitor.store.codec import from_columns
from monitor.store.issues import to_change
from monitor.store.outbox import to_delivery
from monitor.store.reviews import SqlReviewStore
from monitor.store.statements import chunks

#: Changes looked at for one page whose filter asks what people have said: a page that finds few among them is short.
MAX_LOOKED_AT = 2000
_NO_QUOTES: tuple[Any, ...] = ()


class SqlPages(SqlArticlePages):
    """The Pages on a database."""

    def names(self) -> list[IssueName]:
        """Return every issue by key, without looking at anything else of it."""
        table = schema.issues
        with self._unit_of_work.connect(is_readonly=True) as connection:
            rows = connection.execute(select(table.c.issue_key, table.c.title, table.c.ladder_key).order_by(table.c.issue_key))
            return [IssueName(IssueKey(row.issue_key), row.title, row.ladder_key) for row in rows]

    def changes(self, wanted: ChangeFilter, *, after: Mark | None = None, limit: int = 50) -> ChangePage:
        """Return a page of the log, newest first; short where what people said rules out most of what one look may cost."""
        found: list[ChangeRow] = []
        n_looked_at = 0
        with self._unit_of_work.connect(is_readonly=True) as connection:
            while True:
                rows = list(connection.execute(_newest(wanted, after).limit(limit + 1)))
                for row in _with_reviews(connection, rows[:limit]):
                    after = Mark(row.change.at, str(row.number))
                    if _is_wanted(row, wanted.reviewed):
                        found.append(row)
                        if len(found) == limit:
                            break
                n_looked_at += len(rows)
                is_last = len(rows) <= limit and (not rows or after == Mark(rows[-1].at, str(rows[-1].change_number)))
                if is_last or len(found) == limit or n_looked_at >= MAX_LOOKED_AT:
                    return ChangePage(tuple(found), None if is_last else after)

    def newer(self, number: int, *, limit: int) -> list[ChangeRow]:
        """Return changes recorded after the change with this number, in order of recording."""
        table = schema.changes
        with self._unit_of_work.connect(is_readonly=True) as connection:
            later = select(table).where(table.c.change_number > number).order_by(table.c.change_number).limit(limit)
            return _with_reviews(connection, list(connection.execute(later)))

    def last_number(self) -> int:
        """Return the number of the change that was recorded last; 0 where there is none."""
        with self._unit_of_work.connect(is_readonly=True) as connection:
            return connection.execute(select(func.max(schema.changes.c.change_number))).scalar_one() or 0

    def change(self, change_id: ChangeId) -> ChangeRow | None:
        """Return one change; None where there is none."""
        with self._unit_of_work.connect(is_readonly=True) as connection:
            rows = list(connection.execute(select(schema.changes).where(schema.changes.c.change_id == change_id)))
            return next(iter(_with_reviews(connection, rows)), None)

    def course(self, issue_key: IssueKey, *, limit: int) -> list[Change]:
        """Return the latest changes of an issue, oldest first, without their quotes."""
        table = schema.changes
        light = [column for column in table.columns if column.name not in {"evidence", "baseline_evidence"}]
        latest = select(*light).where(table.c.issue_key == issue_key).order_by(table.c.at.desc(), table.c.change_number.desc()).limit(limit)
        with self._unit_of_work.connect(is_readonly=True) as connection:
            rows = list(connection.execute(latest))
        return [from_columns(Change, {**row._mapping, "evidence": _NO_QUOTES, "baseline_evidence": _NO_QUOTES}) for row in reversed(rows)]

    def volume(self, issue_key: IssueKey) -> list[tuple[date, int]]:
        """Return how many articles were read for an issue on each UTC day that has some, oldest first."""
        published_at = schema.evidence.c.published_at
        with self._unit_of_work.connect(is_readonly=True) as connection:
            if connection.dialect.name == "postgresql":
                day: Any = cast(func.timezone("UTC", published_at), Date)
            else:
                day = func.date(published_at)
            counted = select(day.label("day"), func.count()).where(schema.evidence.c.issue_key == issue_key).group_by(day).order_by(day)
            return [(date.fromisoformat(str(row[0])), row[1]) for row in connection.execute(counted)]

    def reads(self, issue_key: IssueKey, *, limit: int) -> list[Read]:
        """Return what was read for an issue, newest publication first."""
        table = schema.evidence
        names = ("article_id", "version", "source", "url", "published_at", "headline", "origin", "origin_keys", "match_score", "verdict")
        newest = (
            select(*(table.c[name] for name in names))
            .where(table.c.issue_key == issue_key)
            .order_by(table.c.published_at.desc(), table.c.article_id.desc())
            .limit(limit)
        )
        with self._unit_of_work.connect(is_readonly=True) as connection:
            return [from_columns(Read, row._mapping) for row in connection.execute(newest)]

    def deliveries(self, change_id: ChangeId) -> list[Delivery]:
        """Return what was posted of a change, oldest first."""
        table = schema.outbox
        posted = select(table).where(table.c.change_id == change_id, ~schema.EDIT).order_by(table.c.created_at, table.c.delivery_number)
        with self._unit_of_work.connect(is_readonly=True) as connection:
            return [to_delivery(row) for row in connection.execute(posted)]

    def polls(self, *, since: datetime, limit: int) -> Sequence[Poll]:
        """Return polls that failed, and the first that did not after each, oldest first: feed, instant and outcome of each."""
        table = schema.polls
        later = table.alias("later")
        # An expression, so that SQLite does not walk all polls by the index on `at`, but the few of the index on those that failed.
        when = func.coalesce(table.c.at, table.c.at)
        place = (table.c.at, table.c.poll_number)
        after = select(later.c.poll_number).where(
            later.c.feed_key == table.c.feed_key, tuple_(later.c.at, later.c.poll_number) > tuple_(*place)
        )
        # By feed first, although there is only one: so the order is that of the index by feed and time, and of no other.
        following = after.order_by(later.c.feed_key, later.c.at, later.c.poll_number).limit(1).scalar_subquery()
        told = (table.c.poll_number, table.c.feed_key, table.c.at, table.c.outcome)
        failed = select(*told, following.label("following")).where(schema.FAILED, when >= since)
        with self._unit_of_work.connect(is_readonly=True) as connection:
            rows = list(connection.execute(failed.order_by(when.desc(), table.c.poll_number.desc()).limit(limit)))
            found = {row.poll_number: row for row in rows}
            # What followed a failure: mostly another one, which is there already, or the end of the spell.
            for some in chunks([row.following for row in rows if row.following is not None and row.following not in found]):
                found |= {row.poll_number: row for row in connection.execute(select(*told).where(table.c.poll_number.in_(some)))}
        return [
            Poll(FeedKey(row.feed_key), row.at, row.outcome) for row in sorted(found.values(), key=lambda row: (row.at, row.poll_number))
        ]


def _newest(wanted: ChangeFilter, after: Mark | None) -> Select[Any]:
    table, reviews = schema.changes, schema.reviews
    statement = select(table).order_by(table.c.at.desc(), table.c.change_number.desc())
    if wanted.issue_key is not None:
        statement = statement.where(table.c.issue_key == wanted.issue_key)
    if wanted.kinds:
        statement = statement.where(table.c.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.since is not None:
        statement = statement.where(table.c.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(table.c.at < wanted.until)
    if after is not None:
        statement = statement.where(tuple_(table.c.at, table.c.change_number) < tuple_(after.at, row_number(after)))
    of_change = reviews.c.change_id == table.c.change_id
    spoken = exists().where(of_change, reviews.c.action.in_(sorted(action.value for action in VERDICTS)))
    # Wider than what is asked for, as an act may have been taken back: `_is_wanted` has the last word.
    match wanted.reviewed:
        case Reviewed.OPEN:
            taken_back = exists().where(of_change, reviews.c.action == ReviewAction.UNDO.value)
            return statement.where(table.c.is_history.is_(False), or_(~spoken, taken_back))
        case Reviewed.ACCEPTED | Reviewed.REJECTED:
            return statement.where(spoken)
        case _:
            return statement


def _is_wanted(row: ChangeRow, reviewed: Reviewed) -> bool:
    is_accepted = review_of_change(row.change.change_id, row.reviews).is_accepted
    match reviewed:
        case Reviewed.OPEN:
            return is_accepted is None
        case Reviewed.ACCEPTED:
            return is_accepted is True
        case Reviewed.REJECTED:
            return is_accepted is False
        case _:
            return True


def _with_reviews(connection: Connection, rows: Iterable[Row[Any]]) -> list[ChangeRow]:
    found = list(rows)
    reviews: defaultdict[ChangeId, list[Review]] = defaultdict(list)
    for review in SqlReviewStore(connection).of_changes([ChangeId(row.change_id) for row in found]):
        if review.change_id is not None:
            reviews[review.change_id].append(review)
    return [ChangeRow(to_change(row), row.change_number, row.recorded_at, tuple(reviews[ChangeId(row.change_id)])) for row in found]

"""What people said of changes and did to issues, in the database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, func, select

from monitor.core.types import ChangeId, IssueKey, Review, ReviewId
from monitor.store import schema
from monitor.store.codec import from_columns, to_columns
from monitor.store.statements import chunks, insert_once

# Within the class, `list` is a method.
Reviews = list[Review]


class SqlReviewStore:
    """The ReviewStore of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, review: Review) -> bool:
        """Append a review; return False, writing nothing, where its id is there already."""
        return insert_once(self._connection, schema.reviews, to_columns(review), unique=["review_id"])

    def get(self, review_id: ReviewId) -> Review | None:
        """Return one review; None where there is none."""
        return next(iter(self._read(select(schema.reviews).where(schema.reviews.c.review_id == review_id))), None)

    def of_changes(self, change_ids: Collection[ChangeId]) -> Reviews:
        """Return the reviews of these changes with their undos, oldest first, those of one instant in order of recording."""
        table = schema.reviews
        found = [
            row
            for some in chunks(change_ids)
            for row in self._connection.execute(
                select(table).where(table.c.change_id.in_(some)).order_by(table.c.at, table.c.review_number)
            )
        ]
        found.sort(key=lambda row: (row.at, row.review_number))
        return [from_columns(Review, row._mapping) for row in found]

    def of_issue(self, issue_key: IssueKey) -> Reviews:
        """Return the reviews of the issue itself, not of its changes, with their undos, oldest first."""
        table = schema.reviews
        # By the few reviews that are about no change: the index of the issue holds all of its changes' reviews as well, and is kept from use.
        about = select(table).where(table.c.change_id.is_(None), func.coalesce(table.c.issue_key, "") == issue_key)
        return self._read(about.order_by(table.c.at, table.c.review_number))

    def list(self, issue_key: IssueKey | None = None, *, limit: int | None = None) -> Reviews:
        """Return reviews of an issue and of its changes (None: of all), newest first."""
        table = schema.reviews
        newest = select(table).order_by(table.c.at.desc(), table.c.review_number.desc()).limit(limit)
        return self._read(newest if issue_key is None else newest.where(table.c.issue_key == issue_key))

    def _read(self, statement: Select[Any]) -> Reviews:
        return [from_columns(Review, row._mapping) for row in self._connection.execute(statement)]

"""What people said of changes and did to issues, in memory."""

from __future__ import annotations

from collections.abc import Collection

from monitor.core.types import ChangeId, IssueKey, Review, ReviewId
from monitor.testing.memory_tables import Tables

# Within the class, `list` is a method.
Reviews = list[Review]


class MemoryReviewStore:
    """The ReviewStore of one transaction."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, review: Review) -> bool:
        """Append a review; return False, writing nothing, where its id is there already."""
        if review.review_id in self._tables.reviews:
            return False
        self._tables.reviews[review.review_id] = review
        return True

    def get(self, review_id: ReviewId) -> Review | None:
        """Return one review; None where there is none."""
        return self._tables.reviews.get(review_id)

    def of_changes(self, change_ids: Collection[ChangeId]) -> Reviews:
        """Return the reviews of these changes with their undos, oldest first, those of one instant in order of recording."""
        return self._oldest_first([review for review in self._tables.reviews.values() if review.change_id in set(change_ids)])

    def of_issue(self, issue_key: IssueKey) -> Reviews:
        """Return the reviews of the issue itself, not of its changes, with their undos, oldest first."""
        rows = self._tables.reviews.values()
        return self._oldest_first([review for review in rows if review.issue_key == issue_key and review.change_id is None])

    def list(self, issue_key: IssueKey | None = None, *, limit: int | None = None) -> Reviews:
        """Return reviews of an issue and of its changes (None: of all), newest first."""
        rows = [review for review in self._tables.reviews.values() if issue_key in {None, review.issue_key}]
        return self._oldest_first(rows)[::-1][:limit]

    @staticmethod
    def _oldest_first(rows: Reviews) -> Reviews:
        return sorted(rows, key=lambda review: review.at)

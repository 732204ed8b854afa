"""Read models for the command line, the pages and the exports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from monitor.core.types import Article, Change, ChangeId, Evidence, FeedKey, IssueKey, IssueState, Match
from monitor.ports import Assessment, IssueOverview, Trace
from monitor.store import schema
from monitor.store.codec import from_columns
from monitor.store.issues import to_change
from monitor.store.outbox import to_delivery
from monitor.store.session import SqlUnitOfWork


class SqlQueries:
    """The Queries on a database; each one is a read-only view of one moment."""

    def __init__(self, unit_of_work: SqlUnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def issues(self) -> list[IssueOverview]:
        """Return every issue, by key. Matches are counted under the present baseline; changes include those of the seeds."""
        issues, baselines, matches, changes, evidence = (
            schema.issues,
            schema.baselines,
            schema.matches,
            schema.changes,
            schema.evidence,
        )
        matched = select(func.count(matches.c.article_id.distinct())).where(
            matches.c.issue_key == issues.c.issue_key, matches.c.baseline_id == baselines.c.baseline_id, schema.IS_MATCH
        )
        changed = select(func.count()).where(changes.c.issue_key == issues.c.issue_key)
        latest = select(func.max(evidence.c.published_at)).where(evidence.c.issue_key == issues.c.issue_key)
        statement = (
            select(
                issues,
                baselines.c.threshold,
                matched.scalar_subquery().label("n_articles_matched"),
                changed.scalar_subquery().label("n_changes"),
                latest.scalar_subquery().label("last_evidence_at"),
            )
            .outerjoin(baselines, baselines.c.issue_key == issues.c.issue_key)
            .order_by(issues.c.issue_key)
        )
        with self._unit_of_work.connect(is_readonly=True) as connection:
            return [
                IssueOverview(
                    state=from_columns(IssueState, row._mapping),
                    title=row.title,
                    ladder_key=row.ladder_key,
                    threshold=row.threshold,
                    n_articles_matched=row.n_articles_matched,
                    n_changes=row.n_changes,
                    last_evidence_at=row.last_evidence_at,
                )
                for row in connection.execute(statement)
            ]

    def log(self, *, issue_key: IssueKey | None = None, since: datetime | None = None, limit: int | None = None) -> list[Change]:
        """Return changes, newest first; `since` is the least instant that a change is about."""
        table = schema.changes
        statement = select(table).order_by(table.c.at.desc(), table.c.change_number.desc()).limit(limit)
        if issue_key is not None:
            statement = statement.where(table.c.issue_key == issue_key)
        if since is not None:
            statement = statement.where(table.c.at >= since)
        with self._unit_of_work.connect(is_readonly=True) as connection:
            return [to_change(row) for row in connection.execute(statement)]

    def trace(self, article: Article) -> Trace:
        """Return what is stored about an article: also changes that it tipped or that quote it, and what was posted of them."""
        with self._unit_of_work.connect(is_readonly=True) as connection:
            entries, matches, evidence, outbox = schema.entries, schema.matches, schema.evidence, schema.outbox
            delivered = select(entries).where(entries.c.article_id == article.article_id).order_by(entries.c.feed_key, entries.c.identity)
            judged = (
                select(matches)
                .where(matches.c.article_id == article.article_id)
                .order_by(matches.c.issue_key, matches.c.version, matches.c.baseline_id)
            )
            read = select(evidence).where(evidence.c.article_id == article.article_id).order_by(evidence.c.issue_key, evidence.c.version)
            assessments = tuple(
                Assessment(from_columns(Evidence, row._mapping), verdict=row.verdict, seen_at=row.seen_at)
                for row in connection.execute(read)
            )
            changes = _changes_about(connection, article, {assessment.evidence.issue_key for assessment in assessments})
            posted = (
                select(outbox)
                .where(outbox.c.change_id.in_([change.change_id for change in changes]), ~schema.EDIT)
                .order_by(outbox.c.created_at, outbox.c.delivery_number)
            )
            return Trace(
                article=article,
                entries=tuple(
                    (FeedKey(row.feed_key), row.identity, row.published_raw, row.fetched_at) for row in connection.execute(delivered)
                ),
                matches=tuple(from_columns(Match, row._mapping) for row in connection.execute(judged)),
                assessments=assessments,
                changes=tuple(changes),
                deliveries=tuple(to_delivery(row) for row in connection.execute(posted)),
            )

    def counts(self) -> Mapping[str, Any]:
        """Return totals: `feeds` (not retired), `entries`, `articles`, `matches` (articles of an issue under its present baseline),
        `changes`, `deliveries` (a number for each state) and `oldest_due_at` (None where nothing is due).
        """  # noqa: D205 - the keys are the summary
        feeds, issues, matches, outbox = schema.feeds, schema.baselines, schema.matches, schema.outbox
        present = and_(issues.c.issue_key == matches.c.issue_key, issues.c.baseline_id == matches.c.baseline_id)
        pairs = select(matches.c.issue_key, matches.c.article_id).join(issues, present).where(schema.IS_MATCH).distinct().subquery()
        with self._unit_of_work.connect(is_readonly=True) as connection:
            totals: dict[str, Any] = {
                "feeds": select(func.count()).select_from(feeds).where(feeds.c.is_retired.is_(False)),
                "entries": select(func.count()).select_from(schema.entries),
                "articles": select(func.count()).select_from(schema.articles),
                "matches": select(func.count()).select_from(pairs),
                "changes": select(func.count()).select_from(schema.changes),
                "oldest_due_at": select(func.min(outbox.c.due_at)).where(schema.UNSETTLED, outbox.c.state == "due"),
            }
            totals = {name: connection.execute(statement).scalar_one() for name, statement in totals.items()}
            by_state = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state)).all()
            return totals | {"deliveries": dict.fromkeys(("due", "leased", "sent", "dead"), 0) | {row[0]: row[1] for row in by_state}}

    def change(self, change_id: ChangeId) -> Change | None:
        """Return one change; None where there is none."""
        table = schema.changes
        with self._unit_of_work.connect(is_readonly=True) as connection:
            row = connection.execute(select(table).where(table.c.change_id == change_id)).one_or_none()
            return None if row is None else to_change(row)


def _changes_about(connection: Connection, article: Article, issue_keys: set[IssueKey]) -> list[Change]:
    # Quotes lie in JSON, which the databases search in ways of their own; an issue has few changes, so they are looked through here.
    table = schema.changes
    near = table.c.issue_key.in_(sorted(issue_keys)) | (table.c.article_id == article.article_id)
    changes = [to_change(row) for row in connection.execute(select(table).where(near).order_by(table.c.at, table.c.change_number))]
    return [
        change
        for change in changes
        if article.article_id in {change.article_id, *(quote.article_id for quote in (*change.evidence, *change.baseline_evidence))}
    ]

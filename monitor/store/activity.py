"""What happened in a span of time, for the digest: a read-only view of one moment."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from monitor.core.types import Activity, FeedKey, IssueActivity, IssueKey, NearMiss
from monitor.core.types.activity import MAX_NEAR_MISSES, NEAR_MARGIN, READ_OUTCOMES
from monitor.store import schema
from monitor.store.issues import to_change
from monitor.store.session import SqlUnitOfWork


class SqlActivity:
    """The ActivityQueries on a database."""

    def __init__(self, unit_of_work: SqlUnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def activity(self, since: datetime, until: datetime) -> Activity:
        """Return what was polled, read, matched and changed from `since` on and before `until`, for every issue."""
        polls, versions, keys = schema.polls, schema.article_versions, schema.issues.c.issue_key
        in_span = and_(polls.c.at >= since, polls.c.at < until)
        with self._unit_of_work.connect(is_readonly=True) as connection:
            n_polls, n_read = connection.execute(
                select(func.count(), func.count().filter(polls.c.outcome.in_(READ_OUTCOMES))).where(in_span)
            ).one()
            first_seen = select(func.count()).where(
                versions.c.version == 1, versions.c.first_seen_at >= since, versions.c.first_seen_at < until
            )
            return Activity(
                since=since,
                until=until,
                n_polls=n_polls,
                n_failed_polls=n_polls - n_read,
                n_articles=connection.execute(first_seen).scalar_one(),
                polls=_polls(connection, since, until),
                issues={
                    IssueKey(key): _issue(connection, IssueKey(key), since, until)
                    for key in connection.execute(select(keys).order_by(keys)).scalars()
                },
            )


def _polls(connection: Connection, since: datetime, until: datetime) -> dict[FeedKey, tuple[tuple[datetime, bool], ...]]:
    polls, feeds = schema.polls, schema.feeds
    listed = feeds.c.is_retired.is_(False)
    before = (
        select(polls.c.feed_key, func.max(polls.c.at).label("at"))
        .join(feeds, feeds.c.feed_key == polls.c.feed_key)
        .where(polls.c.at < since, listed)
        .group_by(polls.c.feed_key)
        .subquery()
    )
    last = select(polls.c.feed_key, polls.c.at, polls.c.outcome, polls.c.poll_number).join(
        before, and_(before.c.feed_key == polls.c.feed_key, before.c.at == polls.c.at)
    )
    within = (
        select(polls.c.feed_key, polls.c.at, polls.c.outcome, polls.c.poll_number)
        .join(feeds, feeds.c.feed_key == polls.c.feed_key)
        .where(polls.c.at >= since, polls.c.at < until, listed)
    )
    found: dict[FeedKey, list[tuple[datetime, bool]]] = defaultdict(list)
    for statement in (last, within.order_by(polls.c.at, polls.c.poll_number)):
        for row in connection.execute(statement):
            found[FeedKey(row.feed_key)].append((row.at, row.outcome in READ_OUTCOMES))
    return {key: tuple(rows) for key, rows in sorted(found.items())}


def _issue(connection: Connection, issue_key: IssueKey, since: datetime, until: datetime) -> IssueActivity:
    changes, matches, versions, baselines = schema.changes, schema.matches, schema.article_versions, schema.baselines
    recorded = (
        select(changes)
        .where(
            changes.c.issue_key == issue_key,
            changes.c.is_history.is_(False),
            changes.c.recorded_at >= since,
            changes.c.recorded_at < until,
        )
        .order_by(changes.c.change_number)
    )
    judged = (
        select(matches, versions.c.title, versions.c.source, versions.c.url, versions.c.published_at)
        .join(versions, and_(versions.c.article_id == matches.c.article_id, versions.c.version == matches.c.version))
        .join(baselines, and_(baselines.c.issue_key == matches.c.issue_key, baselines.c.baseline_id == matches.c.baseline_id))
        .where(matches.c.issue_key == issue_key, versions.c.first_seen_at >= since, versions.c.first_seen_at < until)
    )
    nearest = judged.where(matches.c.is_match.is_(False), matches.c.score >= matches.c.threshold - NEAR_MARGIN).order_by(
        (matches.c.threshold - matches.c.score), matches.c.article_id
    )
    matched = judged.where(schema.IS_MATCH).with_only_columns(func.count(matches.c.article_id.distinct()))
    return IssueActivity(
        changes=tuple(to_change(row) for row in connection.execute(recorded)),
        n_matched=connection.execute(matched).scalar_one(),
        near_misses=tuple(
            NearMiss(row.title, row.source, row.url, row.published_at, row.score, row.threshold)
            for row in connection.execute(nearest.limit(MAX_NEAR_MISSES))
        ),
    )

"""What happened in a span of time, by the rows in memory."""

from __future__ import annotations

from datetime import datetime

from monitor.core.types import Activity, FeedKey, IssueActivity, IssueKey, NearMiss
from monitor.core.types.activity import MAX_NEAR_MISSES, NEAR_MARGIN, READ_OUTCOMES
from monitor.testing.memory_store import MemoryUnitOfWork
from monitor.testing.memory_tables import Tables


class MemoryActivity:
    """The ActivityQueries on the store in memory."""

    def __init__(self, unit_of_work: MemoryUnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def activity(self, since: datetime, until: datetime) -> Activity:
        """Return what was polled, read, matched and changed from `since` on and before `until`, for every issue."""
        tables = self._unit_of_work.committed()
        within = [poll for poll in tables.polls.values() if since <= poll.at < until]
        listed = [key for key, row in tables.feeds.items() if not row.is_retired]
        polls = {key: _polls(tables, key, since, until) for key in sorted(listed)}
        return Activity(
            since=since,
            until=until,
            n_polls=len(within),
            n_failed_polls=sum(poll.outcome not in READ_OUTCOMES for poll in within),
            n_articles=sum(article.version == 1 and since <= article.first_seen_at < until for article in tables.versions.values()),
            polls={key: rows for key, rows in polls.items() if rows},
            issues={key: _issue(tables, key, since, until) for key in sorted(tables.issues)},
        )


def _polls(tables: Tables, feed_key: FeedKey, since: datetime, until: datetime) -> tuple[tuple[datetime, bool], ...]:
    mine = sorted((poll for poll in tables.polls.values() if poll.feed_key == feed_key and poll.at < until), key=lambda poll: poll.at)
    first = max((poll.at for poll in mine if poll.at < since), default=since)
    return tuple((poll.at, poll.outcome in READ_OUTCOMES) for poll in mine if poll.at >= first)


def _issue(tables: Tables, issue_key: IssueKey, since: datetime, until: datetime) -> IssueActivity:
    baseline = tables.baselines.get(issue_key)
    judged = [
        (match, tables.versions[match.article_id, match.version])
        for match in tables.matches.values()
        if match.issue_key == issue_key
        and baseline is not None
        and match.baseline_id == baseline.baseline_id
        and since <= tables.versions[match.article_id, match.version].first_seen_at < until
    ]
    near = [(match, article) for match, article in judged if not match.is_match and match.margin >= -NEAR_MARGIN]
    near.sort(key=lambda pair: (-pair[0].margin, pair[0].article_id))
    return IssueActivity(
        changes=tuple(
            change
            for change in tables.changes.values()
            if change.issue_key == issue_key and not change.is_history and since <= tables.recorded[change.change_id] < until
        ),
        n_matched=len({match.article_id for match, _ in judged if match.is_match}),
        near_misses=tuple(
            NearMiss(article.title, article.source, article.url, article.published_at, match.score, match.threshold)
            for match, article in near[:MAX_NEAR_MISSES]
        ),
    )

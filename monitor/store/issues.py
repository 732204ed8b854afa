"""Issues with their baseline, status, evidence and change log, in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from monitor.core.types import ArticleId, Baseline, Change, ChangeId, Evidence, IssueKey, IssueState
from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.codec import from_bytes, from_columns, to_bytes, to_columns
from monitor.store.statements import insert_once, insert_or_replace


class SqlIssueStore:
    """The IssueStore of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ensure(self, issue_key: IssueKey, *, title: str, ladder_key: str) -> None:
        """Create the issue's row, or update its title and ladder."""
        described = {"issue_key": issue_key, "title": title, "ladder_key": ladder_key}
        if not insert_once(self._connection, schema.issues, to_columns(IssueState(issue_key)) | described):
            self._connection.execute(update(schema.issues).where(schema.issues.c.issue_key == issue_key).values(described))

    def state(self, issue_key: IssueKey) -> IssueState | None:
        """Return where the issue stands; None where it is unknown."""
        row = self._connection.execute(select(schema.issues).where(schema.issues.c.issue_key == issue_key)).one_or_none()
        return None if row is None else from_columns(IssueState, row._mapping)

    def advance(self, state: IssueState, *, expected_revision: int) -> bool:
        """Write the state, under the revision after the expected one, if that is still stored. Return whether it was written."""
        table = schema.issues
        unchanged = update(table).where(table.c.issue_key == state.issue_key, table.c.revision == expected_revision)
        written = self._connection.execute(unchanged.values(to_columns(state) | {"revision": expected_revision + 1}))
        return written.rowcount == 1

    def save_baseline(self, baseline: Baseline) -> None:
        """Store the issue's baseline, replacing the one before."""
        vectors = {
            "head_vectors": to_bytes(baseline.head_vectors),
            "passage_vectors": to_bytes(baseline.passage_vectors),
            "question_vector": to_bytes(baseline.question_vector),
            "dim": len(baseline.question_vector),
        }
        insert_or_replace(self._connection, schema.baselines, to_columns(baseline) | vectors)

    def baseline(self, issue_key: IssueKey) -> Baseline | None:
        """Return the stored baseline; None where there is none."""
        row = self._connection.execute(select(schema.baselines).where(schema.baselines.c.issue_key == issue_key)).one_or_none()
        if row is None:
            return None
        vectors = {
            "head_vectors": from_bytes(row.head_vectors, dim=row.dim),
            "passage_vectors": from_bytes(row.passage_vectors, dim=row.dim),
            "question_vector": from_bytes(row.question_vector, dim=row.dim)[0],
        }
        return from_columns(Baseline, {**row._mapping, **vectors})

    def add_evidence(self, evidence: Evidence) -> None:
        """Store one article's evidence, unseen; the same issue, article and version again changes nothing."""
        insert_once(self._connection, schema.evidence, to_columns(evidence))

    def unseen_evidence(self, issue_key: IssueKey, *, limit: int) -> list[Evidence]:
        """Return evidence not yet assessed, in order of publication, then article id."""
        table = schema.evidence
        in_order = table.c.published_at, table.c.article_id, table.c.version
        rows = self._connection.execute(select(table).where(table.c.issue_key == issue_key, schema.UNSEEN).order_by(*in_order).limit(limit))
        return [from_columns(Evidence, row._mapping) for row in rows]

    def evidence_between(self, issue_key: IssueKey, *, since: datetime, until: datetime, limit: int) -> list[Evidence]:
        """Return evidence of articles published within a span, ends included: the latest `limit` of them, oldest first."""
        table = schema.evidence
        statement = select(table).where(table.c.issue_key == issue_key, table.c.published_at >= since, table.c.published_at <= until)
        latest = table.c.published_at.desc(), table.c.article_id.desc(), table.c.version.desc()
        rows = self._connection.execute(statement.order_by(*latest).limit(limit)).all()
        return [from_columns(Evidence, row._mapping) for row in reversed(rows)]

    def evidence_of(self, issue_key: IssueKey, article_id: ArticleId) -> list[Evidence]:
        """Return the evidence of an article's versions, oldest version first."""
        table = schema.evidence
        statement = select(table).where(table.c.issue_key == issue_key, table.c.article_id == article_id).order_by(table.c.version)
        return [from_columns(Evidence, row._mapping) for row in self._connection.execute(statement)]

    def mark_seen(self, evidence: Evidence, *, verdict: str, now: datetime) -> None:
        """Record that evidence was assessed, and what came of it, in words. Raises: StoreError where it is not stored."""
        table = schema.evidence
        this = update(table).where(
            table.c.issue_key == evidence.issue_key, table.c.article_id == evidence.article_id, table.c.version == evidence.version
        )
        if self._connection.execute(this.values(seen_at=now, verdict=verdict)).rowcount == 0:
            raise StoreError(
                f"the issue {evidence.issue_key!r} has no evidence of article {evidence.article_id!r}, version {evidence.version}; add it first"
            )

    def add_change(self, change: Change, *, now: datetime) -> bool:
        """Append to the change log; return False, writing nothing, where the change id is there already."""
        return insert_once(self._connection, schema.changes, to_columns(change) | {"recorded_at": now}, unique=["change_id"])

    def changes(self, issue_key: IssueKey | None = None) -> list[Change]:
        """Return changes, oldest first, by what they are about; those of one instant in order of recording."""
        table = schema.changes
        statement = select(table).order_by(table.c.at, table.c.change_number)
        if issue_key is not None:
            statement = statement.where(table.c.issue_key == issue_key)
        return [to_change(row) for row in self._connection.execute(statement)]

    def change(self, change_id: ChangeId) -> Change | None:
        """Return one change; None where there is none."""
        row = self._connection.execute(select(schema.changes).where(schema.changes.c.change_id == change_id)).one_or_none()
        return None if row is None else to_change(row)


def to_change(row: Row[Any]) -> Change:
    """Return a row of the change log as a change."""
    return from_columns(Change, row._mapping)

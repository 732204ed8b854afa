"""Reviews: what people say of changes and do to issues; a change may be set by hand."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ACTIONS = "accept, not_a_change, wrong_status, merge, same_as_before, note, set_status, mute, promote, or undo of another"


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("review_number", NUMBER, autoincrement=True, nullable=False, comment="counts the reviews in order of recording"),
        sa.Column("review_id", KEY, nullable=False, comment="name of the review; the same click always gets the same"),
        sa.Column("issue_key", KEY, nullable=False, comment="the issue, also where a change of it is meant"),
        sa.Column("action", sa.Text(), nullable=False, comment=ACTIONS),
        sa.Column("at", INSTANT, nullable=False, comment="instant of the act"),
        sa.Column("by", sa.Text(), nullable=False, comment="who, as the page or the channel knows the person"),
        sa.Column("via", sa.Text(), nullable=False, comment="page, api, slack or command"),
        sa.Column("change_id", KEY, nullable=True, comment="the change meant; null where the issue itself is"),
        sa.Column("article_id", KEY, nullable=True, comment="the article that becomes a seed"),
        sa.Column("status_key", sa.Text(), nullable=True, comment="the status that is right (wrong_status) or set (set_status)"),
        sa.Column("other_change_id", KEY, nullable=True, comment="the change that told the same"),
        sa.Column("until", INSTANT, nullable=True, comment="end of a mute; null: it holds until it is undone"),
        sa.Column("undoes", KEY, nullable=True, comment="the review that is taken back"),
        sa.Column("note", sa.Text(), nullable=False, comment="words given with it; may be empty"),
        _reference("issue_key", "issues.issue_key"),
        _reference("change_id", "changes.change_id"),
        _reference("article_id", "articles.article_id"),
        _reference("other_change_id", "changes.change_id"),
        _reference("undoes", "reviews.review_id"),
        sa.PrimaryKeyConstraint("review_number", name="pk_reviews"),
        sa.UniqueConstraint("review_id", name="uq_reviews_review_id"),
        comment="what people said of changes and did to issues; rows are only ever added",
    )
    op.create_index("ix_reviews_change_id", "reviews", ["change_id"])
    op.create_index("ix_reviews_issue_key_at", "reviews", ["issue_key", "at"])
    _explain_kind("status, confirmation, denial, detail or manual")


def downgrade() -> None:
    op.drop_table("reviews")
    _explain_kind("status, confirmation, denial or detail")


def _reference(column: str, target: str) -> sa.ForeignKeyConstraint:
    name = f"fk_reviews_{column}_{target.split('.')[0]}"
    return sa.ForeignKeyConstraint([column], [target], name=name, initially="DEFERRED", deferrable=True)


def _explain_kind(words: str) -> None:
    # SQLite keeps no comments, and would copy the whole log to change one.
    if op.get_context().dialect.name == "postgresql":
        op.alter_column("changes", "kind", existing_type=sa.Text(), existing_nullable=False, comment=words)

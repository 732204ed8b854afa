"""What feeds' ids are worth, what polls were served, what versions changed, and what dates rest on."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "servings",
        sa.Column("serving_number", NUMBER, autoincrement=True, nullable=False, comment="counts the servings in order of recording"),
        sa.Column("feed_key", KEY, nullable=False, comment="the feed polled"),
        sa.Column("at", INSTANT, nullable=False, comment="instant of the poll"),
        sa.Column("n_items", sa.Integer(), nullable=False, comment="number of items in the body"),
        sa.Column("n_fresh", sa.Integer(), nullable=False, comment="number of items among them of which nothing was known before"),
        sa.Column(
            "marks",
            sa.JSON(),
            nullable=False,
            comment="list of the marks of wordings that were not known before: each must lead to an article",
        ),
        sa.ForeignKeyConstraint(["feed_key"], ["feeds.feed_key"], name="fk_servings_feed_key_feeds", initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("serving_number", name="pk_servings"),
        comment="what polls were served that was not known, written down before anything was made of it: what an audit compares with",
    )
    op.create_index("ix_servings_at", "servings", ["at"])
    op.create_index("ix_servings_feed_key_at", "servings", ["feed_key", "at"])

    op.create_table(
        "feed_habits",
        sa.Column("feed_key", KEY, nullable=False, comment="the feed"),
        sa.Column(
            "policy",
            sa.Text(),
            nullable=False,
            comment="by what its items are known beside their words: both (id and address), url, id or words",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="why, in words with numbers"),
        sa.Column(
            "n_items",
            sa.Integer(),
            nullable=False,
            comment="number of items counted; all counts are halved from time to time, so that old habits fade",
        ),
        sa.Column("n_without_id", sa.Integer(), nullable=False, comment="number of items without an id"),
        sa.Column(
            "n_repeated",
            sa.Integer(),
            nullable=False,
            comment="number of items with an id that another item of the same body had as well",
        ),
        sa.Column(
            "n_shared_urls",
            sa.Integer(),
            nullable=False,
            comment="number of items with an address that another item of the same body had as well",
        ),
        sa.Column("n_kept", sa.Integer(), nullable=False, comment="number of items that came again with the id they had"),
        sa.Column("n_changed", sa.Integer(), nullable=False, comment="number of items that came again with another id"),
        sa.Column("n_future", sa.Integer(), nullable=False, comment="number of items dated ahead of the poll"),
        sa.Column("n_undated", sa.Integer(), nullable=False, comment="number of items without a date that can be read"),
        sa.Column("updated_at", INSTANT, nullable=False, comment="instant of the poll that last changed the row"),
        sa.ForeignKeyConstraint(
            ["feed_key"], ["feeds.feed_key"], name="fk_feed_habits_feed_key_feeds", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("feed_key", name="pk_feed_habits"),
        comment="what the ids and dates of each feed were seen to do",
    )

    # Versions written before were dated by their feeds as far as anybody knows, and nobody wrote down what they changed.
    dated_by = "what published_at rests on: feed, address, page or seen (the first sight of it)"
    edits = "list of the sentences that this version changed, each before and after; empty where only more became known"
    canonical = "address that its page calls its own; empty where no page was read or none is named"
    with op.batch_alter_table("article_versions") as table:
        table.add_column(sa.Column("dated_by", sa.Text(), nullable=False, comment=dated_by, server_default="feed"))
        table.add_column(sa.Column("edits", sa.JSON(), nullable=False, comment=edits, server_default="[]"))
        table.add_column(sa.Column("canonical_url", sa.Text(), nullable=False, comment=canonical, server_default=""))
    with op.batch_alter_table("article_versions") as table:
        table.alter_column("dated_by", existing_type=sa.Text(), existing_nullable=False, server_default=None)
        table.alter_column("edits", existing_type=sa.JSON(), existing_nullable=False, server_default=None)
        table.alter_column("canonical_url", existing_type=sa.Text(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("article_versions") as table:
        table.drop_column("canonical_url")
        table.drop_column("edits")
        table.drop_column("dated_by")
    op.drop_table("feed_habits")
    op.drop_table("servings")

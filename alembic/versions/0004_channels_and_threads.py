"""Channels with their turn and their stop, threads, and what is unknown of a delivery's posts."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Keys sort by code point, whatever the locale of the server.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(
            sa.Column(
                "unknown_since",
                INSTANT,
                nullable=True,
                comment="earliest post of which nobody knows whether it arrived; null where there is none",
            )
        )
        outbox.add_column(
            sa.Column(
                "n_blind",
                sa.Integer(),
                nullable=False,
                server_default="0",
                comment="number of posts made although an earlier one may have arrived",
            )
        )
    op.create_table(
        "channels",
        sa.Column("channel", KEY, nullable=False, comment="name of the channel"),
        sa.Column("free_at", INSTANT, nullable=True, comment="instant from which the next post may go; null: at once"),
        sa.Column("n_failures", sa.Integer(), nullable=False, comment="failures in a row"),
        sa.Column("stopped_at", INSTANT, nullable=True, comment="instant at which it refused for good; null while it works"),
        sa.Column("last_error", sa.Text(), nullable=True, comment="why it was stopped, or failed last, in words"),
        sa.PrimaryKeyConstraint("channel", name="pk_channels"),
        comment="how the channels fare",
    )
    op.create_table(
        "threads",
        sa.Column("channel", KEY, nullable=False, comment="name of the channel"),
        sa.Column("issue_key", KEY, nullable=False, comment="the issue; one thread an issue and channel"),
        sa.Column("receipt", sa.Text(), nullable=False, comment="what the channel returned for the first message, the root"),
        sa.Column("alert", sa.JSON(), nullable=False, comment="the alert that the root shows, or is to show"),
        sa.Column("edit_at", INSTANT, nullable=True, comment="instant from which the root is to be edited; null where it shows the alert"),
        sa.PrimaryKeyConstraint("channel", "issue_key", name="pk_threads"),
        comment="the messages about one issue on one channel",
    )
    op.create_index("ix_threads_edit_at", "threads", ["edit_at"])


def downgrade() -> None:
    op.drop_table("threads")
    op.drop_table("channels")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("n_blind")
        outbox.drop_column("unknown_since")

"""Alerts that wait for their time, how far digests have come, and spells of low coverage."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.column("told_in").is_(None)


def upgrade() -> None:
    op.create_table(
        "held_alerts",
        sa.Column("held_number", NUMBER, autoincrement=True, nullable=False, comment="counts the held alerts in order of holding"),
        sa.Column("alert_id", KEY, nullable=False, comment="dedupe key of the alert; it waits for a channel once"),
        sa.Column("channel", KEY, nullable=False, comment="name of the channel"),
        sa.Column("issue_key", KEY, nullable=False, comment="the issue, or what a notice is about"),
        sa.Column("change_id", KEY, nullable=True, comment="the change that is told; null for notices"),
        sa.Column("alert", sa.JSON(), nullable=False, comment="the alert, ready to be rendered"),
        sa.Column("held_at", INSTANT, nullable=False, comment="instant from which it waits"),
        sa.Column("release_at", INSTANT, nullable=False, comment="instant at which it is looked at again"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it waits, in words"),
        sa.Column("is_urgent", sa.Boolean(), nullable=False, comment="whether it is one of those chosen to be told at any hour"),
        sa.Column("told_in", KEY, nullable=True, comment="the alert in which it was told at last; null while it waits"),
        sa.PrimaryKeyConstraint("held_number", name="pk_held_alerts"),
        sa.UniqueConstraint("alert_id", "channel", name="uq_held_alerts_alert_id_channel"),
        comment="alerts that wait for quiet hours, cooldowns, bursts or mutes to end",
    )
    op.create_index("ix_held_alerts_change_id", "held_alerts", ["change_id"])
    op.create_index("ix_held_alerts_waiting", "held_alerts", ["channel", "held_number"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_table(
        "digests",
        sa.Column("channel", KEY, nullable=False, comment="name of the channel"),
        sa.Column("slot_at", INSTANT, nullable=False, comment="the time of the schedule that the last digest was for"),
        sa.Column("made_at", INSTANT, nullable=False, comment="instant at which it was made: the next one begins there"),
        sa.PrimaryKeyConstraint("channel", name="pk_digests"),
        comment="how far the digests of each channel have come",
    )
    op.create_table(
        "coverage_spells",
        sa.Column("issue_key", KEY, nullable=False, comment="the issue"),
        sa.Column("noticed_at", INSTANT, nullable=False, comment="instant at which the coverage was found below the issue's policy"),
        sa.Column("began_at", INSTANT, nullable=False, comment="first failure of the feeds that made it so"),
        sa.Column(
            "n_failing", sa.Integer(), nullable=False, comment="number of the issue's feeds that could not be read when it was noticed"
        ),
        sa.Column("n_feeds", sa.Integer(), nullable=False, comment="number of the issue's feeds"),
        sa.Column("ended_at", INSTANT, nullable=True, comment="instant at which the coverage was found to suffice again; null: not yet"),
        sa.PrimaryKeyConstraint("issue_key", "noticed_at", name="pk_coverage_spells"),
        sa.ForeignKeyConstraint(
            ["issue_key"], ["issues.issue_key"], name="fk_coverage_spells_issue_key_issues", deferrable=True, initially="DEFERRED"
        ),
        comment="times in which an issue's coverage was below its policy",
    )


def downgrade() -> None:
    op.drop_table("coverage_spells")
    op.drop_table("digests")
    op.drop_table("held_alerts")

"""Edits of messages are deliveries: what a delivery is to do, and no separate queue of roots."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
AIM = "post: the alert is posted; root, note: the thread's root, or the change's message, is edited"
EDIT_AT = "instant from which the root is to be edited; null where it shows the alert"
OPEN_EDIT = sa.text("state IN ('due', 'leased') AND aim != 'post'")
#: Roots that were still to be edited become deliveries.
QUEUED = """
INSERT INTO outbox (delivery_id, alert_id, channel, issue_key, alert, state, due_at, created_at, n_attempts, n_blind, aim)
SELECT 'root_' || issue_key || '@' || channel, 'root_' || issue_key, channel, issue_key, alert, 'due', edit_at, edit_at, 0, 0, 'root'
FROM threads WHERE edit_at IS NOT NULL
"""


def upgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("aim", sa.Text(), nullable=False, server_default="post", comment=AIM))
    op.create_index("ix_outbox_edits", "outbox", ["created_at", "delivery_number"], sqlite_where=OPEN_EDIT, postgresql_where=OPEN_EDIT)
    op.execute(QUEUED)
    op.drop_index("ix_threads_edit_at", table_name="threads")
    with op.batch_alter_table("threads") as threads:
        threads.drop_column("edit_at")


def downgrade() -> None:
    with op.batch_alter_table("threads") as threads:
        threads.add_column(sa.Column("edit_at", INSTANT, nullable=True, comment=EDIT_AT))
    op.create_index("ix_threads_edit_at", "threads", ["edit_at"])
    op.execute("DELETE FROM outbox WHERE aim != 'post'")
    op.drop_index("ix_outbox_edits", table_name="outbox")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("aim")

"""Evidence keeps what its article, read as a whole, tells of the matter."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COMMENT = "list of probabilities of what the article, read as a whole, tells of the matter, in the order of core.telling.NAMES"


def upgrade() -> None:
    with op.batch_alter_table("evidence") as table:
        table.add_column(sa.Column("told", sa.JSON(), nullable=False, server_default="[]", comment=COMMENT))
    # Old rows needed it; new ones say for themselves what was told.
    with op.batch_alter_table("evidence") as table:
        table.alter_column("told", existing_type=sa.JSON(), existing_nullable=False, existing_comment=COMMENT, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("evidence") as table:
        table.drop_column("told")

"""Evidence keeps whether its article came as a flash."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COMMENT = "whether it is a bare headline of an outlet that otherwise sends text"


def upgrade() -> None:
    with op.batch_alter_table("evidence") as table:
        table.add_column(sa.Column("is_flash", sa.Boolean(), nullable=False, server_default=sa.false(), comment=COMMENT))
    # Old rows needed it; new ones say for themselves.
    with op.batch_alter_table("evidence") as table:
        table.alter_column("is_flash", existing_type=sa.Boolean(), existing_nullable=False, existing_comment=COMMENT, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("evidence") as table:
        table.drop_column("is_flash")

"""What polls teach: learned interval, hints of the body, gaps, doubted 304s, moved addresses; and the host that feeds share."""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

#: Name, type, meaning, and what rows written before get; None: null.
COLUMNS: tuple[tuple[str, sa.types.TypeEngine[object], str, str | None], ...] = (
    ("last_new_at", INSTANT, "instant at which a poll last brought a new article", None),
    ("body_digest", sa.Text(), "digest of the last body that was read; an equal one is not parsed again", None),
    ("hints", sa.JSON(), "what that body says of polling: period_s, skip_hours (UTC), skip_days (0 is Monday)", None),
    ("learned_interval_s", sa.Double(), "seconds between polls as learned from what was known; null: the usual ones", None),
    ("last_gap_at", INSTANT, "instant of the last poll that knew none of its entries: items may have been missed", None),
    ("is_304_doubted", sa.Boolean(), "whether the server answered 304 although the feed had changed", "false"),
    ("redirect_url", sa.Text(), "address that permanent redirects lead to, not yet confirmed often enough", None),
    ("n_redirects", sa.Integer(), "polls in a row that confirmed it", "0"),
    ("adopted_url", sa.Text(), "address that is asked in place of url, after a confirmed permanent redirect", None),
    ("host", sa.Text(), "host and port of the address that is asked: its feeds are asked in turn", "''"),
)


def upgrade() -> None:
    with op.batch_alter_table("feeds") as table:
        for name, kind, comment, before in COLUMNS:
            default = sa.text(before) if before is not None else None
            table.add_column(sa.Column(name, kind, nullable=before is None, comment=comment, server_default=default))
    connection = op.get_bind()
    feeds = sa.table("feeds", sa.column("feed_key"), sa.column("url"), sa.column("host"))
    for key, url in connection.execute(sa.select(feeds.c.feed_key, feeds.c.url)).all():
        host = urlsplit(url).netloc.rpartition("@")[2].lower()
        connection.execute(feeds.update().where(feeds.c.feed_key == key).values(host=host))
    with op.batch_alter_table("feeds") as table:
        for name, kind, _, before in COLUMNS:
            if before is not None:
                # The defaults were for rows written before; new ones always say what they mean.
                table.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
        table.alter_column(
            "last_success_at",
            existing_type=INSTANT,
            existing_nullable=True,
            comment="instant at which a body was last read; a 304 leaves it",
            existing_comment="instant of the last poll that was read",
        )
    op.create_index("ix_feeds_host", "feeds", ["host"])
    with op.batch_alter_table("polls") as table:
        table.alter_column(
            "outcome",
            existing_type=sa.Text(),
            existing_nullable=False,
            comment="ok, not_modified, same_body (not parsed again), or the class name of the error",
            existing_comment="ok, not_modified, or the class name of the error",
        )


def downgrade() -> None:
    op.drop_index("ix_feeds_host", table_name="feeds")
    with op.batch_alter_table("feeds") as table:
        for name, *_ in reversed(COLUMNS):
            table.drop_column(name)

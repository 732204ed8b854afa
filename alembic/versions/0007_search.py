"""Search: a full-text index over the words of articles, the hash by which an article's vector is found, and indexes for the review page.

The index is filled by triggers, so that no writer can forget it. It is made of what each database has: on SQLite an FTS5 table that
keeps no words of its own (they are in article_versions), on PostgreSQL a `tsvector` column. Their tables start with `article_search`.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FAILED = sa.text("outcome NOT IN ('ok', 'not_modified', 'same_body')")
DEAD = sa.text("state = 'dead'")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

SQLITE_UP = (
    """CREATE TABLE article_search_rows (
        search_number INTEGER PRIMARY KEY, article_id TEXT NOT NULL, version INTEGER NOT NULL, UNIQUE (article_id, version))""",
    "CREATE VIRTUAL TABLE article_search USING fts5(title, text, content='', tokenize = \"unicode61 remove_diacritics 2\")",
    """CREATE TRIGGER article_search_added AFTER INSERT ON article_versions BEGIN
        INSERT INTO article_search_rows (article_id, version) VALUES (new.article_id, new.version);
        INSERT INTO article_search (rowid, title, text) VALUES (last_insert_rowid(), new.title, new.text);
    END""",
    # An index without words of its own must be told what to forget.
    """CREATE TRIGGER article_search_removed AFTER DELETE ON article_versions BEGIN
        INSERT INTO article_search (article_search, rowid, title, text)
            SELECT 'delete', search_number, old.title, old.text FROM article_search_rows
            WHERE article_id = old.article_id AND version = old.version;
        DELETE FROM article_search_rows WHERE article_id = old.article_id AND version = old.version;
    END""",
    "INSERT INTO article_search_rows (article_id, version) SELECT article_id, version FROM article_versions ORDER BY published_at",
    """INSERT INTO article_search (rowid, title, text)
        SELECT search_number, title, text FROM article_search_rows JOIN article_versions USING (article_id, version)""",
)
SQLITE_DOWN = (
    "DROP TRIGGER article_search_removed",
    "DROP TRIGGER article_search_added",
    "DROP TABLE article_search",
    "DROP TABLE article_search_rows",
)
# A tsvector holds at most 1 MB; the first 200,000 characters of a story are more than anybody searches.
POSTGRESQL_WORDS = "to_tsvector('simple', left({0}.title || ' ' || {0}.text, 200000))"
POSTGRESQL_UP = (
    """CREATE TABLE article_search (
        search_number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, article_id text COLLATE "C" NOT NULL, version integer NOT NULL,
        words tsvector NOT NULL, UNIQUE (article_id, version),
        FOREIGN KEY (article_id, version) REFERENCES article_versions ON DELETE CASCADE)""",
    f"""CREATE FUNCTION article_search_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO article_search (article_id, version, words) VALUES (new.article_id, new.version, {POSTGRESQL_WORDS.format("new")});
        RETURN NULL;
    END $$""",  # noqa: S608 - made of constants
    "CREATE TRIGGER article_search_added AFTER INSERT ON article_versions FOR EACH ROW EXECUTE FUNCTION article_search_add()",
    "INSERT INTO article_search (article_id, version, words) SELECT article_id, version, "  # noqa: S608 - made of constants
    + POSTGRESQL_WORDS.format("v")
    + " FROM article_versions v ORDER BY published_at",
    "CREATE INDEX article_search_words ON article_search USING gin (words)",
)
POSTGRESQL_DOWN = (
    "DROP TRIGGER article_search_added ON article_versions",
    "DROP FUNCTION article_search_add",
    "DROP TABLE article_search",
)
# Names by the convention of the code: ix_TABLE_COLUMNS.
INDEXES = {
    "article_versions": (["source", "published_at"],),
    "matches": (["issue_key", "baseline_id", "is_match", "score", "article_id"],),
    "changes": (["kind", "at"],),
    "reviews": (["at"],),
}


def upgrade() -> None:
    op.add_column(
        "article_versions",
        sa.Column("head_hash", KEY, nullable=True, comment="digest of headline and lead, under which its vector is kept; null in old rows"),
    )
    for table, indexes in INDEXES.items():
        for columns in indexes:
            op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    op.create_index("ix_polls_failed", "polls", ["at", "feed_key"], sqlite_where=FAILED, postgresql_where=FAILED)
    op.create_index("ix_outbox_dead", "outbox", ["created_at"], sqlite_where=DEAD, postgresql_where=DEAD)
    for statement in POSTGRESQL_UP if op.get_context().dialect.name == "postgresql" else SQLITE_UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in POSTGRESQL_DOWN if op.get_context().dialect.name == "postgresql" else SQLITE_DOWN:
        op.execute(statement)
    op.drop_index("ix_polls_failed", "polls")
    op.drop_index("ix_outbox_dead", "outbox")
    for table, indexes in INDEXES.items():
        for columns in indexes:
            op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    with op.batch_alter_table("article_versions") as batch:
        batch.drop_column("head_hash")

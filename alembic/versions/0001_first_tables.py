"""The first tables: feeds, articles, issues with their change log, and the outbox."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Keys sort by code point, whatever the locale of the server.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
# SQLite numbers rows by itself only where the type is exactly INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

IS_MATCH = sa.column("is_match").is_(True)
UNSEEN = sa.column("seen_at").is_(None)
UNSETTLED = sa.text("state IN ('due', 'leased')")


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("article_id", KEY, nullable=False, comment="name of the article, made from its identity"),
        sa.Column("version", sa.Integer(), nullable=False, comment="latest version; counts from 1"),
        sa.Column("published_at", INSTANT, nullable=False, comment="publication of the latest version"),
        sa.PrimaryKeyConstraint("article_id", name="pk_articles"),
        comment="canonical stories; their words are in article_versions",
    )
    op.create_index("ix_articles_published_at_article_id_version", "articles", ["published_at", "article_id", "version"])

    op.create_table(
        "embeddings",
        sa.Column("text_hash", KEY, nullable=False, comment="digest of the text that was embedded"),
        sa.Column(
            "model_id", KEY, nullable=False, comment="name, precision and digest of the model; vectors of two models are never compared"
        ),
        sa.Column("dim", sa.Integer(), nullable=False, comment="number of dimensions"),
        sa.Column("vector", sa.LargeBinary(), nullable=False, comment="unit vector: dim little-endian float32"),
        sa.PrimaryKeyConstraint("text_hash", "model_id", name="pk_embeddings"),
        comment="vectors by the text and the model that made them",
    )
    op.create_table(
        "feeds",
        sa.Column("feed_key", KEY, nullable=False, comment="name of the feed, from the configuration"),
        sa.Column("url", sa.Text(), nullable=False, comment="address that is polled"),
        sa.Column("source", sa.Text(), nullable=False, comment="the outlet, as shown beside quotes"),
        sa.Column("interval_s", sa.Double(), nullable=True, comment="minimum seconds between two polls; null takes the policy's"),
        sa.Column("language", sa.Text(), nullable=False, comment="language code of the entries"),
        sa.Column("is_retired", sa.Boolean(), nullable=False, comment="whether the configuration no longer lists the feed"),
        sa.Column("next_poll_at", INSTANT, nullable=False, comment="instant from which the next poll is due"),
        sa.Column("etag", sa.Text(), nullable=True, comment="validator of the last body, byte-exact as received"),
        sa.Column("last_modified", sa.Text(), nullable=True, comment="validator of the last body, byte-exact as received"),
        sa.Column("last_poll_at", INSTANT, nullable=True, comment="instant of the last poll"),
        sa.Column("last_success_at", INSTANT, nullable=True, comment="instant of the last poll that was read"),
        sa.Column("last_error", sa.Text(), nullable=True, comment="what went wrong at the last poll, in words"),
        sa.Column("failure_weight", sa.Double(), nullable=False, comment="sum of failure weights since the last success"),
        sa.Column("failing_since", INSTANT, nullable=True, comment="instant of the first failure since the last success"),
        sa.Column("health", sa.Text(), nullable=False, comment="new, healthy, failing, blind or gone; is_retired goes before it"),
        sa.Column("is_blind_noticed", sa.Boolean(), nullable=False, comment="whether a notice of the present blind spell is out"),
        sa.PrimaryKeyConstraint("feed_key", name="pk_feeds"),
        comment="feeds with what their polls have taught",
    )
    op.create_index("ix_feeds_next_poll_at", "feeds", ["next_poll_at"])

    op.create_table(
        "issues",
        sa.Column("issue_key", KEY, nullable=False, comment="name of the issue, from its file"),
        sa.Column("title", sa.Text(), nullable=False, comment="the question followed, in words"),
        sa.Column("ladder_key", sa.Text(), nullable=False, comment="name of the ladder whose statuses apply"),
        sa.Column("status_key", sa.Text(), nullable=True, comment="present status; null before the first sighting"),
        sa.Column("phase", sa.Text(), nullable=True, comment="universal step of the present status"),
        sa.Column("since", INSTANT, nullable=True, comment="publication of the article that brought the present status"),
        sa.Column("confirmation", sa.Text(), nullable=False, comment="reported or confirmed"),
        sa.Column("origins", sa.JSON(), nullable=False, comment="list of the independent origins that vouch for the present status"),
        sa.Column("origin_keys", sa.JSON(), nullable=False, comment="list of the lineage keys of those origins together"),
        sa.Column("quotes", sa.JSON(), nullable=False, comment="list of the quotes that prove the present status"),
        sa.Column("votes", sa.JSON(), nullable=False, comment="list of the votes for statuses that are not yet believed"),
        sa.Column("history", sa.JSON(), nullable=False, comment="list of the statuses held before, oldest first"),
        sa.Column("last_change_id", KEY, nullable=True, comment="the change that brought the present status"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="rises by one with every write of the status: its compare-and-set"),
        sa.PrimaryKeyConstraint("issue_key", name="pk_issues"),
        comment="tracked matters and where they stand",
    )
    op.create_table(
        "outbox",
        sa.Column("delivery_number", NUMBER, autoincrement=True, nullable=False, comment="counts the deliveries in order of recording"),
        sa.Column("delivery_id", KEY, nullable=False, comment="name of the delivery"),
        sa.Column("alert_id", KEY, nullable=False, comment="dedupe key of the alert; an alert goes to a channel once"),
        sa.Column("channel", KEY, nullable=False, comment="name of the channel"),
        sa.Column("issue_key", KEY, nullable=False, comment="the issue, or what a notice is about; order is kept within it"),
        sa.Column("change_id", KEY, nullable=True, comment="the change that is told; null for notices"),
        sa.Column("alert", sa.JSON(), nullable=False, comment="the alert, ready to be rendered"),
        sa.Column("state", sa.Text(), nullable=False, comment="due, leased, sent or dead"),
        sa.Column("due_at", INSTANT, nullable=False, comment="instant from which it may be posted"),
        sa.Column("created_at", INSTANT, nullable=False, comment="instant at which it was put into the outbox"),
        sa.Column("n_attempts", sa.Integer(), nullable=False, comment="number of times it was leased"),
        sa.Column("leased_until", INSTANT, nullable=True, comment="instant at which its lease runs out; null where there is none"),
        sa.Column("last_error", sa.Text(), nullable=True, comment="what went wrong at the last try, in words"),
        sa.Column("receipt", sa.Text(), nullable=True, comment="what the channel returned"),
        sa.Column("sent_at", INSTANT, nullable=True, comment="instant at which the channel took it"),
        sa.PrimaryKeyConstraint("delivery_number", name="pk_outbox"),
        sa.UniqueConstraint("alert_id", "channel", name="uq_outbox_alert_id_channel"),
        sa.UniqueConstraint("delivery_id", name="uq_outbox_delivery_id"),
        comment="alerts on their way to their channels",
    )
    op.create_index("ix_outbox_change_id", "outbox", ["change_id"])
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])
    op.create_index(
        "ix_outbox_unsettled", "outbox", ["issue_key", "channel", "created_at"], sqlite_where=UNSETTLED, postgresql_where=UNSETTLED
    )
    op.create_index("ix_outbox_waiting", "outbox", ["created_at", "delivery_number"], sqlite_where=UNSETTLED, postgresql_where=UNSETTLED)

    op.create_table(
        "article_fingerprints",
        sa.Column("fingerprint", KEY, nullable=False, comment="one identity by which copies of the article are known again"),
        sa.Column("article_id", KEY, nullable=False, comment="the article that had it first"),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["articles.article_id"],
            name="fk_article_fingerprints_article_id_articles",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_article_fingerprints"),
        comment="fingerprints that tell a known article from a new one",
    )
    op.create_index("ix_article_fingerprints_article_id", "article_fingerprints", ["article_id"])

    op.create_table(
        "article_versions",
        sa.Column("article_id", KEY, nullable=False, comment="the article"),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts from 1; an edit raises it"),
        sa.Column("url", sa.Text(), nullable=False, comment="address of the article"),
        sa.Column("source", sa.Text(), nullable=False, comment="the outlet"),
        sa.Column("title", sa.Text(), nullable=False, comment="headline, markup removed; may be empty where there is text"),
        sa.Column("text", sa.Text(), nullable=False, comment="text, markup removed; may be empty"),
        sa.Column("published_at", INSTANT, nullable=False, comment="publication of this version"),
        sa.Column("first_seen_at", INSTANT, nullable=False, comment="instant at which this system first stored the article"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name="fk_article_versions_article_id_articles", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("article_id", "version", name="pk_article_versions"),
        comment="what each version of an article says",
    )
    op.create_index("ix_article_versions_url", "article_versions", ["url"])

    op.create_table(
        "baselines",
        sa.Column("issue_key", KEY, nullable=False, comment="the issue"),
        sa.Column("baseline_id", KEY, nullable=False, comment="changes whenever a seed, the question, the model or the policy changes"),
        sa.Column("model_id", sa.Text(), nullable=False, comment="the model that made the vectors"),
        sa.Column("dim", sa.Integer(), nullable=False, comment="number of dimensions of every vector of the row"),
        sa.Column(
            "head_vectors",
            sa.LargeBinary(),
            nullable=False,
            comment="headline and lead of each seed in order of publication: rows of dim little-endian float32",
        ),
        sa.Column("passage_vectors", sa.LargeBinary(), nullable=False, comment="passages of the seeds: rows of dim little-endian float32"),
        sa.Column("question_vector", sa.LargeBinary(), nullable=False, comment="the question: dim little-endian float32"),
        sa.Column("anchors", sa.JSON(), nullable=False, comment="list of anchors, each with name and weight (share of the seeds, 0 to 1)"),
        sa.Column("threshold", sa.Double(), nullable=False, comment="least score of a match, about 0 to 1"),
        sa.Column("threshold_reason", sa.Text(), nullable=False, comment="why the threshold is what it is, in words with numbers"),
        sa.Column("seed_ids", sa.JSON(), nullable=False, comment="list of the article ids of the seeds"),
        sa.ForeignKeyConstraint(
            ["issue_key"], ["issues.issue_key"], name="fk_baselines_issue_key_issues", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("issue_key", name="pk_baselines"),
        comment="what the seeds teach about each issue",
    )
    op.create_table(
        "changes",
        sa.Column("change_number", NUMBER, autoincrement=True, nullable=False, comment="counts the changes in order of recording"),
        sa.Column("change_id", KEY, nullable=False, comment="name of the change; the same movement always gets the same"),
        sa.Column("issue_key", KEY, nullable=False, comment="the issue"),
        sa.Column("at", INSTANT, nullable=False, comment="publication of the article that tipped it"),
        sa.Column("article_id", KEY, nullable=False, comment="that article"),
        sa.Column("kind", sa.Text(), nullable=False, comment="status, confirmation, denial or detail"),
        sa.Column("from_status", sa.Text(), nullable=True, comment="status before; null at the first sighting"),
        sa.Column("to_status", sa.Text(), nullable=False, comment="status after"),
        sa.Column("from_phase", sa.Text(), nullable=True, comment="universal step before; null at the first sighting"),
        sa.Column("to_phase", sa.Text(), nullable=False, comment="universal step after"),
        sa.Column("confirmation", sa.Text(), nullable=False, comment="reported or confirmed"),
        sa.Column("confidence", sa.Double(), nullable=False, comment="probability that the change is right, 0 to 1"),
        sa.Column("origins", sa.JSON(), nullable=False, comment="list of the independent origins behind it"),
        sa.Column("reason", sa.Text(), nullable=False, comment="the rule that fired, in words"),
        sa.Column("evidence", sa.JSON(), nullable=False, comment="list of the quotes that prove the status after"),
        sa.Column("baseline_evidence", sa.JSON(), nullable=False, comment="list of the quotes that proved the status before"),
        sa.Column("is_history", sa.Boolean(), nullable=False, comment="whether the seeds already told it: recorded, never alerted"),
        sa.Column("recorded_at", INSTANT, nullable=False, comment="instant at which the row was written"),
        sa.ForeignKeyConstraint(
            ["issue_key"], ["issues.issue_key"], name="fk_changes_issue_key_issues", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("change_number", name="pk_changes"),
        sa.UniqueConstraint("change_id", name="uq_changes_change_id"),
        comment="the change log; rows are only ever added",
    )
    op.create_index("ix_changes_article_id", "changes", ["article_id"])
    op.create_index("ix_changes_at", "changes", ["at"])
    op.create_index("ix_changes_issue_key_at", "changes", ["issue_key", "at"])

    op.create_table(
        "entries",
        sa.Column("feed_key", KEY, nullable=False, comment="the feed that delivered it"),
        sa.Column("identity", KEY, nullable=False, comment="identity of the entry within its feed"),
        sa.Column("article_id", KEY, nullable=False, comment="the article that the entry became"),
        sa.Column("guid", sa.Text(), nullable=True, comment="the item's own id where the feed gives one"),
        sa.Column("url", sa.Text(), nullable=False, comment="address as delivered"),
        sa.Column("title", sa.Text(), nullable=False, comment="headline as delivered, markup removed"),
        sa.Column("text", sa.Text(), nullable=False, comment="text as delivered, markup removed"),
        sa.Column("published_at", INSTANT, nullable=True, comment="publication; null where the feed gives none that can be read"),
        sa.Column("published_raw", sa.Text(), nullable=True, comment="the date exactly as the feed wrote it"),
        sa.Column("fetched_at", INSTANT, nullable=True, comment="instant of the poll that brought it"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name="fk_entries_article_id_articles", initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(["feed_key"], ["feeds.feed_key"], name="fk_entries_feed_key_feeds", initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("feed_key", "identity", name="pk_entries"),
        comment="items as their feeds delivered them",
    )
    op.create_index("ix_entries_article_id", "entries", ["article_id"])
    op.create_index("ix_entries_url", "entries", ["url"])

    op.create_table(
        "evidence",
        sa.Column("issue_key", KEY, nullable=False, comment="the issue"),
        sa.Column("article_id", KEY, nullable=False, comment="the article"),
        sa.Column("version", sa.Integer(), nullable=False, comment="version of the article that was read"),
        sa.Column("source", sa.Text(), nullable=False, comment="the outlet"),
        sa.Column("url", sa.Text(), nullable=False, comment="address of the article"),
        sa.Column("published_at", INSTANT, nullable=False, comment="publication of the article"),
        sa.Column("origin", sa.Text(), nullable=False, comment="name of the independent origin behind copies, as shown"),
        sa.Column(
            "signals",
            sa.JSON(),
            nullable=False,
            comment="list of probabilities of headline, lead and first body sentences: place, phases (14), stances (6)",
        ),
        sa.Column(
            "aboutness",
            sa.JSON(),
            nullable=False,
            comment="list of numbers that tell how far the article is about the matter, in the order of core.aboutness.NAMES",
        ),
        sa.Column("origin_keys", sa.JSON(), nullable=False, comment="list of the keys that tie copies together"),
        sa.Column("match_score", sa.Double(), nullable=False, comment="relevance of the article, about 0 to 1"),
        sa.Column("claims", sa.JSON(), nullable=False, comment="list of claims, strongest first"),
        sa.Column("reader_id", sa.Text(), nullable=False, comment="name and version of the status reader"),
        sa.Column("headline", sa.Text(), nullable=False, comment="headline of the article"),
        sa.Column("seen_at", INSTANT, nullable=True, comment="instant at which it was assessed; null: not yet"),
        sa.Column("verdict", sa.Text(), nullable=True, comment="what came of it, in words; null: not yet assessed"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name="fk_evidence_article_id_articles", initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["issue_key"], ["issues.issue_key"], name="fk_evidence_issue_key_issues", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("issue_key", "article_id", "version", name="pk_evidence"),
        comment="what each matched article says on an issue's status",
    )
    op.create_index("ix_evidence_article_id", "evidence", ["article_id"])
    op.create_index("ix_evidence_issue_key_published_at", "evidence", ["issue_key", "published_at"])
    op.create_index(
        "ix_evidence_unseen", "evidence", ["issue_key", "published_at", "article_id"], sqlite_where=UNSEEN, postgresql_where=UNSEEN
    )

    op.create_table(
        "matches",
        sa.Column("issue_key", KEY, nullable=False, comment="the issue"),
        sa.Column("baseline_id", KEY, nullable=False, comment="the baseline that the article was compared with"),
        sa.Column("article_id", KEY, nullable=False, comment="the article"),
        sa.Column("version", sa.Integer(), nullable=False, comment="version of the article that was judged"),
        sa.Column("is_match", sa.Boolean(), nullable=False, comment="whether the article is about the issue"),
        sa.Column("score", sa.Double(), nullable=False, comment="relevance, about 0 to 1"),
        sa.Column("threshold", sa.Double(), nullable=False, comment="least score of a match when it was judged"),
        sa.Column("similarity", sa.Double(), nullable=False, comment="cosine to the nearest seed's headline and lead, -1 to 1"),
        sa.Column("nearest_seed", KEY, nullable=False, comment="article id of that seed"),
        sa.Column("anchor_share", sa.Double(), nullable=False, comment="share of the anchors' weight that the article names, 0 to 1"),
        sa.Column("anchors", sa.JSON(), nullable=False, comment="list of the anchors that the article names"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it is a match or not, in words"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name="fk_matches_article_id_articles", initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["issue_key"], ["issues.issue_key"], name="fk_matches_issue_key_issues", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("issue_key", "baseline_id", "article_id", "version", name="pk_matches"),
        comment="verdicts of matching, one for each issue, baseline, article and version",
    )
    op.create_index("ix_matches_article_id", "matches", ["article_id"])
    op.create_index(
        "ix_matches_matched", "matches", ["issue_key", "baseline_id", "article_id"], sqlite_where=IS_MATCH, postgresql_where=IS_MATCH
    )

    op.create_table(
        "polls",
        sa.Column("poll_number", NUMBER, autoincrement=True, nullable=False, comment="counts the polls in order of recording"),
        sa.Column("feed_key", KEY, nullable=False, comment="the feed polled"),
        sa.Column("at", INSTANT, nullable=False, comment="instant of the poll"),
        sa.Column("outcome", sa.Text(), nullable=False, comment="ok, not_modified, or the class name of the error"),
        sa.Column("n_entries", sa.Integer(), nullable=False, comment="number of entries in the body"),
        sa.Column("n_new", sa.Integer(), nullable=False, comment="number of new articles among them"),
        sa.Column("n_versions", sa.Integer(), nullable=False, comment="number of new versions of known articles among them"),
        sa.Column("detail", sa.Text(), nullable=True, comment="what went wrong, in words"),
        sa.Column("took_s", sa.Double(), nullable=False, comment="seconds that the poll took"),
        sa.ForeignKeyConstraint(["feed_key"], ["feeds.feed_key"], name="fk_polls_feed_key_feeds", initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("poll_number", name="pk_polls"),
        comment="the record of polls",
    )
    op.create_index("ix_polls_at", "polls", ["at"])
    op.create_index("ix_polls_feed_key_at", "polls", ["feed_key", "at"])


def downgrade() -> None:
    op.drop_table("polls")
    op.drop_table("matches")
    op.drop_table("evidence")
    op.drop_table("entries")
    op.drop_table("changes")
    op.drop_table("baselines")
    op.drop_table("article_versions")
    op.drop_table("article_fingerprints")
    op.drop_table("outbox")
    op.drop_table("issues")
    op.drop_table("feeds")
    op.drop_table("embeddings")
    op.drop_table("articles")

"""The tables, with a meaning and a unit for every column (docs/columns.md shows them). Instants are aware UTC, vectors float32 rows.

Keys between tables are checked when a transaction commits, so that a job may write an entry and its article in either order.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Double,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
)

from monitor.store.column_types import ForeignText, Key, UtcDateTime
from monitor.store.columns import column as _column
from monitor.store.columns import key as _key
from monitor.store.columns import metadata as metadata
from monitor.store.columns import number as _number
from monitor.store.columns import reference as _reference
from monitor.store.feed_tables import FAILED as FAILED
from monitor.store.feed_tables import feed_habits as feed_habits
from monitor.store.feed_tables import feeds as feeds
from monitor.store.feed_tables import polls as polls
from monitor.store.feed_tables import servings as servings

articles = Table(
    "articles",
    metadata,
    _key("article_id", Key(), "name of the article, made from its identity"),
    _column("version", Integer(), "latest version; counts from 1"),
    _column("published_at", UtcDateTime(), "publication of the latest version"),
    Index(None, "published_at", "article_id", "version"),
    comment="canonical stories; their words are in article_versions",
)

article_versions = Table(
    "article_versions",
    metadata,
    _reference("article_id", "articles.article_id", "the article", is_key=True),
    _key("version", Integer(), "counts from 1; an edit raises it"),
    _column("url", ForeignText(), "address of the article"),
    _column("source", ForeignText(), "the outlet"),
    _column("title", ForeignText(), "headline, markup removed; may be empty where there is text"),
    _column("text", ForeignText(), "text, markup removed; may be empty"),
    _column("published_at", UtcDateTime(), "publication of this version"),
    _column("first_seen_at", UtcDateTime(), "instant at which this system first stored the article"),
    _column("dated_by", Text(), "what published_at rests on: feed, address, page or seen (the first sight of it)"),
    _column("edits", JSON(), "list of the sentences that this version changed, each before and after; empty where only more became known"),
    _column("canonical_url", ForeignText(), "address that its page calls its own; empty where no page was read or none is named"),
    _column("head_hash", Key(), "digest of headline and lead, under which its vector is kept; null in old rows", null=True),
    Index(None, "url"),
    Index(None, "source", "published_at"),
    comment="what each version of an article says",
)

article_fingerprints = Table(
    "article_fingerprints",
    metadata,
    _key("fingerprint", Key(), "one identity by which copies of the article are known again"),
    _reference("article_id", "articles.article_id", "the article that had it first"),
    Index(None, "article_id"),
    comment="fingerprints that tell a known article from a new one",
)

entries = Table(
    "entries",
    metadata,
    _reference("feed_key", "feeds.feed_key", "the feed that delivered it", is_key=True),
    _key("identity", Key(), "identity of the entry within its feed"),
    _reference("article_id", "articles.article_id", "the article that the entry became"),
    _column("guid", ForeignText(), "the item's own id where the feed gives one", null=True),
    _column("url", ForeignText(), "address as delivered"),
    _column("title", ForeignText(), "headline as delivered, markup removed"),
    _column("text", ForeignText(), "text as delivered, markup removed"),
    _column("published_at", UtcDateTime(), "publication; null where the feed gives none that can be read", null=True),
    _column("published_raw", ForeignText(), "the date exactly as the feed wrote it", null=True),
    _column("fetched_at", UtcDateTime(), "instant of the poll that brought it", null=True),
    Index(None, "article_id"),
    Index(None, "url"),
    comment="items as their feeds delivered them",
)

embeddings = Table(
    "embeddings",
    metadata,
    _key("text_hash", Key(), "digest of the text that was embedded"),
    _key("model_id", Key(), "name, precision and digest of the model; vectors of two models are never compared"),
    _column("dim", Integer(), "number of dimensions"),
    _column("vector", LargeBinary(), "unit vector: dim little-endian float32"),
    comment="vectors by the text and the model that made them",
)

issues = Table(
    "issues",
    metadata,
    _key("issue_key", Key(), "name of the issue, from its file"),
    _column("title", ForeignText(), "the question followed, in words"),
    _column("ladder_key", Text(), "name of the ladder whose statuses apply"),
    _column("status_key", Text(), "present status; null before the first sighting", null=True),
    _column("phase", Text(), "universal step of the present status", null=True),
    _column("since", UtcDateTime(), "publication of the article that brought the present status", null=True),
    _column("confirmation", Text(), "reported or confirmed"),
    _column("origins", JSON(), "list of the independent origins that vouch for the present status"),
    _column("origin_keys", JSON(), "list of the lineage keys of those origins together"),
    _column("quotes", JSON(), "list of the quotes that prove the present status"),
    _column("votes", JSON(), "list of the votes for statuses that are not yet believed"),
    _column("history", JSON(), "list of the statuses held before, oldest first"),
    _column("last_change_id", Key(), "the change that brought the present status", null=True),
    _column("revision", Integer(), "rises by one with every write of the status: its compare-and-set"),
    comment="tracked matters and where they stand",
)

baselines = Table(
    "baselines",
    metadata,
    _reference("issue_key", "issues.issue_key", "the issue", is_key=True),
    _column("baseline_id", Key(), "changes whenever a seed, the question, the model or the policy changes"),
    _column("model_id", Text(), "the model that made the vectors"),
    _column("dim", Integer(), "number of dimensions of every vector of the row"),
    _column("head_vectors", LargeBinary(), "headline and lead of each seed in order of publication: rows of dim little-endian float32"),
    _column("passage_vectors", LargeBinary(), "passages of the seeds: rows of dim little-endian float32"),
    _column("question_vector", LargeBinary(), "the question: dim little-endian float32"),
    _column("anchors", JSON(), "list of anchors, each with name and weight (share of the seeds, 0 to 1)"),
    _column("threshold", Double(), "least score of a match, about 0 to 1"),
    _column("threshold_reason", ForeignText(), "why the threshold is what it is, in words with numbers"),
    _column("seed_ids", JSON(), "list of the article ids of the seeds"),
    comment="what the seeds teach about each issue",
)

matches = Table(
    "matches",
    metadata,
    _reference("issue_key", "issues.issue_key", "the issue", is_key=True),
    _key("baseline_id", Key(), "the baseline that the article was compared with"),
    _reference("article_id", "articles.article_id", "the article", is_key=True),
    _key("version", Integer(), "version of the article that was judged"),
    _column("is_match", Boolean(), "whether the article is about the issue"),
    _column("score", Double(), "relevance, about 0 to 1"),
    _column("threshold", Double(), "least score of a match when it was judged"),
    _column("similarity", Double(), "cosine to the nearest seed's headline and lead, -1 to 1"),
    _column("nearest_seed", Key(), "article id of that seed"),
    _column("anchor_share", Double(), "share of the anchors' weight that the article names, 0 to 1"),
    _column("anchors", JSON(), "list of the anchors that the article names"),
    _column("reason", ForeignText(), "why it is a match or not, in words"),
    Index(None, "article_id"),
    Index(None, "issue_key", "baseline_id", "is_match", "score", "article_id"),
    comment="verdicts of matching, one for each issue, baseline, article and version",
)
#: A condition in words that both the planner and the index understand, as bound values would hide the index from SQLite.
IS_MATCH = matches.c.is_match.is_(True)
Index(
    "ix_matches_matched", matches.c.issue_key, matches.c.baseline_id, matches.c.article_id, sqlite_where=IS_MATCH, postgresql_where=IS_MATCH
)

evidence = Table(
    "evidence",
    metadata,
    _reference("issue_key", "issues.issue_key", "the issue", is_key=True),
    _reference("article_id", "articles.article_id", "the article", is_key=True),
    _key("version", Integer(), "version of the article that was read"),
    _column("source", ForeignText(), "the outlet"),
    _column("url", ForeignText(), "address of the article"),
    _column("published_at", UtcDateTime(), "publication of the article"),
    _column("origin", ForeignText(), "name of the independent origin behind copies, as shown"),
    _column("signals", JSON(), "list of probabilities of headline, lead and first body sentences: place, phases (14), stances (6)"),
    _column("aboutness", JSON(), "list of numbers that tell how far the article is about the matter, in the order of core.aboutness.NAMES"),
    _column(
        "told",
        JSON(),
        "list of probabilities of what the article, read as a whole, tells of the matter, in the order of core.telling.NAMES",
    ),
    _column("is_flash", Boolean(), "whether it is a bare headline of an outlet that otherwise sends text"),
    _column("origin_keys", JSON(), "list of the keys that tie copies together"),
    _column("match_score", Double(), "relevance of the article, about 0 to 1"),
    _column("claims", JSON(), "list of claims, strongest first"),
    _column("reader_id", Text(), "name and version of the status reader"),
    _column("headline", ForeignText(), "headline of the article"),
    _column("seen_at", UtcDateTime(), "instant at which it was assessed; null: not yet", null=True),
    _column("verdict", ForeignText(), "what came of it, in words; null: not yet assessed", null=True),
    Index(None, "article_id"),
    Index(None, "issue_key", "published_at"),
    comment="what each matched article says on an issue's status",
)
#: Evidence that still waits to be assessed.
UNSEEN = evidence.c.seen_at.is_(None)
Index(
    "ix_evidence_unseen", evidence.c.issue_key, evidence.c.published_at, evidence.c.article_id, sqlite_where=UNSEEN, postgresql_where=UNSEEN
)

changes = Table(
    "changes",
    metadata,
    _number("change_number", "counts the changes in order of recording"),
    _column("change_id", Key(), "name of the change; the same movement always gets the same"),
    _reference("issue_key", "issues.issue_key", "the issue"),
    _column("at", UtcDateTime(), "publication of the article that tipped it"),
    _column("article_id", Key(), "that article"),
    _column("kind", Text(), "status, confirmation, denial, detail or manual"),
    _column("from_status", Text(), "status before; null at the first sighting", null=True),
    _column("to_status", Text(), "status after"),
    _column("from_phase", Text(), "universal step before; null at the first sighting", null=True),
    _column("to_phase", Text(), "universal step after"),
    _column("confirmation", Text(), "reported or confirmed"),
    _column("confidence", Double(), "probability that the change is right, 0 to 1"),
    _column("origins", JSON(), "list of the independent origins behind it"),
    _column("reason", ForeignText(), "the rule that fired, in words"),
    _column("evidence", JSON(), "list of the quotes that prove the status after"),
    _column("baseline_evidence", JSON(), "list of the quotes that proved the status before"),
    _column("is_history", Boolean(), "whether the seeds already told it: recorded, never alerted"),
    _column("recorded_at", UtcDateTime(), "instant at which the row was written"),
    UniqueConstraint("change_id"),
    Index(None, "issue_key", "at"),
    Index(None, "at"),
    Index(None, "article_id"),
    Index(None, "kind", "at"),
    comment="the change log; rows are only ever added",
)

outbox = Table(
    "outbox",
    metadata,
    _number("delivery_number", "counts the deliveries in order of recording"),
    _column("delivery_id", Key(), "name of the delivery"),
    _column("alert_id", Key(), "dedupe key of the alert; an alert goes to a channel once"),
    _column("channel", Key(), "name of the channel"),
    _column("issue_key", Key(), "the issue, or what a notice is about; order is kept within it"),
    _column("change_id", Key(), "the change that is told; null for notices", null=True),
    _column("alert", JSON(), "the alert, ready to be rendered"),
    _column("state", Text(), "due, leased, sent or dead"),
    _column("due_at", UtcDateTime(), "instant from which it may be posted"),
    _column("created_at", UtcDateTime(), "instant at which it was put into the outbox"),
    _column("n_attempts", Integer(), "number of times it was leased"),
    _column("leased_until", UtcDateTime(), "instant at which its lease runs out; null where there is none", null=True),
    _column("last_error", ForeignText(), "what went wrong at the last try, in words", null=True),
    _column("receipt", ForeignText(), "what the channel returned", null=True),
    _column("sent_at", UtcDateTime(), "instant at which the channel took it", null=True),
    _column("unknown_since", UtcDateTime(), "earliest post of which nobody knows whether it arrived; null where there is none", null=True),
    _column("n_blind", Integer(), "number of posts made although an earlier one may have arrived", default="0"),
    _column("aim", Text(), "post: the alert is posted; root, note: the thread's root, or the change's message, is edited", default="post"),
    UniqueConstraint("delivery_id"),
    UniqueConstraint("alert_id", "channel"),
    Index(None, "created_at"),
    Index(None, "change_id"),
    comment="alerts on their way to their channels",
)


def unsettled(deliveries: FromClause) -> ColumnElement[bool]:
    """Return the condition that a delivery is neither sent nor dead. Literals, as bound values would hide the index from SQLite."""
    return deliveries.c.state.in_([literal_column("'due'"), literal_column("'leased'")])


UNSETTLED = unsettled(outbox)
#: Deliveries that were given up. Only they have an index of their own: one of all states would draw the lease away from what waits.
DEAD = outbox.c.state == literal_column("'dead'")
#: Edits of messages that are there; they go before posts.
EDIT = outbox.c.aim != literal_column("'post'")
OPEN_EDIT = and_(UNSETTLED, EDIT)
Index("ix_outbox_dead", outbox.c.created_at, sqlite_where=DEAD, postgresql_where=DEAD)
Index("ix_outbox_unsettled", outbox.c.issue_key, outbox.c.channel, outbox.c.created_at, sqlite_where=UNSETTLED, postgresql_where=UNSETTLED)
Index("ix_outbox_waiting", outbox.c.created_at, outbox.c.delivery_number, sqlite_where=UNSETTLED, postgresql_where=UNSETTLED)

Index("ix_outbox_edits", outbox.c.created_at, outbox.c.delivery_number, sqlite_where=OPEN_EDIT, postgresql_where=OPEN_EDIT)

reviews = Table(
    "reviews",
    metadata,
    _number("review_number", "counts the reviews in order of recording"),
    _column("review_id", Key(), "name of the review; the same click always gets the same"),
    _reference("issue_key", "issues.issue_key", "the issue, also where a change of it is meant"),
    _column(
        "action", Text(), "accept, not_a_change, wrong_status, merge, same_as_before, note, set_status, mute, promote, or undo of another"
    ),
    _column("at", UtcDateTime(), "instant of the act"),
    _column("by", ForeignText(), "who, as the page or the channel knows the person"),
    _column("via", Text(), "page, api, slack or command"),
    _reference("change_id", "changes.change_id", "the change meant; null where the issue itself is", null=True),
    _reference("article_id", "articles.article_id", "the article that becomes a seed", null=True),
    _column("status_key", Text(), "the status that is right (wrong_status) or set (set_status)", null=True),
    _reference("other_change_id", "changes.change_id", "the change that told the same", null=True),
    _column("until", UtcDateTime(), "end of a mute; null: it holds until it is undone", null=True),
    _reference("undoes", "reviews.review_id", "the review that is taken back", null=True),
    _column("note", ForeignText(), "words given with it; may be empty"),
    UniqueConstraint("review_id"),
    Index(None, "change_id"),
    Index(None, "issue_key", "at"),
    Index(None, "at"),
    comment="what people said of changes and did to issues; rows are only ever added",
)

held_alerts = Table(
    "held_alerts",
    metadata,
    _number("held_number", "counts the held alerts in order of holding"),
    _column("alert_id", Key(), "dedupe key of the alert; it waits for a channel once"),
    _column("channel", Key(), "name of the channel"),
    _column("issue_key", Key(), "the issue, or what a notice is about"),
    _column("change_id", Key(), "the change that is told; null for notices", null=True),
    _column("alert", JSON(), "the alert, ready to be rendered"),
    _column("held_at", UtcDateTime(), "instant from which it waits"),
    _column("release_at", UtcDateTime(), "instant at which it is looked at again"),
    _column("reason", ForeignText(), "why it waits, in words"),
    _column("is_urgent", Boolean(), "whether it is one of those chosen to be told at any hour"),
    _column("told_in", Key(), "the alert in which it was told at last; null while it waits", null=True),
    UniqueConstraint("alert_id", "channel"),
    Index(None, "change_id"),
    comment="alerts that wait for quiet hours, cooldowns, bursts or mutes to end",
)
#: What has not been told yet.
WAITING = held_alerts.c.told_in.is_(None)
Index("ix_held_alerts_waiting", held_alerts.c.channel, held_alerts.c.held_number, sqlite_where=WAITING, postgresql_where=WAITING)

digests = Table(
    "digests",
    metadata,
    _key("channel", Key(), "name of the channel"),
    _column("slot_at", UtcDateTime(), "the time of the schedule that the last digest was for"),
    _column("made_at", UtcDateTime(), "instant at which it was made: the next one begins there"),
    comment="how far the digests of each channel have come",
)

coverage_spells = Table(
    "coverage_spells",
    metadata,
    _reference("issue_key", "issues.issue_key", "the issue", is_key=True),
    _key("noticed_at", UtcDateTime(), "instant at which the coverage was found below the issue's policy"),
    _column("began_at", UtcDateTime(), "first failure of the feeds that made it so"),
    _column("n_failing", Integer(), "number of the issue's feeds that could not be read when it was noticed"),
    _column("n_feeds", Integer(), "number of the issue's feeds"),
    _column("ended_at", UtcDateTime(), "instant at which the coverage was found to suffice again; null: not yet", null=True),
    comment="times in which an issue's coverage was below its policy",
)

channels = Table(
    "channels",
    metadata,
    _key("channel", Key(), "name of the channel"),
    _column("free_at", UtcDateTime(), "instant from which the next post may go; null: at once", null=True),
    _column("n_failures", Integer(), "failures in a row"),
    _column("stopped_at", UtcDateTime(), "instant at which it refused for good; null while it works", null=True),
    _column("last_error", ForeignText(), "why it was stopped, or failed last, in words", null=True),
    comment="how the channels fare",
)

threads = Table(
    "threads",
    metadata,
    _key("channel", Key(), "name of the channel"),
    _key("issue_key", Key(), "the issue; one thread an issue and channel"),
    _column("receipt", ForeignText(), "what the channel returned for the first message, the root"),
    _column("alert", JSON(), "the alert that the root shows, or is to show"),
    comment="the messages about one issue on one channel",
)

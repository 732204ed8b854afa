"""The tables of feeds: what their polls have taught, the record of polls, and what each of them served."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Double, Index, Integer, Table, Text, literal_column

from monitor.store.column_types import ForeignText, Key, UtcDateTime
from monitor.store.columns import column as _column
from monitor.store.columns import key as _key
from monitor.store.columns import metadata
from monitor.store.columns import number as _number
from monitor.store.columns import reference as _reference

feeds = Table(
    "feeds",
    metadata,
    _key("feed_key", Key(), "name of the feed, from the configuration"),
    _column("url", ForeignText(), "address that is polled"),
    _column("source", ForeignText(), "the outlet, as shown beside quotes"),
    _column("interval_s", Double(), "minimum seconds between two polls; null takes the policy's", null=True),
    _column("language", ForeignText(), "language code of the entries"),
    _column("is_retired", Boolean(), "whether the configuration no longer lists the feed"),
    _column("next_poll_at", UtcDateTime(), "instant from which the next poll is due"),
    _column("etag", ForeignText(), "validator of the last body, byte-exact as received", null=True),
    _column("last_modified", ForeignText(), "validator of the last body, byte-exact as received", null=True),
    _column("last_poll_at", UtcDateTime(), "instant of the last poll", null=True),
    _column("last_success_at", UtcDateTime(), "instant at which a body was last read; a 304 leaves it", null=True),
    _column("last_error", ForeignText(), "what went wrong at the last poll, in words", null=True),
    _column("failure_weight", Double(), "sum of failure weights since the last success"),
    _column("failing_since", UtcDateTime(), "instant of the first failure since the last success", null=True),
    _column("health", Text(), "new, healthy, failing, blind or gone; is_retired goes before it"),
    _column("is_blind_noticed", Boolean(), "whether a notice of the present blind spell is out"),
    _column("last_new_at", UtcDateTime(), "instant at which a poll last brought a new article", null=True),
    _column("body_digest", Text(), "digest of the last body that was read; an equal one is not parsed again", null=True),
    _column(
        "hints", JSON(none_as_null=True), "what that body says of polling: period_s, skip_hours (UTC), skip_days (0 is Monday)", null=True
    ),
    _column("learned_interval_s", Double(), "seconds between polls as learned from what was known; null: the usual ones", null=True),
    _column("last_gap_at", UtcDateTime(), "instant of the last poll that knew none of its entries: items may have been missed", null=True),
    _column("is_304_doubted", Boolean(), "whether the server answered 304 although the feed had changed"),
    _column("redirect_url", ForeignText(), "address that permanent redirects lead to, not yet confirmed often enough", null=True),
    _column("n_redirects", Integer(), "polls in a row that confirmed it"),
    _column("adopted_url", ForeignText(), "address that is asked in place of url, after a confirmed permanent redirect", null=True),
    _column("host", ForeignText(), "host and port of the address that is asked: its feeds are asked in turn", null=False),
    Index(None, "next_poll_at"),
    Index(None, "host"),
    comment="feeds with what their polls have taught",
)

polls = Table(
    "polls",
    metadata,
    _number("poll_number", "counts the polls in order of recording"),
    _reference("feed_key", "feeds.feed_key", "the feed polled"),
    _column("at", UtcDateTime(), "instant of the poll"),
    _column("outcome", Text(), "ok, not_modified, same_body (not parsed again), or the class name of the error"),
    _column("n_entries", Integer(), "number of entries in the body"),
    _column("n_new", Integer(), "number of new articles among them"),
    _column("n_versions", Integer(), "number of new versions of known articles among them"),
    _column("detail", ForeignText(), "what went wrong, in words", null=True),
    _column("took_s", Double(), "seconds that the poll took"),
    Index(None, "feed_key", "at"),
    Index(None, "at"),
    comment="the record of polls",
)

servings = Table(
    "servings",
    metadata,
    _number("serving_number", "counts the servings in order of recording"),
    _reference("feed_key", "feeds.feed_key", "the feed polled"),
    _column("at", UtcDateTime(), "instant of the poll"),
    _column("n_items", Integer(), "number of items in the body"),
    _column("n_fresh", Integer(), "number of items among them of which nothing was known before"),
    _column("marks", JSON(), "list of the marks of wordings that were not known before: each must lead to an article"),
    Index(None, "feed_key", "at"),
    Index(None, "at"),
    comment="what polls were served that was not known, written down before anything was made of it: what an audit compares with",
)

feed_habits = Table(
    "feed_habits",
    metadata,
    _reference("feed_key", "feeds.feed_key", "the feed", is_key=True),
    _column("policy", Text(), "by what its items are known beside their words: both (id and address), url, id or words"),
    _column("reason", ForeignText(), "why, in words with numbers"),
    _column("n_items", Integer(), "number of items counted; all counts are halved from time to time, so that old habits fade"),
    _column("n_without_id", Integer(), "number of items without an id"),
    _column("n_repeated", Integer(), "number of items with an id that another item of the same body had as well"),
    _column("n_shared_urls", Integer(), "number of items with an address that another item of the same body had as well"),
    _column("n_kept", Integer(), "number of items that came again with the id they had"),
    _column("n_changed", Integer(), "number of items that came again with another id"),
    _column("n_future", Integer(), "number of items dated ahead of the poll"),
    _column("n_undated", Integer(), "number of items without a date that can be read"),
    _column("updated_at", UtcDateTime(), "instant of the poll that last changed the row"),
    comment="what the ids and dates of each feed were seen to do",
)
#: Polls that failed, in words that the index understands: few among the many that are kept.
FAILED = polls.c.outcome.not_in([literal_column("'ok'"), literal_column("'not_modified'"), literal_column("'same_body'")])
Index("ix_polls_failed", polls.c.at, polls.c.feed_key, sqlite_where=FAILED, postgresql_where=FAILED)

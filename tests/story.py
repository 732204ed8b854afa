"""A small story for tests: a treaty from talks to joint statement, and the feeds that tell it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from monitor.core.ladder import Ladder, Phase, Status
from monitor.core.policy import MatchPolicy, StatusPolicy
from monitor.core.types import Article, ArticleId, Entry, Feed, FeedKey, FeedState, Issue, IssueKey, Seed
from monitor.jobs import match, seed
from monitor.jobs.examine import Examiner
from monitor.ports import Encoder, StatusReader, Transaction, UnitOfWork
from monitor.testing.fakes import FrozenClock, HashEncoder, ScriptedReader

START = datetime(2024, 9, 1, 8, tzinfo=UTC)
ISSUE_KEY = IssueKey("harbour-treaty")
TITLE = "Will Norland and Sudmark conclude the harbour treaty?"
GAZETTE = Feed(FeedKey("gazette"), "https://gazette.example/rss", "Gazette")
HERALD = Feed(FeedKey("herald"), "https://herald.example/rss", "Herald")

#: What sentences of the story tell, for the scripted reader.
PHRASES = {
    "talks on the harbour treaty": Phase.TALKS,
    "broadly agreed": Phase.AGREED_IN_PRINCIPLE,
    "joint statement": Phase.ANNOUNCED,
    "signed": Phase.ADOPTED,
}
DENIALS = ("denied",)


def _status(key: str, phase: Phase) -> Status:
    label = key.replace("_", " ")
    return Status(key, label, phase, (f"It is {label}.", f"They have {label}.", f"The matter was {label}."))


LADDER = Ladder(
    "treaty",
    "Treaty",
    (
        _status("talks_under_way", Phase.TALKS),
        _status("broadly_agreed", Phase.AGREED_IN_PRINCIPLE),
        _status("joint_statement", Phase.ANNOUNCED),
        _status("signed", Phase.ADOPTED),
        _status("denied", Phase.DENIED),
    ),
)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a feed; `number` names it for good."""

    number: int
    title: str
    text: str
    at: datetime


def _item(number: int, hours: float, title: str, text: str) -> Item:
    return Item(number, title, text, START + timedelta(hours=hours))


TALKS = _item(
    1,
    0,
    "Norland and Sudmark open talks on the harbour treaty",
    "Norland and Sudmark sat down for talks on the harbour treaty in Osthaven on Sunday.",
)
AGREED = _item(
    2,
    24,
    "Norland and Sudmark have broadly agreed on the harbour treaty",
    "Norland and Sudmark have broadly agreed on the harbour treaty, the ministry in Osthaven let it be known.",
)
AGREED_ELSEWHERE = _item(
    3,
    26,
    "Harbour treaty broadly agreed by Norland and Sudmark",
    "The harbour treaty is broadly agreed between Norland and Sudmark, diplomats in Osthaven heard on Monday.",
)
STATEMENT = _item(
    4,
    48,
    "Norland and Sudmark issue joint statement on the harbour treaty",
    "In a joint statement Norland and Sudmark made the harbour treaty public in Osthaven.",
)
CAKES = _item(5, 30, "Bakers of Westmoor win the cake prize", "A guild of pastry cooks took first place with a plum tart of seven layers.")
DENIED = _item(
    6,
    60,
    "Norland denied any joint statement on the harbour treaty",
    "Norland and Sudmark are far apart on the harbour treaty, Osthaven said.",
)


def article(item: Item, *, source: str = "Gazette", article_id: str | None = None) -> Article:
    name = article_id or f"story-{item.number}"
    return Article(ArticleId(name), f"https://gazette.example/{item.number}", source, item.title, item.text, item.at, item.at)


def entry(item: Item, feed: Feed = GAZETTE, *, title: str | None = None, text: str | None = None) -> Entry:
    return Entry(
        feed.key,
        f"{feed.key}-{item.number}",
        f"https://{feed.key}.example/{item.number}",
        item.title if title is None else title,
        item.text if text is None else text,
        item.at,
        item.at.isoformat(),
        item.at,
    )


ISSUE = Issue(ISSUE_KEY, TITLE, LADDER, (Seed(article(TALKS, article_id="seed-1"), "seed-1.txt"),))


def reader(**options: Any) -> ScriptedReader:
    return ScriptedReader(PHRASES, denials=DENIALS, **options)


def examiner(status_reader: StatusReader | None = None) -> Examiner:
    return Examiner(status_reader or reader(), StatusPolicy())


def learn(uow: UnitOfWork, clock: FrozenClock, issue: Issue = ISSUE, encoder: Encoder | None = None) -> int:
    return seed.run(
        [issue],
        off_topic=(),
        uow=uow,
        encoder=encoder or HashEncoder(),
        examiner=examiner(),
        match_policy=MatchPolicy(),
        clock=clock,
    )


def judge(uow: UnitOfWork, *, encoder: Encoder | None = None, by: Examiner | None = None) -> match.Matched:
    return match.run([ISSUE], uow=uow, encoder=encoder or HashEncoder(), examiner=by or examiner(), policy=MatchPolicy())


def store_articles(uow: UnitOfWork, *articles: Article) -> None:
    def add(tx: Transaction) -> None:
        for found in articles:
            tx.articles.add(found, fingerprints=())

    with uow.transaction() as tx:
        add(tx)


def feed_state(uow: UnitOfWork, feed: Feed = GAZETTE) -> FeedState:
    with uow.reading() as tx:
        return next(state for state in tx.feeds.states() if state.feed.key == feed.key)


def change_feed_state(uow: UnitOfWork, feed: Feed = GAZETTE, **values: Any) -> None:
    with uow.transaction() as tx:
        tx.feeds.save(replace(next(state for state in tx.feeds.states() if state.feed.key == feed.key), **values))


def rss(*items: Item, site: str = "https://gazette.example", title: str = "Gazette") -> bytes:
    rows = "".join(
        f"<item><guid>{site}/{item.number}</guid><link>{site}/{item.number}</link><title>{escape(item.title)}</title>"
        f"<description>{escape(item.text)}</description><pubDate>{format_datetime(item.at)}</pubDate></item>"
        for item in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{rows}</channel></rss>'.encode()


def json_line(item: Item, **changes: object) -> str:
    found = article(item)
    row = {"id": found.article_id, "published_at": found.published_at.isoformat(), "source": found.source}
    return json.dumps(row | {"url": found.url, "title": found.title, "text": found.text} | changes)

"""What the jobs need of the outside world. Each Protocol has a real adapter and a fake, and one contract suite run on both."""

from __future__ import annotations

from monitor.ports.held import ActivityQueries, HeldStore
from monitor.ports.outside import (
    Board,
    ChatModel,
    Clock,
    Encoder,
    FeedFetcher,
    FeedParser,
    HttpPoster,
    MatterReader,
    Notifier,
    PageReader,
    PostAnswer,
    StateEncoder,
    StatusReader,
)
from monitor.ports.queries import Assessment, IssueOverview, Queries, Trace
from monitor.ports.stores import ArticleStore, ChannelStore, FeedStore, IssueStore, OutboxStore, ReviewStore, Transaction, UnitOfWork

__all__ = [
    "ActivityQueries",
    "ArticleStore",
    "Assessment",
    "Board",
    "ChannelStore",
    "ChatModel",
    "Clock",
    "Encoder",
    "FeedFetcher",
    "FeedParser",
    "FeedStore",
    "HeldStore",
    "HttpPoster",
    "IssueOverview",
    "IssueStore",
    "MatterReader",
    "Notifier",
    "OutboxStore",
    "PageReader",
    "PostAnswer",
    "Queries",
    "ReviewStore",
    "StateEncoder",
    "StatusReader",
    "Trace",
    "Transaction",
    "UnitOfWork",
]

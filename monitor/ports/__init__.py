"""What the jobs need of the outside world. Each Protocol has a real adapter and a fake, and one contract suite run on both."""

from __future__ import annotations

from monitor.ports.outside import ChatModel, Clock, Encoder, FeedFetcher, FeedParser, Notifier, PageReader, StateEncoder, StatusReader
from monitor.ports.queries import Assessment, IssueOverview, Queries, Trace
from monitor.ports.stores import ArticleStore, FeedStore, IssueStore, OutboxStore, ReviewStore, Transaction, UnitOfWork

__all__ = [
    "ArticleStore",
    "Assessment",
    "ChatModel",
    "Clock",
    "Encoder",
    "FeedFetcher",
    "FeedParser",
    "FeedStore",
    "IssueOverview",
    "IssueStore",
    "Notifier",
    "OutboxStore",
    "PageReader",
    "Queries",
    "ReviewStore",
    "StateEncoder",
    "StatusReader",
    "Trace",
    "Transaction",
    "UnitOfWork",
]

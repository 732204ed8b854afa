"""The part of the composition root that picks implementations: the files as they were read, the store, and the adapters.

Everything is made on first use: a command that only reads the log never imports the encoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from monitor.adapters import make_chat_model, make_fetcher, make_local_reader, make_parser, make_prompt_template
from monitor.channels import make_notifier
from monitor.clock import SystemClock
from monitor.config import Settings
from monitor.config.articles import load_articles
from monitor.config.channels import ChannelSettings, channel_rules
from monitor.config.files import check_names, load_feeds, load_issues, load_ladders, resolve
from monitor.config.outlets import load_outlets
from monitor.core.alerts import make_alert
from monitor.core.types import Alert, Article, ChannelRules, Feed, FloatArray, Issue, IssueKey
from monitor.jobs import seed
from monitor.jobs.examine import Examiner
from monitor.ports import ActivityQueries, ChatModel, Clock, FeedParser, MatterReader, Notifier, Queries, StateEncoder, StatusReader

if TYPE_CHECKING:
    from monitor.core.judging import Judge
    from monitor.core.ladder import Ladder
    from monitor.core.outlets import Outlets
    from monitor.fetch.discover import FeedDiscovery
    from monitor.fetch.pace import PacedFetcher
    from monitor.ports.pages import Pages
    from monitor.reader.prompt import PromptTemplate
    from monitor.store.session import SqlUnitOfWork


@dataclass(frozen=True)
class Parts:
    """What the settings ask for; each part is made once, when it is first wanted."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)

    @cached_property
    def ladders(self) -> dict[str, Ladder]:
        """The ladders by key. Raises: ConfigError."""
        return load_ladders(resolve(self.settings.paths.ladders))

    @cached_property
    def issues(self) -> tuple[Issue, ...]:
        """The issues with their seeds. Raises: ConfigError, SeedError, ArticleFileError."""
        return load_issues(resolve(self.settings.paths.issues), self.ladders, min_share=self.settings.coverage.min_share)

    @cached_property
    def feeds(self) -> tuple[Feed, ...]:
        """The feeds. Raises: ConfigError."""
        return load_feeds(resolve(self.settings.paths.feeds))

    @cached_property
    def outlets(self) -> Outlets:
        """The outlets with their owners. Raises: ConfigError."""
        return load_outlets(resolve(self.settings.paths.outlets))

    @cached_property
    def off_topic(self) -> tuple[Article, ...]:
        """Other news, against which thresholds are learned. Raises: ArticleFileError."""
        return load_articles(resolve(self.settings.paths.off_topic))

    @cached_property
    def off_topic_vectors(self) -> tuple[tuple[Article, FloatArray], ...]:
        """The other news with the vectors of their heads, embedded once."""
        return seed.embed_off_topic(self.off_topic, self.encoder)

    def check_files(self) -> None:
        """Read every file, so that whatever is wrong stops the start and not the night. Raises: ConfigError, SeedError, ArticleFileError."""
        _ = self.outlets, self.off_topic, self.rules, self.notifiers
        check_names(self.settings, self.issues, self.feeds, self.ladders)
        if self.language_model is not None:
            _ = self.prompt_template

    @cached_property
    def database_url(self) -> str:
        """The database's URL, password and all: never to be shown. Raises: ConfigError."""
        return self.settings.database_url()

    @cached_property
    def uow(self) -> SqlUnitOfWork:
        """The store."""
        from monitor.store.session import SqlUnitOfWork

        return SqlUnitOfWork(self.database_url, busy_timeout_s=self.settings.database.busy_timeout_s)

    @cached_property
    def queries(self) -> Queries:
        """The read models."""
        from monitor.store.queries import SqlQueries

        return SqlQueries(self.uow)

    @cached_property
    def pages(self) -> Pages:
        """The read models of the review page."""
        from monitor.store.pages import SqlPages

        return SqlPages(self.uow)

    @cached_property
    def encoder(self) -> StateEncoder:
        """The encoder; loads its model on first use."""
        from monitor.embed.encoder import SentenceEncoder

        section = self.settings.encoder
        return SentenceEncoder(section.model, batch_size=section.batch_size, threads=section.threads)

    @cached_property
    def reader(self) -> StatusReader:
        """The status reader: the local one, or the language model with the local one behind it. Raises: ConfigError, ModelError."""
        model = self.language_model
        return self.local_reader if model is None else self.reader_by(model, self.settings.language_model.use)

    def reader_by(self, model: ChatModel, use: str) -> StatusReader:
        """Return a reader that asks a language model, `always` or when the local one is `unsure`. Raises: ConfigError, ModelError."""
        from monitor.reader.language_model import Doubt, LanguageModelReader

        section = self.settings.language_model
        doubt = Doubt(self.settings.status.policy(), section.unsure_from, section.unsure_below) if use == "unsure" else None
        return LanguageModelReader(model, self.local_reader, self.prompt_template, doubt)

    @cached_property
    def prompt_template(self) -> PromptTemplate:
        """What a language model is asked. Raises: ConfigError."""
        return make_prompt_template(self.settings)

    @cached_property
    def language_model(self) -> ChatModel | None:
        """The language model behind its budget and its cache; None where none is used. Raises: ConfigError."""
        return make_chat_model(self.settings, self.clock)

    @cached_property
    def local_reader(self) -> StatusReader:
        """The reader on this machine: the trained heads on the encoder they were trained for, else the nearest cue. Raises: ModelError."""
        return make_local_reader(self.encoder)

    @property
    def matter_reader(self) -> MatterReader | None:
        """Who reads an article as a whole: the local reader where it is the trained one; None with another encoder."""
        from monitor.reader.head_reader import HeadReader

        return self.local_reader if isinstance(self.local_reader, HeadReader) else None

    @cached_property
    def judge(self) -> Judge:
        """The trained judge; evidence whose reader gives no probabilities passes it by. Raises: ModelError."""
        from monitor.reader.judge import load_judge

        return load_judge()

    @cached_property
    def fetcher(self) -> PacedFetcher:
        """The fetcher behind its guard, which knows when each host was last asked."""
        from monitor.fetch.pace import PacedFetcher

        return PacedFetcher(make_fetcher(self.settings), wait=self.clock.wait)

    @cached_property
    def parser(self) -> FeedParser:
        """The feed parser, in processes of its own."""
        return make_parser(self.settings)

    @cached_property
    def discovery(self) -> FeedDiscovery:
        """The search for the feeds of a site."""
        from monitor.fetch.discover import FeedDiscovery

        return FeedDiscovery(self.fetcher, self.parser, self.clock)

    @cached_property
    def examiner(self) -> Examiner:
        """How matched articles are read."""
        from monitor.fetch.page import TrafilaturaPageReader

        section = self.settings.fetch
        pages = TrafilaturaPageReader(self.fetcher, max_crawl_delay_s=section.max_crawl_delay_s) if section.full_text else None
        return Examiner(
            self.reader,
            self.settings.status.policy(),
            pages,
            section.full_text_below_chars,
            self.judge,
            matter_reader=self.matter_reader,
            outlets=self.outlets,
        )

    @cached_property
    def notifiers(self) -> Mapping[str, Notifier]:
        """The channels by name: Slack where a token is set, those of `channels`, and the console where there is no other. Raises: ConfigError."""
        named = dict(self.settings.channels)
        if self.settings.slack_token():
            named = {"slack": named.get("slack", ChannelSettings(kind="slack"))} | named
        return {
            name: make_notifier(name, channel, self.settings, clock=self.clock, alerts_of=partial(self.told_of, name))
            for name, channel in (named or {"console": ChannelSettings(kind="console")}).items()
        }

    def told_of(self, channel: str, issue_key: IssueKey, *, limit: int = 100) -> list[tuple[Alert, datetime]]:
        """Return the changes of an issue as alerts, newest first; of no issue, what a channel was told beside changes."""
        issue = next((issue for issue in self.issues if issue.key == issue_key), None)
        if issue is not None:
            changes = [change for change in self.queries.log(issue_key=issue_key, limit=limit) if not change.is_history]
            return [(make_alert(change, issue_title=issue.title, ladder=issue.ladder), change.at) for change in changes]
        with self.uow.reading() as store:
            rows = store.outbox.list(limit=10 * limit)
        return [(row.alert, row.created_at) for row in rows if row.channel == channel and row.alert.change is None][:limit]

    @cached_property
    def rules(self) -> Mapping[str, ChannelRules]:
        """When each channel may be told of what."""
        return {name: channel_rules(self.settings.quiet, self.settings.channels.get(name)) for name in self.notifiers}

    @cached_property
    def activity(self) -> ActivityQueries:
        """What happened in a span of time."""
        from monitor.store.activity import SqlActivity

        return SqlActivity(self.uow)

    def ladder_of(self, issue_key: IssueKey) -> Ladder:
        """Return an issue's ladder, also where the issue is no longer followed; one without statuses where its file is gone."""
        from monitor.core.ladder import Ladder

        key = next((name.ladder_key for name in self.pages.names() if name.issue_key == issue_key), "")
        return self.ladders.get(key) or Ladder(key, key, ())

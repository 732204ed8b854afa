"""The composition root: settings to adapters to ready jobs. The one place that picks implementations.

Everything is made on first use: a command that only reads the log never imports the encoder.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import __version__
from monitor.clock import SystemClock
from monitor.config import Settings
from monitor.config.articles import load_articles
from monitor.config.files import load_feeds, load_issue, load_issues, load_ladders, read_yaml, resolve
from monitor.core.types import Article, Feed, FloatArray, Issue
from monitor.errors import ConfigError
from monitor.jobs import assess, deliver, match, poll, prune, replay, review, seed, watch
from monitor.jobs.examine import Examiner
from monitor.ports import ChatModel, Clock, FeedFetcher, FeedParser, Notifier, Queries, StateEncoder, StatusReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.core.judging import Judge
    from monitor.core.ladder import Ladder
    from monitor.ports.pages import Pages
    from monitor.reader.prompt import PromptTemplate
    from monitor.store.session import SqlUnitOfWork


@dataclass(frozen=True)
class App:
    """Ready jobs over the adapters that the settings ask for."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)

    # --- what the files say ------------------------------------------------------------------------------------------

    @cached_property
    def ladders(self) -> dict[str, Ladder]:
        """The ladders by key. Raises: ConfigError."""
        return load_ladders(resolve(self.settings.paths.ladders))

    @cached_property
    def issues(self) -> tuple[Issue, ...]:
        """The issues with their seeds. Raises: ConfigError, SeedError, ArticleFileError."""
        return load_issues(resolve(self.settings.paths.issues), self.ladders)

    @cached_property
    def feeds(self) -> tuple[Feed, ...]:
        """The feeds. Raises: ConfigError."""
        return load_feeds(resolve(self.settings.paths.feeds))

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
        _ = self.ladders, self.issues, self.feeds, self.off_topic, self.notifiers
        if self.language_model is not None:
            _ = self.prompt_template

    # --- adapters ----------------------------------------------------------------------------------------------------

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
        from monitor.reader.prompt import parse_template

        path = resolve(self.settings.language_model.prompts)
        return parse_template(read_yaml(path), name=str(path), max_article_chars=self.settings.language_model.max_article_chars)

    @cached_property
    def language_model(self) -> ChatModel | None:
        """The language model behind its budget and its cache; None where none is used. Raises: ConfigError."""
        section = self.settings.language_model
        if section.use == "off":
            return None
        for name in ("base_url", "model"):
            if not getattr(section, name):
                raise ConfigError(f"language_model.use is {section.use}, but language_model.{name} is empty; set it, or set use to off")
        if section.cost_per_day and not section.prompt_price + section.completion_price:
            raise ConfigError("language_model.cost_per_day is set, but no price; set language_model.prompt_price and completion_price")
        if section.unsure_from > section.unsure_below:
            raise ConfigError(
                f"language_model.unsure_from = {section.unsure_from:g} is above unsure_below = {section.unsure_below:g}; lower the first"
            )
        from monitor.fetch.api import ChatEndpoint
        from monitor.reader.answers import AnswerCache, CachedModel
        from monitor.reader.budget import Budget, BudgetedModel, Limits

        endpoint = ChatEndpoint(
            section.base_url,
            section.model,
            api_key=self.settings.language_model_key(),
            user_agent=f"Statuswatch/{__version__}",
            timeout_s=section.timeout_s,
            max_tokens=section.max_tokens,
            temperature=section.temperature,
        )
        cache = AnswerCache(section.cache_file)
        limits = Limits(section.tokens_per_day, section.cost_per_day, section.prompt_price, section.completion_price)
        budgeted = BudgetedModel(endpoint, Budget(limits, cache.usages), self.clock, max_tokens=section.max_tokens)
        return CachedModel(budgeted, cache, self.clock)

    @cached_property
    def local_reader(self) -> StatusReader:
        """The reader on this machine: the trained head on the encoder it was trained for, else the nearest cue. Raises: ModelError."""
        from monitor.reader.cue_reader import CueReader
        from monitor.reader.head import ReadingHead
        from monitor.reader.head_reader import HeadReader

        head = ReadingHead()
        return HeadReader(self.encoder, head) if head.encoder_id == self.encoder.model_id else CueReader(self.encoder)

    @cached_property
    def judge(self) -> Judge:
        """The trained judge; evidence whose reader gives no probabilities passes it by. Raises: ModelError."""
        from monitor.reader.judge import load_judge

        return load_judge()

    @cached_property
    def fetcher(self) -> FeedFetcher:
        """The fetcher behind its guard."""
        from monitor.fetch.http import HttpFetcher, Timeouts

        section = self.settings.fetch
        contact = f"; {section.contact}" if section.contact else ""
        return HttpFetcher(
            user_agent=f"Statuswatch/{__version__} (feed monitor{contact})",
            timeouts=Timeouts(section.connect_timeout_s, section.read_timeout_s, section.total_timeout_s),
            max_body_bytes=section.max_body_bytes,
            max_redirects=section.max_redirects,
            allowed_networks=section.allowed_networks,
        )

    @cached_property
    def parser(self) -> FeedParser:
        """The feed parser."""
        from monitor.fetch.parse import FeedparserParser

        return FeedparserParser(max_body_bytes=self.settings.fetch.max_body_bytes)

    @cached_property
    def examiner(self) -> Examiner:
        """How matched articles are read."""
        from monitor.fetch.page import TrafilaturaPageReader

        section = self.settings.fetch
        pages = TrafilaturaPageReader(self.fetcher) if section.full_text else None
        return Examiner(self.reader, self.settings.status.policy(), pages, section.full_text_below_chars, self.judge)

    @cached_property
    def notifiers(self) -> Mapping[str, Notifier]:
        """The channels by name: Slack where a token is set, else the console. Raises: ConfigError."""
        from monitor.notify.console import ConsoleNotifier

        token = self.settings.slack_token()
        if not token:
            return {"console": ConsoleNotifier()}
        from monitor.notify.slack import SlackNotifier

        section = self.settings.slack
        if not section.channel:
            raise ConfigError("slack.channel is empty although a token is set; name the channel (id or name) that is to get the alerts")
        return {"slack": SlackNotifier(token, section.channel, base_url=section.base_url, timeout_s=section.timeout_s)}

    # --- jobs --------------------------------------------------------------------------------------------------------

    def followed(self) -> tuple[Issue, ...]:
        """Return the issues with the seeds of their files and those that people made of stored articles."""
        return review.with_promoted(self.issues, uow=self.uow, clock=self.clock)

    def learn_seeds(self, issues: Sequence[Issue] | None = None) -> int:
        """Run the seed job for these issues (None: all); return how many were new or changed."""
        return seed.run(
            self.followed() if issues is None else issues,
            off_topic=self.off_topic_vectors,
            uow=self.uow,
            encoder=self.encoder,
            examiner=self.examiner,
            match_policy=self.settings.match.policy(),
            clock=self.clock,
        )

    def sync_feeds(self) -> None:
        """Bring the stored feeds in line with the list."""
        with self.uow.transaction() as store:
            store.feeds.sync(self.feeds, now=self.clock.now())

    def poll(self, jitter: Callable[[], float] | None = None) -> poll.Polled:
        """Run the poll job."""
        return poll.run(
            uow=self.uow,
            fetcher=self.fetcher,
            parser=self.parser,
            clock=self.clock,
            policy=self.settings.poll.policy(),
            jitter=jitter or (lambda: random.uniform(-1.0, 1.0)),  # noqa: S311 - it spreads polls, it keeps no secret.
            workers=self.settings.fetch.workers,
        )

    def match(self) -> match.Matched:
        """Run the match job; an issue that was given or lost a seed by hand is learned anew first."""
        issues = self.followed()
        if changed := review.changed_seeds(issues, uow=self.uow):
            self.learn_seeds(changed)
        return match.run(issues, uow=self.uow, encoder=self.encoder, examiner=self.examiner, policy=self.settings.match.policy())

    def assess(self) -> assess.Assessed:
        """Run the assess job."""
        return assess.run(
            self.issues,
            uow=self.uow,
            clock=self.clock,
            status_policy=self.settings.status.policy(),
            alert_policy=self.settings.alerts.policy(),
            channels=tuple(self.notifiers),
            judge=self.judge,
        )

    def deliver(self) -> deliver.Delivered:
        """Run the deliver job."""
        return deliver.run(uow=self.uow, notifiers=self.notifiers, clock=self.clock, policy=self.settings.alerts.policy())

    def watch(self) -> watch.Watched:
        """Run the watch job."""
        return watch.run(uow=self.uow, clock=self.clock, channels=tuple(self.notifiers))

    def prune(self) -> int:
        """Run the prune job."""
        return prune.run(uow=self.uow, clock=self.clock, poll_days=self.settings.retention.poll_days)

    def replay(self, issue_file: Path, articles_file: Path, *, model: ChatModel | None = None) -> replay.Replay:
        """Replay a file of articles against an issue file; touches no database. Raises: ConfigError, SeedError, ArticleFileError.

        `model` is asked about every matched article, whatever the settings say; None leaves the reader to the settings.
        """
        issue = load_issue(issue_file, self.ladders)
        return replay.run(
            issue,
            load_articles(articles_file),
            off_topic=self.off_topic_vectors,
            encoder=self.encoder,
            examiner=Examiner(self.reader_by(model, "always") if model else self.reader, self.settings.status.policy(), judge=self.judge),
            match_policy=self.settings.match.policy(),
        )

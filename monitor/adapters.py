"""The part of the composition root that makes fetcher, parser and readers: each imported where it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor import __version__
from monitor.config import Settings
from monitor.config.files import read_yaml, resolve
from monitor.errors import ConfigError
from monitor.ports import ChatModel, Clock, FeedFetcher, FeedParser, StateEncoder, StatusReader

if TYPE_CHECKING:
    from monitor.reader.prompt import PromptTemplate


def make_fetcher(settings: Settings) -> FeedFetcher:
    """Return the fetcher behind its guard."""
    from monitor.fetch.dial import Timeouts
    from monitor.fetch.http import HttpFetcher

    section = settings.fetch
    contact = f"; {section.contact}" if section.contact else ""
    return HttpFetcher(
        user_agent=f"Statuswatch/{__version__} (feed monitor{contact})",
        timeouts=Timeouts(
            section.connect_timeout_s, section.read_timeout_s, section.total_timeout_s, first_byte_s=section.first_byte_timeout_s
        ),
        max_body_bytes=section.max_body_bytes,
        max_redirects=section.max_redirects,
        max_header_bytes=section.max_header_bytes,
        allowed_networks=section.allowed_networks,
    )


def make_parser(settings: Settings) -> FeedParser:
    """Return the feed parser, in processes of its own."""
    from monitor.fetch.isolate import IsolatedParser

    section = settings.fetch
    return IsolatedParser(
        max_body_bytes=section.max_body_bytes,
        timeout_s=section.parse_timeout_s,
        max_memory_bytes=section.parse_memory_bytes,
        n_processes=section.parse_processes,
    )


def make_chat_model(settings: Settings, clock: Clock) -> ChatModel | None:
    """Return the language model behind its budget and its cache; None where none is used. Raises: ConfigError."""
    section = settings.language_model
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
        api_key=settings.language_model_key(),
        user_agent=f"Statuswatch/{__version__}",
        timeout_s=section.timeout_s,
        max_tokens=section.max_tokens,
        temperature=section.temperature,
    )
    cache = AnswerCache(section.cache_file)
    limits = Limits(section.tokens_per_day, section.cost_per_day, section.prompt_price, section.completion_price)
    budgeted = BudgetedModel(endpoint, Budget(limits, cache.usages), clock, max_tokens=section.max_tokens)
    return CachedModel(budgeted, cache, clock)


def make_prompt_template(settings: Settings) -> PromptTemplate:
    """Return what a language model is asked. Raises: ConfigError."""
    from monitor.reader.prompt import parse_template

    path = resolve(settings.language_model.prompts)
    return parse_template(read_yaml(path), name=str(path), max_article_chars=settings.language_model.max_article_chars)


def make_local_reader(encoder: StateEncoder) -> StatusReader:
    """Return the trained heads on the encoder they were trained for, with another encoder the nearest cue. Raises: ModelError."""
    from monitor.reader.cue_reader import CueReader
    from monitor.reader.head import ReadingHead
    from monitor.reader.head_reader import HeadReader

    head = ReadingHead()
    return HeadReader(encoder, head) if head.encoder_id == encoder.model_id else CueReader(encoder)

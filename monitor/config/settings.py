"""Settings: `config/monitor.yaml` and the environment to one frozen, typed object. Read once, by `app`.

The classes below are the one table of settings: defaults, ranges and meanings for the code, for `monitor settings`, for
docs/configuration.md (a test compares them) and for error messages. The environment wins over the file: `MONITOR_SLACK__TOKEN` sets
`slack.token`.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource

from monitor.config.channels import ChannelSettings, CoverageSettings, QuietSettings
from monitor.config.section import Seconds, Section, Share, secret_of
from monitor.core.policy import AlertPolicy, MatchPolicy, PollPolicy, StatusPolicy
from monitor.core.types import Severity
from monitor.errors import ConfigError

#: Where `monitor` looks unless told otherwise.
DEFAULT_FILE = Path("config/monitor.yaml")
ENV_PREFIX = "MONITOR_"
_POLL, _MATCH, _STATUS, _ALERT = PollPolicy(), MatchPolicy(), StatusPolicy(), AlertPolicy()


class PathSettings(Section):
    """Where the configuration's other files lie, relative to the working directory."""

    feeds: Path = Field(Path("config/feeds.yaml"), description="List of feeds")
    issues: Path = Field(Path("config/issues"), description="Folder with one YAML file an issue")
    ladders: Path = Field(Path("config/ladders"), description="Folder with one YAML file a ladder")
    outlets: Path = Field(Path("config/outlets.yaml"), description="Outlets with their owners and wire signatures")
    off_topic: Path = Field(Path("seeds/off-topic/stories.jsonl"), description="Other news, against which relevance thresholds are learned")


class DatabaseSettings(Section):
    """The database."""

    url: SecretStr = Field(SecretStr("sqlite:///var/monitor.db"), description="SQLAlchemy URL: sqlite:///PATH or postgresql+psycopg://...")
    password_file: Path | None = Field(None, description="File that holds the database password, e.g. a mounted secret")
    busy_timeout_s: Seconds = Field(10.0, description="Seconds to wait for a lock on SQLite")


class EncoderSettings(Section):
    """The embedding model."""

    model: str = Field("bundled", min_length=1, description="`bundled`, a sentence-transformers folder, or a hub name")
    batch_size: int = Field(32, ge=1, le=1024, description="Texts encoded together")
    threads: int = Field(0, ge=0, le=256, description="CPU threads of the model; 0 leaves it to torch")


class FetchSettings(Section):
    """Fetching feeds and pages."""

    contact: str = Field("", max_length=200, description="Address or e-mail put into the User-Agent, so that publishers can reach you")
    workers: int = Field(8, ge=1, le=64, description="Feeds fetched at the same time")
    connect_timeout_s: Seconds = Field(10.0, description="Seconds to connect")
    read_timeout_s: Seconds = Field(20.0, description="Seconds without a byte")
    first_byte_timeout_s: Seconds = Field(20.0, description="Seconds from a request to the first byte of its answer")
    total_timeout_s: Seconds = Field(60.0, description="Seconds for a whole exchange, redirects included")
    max_header_bytes: int = Field(65_536, ge=1024, le=1_048_576, description="Largest head of an answer, in bytes")
    max_body_bytes: int = Field(15_728_640, ge=1024, le=1_073_741_824, description="Largest body, on the wire and inflated, in bytes")
    max_redirects: int = Field(5, ge=0, le=20, description="Redirects followed")
    allowed_networks: tuple[str, ...] = Field((), description="Private networks (CIDR) that may be fetched from, for intranets")
    parse_timeout_s: Seconds = Field(10.0, description="Seconds for which a body may be parsed; then the parser's process is ended")
    parse_memory_bytes: int = Field(
        1_073_741_824, ge=268_435_456, le=68_719_476_736, description="Memory that a parser's process may take, in bytes"
    )
    parse_processes: int = Field(2, ge=1, le=64, description="Processes that parse feeds, beside the daemon's own")
    full_text: bool = Field(True, description="Fetch the page of a matched article whose feed text is short")
    full_text_below_chars: int = Field(600, ge=0, le=100_000, description="Feed text shorter than this counts as short")
    max_crawl_delay_s: float = Field(
        10.0, ge=0, le=3600, description="Most seconds between two requests to a host whose robots.txt has a Crawl-delay; 0 heeds none"
    )

    @field_validator("allowed_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value


class PollSettings(Section):
    """How often feeds are polled; see `core.policy.PollPolicy` for the reasons."""

    interval_s: float = Field(
        _POLL.interval_s, ge=60, le=86_400, description="Seconds between polls of a feed that says nothing of its own"
    )
    min_interval_s: float = Field(
        _POLL.min_interval_s, ge=0.1, le=86_400, description="Least seconds between polls, whatever a feed asks for"
    )
    max_interval_s: float = Field(_POLL.max_interval_s, ge=60, le=604_800, description="Most seconds between polls")
    jitter: float = Field(_POLL.jitter, ge=0, le=0.5, description="Most share of the interval by which each poll is put off")
    blind_after_s: Seconds = Field(_POLL.blind_after_s, description="Seconds of failing after which a feed counts as blind")
    probe_after_s: Seconds = Field(_POLL.probe_after_s, description="Seconds after which a feed is asked without validators")
    doubted_probe_after_s: Seconds = Field(
        _POLL.doubted_probe_after_s, description="The same for a feed whose server answered 304 although it had changed"
    )
    n_confirm_redirect: int = Field(
        _POLL.n_confirm_redirect, ge=1, le=100, description="Polls in a row that confirm a permanent redirect before it is adopted"
    )
    max_skip_s: float = Field(
        _POLL.max_skip_s, ge=0, le=604_800, description="Most seconds for which skipHours and skipDays put off a poll"
    )
    host_spacing_s: float = Field(
        _POLL.host_spacing_s, ge=0, le=3600, description="Seconds between two requests to one host; 0 asks its feeds at the same time"
    )
    n_host_feeds: int = Field(_POLL.n_host_feeds, ge=1, le=1000, description="Most feeds of one host that are asked in one tick")
    host_rest_s: Seconds = Field(
        _POLL.host_rest_s, description="Seconds for which all feeds of a host rest after a 429 or 503 that does not say how long"
    )

    def policy(self) -> PollPolicy:
        """Return the polling policy."""
        return PollPolicy(**self.model_dump())


class MatchSettings(Section):
    """When an article is about an issue; see `core.policy.MatchPolicy`."""

    min_threshold: Share = Field(_MATCH.min_threshold, description="Least value of the learned relevance threshold")
    max_threshold: Share = Field(_MATCH.max_threshold, description="Most value of the learned relevance threshold")
    anchor_weight: Share = Field(_MATCH.anchor_weight, description="What naming the seeds' actors and places adds to the score")
    min_anchor_share: Share = Field(_MATCH.min_anchor_share, description="Least share of the anchors' weight that a match names")

    def policy(self) -> MatchPolicy:
        """Return the matching policy."""
        return MatchPolicy(**self.model_dump())


class StatusSettings(Section):
    """When evidence moves a status; see `core.policy.StatusPolicy`."""

    decisive_weight: Share = Field(_STATUS.decisive_weight, description="Least weight at which one sentence alone moves the status")
    vote_weight: Share = Field(_STATUS.vote_weight, description="Least weight of a sentence that is remembered as a vote")
    votes_needed: float = Field(_STATUS.votes_needed, ge=0, le=10, description="Sum of independent votes that moves the status")
    return_weight: Share = Field(_STATUS.return_weight, description="Least weight that brings back a step held before")
    decisive_probability: Share = Field(
        _STATUS.decisive_probability, description="Least probability, by the trained judge, that moves the status"
    )
    vote_probability: Share = Field(
        _STATUS.vote_probability, description="Least probability, by the trained judge, that is remembered as a vote"
    )
    setback_doubt: float = Field(
        _STATUS.setback_doubt,
        ge=0.0,
        le=5.0,
        description="Log-odds that a trained judge's word of a setback (postponed, stalled, contested) is doubted by",
    )
    flash_credit: float = Field(
        _STATUS.flash_credit,
        ge=0.0,
        le=5.0,
        description="Log-odds that a trained judge's word of a flash gains: a bare headline from an outlet that otherwise sends text",
    )
    flash_text_share: Share = Field(
        _STATUS.flash_text_share,
        description="Least share of an outlet's articles that carry text for its bare headlines to count as flashes",
    )
    flash_least_articles: int = Field(
        _STATUS.flash_least_articles, ge=1, le=100, description="Articles of an outlet that must be known before any counts as a flash"
    )
    confirm_relevance: Share = Field(
        _STATUS.confirm_relevance, description="Least relevance score at which an article may confirm the present status"
    )
    vote_days: float = Field(_STATUS.vote_days, gt=0, le=3650, description="Days after which a vote is forgotten")

    def policy(self) -> StatusPolicy:
        """Return the status policy."""
        return StatusPolicy(**self.model_dump())


class LanguageModelSettings(Section):
    """An optional language model that reads matched articles; see docs/language-model.md."""

    use: Literal["off", "unsure", "always"] = Field(
        "off", description="off: articles are read locally; unsure: the model reads those that leave the local reader unsure; always: all"
    )
    base_url: str = Field("", description="Address of an OpenAI-compatible interface, up to its version: https://HOST/v1")
    model: str = Field("", max_length=200, description="Name of the model, as the server knows it")
    api_key: SecretStr = Field(SecretStr(""), description="Key of the interface; better from the environment")
    api_key_file: Path | None = Field(None, description="File that holds the key, e.g. a mounted secret")
    timeout_s: Seconds = Field(60.0, description="Seconds for one answer in all; then the article is read locally")
    max_tokens: int = Field(800, ge=50, le=100_000, description="Longest answer, in tokens; models that think aloud need more")
    temperature: float = Field(0.0, ge=0, le=2, description="Freedom of the answers; 0 gives the steadiest ones")
    unsure_from: Share = Field(0.2, description="Least weight of the local reader's best claim at which it counts as unsure")
    unsure_below: Share = Field(0.85, description="Weight of the local reader's best claim from which it counts as sure")
    tokens_per_day: int = Field(1_000_000, ge=0, description="Most tokens a UTC day, questions and answers together; 0: no limit")
    cost_per_day: float = Field(0.0, ge=0, description="Most money a UTC day, in the currency of the prices; 0: no limit")
    prompt_price: float = Field(0.0, ge=0, description="Price of a million tokens of question")
    completion_price: float = Field(0.0, ge=0, description="Price of a million tokens of answer")
    max_article_chars: int = Field(12_000, ge=500, le=1_000_000, description="Characters of an article's text that are shown to the model")
    prompts: Path = Field(Path("config/prompts/reader.yaml"), description="What the model is asked, with its version")
    cache_file: Path = Field(Path("var/language-model.jsonl"), description="File of the answers so far, so that none is paid for twice")

    @field_validator("use", mode="before")
    @classmethod
    def _off(cls, value: object) -> object:
        # YAML reads a bare `off` as false.
        return "off" if value is False else value


class AlertSettings(Section):
    """When a change becomes an alert, and how deliveries are retried; see `core.policy.AlertPolicy`."""

    kinds: tuple[Literal["status", "confirmation", "denial", "detail"], ...] = Field(
        ("status", "denial"), description="Kinds of change that alert"
    )
    min_confidence: Share = Field(_ALERT.min_confidence, description="Least confidence of an alerting change")
    lease_s: Seconds = Field(_ALERT.lease_s, description="Seconds that a delivery may be held by a worker")
    retry_s: Seconds = Field(_ALERT.retry_s, description="First wait after a failed post; doubled at each try")
    max_retry_s: Seconds = Field(_ALERT.max_retry_s, description="Longest wait between tries")
    max_attempts: int = Field(_ALERT.max_attempts, ge=1, le=1000, description="Tries after which a delivery is dead")
    shift_s: Seconds = Field(_ALERT.shift_s, description="Longest time that one tick goes on posting")
    show_from: Literal["minor", "notable", "major"] = Field(
        "notable", description="Least severity at which a change, a reply in its issue's thread, is shown in the channel as well"
    )

    def policy(self) -> AlertPolicy:
        """Return the alert policy."""
        return AlertPolicy(**self.model_dump() | {"show_from": Severity(self.show_from)})


class SlackSettings(Section):
    """Slack; without a token alerts are printed to the console."""

    token: SecretStr = Field(
        SecretStr(""), description="Bot token (xoxb-...) with the scopes chat:write and channels:history; better from the environment"
    )
    token_file: Path | None = Field(None, description="File that holds the token, e.g. a mounted secret")
    channel: str = Field("", description="Channel id (C...), or name where the token has the scope channels:read")
    app_token: SecretStr = Field(
        SecretStr(""), description="App-level token (xapp-...) with the scope connections:write: buttons and commands by Socket Mode"
    )
    app_token_file: Path | None = Field(None, description="File that holds the app-level token")
    signing_secret: SecretStr = Field(SecretStr(""), description="Signing secret of the app: buttons and commands by HTTP")
    signing_secret_file: Path | None = Field(None, description="File that holds the signing secret")
    base_url: str = Field("https://slack.com/api/", pattern=r"^https?://", description="Address of the Slack API; a stand-in for tests")
    timeout_s: int = Field(20, ge=1, le=300, description="Seconds for one post")
    gap_s: float = Field(1.0, ge=0, le=3600, description="Least seconds between two posts; Slack takes about one a second and channel")


class SchedulerSettings(Section):
    """How often each job ticks; a tick without work costs one query."""

    poll_tick_s: Seconds = Field(15.0, description="Seconds between looks for due feeds")
    match_tick_s: Seconds = Field(10.0, description="Seconds between looks for unmatched articles and unseen evidence")
    deliver_tick_s: Seconds = Field(5.0, description="Seconds between looks for due deliveries, and for held alerts whose time has come")
    digest_tick_s: Seconds = Field(60.0, description="Seconds between looks for due digests")
    watch_tick_s: Seconds = Field(60.0, description="Seconds between looks for blind feeds")
    prune_tick_s: Seconds = Field(86_400.0, description="Seconds between prunings")
    misfire_grace_s: int = Field(
        300, ge=1, le=86_400, description="Seconds by which a tick may be late before it is missed, logged and counted"
    )


class RetentionSettings(Section):
    """What pruning removes; changes, evidence, matched articles and the outbox are kept."""

    poll_days: float = Field(90.0, gt=0, le=36_500, description="Days for which the record of polls is kept")


class WebSettings(Section):
    """The review page and its JSON API."""

    enabled: bool = Field(True, description="Whether `monitor run` serves the review page")
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; anything but loopback needs web.auth")
    port: int = Field(8470, ge=0, le=65_535, description="Port to listen on; 0 takes a free one")
    auth: Literal["none", "password", "proxy"] = Field(
        "none", description="none: loopback only; password: one user signs in; proxy: a trusted proxy names the user in a header"
    )
    user: str = Field("analyst", min_length=1, max_length=100, description="Name under which acts are recorded, and that signs in")
    password_hash: SecretStr = Field(SecretStr(""), description="Hash of the password, as `monitor web password` prints it")
    password_hash_file: Path | None = Field(None, description="File that holds the hash, e.g. a mounted secret")
    proxy_header: str = Field(
        "X-Forwarded-User", pattern=r"^[A-Za-z0-9-]{1,60}$", description="Header in which the trusted proxy names the user"
    )
    trusted_proxies: tuple[str, ...] = Field((), description="Networks (CIDR) of proxies whose X-Forwarded-* and user header are believed")
    allowed_hosts: tuple[str, ...] = Field((), description="Host names under which the page is reached, beside loopback and web.host")
    reviewers: tuple[str, ...] = Field(("*",), description="Users who may act; all others only read; * means everybody")
    session_hours: float = Field(12.0, gt=0, le=720, description="Hours after which one has to sign in again")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value

    @field_validator("auth", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        # YAML reads a bare `null` or `~` as nothing.
        return "none" if value is None else value


class LogSettings(Section):
    """Logging."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")
    style: Literal["auto", "console", "json"] = Field("auto", description="auto: readable on a terminal, JSON lines otherwise")


class Settings(BaseSettings):
    """Every setting."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    paths: PathSettings = PathSettings()
    database: DatabaseSettings = DatabaseSettings()
    encoder: EncoderSettings = EncoderSettings()
    fetch: FetchSettings = FetchSettings()
    poll: PollSettings = PollSettings()
    match: MatchSettings = MatchSettings()
    status: StatusSettings = StatusSettings()
    language_model: LanguageModelSettings = LanguageModelSettings()
    alerts: AlertSettings = AlertSettings()
    quiet: QuietSettings = QuietSettings()
    coverage: CoverageSettings = CoverageSettings()
    channels: dict[str, ChannelSettings] = {}
    slack: SlackSettings = SlackSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    retention: RetentionSettings = RetentionSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)

    def slack_token(self) -> str:
        """Return the Slack token, from the setting or its file; empty where none is set. Raises: ConfigError."""
        if self.slack.token_file is None:
            return self.slack.token.get_secret_value()
        return secret_of(self.slack.token_file, "slack.token_file")

    def slack_app_token(self) -> str:
        """Return the app-level token, from the setting or its file; empty where none is set. Raises: ConfigError."""
        if self.slack.app_token_file is None:
            return self.slack.app_token.get_secret_value()
        return secret_of(self.slack.app_token_file, "slack.app_token_file")

    def slack_signing_secret(self) -> str:
        """Return the signing secret, from the setting or its file; empty where none is set. Raises: ConfigError."""
        if self.slack.signing_secret_file is None:
            return self.slack.signing_secret.get_secret_value()
        return secret_of(self.slack.signing_secret_file, "slack.signing_secret_file")

    def language_model_key(self) -> str:
        """Return the language model's key, from the setting or its file; empty where none is set. Raises: ConfigError."""
        if self.language_model.api_key_file is None:
            return self.language_model.api_key.get_secret_value()
        return secret_of(self.language_model.api_key_file, "language_model.api_key_file")

    def web_password_hash(self) -> str:
        """Return the hash of the page's password, from the setting or its file; empty where none is set. Raises: ConfigError."""
        if self.web.password_hash_file is None:
            return self.web.password_hash.get_secret_value()
        return secret_of(self.web.password_hash_file, "web.password_hash_file")

    def database_url(self) -> str:
        """Return the database's URL, the password of its file in it: never to be shown. Raises: ConfigError."""
        url = self.database.url.get_secret_value()
        if self.database.password_file is None:
            return url
        scheme, found, rest = url.partition("://")
        user, at, place = rest.rpartition("@")
        if not found or not at or ":" in user:
            raise ConfigError(
                "database.password_file is set, but database.url has no user, or has a password already; write postgresql+psycopg://USER@HOST/NAME"
            )
        return f"{scheme}://{user}:{quote(secret_of(self.database.password_file, 'database.password_file'), safe='')}@{place}"

"""What the jobs need of the world outside: time, feeds, pages, models, channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from monitor.core.chat import Completion, Prompt
from monitor.core.types import (
    Alert,
    Feed,
    FetchResult,
    FloatArray,
    Page,
    ParsedFeed,
    Post,
    ReadingContext,
    Sentence,
    SentenceReading,
)


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...

    def wait(self, seconds: float) -> None:
        """Let seconds pass."""
        ...


class FeedFetcher(Protocol):
    """Gets bytes over HTTP, conditionally, behind the guard."""

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> FetchResult:
        """Return the answer; status 304 has an empty body.

        Raises: FetchError (network, time-out, HTTP error status), BlockedAddressError, BodyTooLargeError.
        """
        ...


class FeedParser(Protocol):
    """Turns bytes into entries."""

    def parse(self, body: bytes, *, feed: Feed, content_type: str | None, fetched_at: datetime) -> ParsedFeed:
        """Return the entries, in the order of the feed, markup removed. Raises: ParseError where the bytes are no feed."""
        ...


class PageReader(Protocol):
    """Gets the full text of a matched article."""

    def read(self, url: str) -> Page | None:
        """Return what the page says; None where it has no text. Raises: FetchError, BlockedAddressError, BodyTooLargeError, RobotsError."""
        ...


class Encoder(Protocol):
    """Turns texts into float32 unit vectors."""

    @property
    def model_id(self) -> str:
        """Name, precision and digest of the model: vectors of two ids are never compared."""
        ...

    @property
    def dim(self) -> int:
        """Number of dimensions."""
        ...

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return (n, dim); a text without words gives a row of zeros. Raises: ModelError."""
        ...


class StateEncoder(Encoder, Protocol):
    """An encoder whose inner layers can be read as well: one pass serves similarity and reading."""

    def token_states(self, texts: Sequence[str]) -> list[FloatArray]:
        """Return, for each text, (n_layers, n_tokens, dim): the states of its tokens after the embedding and each layer."""
        ...


class StatusReader(Protocol):
    """Reads the sentences of a matched article."""

    @property
    def reader_id(self) -> str:
        """Name and version, kept with the evidence."""
        ...

    def read(self, sentences: Sequence[Sentence], context: ReadingContext) -> tuple[SentenceReading, ...]:
        """Return one reading a sentence, in their order. Raises: ModelError."""
        ...


class MatterReader(Protocol):
    """Reads a matched article as a whole, beside the question and the seeds of the matter."""

    def tell(self, sentences: Sequence[Sentence], context: ReadingContext) -> tuple[float, ...]:
        """Return the numbers of `core.telling.NAMES`; empty where there is no sentence. Raises: ModelError."""
        ...


class ChatModel(Protocol):
    """Answers a prompt."""

    @property
    def model_id(self) -> str:
        """Name of the model, kept with the evidence."""
        ...

    def complete(self, prompt: Prompt) -> Completion | None:
        """Return the answer; None where it is not to be had by design. Raises: TransientError, PermanentError."""
        ...


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """What a server said to a post: its status, and how many seconds it asked to wait."""

    status: int
    retry_after_s: float | None = None


class HttpPoster(Protocol):
    """Posts bytes over HTTP, behind the guard."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PostAnswer:
        """Post, and return the answer whatever its status; redirects are not followed.

        Raises: FetchError (network, time-out), BlockedAddressError. Neither names the address, which may be a secret.
        """
        ...


class Notifier(Protocol):
    """Posts alerts to one channel. All that a simple channel needs: console, webhook, mail."""

    @property
    def channel(self) -> str:
        """Name of the channel, e.g. `slack` or `console`; stored with each delivery."""
        ...

    def send(self, alert: Alert) -> str | None:
        """Post, and return the channel's receipt. Raises: DeliveryError (try again), DeliveryRefusedError (do not)."""
        ...


@runtime_checkable
class Board(Notifier, Protocol):
    """A channel that keeps what is posted: messages can be looked up by their key, answered in threads and edited, as on Slack.

    `send` of a board posts the alert by itself, outside any thread.
    """

    @property
    def gap_s(self) -> float:
        """Least seconds between two posts that the channel takes without complaint."""
        ...

    def post(self, post: Post) -> str:
        """Post a message under its key, and return its receipt.

        Raises: RateLimitedError, DeliveryError (it was not posted), UnknownOutcomeError (look before posting again), DeliveryRefusedError,
        ChannelRefusedError, ThreadGoneError.
        """
        ...

    def find(self, post: Post, *, since: datetime) -> str | None:
        """Return the receipt of the message with the post's key, posted since an instant; None where there is none.

        Raises: LookupRefusedError where the channel cannot be searched at all; else as `post`.
        """
        ...

    def edit(self, receipt: str, post: Post) -> None:
        """Make a message read as the post does; may be repeated. Raises: as `post`."""
        ...

    def check(self) -> str:
        """Return whose the channel is and what it lacks, in words, without posting. Raises: as `post`."""
        ...

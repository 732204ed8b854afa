"""What the jobs need of the outside world. Each Protocol has a real adapter and a fake, and one contract suite run on both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from monitor.core.chat import Completion, Prompt
from monitor.core.types import (
    Alert,
    Article,
    ArticleId,
    Baseline,
    Change,
    ChangeId,
    Delivery,
    Embedding,
    Entry,
    Evidence,
    Feed,
    FeedKey,
    FeedState,
    FetchResult,
    FloatArray,
    IssueKey,
    IssueState,
    Match,
    ParsedFeed,
    Poll,
    ReadingContext,
    Sentence,
    SentenceReading,
)


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
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

    def read(self, url: str) -> str | None:
        """Return the main text of the page, paragraphs separated by newlines; None where none can be had."""
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


class ChatModel(Protocol):
    """Answers a prompt."""

    @property
    def model_id(self) -> str:
        """Name of the model, kept with the evidence."""
        ...

    def complete(self, prompt: Prompt) -> Completion | None:
        """Return the answer; None where it is not to be had by design. Raises: TransientError, PermanentError."""
        ...


class Notifier(Protocol):
    """Posts alerts to one channel."""

    @property
    def channel(self) -> str:
        """Name of the channel, e.g. `slack` or `console`; stored with each delivery."""
        ...

    def send(self, alert: Alert) -> str | None:
        """Post, and return the channel's receipt. Raises: DeliveryError (try again), DeliveryRefusedError (do not)."""
        ...


# --- store -----------------------------------------------------------------------------------------------------------


class FeedStore(Protocol):
    """Feeds, their state and the record of polls."""

    def sync(self, feeds: Sequence[Feed], *, now: datetime) -> None:
        """Make the stored feeds those given: add, update, retire (never delete). New ones are due now; state of known ones is kept."""
        ...

    def due(self, *, now: datetime, limit: int) -> list[FeedState]:
        """Return feeds with `next_poll_at <= now` that are neither gone nor retired, longest due first."""
        ...

    def states(self) -> list[FeedState]:
        """Return every feed's state, retired ones last, by key."""
        ...

    def save(self, state: FeedState) -> None:
        """Write a feed's state. Raises: StoreError where the feed is unknown."""
        ...

    def record(self, poll: Poll) -> None:
        """Append to the record of polls."""
        ...

    def polls(self, feed_key: FeedKey, *, limit: int) -> list[Poll]:
        """Return the latest polls of a feed, newest first."""
        ...

    def forget_polls(self, *, before: datetime) -> int:
        """Remove the record of polls before an instant; return how many."""
        ...


class ArticleStore(Protocol):
    """Entries, articles with their versions, embeddings and matches."""

    def known_entries(self, feed_key: FeedKey, identities: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given entry identities that this feed delivered before, the article each became."""
        ...

    def by_fingerprint(self, fingerprints: Collection[str]) -> dict[str, ArticleId]:
        """Return, for those of the given article fingerprints (`core.dedupe`) that are known, the article."""
        ...

    def get(self, article_ids: Collection[ArticleId]) -> dict[ArticleId, Article]:
        """Return the latest versions of the articles that exist."""
        ...

    def add_entry(self, entry: Entry, *, identity: str, article_id: ArticleId) -> None:
        """Store an entry under its identity (unique within its feed); storing one again changes nothing."""
        ...

    def add(self, article: Article, *, fingerprints: Collection[str]) -> None:
        """Store a new article, or a new version of one (`version` tells). Storing the same version again changes nothing."""
        ...

    def versions(self, article_id: ArticleId) -> list[Article]:
        """Return all versions, oldest first; empty where the article is unknown."""
        ...

    def unmatched(self, issue_key: IssueKey, baseline_id: str, *, limit: int) -> list[Article]:
        """Return articles whose latest version has no match row for this issue and baseline, oldest publication first."""
        ...

    def embeddings(self, text_hashes: Collection[str], *, model_id: str) -> dict[str, FloatArray]:
        """Return the vectors that are stored for these text hashes and this model."""
        ...

    def add_embeddings(self, embeddings: Iterable[Embedding]) -> None:
        """Store vectors; one that exists is kept."""
        ...

    def add_match(self, match: Match) -> None:
        """Store a match verdict; the same issue, article, version and baseline again replaces it."""
        ...

    def find(self, url_or_id: str) -> Article | None:
        """Return the article with this id, or whose URL or whose entry's URL this is; None where there is none."""
        ...


class IssueStore(Protocol):
    """Issues: baseline, status, evidence and the change log."""

    def ensure(self, issue_key: IssueKey, *, title: str, ladder_key: str) -> None:
        """Create the issue's row, or update its title and ladder."""
        ...

    def state(self, issue_key: IssueKey) -> IssueState | None:
        """Return where the issue stands; None where it is unknown."""
        ...

    def advance(self, state: IssueState, *, expected_revision: int) -> bool:
        """Write the state if the stored revision is still the expected one: compare-and-set. Return whether it was written."""
        ...

    def save_baseline(self, baseline: Baseline) -> None:
        """Store the issue's baseline, replacing the one before."""
        ...

    def baseline(self, issue_key: IssueKey) -> Baseline | None:
        """Return the stored baseline; None where there is none."""
        ...

    def add_evidence(self, evidence: Evidence) -> None:
        """Store one article's evidence, unseen; the same issue, article and version again changes nothing."""
        ...

    def unseen_evidence(self, issue_key: IssueKey, *, limit: int) -> list[Evidence]:
        """Return evidence not yet assessed, in order of publication, then article id."""
        ...

    def mark_seen(self, evidence: Evidence, *, verdict: str, now: datetime) -> None:
        """Record that evidence was assessed, and what came of it, in words."""
        ...

    def add_change(self, change: Change, *, now: datetime) -> bool:
        """Append to the change log; return False, writing nothing, where the change id is there already."""
        ...

    def changes(self, issue_key: IssueKey | None = None) -> list[Change]:
        """Return changes, oldest first."""
        ...


class OutboxStore(Protocol):
    """Deliveries on their way."""

    def add(self, delivery: Delivery) -> bool:
        """Put a delivery into the outbox; return False, writing nothing, where this alert and channel are there already."""
        ...

    def lease(self, *, now: datetime, lease_s: float, limit: int) -> list[Delivery]:
        """Take due deliveries, and those whose lease ran out, oldest first, and mark them leased until `now + lease_s`.

        `n_attempts` of each is raised by one. Order per issue is kept: a delivery waits while an older one of its issue and channel is
        neither sent nor dead.
        """
        ...

    def settle(self, delivery: Delivery) -> None:
        """Write what became of a leased delivery: sent, due again at `due_at`, or dead."""
        ...

    def list(self, *, states: Collection[str] | None = None, limit: int = 100) -> list[Delivery]:
        """Return deliveries, newest first."""
        ...

    def retry(self, delivery_id: str, *, now: datetime) -> bool:
        """Make a dead delivery due again; return whether there was one."""
        ...


class Transaction(Protocol):
    """One transaction over all stores: commits when its block ends, rolls back when it raises."""

    @property
    def feeds(self) -> FeedStore:
        """The FeedStore of this transaction."""
        ...

    @property
    def articles(self) -> ArticleStore:
        """The ArticleStore of this transaction."""
        ...

    @property
    def issues(self) -> IssueStore:
        """The IssueStore of this transaction."""
        ...

    @property
    def outbox(self) -> OutboxStore:
        """The OutboxStore of this transaction."""
        ...


class UnitOfWork(Protocol):
    """Opens transactions. A write transaction is never held across a network call or an encoding."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a write transaction. Raises: DatabaseBusyError (locked, unreachable), StoreError (read-only, wrong schema)."""
        ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a read-only view: never blocks a writer, never writes."""
        ...


# --- read models -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IssueOverview:
    """One issue as lists and pages show it."""

    state: IssueState
    title: str
    ladder_key: str
    threshold: float | None
    n_articles_matched: int
    n_changes: int
    last_evidence_at: datetime | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """Evidence with what came of it, for `explain`."""

    evidence: Evidence
    #: None: not yet assessed.
    verdict: str | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything stored about one article, from feed to alert."""

    article: Article
    #: (feed key, entry identity, published_raw, fetched_at) of each entry that delivered it.
    entries: tuple[tuple[FeedKey, str, str | None, datetime | None], ...]
    matches: tuple[Match, ...]
    assessments: tuple[Assessment, ...]
    changes: tuple[Change, ...]
    deliveries: tuple[Delivery, ...]


class Queries(Protocol):
    """Read models for the command line, the pages and the exports."""

    def issues(self) -> list[IssueOverview]:
        """Return every issue, by key."""
        ...

    def log(
        self,
        *,
        issue_key: IssueKey | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> list[Change]:
        """Return changes, newest first."""
        ...

    def trace(self, article: Article) -> Trace:
        """Return what is stored about an article."""
        ...

    def counts(self) -> Mapping[str, Any]:
        """Return totals: feeds, entries, articles, matches, changes, deliveries by state, oldest due delivery's instant."""
        ...

    def change(self, change_id: ChangeId) -> Change | None:
        """Return one change; None where there is none."""
        ...

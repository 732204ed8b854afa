"""Fakes of the small ports: a clock that stands, an encoder by hashing, a reader by phrases, a notifier that records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from monitor.core.ladder import Ladder, Phase
from monitor.core.similarity import normalise
from monitor.core.types import Alert, FloatArray, Post, PostForm, ReadingContext, Sentence, SentenceReading, Speaker, Stance
from monitor.errors import MonitorError, ThreadGoneError, UnknownOutcomeError
from monitor.ports import Clock


class FrozenClock:
    """A clock that moves only when told."""

    def __init__(self, at: datetime = datetime(2024, 9, 6, 12, tzinfo=UTC)) -> None:
        """Stand at an instant."""
        self.at = at

    def now(self) -> datetime:
        """Return where it stands."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.at += timedelta(seconds=seconds)

    def wait(self, seconds: float) -> None:
        """Move on, without letting anybody wait."""
        self.advance(seconds)


class HashEncoder:
    """An encoder without a model: words hashed into a bag, so that texts which share words are alike."""

    def __init__(self, dim: int = 256, n_layers: int = 1) -> None:
        """Make vectors of `dim` dimensions, and states of `n_layers` layers."""
        self._dim, self._n_layers = dim, n_layers
        #: Every text that was embedded, in order, and every one whose states were asked for.
        self.texts: list[str] = []
        self.passed: list[str] = []

    @property
    def model_id(self) -> str:
        """`hash/DIM`."""
        return f"hash/{self._dim}"

    @property
    def dim(self) -> int:
        """Number of dimensions."""
        return self._dim

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return (n, dim) unit rows; a text without words gives zeros."""
        self.texts += texts
        rows = np.zeros((len(texts), self._dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for place in self._places(text):
                row[place] += 1.0
        return normalise(rows)

    def token_states(self, texts: Sequence[str]) -> list[FloatArray]:
        """Return, for each text, (n_layers, n_words, dim): layers in which each word has its own place."""
        self.passed += texts
        return [np.repeat(np.eye(self._dim, dtype=np.float32)[self._places(text)][np.newaxis], self._n_layers, axis=0) for text in texts]

    def _places(self, text: str) -> list[int]:
        words = re.findall(r"\w+", text.casefold())
        return [int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % self._dim for word in words]


class ScriptedReader:
    """A status reader without a model: a sentence tells of the step whose phrase it holds, as surely as the script says."""

    def __init__(
        self,
        phrases: Mapping[str, Phase],
        *,
        score: float = 0.9,
        stance: Stance = Stance.ASSERTED,
        speaker: Speaker = Speaker.OUTLET,
        denials: Sequence[str] = (),
    ) -> None:
        """Read each phrase, in any letter case, as its phase; a sentence that holds one of `denials` is a party's denial of it."""
        self._phrases = {phrase.casefold(): phase for phrase, phase in phrases.items()}
        self._denials = tuple(phrase.casefold() for phrase in denials)
        self._score, self._stance, self._speaker = score, stance, speaker
        #: The texts of every article that was read, sentence by sentence, in order.
        self.calls: list[tuple[str, ...]] = []

    @property
    def reader_id(self) -> str:
        """`scripted/1`."""
        return "scripted/1"

    def read(self, sentences: Sequence[Sentence], context: ReadingContext) -> tuple[SentenceReading, ...]:
        """Return one reading a sentence: that of the first phrase found in it, and the ladder's first status of that phase."""
        self.calls.append(tuple(sentence.text for sentence in sentences))
        return tuple(self._reading(sentence, context.issue.ladder) for sentence in sentences)

    def _reading(self, sentence: Sentence, ladder: Ladder) -> SentenceReading:
        text = sentence.text.casefold()
        phrase = next((phrase for phrase in self._phrases if phrase in text), None)
        if phrase is None:
            return SentenceReading(sentence, None, self._stance, self._speaker, 0.0)
        phase = self._phrases[phrase]
        is_denied = any(denial in text for denial in self._denials)
        return SentenceReading(
            sentence,
            phase,
            Stance.DENIED if is_denied else self._stance,
            Speaker.PARTY if is_denied else self._speaker,
            self._score,
            next((status.key for status in ladder.of_phase(phase)), None),
            f"holds “{phrase}”",
        )


class RecordingNotifier:
    """A channel that keeps what it is sent, and fails as often as it is told."""

    def __init__(self, channel: str = "recording", failures: Sequence[MonitorError | None] = ()) -> None:
        """Raise `failures`, one a call, before anything is accepted; None lets a call through."""
        self._channel = channel
        #: What the next calls raise.
        self.failures = list(failures)
        self.sent: list[Alert] = []

    @property
    def channel(self) -> str:
        """The name given."""
        return self._channel

    def send(self, alert: Alert) -> str | None:
        """Keep the alert, or raise the next failure."""
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.sent.append(alert)
        return str(len(self.sent))


class RecordingBoard(RecordingNotifier):
    """A board that keeps its messages, and fails as it is told: an UnknownOutcomeError after having posted, all else before."""

    def __init__(
        self,
        channel: str = "recording",
        failures: Sequence[MonitorError | None] = (),
        *,
        gap_s: float = 0.0,
        clock: Clock | None = None,
    ) -> None:
        """Raise `failures`, one a post; stamp messages by `clock`."""
        super().__init__(channel, failures)
        self._gap_s = gap_s
        self._clock = clock or FrozenClock()
        #: Every message as it reads now, by its receipt.
        self.messages: dict[str, Post] = {}
        self._posted_at: dict[str, datetime] = {}
        #: Raised by the next looks, and by the next edits, one each.
        self.find_failures: list[MonitorError] = []
        self.edit_failures: list[MonitorError] = []
        self.n_looks = 0

    @property
    def gap_s(self) -> float:
        """The gap given."""
        return self._gap_s

    def send(self, alert: Alert) -> str | None:
        """Post the alert by itself."""
        return self.post(Post(alert.alert_id, PostForm.NOTICE if alert.change is None else PostForm.CHANGE, alert))

    def post(self, post: Post) -> str:
        """Keep the message, or raise the next failure."""
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None and not isinstance(failure, UnknownOutcomeError):
            raise failure
        if post.thread is not None and post.thread not in self.messages:
            raise ThreadGoneError("thread_not_found")
        receipt = str(len(self._posted_at) + 1)
        self.messages[receipt], self._posted_at[receipt] = post, self._clock.now()
        if post.form is not PostForm.ROOT:
            self.sent.append(post.alert)
        if failure is not None:
            raise failure
        return receipt

    def find(self, post: Post, *, since: datetime) -> str | None:
        """Return the message with this key in this thread, or raise the next failure."""
        self.n_looks += 1
        if self.find_failures:
            raise self.find_failures.pop(0)
        for receipt, found in self.messages.items():
            if (found.key, found.thread) == (post.key, post.thread) and self._posted_at[receipt] >= since:
                return receipt
        return None

    def edit(self, receipt: str, post: Post) -> None:
        """Replace the message, or raise the next failure."""
        if self.edit_failures:
            raise self.edit_failures.pop(0)
        if receipt not in self.messages:
            raise ThreadGoneError("message_not_found")
        self.messages[receipt] = post

    def check(self) -> str:
        """Nothing can be wrong."""
        return "recording"

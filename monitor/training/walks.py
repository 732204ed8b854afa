"""The storylines of the corpus, each read as the daemon would read it, with articles of other storylines strewn in: what the judge learns from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor.app import App
from monitor.core.aboutness import aboutness, vocabulary
from monitor.core.judging import Course
from monitor.core.ladder import Phase
from monitor.core.reading import MAX_BODY, make_evidence, signals_of
from monitor.core.text import split_sentences
from monitor.core.types import Article, Evidence, FloatArray, Place, ReadingContext
from monitor.jobs import seed
from monitor.jobs.examine import Examiner, embed_heads
from monitor.ports import StateEncoder
from monitor.reader.head import ReadingHead
from monitor.reader.head_reader import HeadReader
from monitor.reader.matter_head import MatterHead
from monitor.reader.matter_rows import TextStates
from monitor.training.corpus import Item, Storyline
from monitor.training.examples import States, nearest, texts_of
from monitor.training.forked import side_by_side

SEED = 20240927
#: Articles of other storylines strewn into each: those that are most like it, as they are what passes the gate of a real stream, and any.
N_NEAR, N_ANY = 26, 4
#: Share of articles that are also shown as flashes, headline only, where they are the first to tell of a change and elsewhere: the corpus has
#: too few changes that come so, and with these shares the form of an article says nothing about its news.
NEWS_FLASHES, FLASHES = 0.9, 0.3


@dataclass(frozen=True, slots=True)
class Read:
    """One article of a walk: its label and its evidence on the walked matter."""

    item: Item
    evidence: Evidence
    #: The same article as a flash, headline only; the whole again where the dice did not cut it.
    flash: Evidence


@dataclass(frozen=True, slots=True)
class Walk:
    """One storyline, read."""

    storyline: Storyline
    start: Course
    steps: tuple[Read, ...]


class StoredReader(HeadReader):
    """Reads from states made before: an article strewn into many storylines passes the encoder once."""

    def __init__(self, encoder: StateEncoder, head: ReadingHead, matter_head: MatterHead, states: States) -> None:
        """Read with the states of one run."""
        super().__init__(encoder, head, matter_head)
        self._states, self._pass = states, (encoder, head)

    def states_of(self, texts: Sequence[str]) -> dict[str, TextStates]:
        """Return the stored states, made where they are missing."""
        self._states.add(texts, *self._pass)
        return {text: self._states(text) for text in texts}


def read_all(app: App, storylines: Sequence[Storyline], n_processes: int = 1) -> list[Walk]:
    """Read every article beside the matter it is walked with, by the nets that have not seen that storyline, and return the walks."""
    rng = random.Random(SEED)  # noqa: S311 - it strews articles.
    items = [item for storyline in storylines for item in storyline.items]
    encoder, head, whole, states = Embedded(app.encoder), ReadingHead(), MatterHead(), States()
    off_topic = seed.embed_off_topic(app.off_topic, encoder)
    states.add(texts_of(storylines, ()), encoder, head)
    near = nearest(storylines, states)
    streams = []
    for storyline in storylines:
        own = [item for item in storyline.items if item.mark != "S"]
        for item in near[str(storyline.issue.key)][:N_NEAR] + rng.sample(items, min(len(items), N_ANY)):
            if item not in storyline.items:
                own.insert(rng.randrange(len(own) + 1), replace(item, mark="-", phase=None))
        streams.append(_stream(storyline, own))
    # Heads are embedded here, all together: in batches of another make-up, the last bits of a vector may differ.
    embed_heads(encoder, [article for stream in streams for article in stream.every], {})

    def walk(place: int) -> Walk:
        reader = StoredReader(encoder, head, whole.alone(place % whole.n_nets), states)
        return _walk(app, streams[place], encoder, reader, off_topic)

    return side_by_side(walk, range(len(storylines)), n_processes)


@dataclass(frozen=True, slots=True)
class Stream:
    """What is walked: a storyline's articles with others strewn in, and those of them that are also shown as flashes."""

    storyline: Storyline
    items: tuple[Item, ...]
    #: By place in the stream: the article, headline only.
    cut: dict[int, Article]

    @property
    def every(self) -> list[Article]:
        """The articles as they are, then the flashes."""
        return [*(item.article for item in self.items), *self.cut.values()]


def _stream(storyline: Storyline, items: Sequence[Item]) -> Stream:
    rng = random.Random(f"{SEED} {storyline.issue.key}")  # noqa: S311 - it picks articles.
    cut = {
        number: replace(item.article, text="")
        for number, item in enumerate(items)
        if item.article.title and item.article.text and rng.random() < (NEWS_FLASHES if item.mark == "*" else FLASHES)
    }
    return Stream(storyline, tuple(items), cut)


class Embedded:
    """An encoder that remembers what it has embedded."""

    def __init__(self, encoder: StateEncoder) -> None:
        """Stand before an encoder."""
        self._encoder = encoder
        self._known: dict[str, FloatArray] = {}
        self.model_id, self.dim = encoder.model_id, encoder.dim

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return (n, dim), made once a text."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(missing, self._encoder.embed(missing), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else np.zeros((0, self.dim), np.float32)

    def token_states(self, texts: Sequence[str]) -> list[FloatArray]:
        """Return the encoder's states."""
        return self._encoder.token_states(texts)


def _walk(app: App, stream: Stream, encoder: Embedded, reader: StoredReader, off_topic: seed.OffTopic) -> Walk:
    storyline, policy = stream.storyline, app.settings.status.policy()
    learned = seed.learn(
        storyline.issue, off_topic=off_topic, encoder=encoder, examiner=Examiner(reader, policy), match_policy=app.settings.match.policy()
    )
    known = vocabulary(storyline.issue, learned.baseline)
    seeds = [item.phase for item in storyline.items if item.mark == "S" and item.phase is not None]
    current = seeds[-1] if seeds else Phase.PROPOSED
    vectors, _ = embed_heads(encoder, stream.every, {})
    pieces = [
        read(reader, storyline, article, aboutness(vector, article, learned.baseline, known))
        for article, vector in zip(stream.every, vectors, strict=True)
    ]
    flashed = dict(zip(stream.cut, pieces[len(stream.items) :], strict=True))
    steps = [
        Read(item, piece, flashed.get(number, piece))
        for number, (item, piece) in enumerate(zip(stream.items, pieces, strict=False))
        if piece.signals
    ]
    return Walk(storyline, Course(current, frozenset(seeds) - {current}, 0.0), tuple(steps))


def read(reader: HeadReader, storyline: Storyline, article: Article, about: tuple[float, ...]) -> Evidence:
    """Return an article's evidence on a storyline's matter, as far as the judge weighs it."""
    whole = split_sentences(article.title, article.text)
    body = [sentence for sentence in whole if sentence.place is Place.BODY][:MAX_BODY]
    sentences = [*(sentence for sentence in whole if sentence.place is not Place.BODY), *body]
    context = ReadingContext(storyline.issue, article)
    signals = signals_of(reader.read(sentences, context))
    return make_evidence(
        article,
        storyline.issue.key,
        (),
        origin=(article.source, ()),
        match_score=0.0,
        reader_id="",
        signals=signals,
        aboutness=about,
        told=reader.tell(sentences, context),
    )

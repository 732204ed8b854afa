"""Questions to language models, and answers of theirs, on the small story."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from monitor.app import App
from monitor.config import Settings
from monitor.config.files import read_yaml
from monitor.core.chat import Completion, Prompt
from monitor.core.text import split_sentences
from monitor.core.types import Article, ReadingContext, Sentence
from monitor.errors import MonitorError
from monitor.ports import Clock, StateEncoder, StatusReader
from monitor.reader.prompt import PromptTemplate, parse_template
from monitor.testing.fakes import FrozenClock, HashEncoder
from tests.story import AGREED, ISSUE, article, reader

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-keep-me-quiet"


def template(**changes: Any) -> PromptTemplate:
    content = read_yaml(ROOT / "config" / "prompts" / "reader.yaml") | changes
    return parse_template(content, name="reader.yaml", max_article_chars=12_000)


def context(found: Article | None = None, *, status_key: str | None = "talks_under_way") -> ReadingContext:
    return ReadingContext(ISSUE, found or article(AGREED), status_key)


def sentences(found: Article | None = None) -> tuple[Sentence, ...]:
    whole = found or article(AGREED)
    return split_sentences(whole.title, whole.text)


def verdict(**changes: Any) -> str:
    """A sound verdict on the article that tells of the broad agreement."""
    sound = {
        "why": "The headline tells the agreement as done.",
        "about_matter": True,
        "quote": "have broadly agreed on the harbour treaty",
        "phase": "agreed_in_principle",
        "status": "broadly_agreed",
        "stance": "asserted",
        "speaker": "outlet",
        "confidence": 0.93,
    }
    return json.dumps(sound | changes)


@dataclass(frozen=True)
class LocalStoryApp(App):
    """The application on the small story with the reader that its settings ask for; the local one is scripted."""

    settings: Settings
    clock: Clock = field(default_factory=FrozenClock)

    @cached_property
    def encoder(self) -> StateEncoder:
        return HashEncoder()

    @cached_property
    def local_reader(self) -> StatusReader:
        return reader()


class ScriptedModel:
    """A chat model that says or raises what it is told, the last one for ever."""

    def __init__(self, *script: Completion | MonitorError | None) -> None:
        self._script = list(script)
        self.prompts: list[Prompt] = []

    @property
    def model_id(self) -> str:
        return "scripted"

    def complete(self, prompt: Prompt) -> Completion | None:
        self.prompts.append(prompt)
        answer = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(answer, MonitorError):
            raise answer
        return answer

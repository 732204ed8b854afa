"""A question to a language model, and its answer: plain values that reader and endpoint share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A whole question, ready to be asked."""

    #: Version of the wording; an answer to another version is no answer to this.
    version: str
    messages: tuple[Message, ...]
    #: JSON Schema of the answer.
    schema: Mapping[str, object]

    @property
    def message_objects(self) -> list[dict[str, str]]:
        """The messages as the chat interface writes them."""
        return [{"role": message.role, "content": message.content} for message in self.messages]

    @property
    def n_tokens(self) -> int:
        """An estimate, from above for English: a token is seldom shorter than three bytes."""
        return len(json.dumps([self.message_objects, self.schema], ensure_ascii=False).encode()) // 3 + 1

    def key(self, model_id: str) -> str:
        """Return the name under which one model's answer to this very question is kept: 32 hexadecimal digits."""
        whole = json.dumps([self.version, model_id, self.message_objects, self.schema], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Completion:
    """What a language model answered."""

    content: str
    #: As the server counted them; None where it did not.
    n_prompt_tokens: int | None = None
    n_completion_tokens: int | None = None
    #: False: it was cut off at the limit of tokens, so that it says nothing.
    is_whole: bool = True

"""Answers of language models that are kept: the daemon's cache, and the files by which a replay is answered without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import structlog

from monitor.core.chat import Completion, Prompt
from monitor.errors import ConfigError
from monitor.ports import ChatModel, Clock
from monitor.reader.budget import Usage, usage_of

log = structlog.get_logger(__name__)

#: Bytes of the cache that are read, its latest ones: some fifty thousand answers, which is more than a year of a busy desk.
MAX_CACHE_BYTES = 32 * 1024 * 1024


class AnswerCache:
    """A JSON Lines file of answers that is only ever appended to. A line that cannot be read is passed over, as a crash may leave one."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_CACHE_BYTES) -> None:
        """Read the last `max_bytes` of the file; one that is not there yet is empty."""
        self._path = path
        self._contents: dict[str, str] = {}
        #: What the kept exchanges took, oldest first.
        self.usages: list[Usage] = []
        # The first line of a tail may be cut, and the last line torn: a line break before the next row heals both.
        tail = _tail(path, max_bytes)
        self._is_torn = bool(tail) and not tail.endswith(b"\n")
        for line in tail.splitlines():
            self._take(line)

    def get(self, key: str) -> str | None:
        """Return the answer kept under a key; None where there is none."""
        return self._contents.get(key)

    def add(self, key: str, completion: Completion, usage: Usage) -> None:
        """Keep an answer and what it took. A file that cannot be written costs the next start its memory, not this article its reading."""
        row = {
            "id": key,
            "at": usage.at.isoformat(),
            "n_prompt_tokens": usage.n_prompt_tokens,
            "n_completion_tokens": usage.n_completion_tokens,
            # An answer that was cut off is kept for what it took only.
            "content": completion.content if completion.is_whole else None,
        }
        if completion.is_whole:
            self._contents[key] = completion.content
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(b"\n" * self._is_torn + json.dumps(row).encode() + b"\n")
            self._is_torn = False
        except OSError as exc:
            log.warning("language_model_cache_failed", file=str(self._path), error=exc.strerror, next_step="make the file writable")

    def _take(self, line: bytes) -> None:
        try:
            row = json.loads(line)
            key, content = row["id"], row["content"]
            usage = Usage(datetime.fromisoformat(row["at"]), int(row["n_prompt_tokens"]), int(row["n_completion_tokens"]))
            if not isinstance(key, str) or usage.at.tzinfo is None:
                return
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        self.usages.append(usage)
        if isinstance(content, str):
            self._contents[key] = content


class CachedModel:
    """A `ports.ChatModel` that never asks the same question twice."""

    def __init__(self, model: ChatModel, cache: AnswerCache, clock: Clock) -> None:
        """Ask `model` what the cache does not know."""
        self._model = model
        self._cache = cache
        self._clock = clock

    @property
    def model_id(self) -> str:
        """Name of the model."""
        return self._model.model_id

    def complete(self, prompt: Prompt) -> Completion | None:
        """Return the answer, kept or new. Raises: as the model does."""
        key = prompt.key(self.model_id)
        kept = self._cache.get(key)
        if kept is not None:
            return Completion(kept)
        completion = self._model.complete(prompt)
        if completion is not None:
            self._cache.add(key, completion, usage_of(completion, prompt, self._clock.now()))
        return completion


class RecordedModel:
    """A `ports.ChatModel` that knows only the answers given to it, and remembers what it could not answer."""

    def __init__(self, model_id: str, answers: Mapping[str, str]) -> None:
        """Answer from `answers`: contents by the key of their prompt."""
        self._model_id = model_id
        self._answers = answers
        #: Prompts without an answer by key, in the order in which they were first asked.
        self.missing: dict[str, Prompt] = {}
        #: Keys of all prompts that were asked.
        self.asked: set[str] = set()

    @property
    def model_id(self) -> str:
        """Name of the model that gave the answers."""
        return self._model_id

    def complete(self, prompt: Prompt) -> Completion | None:
        """Return the answer; None where it is missing."""
        key = prompt.key(self._model_id)
        self.asked.add(key)
        if key in self._answers:
            return Completion(self._answers[key])
        self.missing.setdefault(key, prompt)
        return None

    def prompt_lines(self) -> Iterator[str]:
        """Yield the missing prompts as lines of JSON: `id`, `messages` and `schema`."""
        for key, prompt in self.missing.items():
            yield json.dumps({"id": key, "messages": prompt.message_objects, "schema": prompt.schema}, ensure_ascii=False) + "\n"


def load_answers(path: Path) -> dict[str, str]:
    """Return the answers of a JSON Lines file with `id` and `content`; the last one to a prompt counts. Raises: ConfigError.

    A file that is not there has no answers yet: the first replay comes before them.
    """
    answers: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: cannot be read ({exc}); give a file of JSON Lines in UTF-8") from exc
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise ConfigError(f"{path}, line {number}: is no JSON; write one object with `id` and `content` a line") from exc
        if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not isinstance(row.get("content"), str | dict):
            raise ConfigError(
                f"{path}, line {number}: must be an object with the texts `id` and `content`; copy `id` from the prompts file"
            )
        # An answer is text that holds an object; whoever writes the object itself means the same.
        answers[row["id"]] = row["content"] if isinstance(row["content"], str) else json.dumps(row["content"])
    return answers


def _tail(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - max_bytes))
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as exc:
        log.warning("language_model_cache_failed", file=str(path), error=exc.strerror, next_step="make the file readable")
        return b""

"""The prompt: what a language model is asked about one article, from a template and what is known of the issue.

An article may hold anything, orders to the model among it. It stands between two marks that carry a digest of its own text, so that no text
can write its own end mark; that what it says is only data is told in the template, and what comes back is checked by `verdict`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from monitor.core.chat import Message, Prompt
from monitor.core.ladder import Ladder, Phase
from monitor.core.types import Issue, ReadingContext, Speaker, Stance
from monitor.errors import ConfigError

#: The name of "no step" in an answer.
NO_PHASE = "none"
#: Examples of a status that are shown: enough to tell neighbours apart, and the steps of a ladder stay readable at a glance.
N_CUES = 2
#: Headlines of seeds that are shown, the latest ones: they tell the matter, not its history.
MAX_SEEDS = 12

_FIELDS = frozenset({"question", "ladder", "statuses", "present", "seeds", "fence", "source", "published_at", "title", "text"})
_VERSION = re.compile(r"[\w.-]{1,40}")


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """The wording of the question, with its version."""

    version: str
    system: str
    article: str
    #: Characters of an article's text that are shown; what lies behind seldom tells of a step, and is paid for.
    max_article_chars: int = 12_000

    def fill(self, context: ReadingContext) -> Prompt:
        """Return the question about one article; the same context gives the same bytes."""
        issue, article = context.issue, context.article
        values = {
            "question": _line(issue.title),
            "ladder": _line(issue.ladder.label),
            "statuses": _statuses(issue.ladder),
            "present": _present(issue.ladder, context.status_key),
            "seeds": _seeds(issue),
            "fence": hashlib.sha256(f"{article.title}\n{article.text}".encode()).hexdigest()[:16],
            "source": _line(article.source),
            "published_at": article.published_at.isoformat(timespec="minutes"),
            "title": _line(article.title),
            "text": article.text[: self.max_article_chars].strip(),
        }
        return Prompt(
            self.version,
            (Message("system", self.system), Message("user", Template(self.article).substitute(values))),
            _schema(issue.ladder),
        )


def parse_template(content: Mapping[str, object], *, name: str, max_article_chars: int) -> PromptTemplate:
    """Return the template that a file's mapping holds; `name` is the file, for messages. Raises: ConfigError."""
    texts = {key: value for key in ("version", "system", "article") if isinstance(value := content.get(key), str) and value.strip()}
    for key in ("version", "system", "article"):
        if key not in texts:
            raise ConfigError(f"{name}: {key} is missing or no text; take it from the prompt that ships, config/prompts/reader.yaml")
    if not _VERSION.fullmatch(texts["version"]):
        raise ConfigError(f"{name}: version = {texts['version']!r}: must be 1 to 40 letters, digits, dots and dashes, e.g. prompt-2")
    article = Template(texts["article"])
    named = set(article.get_identifiers()) if article.is_valid() else set()
    if named != _FIELDS:
        raise ConfigError(
            f"{name}: article must name each of ${', $'.join(sorted(_FIELDS))}, and no other; "
            f"missing: {', '.join(sorted(_FIELDS - named)) or 'none'}; unknown: {', '.join(sorted(named - _FIELDS)) or 'none'}"
        )
    return PromptTemplate(texts["version"], texts["system"], texts["article"], max_article_chars)


def _line(text: str) -> str:
    """Return a text on one line, so that it cannot draw lines of its own."""
    return " ".join(text.split())


def _statuses(ladder: Ladder) -> str:
    lines = []
    for status in ladder.statuses:
        cues = " / ".join(_line(cue) for cue in status.cues[:N_CUES])
        lines.append(f"- `{status.key}` ({status.phase.value}) {_line(status.label)}: {cues}")
    return "\n".join(lines)


def _present(ladder: Ladder, status_key: str | None) -> str:
    status = next((status for status in ladder.statuses if status.key == status_key), None)
    return f"`{status.key}` ({status.phase.value}) {_line(status.label)}" if status else "not known yet"


def _seeds(issue: Issue) -> str:
    articles = [seed.article for seed in issue.seeds[-MAX_SEEDS:]]
    return (
        "\n".join(f"- {article.published_at:%Y-%m-%d}, {_line(article.source)}: {_line(article.title)}" for article in articles) or "- none"
    )


def _schema(ladder: Ladder) -> dict[str, object]:
    """Return the strict schema of an answer. The reason and the proof come first: what a model has written, it decides by."""
    properties: dict[str, object] = {
        "why": {"type": "string"},
        "about_matter": {"type": "boolean"},
        "quote": {"type": "string"},
        "phase": {"type": "string", "enum": [*(phase.value for phase in Phase), NO_PHASE]},
        "status": {"type": ["string", "null"], "enum": [*(status.key for status in ladder.statuses), None]},
        "stance": {"type": "string", "enum": [stance.value for stance in Stance]},
        "speaker": {"type": "string", "enum": [speaker.value for speaker in Speaker]},
        "confidence": {"type": "number"},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

"""What a language model may cost a day, in tokens and in money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import structlog

from monitor.core.chat import Completion, Prompt
from monitor.errors import FetchError
from monitor.ports import ChatModel, Clock

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one exchange, and when it was."""

    at: datetime
    n_prompt_tokens: int
    n_completion_tokens: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a UTC day may take, and what tokens cost; a limit of 0 is none."""

    tokens_per_day: int = 0
    #: In the currency of the prices.
    cost_per_day: float = 0.0
    #: For a million tokens.
    prompt_price: float = 0.0
    completion_price: float = 0.0


class Budget:
    """Counts the tokens and the money of each UTC day against the limits."""

    def __init__(self, limits: Limits, spent: Iterable[Usage] = ()) -> None:
        """Begin with what was `spent` before."""
        self._limits = limits
        self._tokens: defaultdict[date, int] = defaultdict(int)
        self._costs: defaultdict[date, float] = defaultdict(float)
        for usage in spent:
            self.count(usage)

    def has_room(self, usage: Usage) -> bool:
        """Return whether a further exchange of so many tokens stays within its day's limits."""
        day, limits = _day_of(usage), self._limits
        is_within_tokens = not limits.tokens_per_day or self._tokens[day] + _tokens_of(usage) <= limits.tokens_per_day
        return is_within_tokens and (not limits.cost_per_day or self._costs[day] + self._cost_of(usage) <= limits.cost_per_day)

    def count(self, usage: Usage) -> None:
        """Add an exchange to its day."""
        self._tokens[_day_of(usage)] += _tokens_of(usage)
        self._costs[_day_of(usage)] += self._cost_of(usage)

    def _cost_of(self, usage: Usage) -> float:
        limits = self._limits
        return (usage.n_prompt_tokens * limits.prompt_price + usage.n_completion_tokens * limits.completion_price) / 1_000_000


def _day_of(usage: Usage) -> date:
    return usage.at.astimezone(UTC).date()


def _tokens_of(usage: Usage) -> int:
    return usage.n_prompt_tokens + usage.n_completion_tokens


class BudgetedModel:
    """A `ports.ChatModel` that is asked only while the budget has room for the longest answer that it may give."""

    def __init__(self, model: ChatModel, budget: Budget, clock: Clock, *, max_tokens: int) -> None:
        """Ask `model`, whose answers have at most `max_tokens`."""
        self._model = model
        self._budget = budget
        self._clock = clock
        self._max_tokens = max_tokens
        self._told_on: date | None = None

    @property
    def model_id(self) -> str:
        """Name of the model."""
        return self._model.model_id

    def complete(self, prompt: Prompt) -> Completion | None:
        """Return the answer; None where the budget has no room for it, which is logged once a day. Raises: as the model does."""
        now = self._clock.now()
        worst = Usage(now, prompt.n_tokens, self._max_tokens)
        if not self._budget.has_room(worst):
            if self._told_on != now.date():
                self._told_on = now.date()
                log.warning("language_model_over_budget", model=self.model_id, next_step="articles are read locally until the UTC day ends")
            return None
        try:
            completion = self._model.complete(prompt)
        except FetchError as exc:
            # A server that answered with an error made nothing. One that was asked and not heard out may have, and may charge for it.
            if exc.status is None:
                self._budget.count(worst)
            raise
        if completion is not None:
            self._budget.count(usage_of(completion, prompt, now))
        return completion


def usage_of(completion: Completion, prompt: Prompt, at: datetime) -> Usage:
    """Return the tokens of an exchange as the server reports them, else as they are estimated."""
    n_completion = completion.n_completion_tokens
    return Usage(
        at,
        prompt.n_tokens if completion.n_prompt_tokens is None else completion.n_prompt_tokens,
        len(completion.content.encode()) // 3 + 1 if n_completion is None else n_completion,
    )

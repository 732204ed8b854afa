"""Flashes: bare headlines of outlets that otherwise send text, as a wire does when something has happened.

On labelled wire streams seventeen of eighteen such headlines on a matter told a change of it, of whole articles one in nine (docs/accuracy.md).
A home page, whose items often are a headline and nothing more, sends no flashes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.core.policy import StatusPolicy
from monitor.core.types import Article

#: Articles of an outlet, the latest, that tell its habit.
MOST = 100


@dataclass(frozen=True, slots=True)
class Habit:
    """How an outlet sends its articles."""

    n_articles: int = 0
    #: Those of them that came with text below the headline.
    n_with_text: int = 0

    def after(self, article: Article) -> Habit:
        """Return the habit once one more article has come."""
        return Habit(self.n_articles + 1, self.n_with_text + bool(article.text.strip()))


def habit_of(articles: Iterable[Article]) -> Habit:
    """Return the habit that some articles of one outlet show."""
    found = Habit()
    for article in articles:
        found = found.after(article)
    return found


def is_bare(article: Article) -> bool:
    """Tell whether an article is a headline and nothing more."""
    return bool(article.title.strip()) and not article.text.strip()


def is_flash(article: Article, habit: Habit, policy: StatusPolicy) -> bool:
    """Tell whether a bare headline is a flash, in view of what its outlet sent before."""
    if not is_bare(article) or habit.n_articles < policy.flash_least_articles:
        return False
    return habit.n_with_text >= policy.flash_text_share * habit.n_articles

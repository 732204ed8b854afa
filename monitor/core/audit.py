"""What a feed served against what is stored of it: what is missing, what was not watched, and where something may have been missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.dedupe import choose_known
from monitor.core.marks import article_fingerprints
from monitor.core.types import ArticleId, Entry, FeedKey, IdPolicy, Poll, Serving

#: Outcomes of polls that were answered.
_ANSWERED = frozenset({"ok", "not_modified", "same_body"})


@dataclass(frozen=True, slots=True)
class Blind:
    """A spell in which no poll was answered."""

    #: The last answered poll before it; None where there is none in the window.
    since: datetime | None
    #: The next answered poll after it; None where there is none in the window.
    until: datetime | None
    n_failed: int
    #: The last thing that went wrong.
    detail: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A poll that knew nothing of what it was served: items between it and the one before may have come and gone."""

    since: datetime
    until: datetime
    n_items: int


@dataclass(frozen=True, slots=True)
class Audit:
    """The account of one feed over a window."""

    feed_key: FeedKey
    n_polls: int
    n_answered: int
    #: Wordings that were served for the first time within the window.
    n_served: int
    #: Those of them that lead to an article.
    n_stored: int
    #: Polls that served something of which nothing is stored, each with the number of items.
    missing: tuple[tuple[datetime, int], ...]
    blind: tuple[Blind, ...]
    gaps: tuple[Gap, ...]

    @property
    def n_missing(self) -> int:
        """Wordings that were served and lead to no article."""
        return self.n_served - self.n_stored

    @property
    def is_whole(self) -> bool:
        """Whether all that was served is stored."""
        return self.n_missing == 0


def audit(feed_key: FeedKey, polls: Sequence[Poll], servings: Sequence[Serving], known: Mapping[str, ArticleId]) -> Audit:
    """Return the account of a feed.

    `polls` and `servings` are those of the window, in any order; `known` are the stored fingerprints among the servings' marks.
    """
    polls = sorted(polls, key=lambda poll: poll.at)
    servings = sorted(servings, key=lambda serving: serving.at)
    marks = dict.fromkeys(mark for serving in servings for mark in serving.marks)
    lost = [(serving.at, n_lost) for serving in servings if (n_lost := sum(mark not in known for mark in set(serving.marks)))]
    return Audit(
        feed_key,
        n_polls=len(polls),
        n_answered=sum(poll.outcome in _ANSWERED for poll in polls),
        n_served=len(marks),
        n_stored=sum(mark in known for mark in marks),
        missing=tuple(lost),
        blind=_blind_spells(polls),
        gaps=_gaps(polls, servings),
    )


def unstored(entries: Sequence[Entry], policy: IdPolicy, known: Mapping[str, ArticleId]) -> tuple[list[Entry], list[Entry]]:
    """Return those entries that lead to no stored article, and those whose article is stored but never had these words.

    `known`: the stored fingerprints among those of the entries (`marks_of`).
    """
    missing: list[Entry] = []
    other_words: list[Entry] = []
    for entry in entries:
        marks = article_fingerprints(entry, policy)
        if any(mark.startswith("c:") and mark in known for mark in marks):
            continue
        (missing if choose_known(None, marks, known) is None else other_words).append(entry)
    return missing, other_words


def marks_of(entries: Sequence[Entry], policy: IdPolicy) -> set[str]:
    """Return the fingerprints by which these entries may be stored."""
    return {mark for entry in entries for mark in article_fingerprints(entry, policy)}


def _blind_spells(polls: Sequence[Poll]) -> tuple[Blind, ...]:
    spells: list[Blind] = []
    seen: datetime | None = None
    failed: list[Poll] = []
    for poll in polls:
        if poll.outcome in _ANSWERED:
            if failed:
                spells.append(Blind(seen, poll.at, len(failed), failed[-1].detail or failed[-1].outcome))
            seen, failed = poll.at, []
        else:
            failed.append(poll)
    if failed:
        spells.append(Blind(seen, None, len(failed), failed[-1].detail or failed[-1].outcome))
    return tuple(spells)


def _gaps(polls: Sequence[Poll], servings: Sequence[Serving]) -> tuple[Gap, ...]:
    """Return the polls, but for the feed's first, whose every item was fresh."""
    answered = [poll.at for poll in polls if poll.outcome in _ANSWERED]
    found = []
    for serving in servings:
        before = [at for at in answered if at < serving.at - timedelta(seconds=1)]
        if serving.n_items and serving.n_fresh >= serving.n_items and before:
            found.append(Gap(before[-1], serving.at, serving.n_items))
    return tuple(found)

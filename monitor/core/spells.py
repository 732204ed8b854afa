"""When the monitor was blind: spells in which feeds could not be read, from the record of polls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.types import FeedKey, Poll

#: Outcomes of a poll that was read.
READ = frozenset({"ok", "not_modified", "same_body"})


@dataclass(frozen=True, slots=True)
class Spell:
    """A time without sight of one feed; `ended_at` is None while it lasts."""

    feed_key: FeedKey
    began_at: datetime
    ended_at: datetime | None


def blind_spells(polls: Iterable[Poll], *, at_least: timedelta, now: datetime) -> list[Spell]:
    """Return the spells of failed polls, in order of their beginning, that lasted as long as makes a feed blind."""
    began: dict[FeedKey, datetime] = {}
    spells: list[Spell] = []
    for poll in sorted(polls, key=lambda poll: poll.at):
        if poll.outcome not in READ:
            began.setdefault(poll.feed_key, poll.at)
        elif (since := began.pop(poll.feed_key, None)) is not None and poll.at - since >= at_least:
            spells.append(Spell(poll.feed_key, since, poll.at))
    spells += [Spell(feed_key, since, None) for feed_key, since in began.items() if now - since >= at_least]
    return sorted(spells, key=lambda spell: (spell.began_at, spell.feed_key))


def overlap(poll: Poll) -> float | None:
    """Return the share of a body's entries that were known, 0 to 1; None where the poll brought no body.

    While it stays above 0 nothing can have been missed: what lay between two polls would stand between what is known and what is new.
    """
    return None if poll.outcome != "ok" or poll.n_entries == 0 else max(0.0, 1.0 - poll.n_new / poll.n_entries)


def gaps(polls: Iterable[Poll]) -> list[Poll]:
    """Return the polls that knew none of their entries, but for the first of all: something may have been missed before each."""
    read = [poll for poll in sorted(polls, key=lambda poll: poll.at) if overlap(poll) is not None]
    return [poll for poll in read[1:] if overlap(poll) == 0]

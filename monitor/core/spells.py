"""When the monitor was blind: spells in which feeds could not be read, from the record of polls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.types import FeedKey, Poll

#: Outcomes of a poll that was read.
READ = frozenset({"ok", "not_modified"})


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

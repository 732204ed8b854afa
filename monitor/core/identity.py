"""What the ids of a feed are worth, learned from what they do, poll by poll.

A standard says that an id is for ever and of one item alone. Publishers put the headline into it, give all items the same, make new ones at
every request, change all at once, or leave them out; others link every item to one page. So each feed has *habits*, counted over its
items, and by them a policy (`IdPolicy`): which of id and address tells its items apart. Old habits fade, so that a feed that mends its
ways is believed again (ADR 14).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from monitor.core.dates import MAX_SKEW
from monitor.core.marks import normalised, page_address
from monitor.core.types import Entry, IdHabits, IdPolicy, IdVerdict

#: Share of items from which a fault counts as the feed's habit. An editor who re-uses one id or links two items to one live page does so
#: now and then; a publishing system that is wrong about ids is wrong about most.
FAULT_SHARE = 0.10

#: Least number of items with a fault: less may be chance.
MIN_FAULTS = 3

#: Share of items without an id from which ids are not asked for.
MOST = 0.5


def count_habits(entries: Sequence[Entry], guids_before: Mapping[str, Collection[str]]) -> IdHabits:
    """Return what the items of one body tell of the feed's habits.

    `guids_before`: for addresses that this feed delivered before, in the form of `page_address`, the ids that they came with.
    """
    addresses = [page_address(entry.url) for entry in entries]
    titles = [normalised(entry.title) for entry in entries]
    by_id: dict[str, set[tuple[str, str]]] = defaultdict(set)
    by_address: dict[str, set[tuple[str, str]]] = defaultdict(set)
    titles_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry, address, title in zip(entries, addresses, titles, strict=True):
        guid = entry.guid or ""
        by_id[guid].add((address, "" if address else title))
        by_address[address].add((guid, title))
        titles_of[guid, address].add(title)
    counts: Counter[str] = Counter(n_items=len(entries))
    for entry, address, title in zip(entries, addresses, titles, strict=True):
        guid = entry.guid or ""
        counts["n_without_id"] += not guid
        # One item may stand there twice, with its old headline and its new one; a third headline under the same id and address is another item.
        is_crowd = len(titles_of[guid, address]) >= MIN_FAULTS
        shares = bool(address) and (is_crowd or any(other != guid and words != title for other, words in by_address[address]))
        counts["n_shared_urls"] += shares
        counts["n_repeated"] += bool(guid) and (len(by_id[guid]) > 1 or is_crowd or (shares and len(titles_of[guid, address]) > 1))
        counts["n_undated"] += entry.published_at is None
        counts["n_future"] += (
            entry.published_at is not None and entry.fetched_at is not None and entry.published_at > entry.fetched_at + MAX_SKEW
        )
        before = guids_before.get(address, ()) if address and guid else ()
        if before:
            counts["n_kept" if guid in before else "n_changed"] += 1
    return IdHabits(**counts)


def decide_id_policy(habits: IdHabits) -> IdVerdict:
    """Return the policy that follows from a feed's habits, with the reason."""
    n_items = habits.n_items
    if n_items == 0:
        return IdVerdict(IdPolicy.BOTH, "no item seen yet")
    ids = _fault_of_ids(habits)
    if _is_habit(habits.n_shared_urls, n_items):
        links = f"{habits.n_shared_urls} of {n_items} items share their address with another item"
        if ids is None:
            return IdVerdict(IdPolicy.ID, f"{links}; their ids tell them apart")
        return IdVerdict(IdPolicy.WORDS, f"{links}, and {ids}")
    if ids is not None:
        return IdVerdict(IdPolicy.URL, ids)
    n_known = habits.n_kept + habits.n_changed
    kept = f"; {habits.n_kept} of {n_known} items that came again kept their id" if n_known else ""
    return IdVerdict(IdPolicy.BOTH, f"each id and each address is of one item{kept}")


def date_habit(habits: IdHabits) -> str:
    """Return what can be said of a feed's dates, in words.

    One item dated ahead is a mistake; where most are, the dates are those of the events that the feed announces, and no item is news of
    its date. Either way such an item counts as published when it was first seen.
    """
    n_dated = habits.n_items - habits.n_undated
    if habits.n_items and habits.n_undated >= MOST * habits.n_items:
        return f"{habits.n_undated} of {habits.n_items} items have no date that can be read: they count from their first sight"
    if habits.n_future >= MIN_FAULTS and habits.n_future >= MOST * n_dated:
        return f"a calendar: {habits.n_future} of {n_dated} dates lie ahead, so that items count from their first sight"
    if habits.n_future:
        return f"{habits.n_future} of {n_dated} dates lie ahead, taken for mistakes: those items count from their first sight"
    return "dates are of the past, as they should be"


def _fault_of_ids(habits: IdHabits) -> str | None:
    n_items, n_known = habits.n_items, habits.n_kept + habits.n_changed
    if habits.n_without_id >= MOST * n_items:
        return f"{habits.n_without_id} of {n_items} items have no id"
    if _is_habit(habits.n_repeated, n_items):
        return f"{habits.n_repeated} of {n_items} items have an id that another item has as well"
    if _is_habit(habits.n_changed, n_known):
        return f"{habits.n_changed} of {n_known} items that came again had another id"
    return None


def _is_habit(n_faults: int, n_items: int) -> bool:
    return n_faults >= MIN_FAULTS and n_faults >= FAULT_SHARE * n_items

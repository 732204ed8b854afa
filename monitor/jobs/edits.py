"""Edits of messages that are there: put into the outbox where what they show has changed, and worked out when their turn comes.

An edit says nothing by itself: whoever makes it reads what is stored by then. So one that waits stands for all later ones, and none can bring back
what has been replaced, as a message is edited by one worker at a time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.core.alerts import make_alert
from monitor.core.clicks import mute_note, note_of
from monitor.core.delivery import make_edit, root_post
from monitor.core.ladder import Ladder
from monitor.core.types import Alert, Change, ChangeId, Delivery, DeliveryAim, DeliveryState, Post, PostForm, Review
from monitor.ports import Transaction

#: Changes whose messages say that the issue is muted, or say so no more; on an older one the line stays, and names its end.
N_LATEST = 3


@dataclass(frozen=True, slots=True)
class Showing:
    """Where acts are shown."""

    #: The channels that keep what is posted.
    boards: Collection[str]
    now: datetime
    #: The change under whose message the act was made, where the act itself is about the issue.
    about: ChangeId | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A message that is there, and how it is to read."""

    receipt: str
    post: Post


def after_change(store: Transaction, alert: Alert, channel: str, now: datetime) -> None:
    """Have the root of a thread show an alert that is news to it."""
    store.outbox.add_edit(make_edit(DeliveryAim.ROOT, alert, channel, cause=alert.alert_id, now=now))


def after_review(store: Transaction, review: Review, made: Change | None, ladder: Ladder, showing: Showing) -> None:
    """Have messages show an act: those of the changes that it is about, and the root where the act moved the status or is about the issue."""
    is_on_issue = review.change_id is None
    latest = [change.change_id for change in store.issues.changes(review.issue_key)[-N_LATEST:]] if is_on_issue else []
    about = {review.change_id, showing.about, *latest}
    for change_id in sorted(change_id for change_id in about if change_id is not None):
        for row in store.outbox.of_change(change_id):
            if row.channel in showing.boards and row.state is not DeliveryState.DEAD:
                cause = f"{review.review_id}_{change_id}"
                store.outbox.add_edit(make_edit(DeliveryAim.NOTE, row.alert, row.channel, cause=cause, now=showing.now))
    for channel in sorted(showing.boards) if is_on_issue or made is not None else ():
        thread = store.channels.thread(review.issue_key, channel)
        if thread is None:
            continue
        if made is not None:
            thread = replace(thread, alert=make_alert(made, issue_title=thread.alert.issue_title, ladder=ladder))
            store.channels.save_thread(thread)
        store.outbox.add_edit(make_edit(DeliveryAim.ROOT, thread.alert, channel, cause=review.review_id, now=showing.now))


def targets(delivery: Delivery, store: Transaction, now: datetime) -> list[Target] | None:
    """Return the messages that an edit is about as they are to read now; None where one is still on its way, so that the edit waits for it."""
    issue_key, change = delivery.alert.issue_key, delivery.alert.change
    if delivery.aim is DeliveryAim.ROOT:
        thread = store.channels.thread(issue_key, delivery.channel)
        if thread is None:
            return []
        return [Target(thread.receipt, root_post(thread.alert, mute_note(issue_key, store.reviews.of_issue(issue_key), now)))]
    rows = [row for row in store.outbox.of_change(change.change_id) if row.channel == delivery.channel] if change is not None else []
    if any(row.state in {DeliveryState.DUE, DeliveryState.LEASED} for row in rows):
        return None
    found = [(row.receipt, noted(Post(row.alert.alert_id, PostForm.CHANGE, row.alert), store, now)) for row in rows]
    return [Target(receipt, post) for receipt, post in found if receipt is not None]


def noted(post: Post, store: Transaction, now: datetime) -> Post:
    """Return the message of a change with what people have come to about it."""
    change = post.alert.change
    if change is None or post.form is not PostForm.CHANGE:
        return post
    of_change, of_issue = store.reviews.of_changes([change.change_id]), store.reviews.of_issue(change.issue_key)
    note, is_settled = note_of(change, post.alert.steps, of_change, of_issue, now)
    return replace(post, note=note, keeps_buttons=bool(note) and not is_settled)

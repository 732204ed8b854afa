"""A sample alert, by which a channel is tried and the documentation shows what alerts look like. The matter is made up."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.core.alerts import make_alert
from monitor.core.ladder import Ladder, Phase
from monitor.core.types import Alert, ArticleId, Change, ChangeId, ChangeKind, Confirmation, IssueKey, Quote, Speaker, Stance

TITLE = "Will the four river states agree on the Selva dam?"
#: Beside every sample, so that nobody takes it for news.
NOTE = "This is a sample: nothing has changed."


def sample_change(ladder: Ladder, now: datetime) -> Change:
    """Return a change up the ladder, told by two outlets within the last hour. Raises KeyError where the ladder has no two forward statuses."""
    forward = [status for status in ladder.statuses if status.phase.is_forward]
    before = next((status for status in forward if status.phase is Phase.AGREED_IN_PRINCIPLE), forward[0])
    after = next((status for status in forward if status.phase.rank > before.phase.rank), None)
    if after is None:
        raise KeyError(f"{ladder.key}: no forward status after {before.key}")
    return Change(
        ChangeId("c_sample"),
        IssueKey("sample"),
        now - timedelta(minutes=20),
        ArticleId("sample-2"),
        ChangeKind.STATUS,
        before.key,
        after.key,
        before.phase,
        after.phase,
        Confirmation.CONFIRMED,
        0.93,
        ("Harbour Wire", "Ministry of Water"),
        f"“{after.label}” has a probability of 0.93 (lead, asserted, official) ≥ 0.70",
        (
            _quote(
                2, "Ministry of Water", now - timedelta(minutes=20), "The four governments today issued a joint statement on the Selva dam."
            ),
            _quote(
                3, "Harbour Wire", now - timedelta(minutes=50), "Ministers read out the agreed text at noon; work is to begin in spring."
            ),
        ),
        (
            _quote(
                1, "The Selva Gazette", now - timedelta(days=9), "Negotiators have broadly agreed, and await the word of their capitals."
            ),
        ),
    )


def sample_alert(ladder: Ladder, now: datetime) -> Alert:
    """Return the alert of the sample change."""
    return make_alert(sample_change(ladder, now), issue_title=TITLE, ladder=ladder)


def _quote(number: int, source: str, at: datetime, quote: str) -> Quote:
    return Quote(
        ArticleId(f"sample-{number}"),
        source,
        f"https://news.example/{number}",
        at,
        quote,
        0,
        len(quote),
        Stance.ASSERTED,
        Speaker.OFFICIAL,
        0.9,
    )

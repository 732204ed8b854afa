from __future__ import annotations

import pytest

from monitor.core.types import FeedHints
from monitor.fetch.hints import read_hints

HOURS = b"<skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour><hour>77</hour></skipHours>"
DAYS = b"<skipDays><day>Saturday</day><day>sunday</day><day>Someday</day></skipDays>"
SY = b"<sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"

CASES = [
    (b"<ttl>60</ttl>", FeedHints(period_s=3600)),
    (b"<ttl> 15 </ttl>", FeedHints(period_s=900)),
    (b"<ttl>0</ttl>", FeedHints()),
    (b"<ttl>soon</ttl><ttl>-5</ttl>", FeedHints()),
    (b"<ttl>99999999999999999999</ttl>", FeedHints()),
    (SY, FeedHints(period_s=1800)),
    (b"<sy:updatePeriod>daily</sy:updatePeriod>", FeedHints(period_s=86_400)),
    (b"<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", FeedHints(period_s=3600)),
    (b"<sy:updatePeriod>never</sy:updatePeriod>", FeedHints()),
    (SY + b"<ttl>60</ttl>", FeedHints(period_s=3600)),
    (HOURS, FeedHints(skip_hours=(0, 23))),
    (DAYS, FeedHints(skip_days=(5, 6))),
    (HOURS + DAYS + b"<ttl>5</ttl>", FeedHints(300, (0, 23), (5, 6))),
    (b"", FeedHints()),
    (b"<skipHours>" + b"<hour>1</hour>" * 10_000, FeedHints()),
]


@pytest.mark.parametrize(("head", "hints"), CASES)
def test_what_a_channel_says_of_polling(head: bytes, hints: FeedHints) -> None:
    assert read_hints(b"<rss><channel>" + head + b"<item><ttl>1</ttl></item></channel></rss>") == hints


def test_it_may_stand_after_the_entries_and_in_another_encoding() -> None:
    body = b"<rss><channel>" + b"<item>x</item>" * 10_000 + b"<ttl>30</ttl></channel></rss>"
    assert read_hints(body) == FeedHints(period_s=1800)
    assert read_hints("<rss><channel><ttl>30</ttl></channel></rss>".encode("utf-16")) == FeedHints(period_s=1800)

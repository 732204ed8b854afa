"""When an alert may be told, and that nothing that waits is lost, doubled or overtaken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.alerts import Suppressed, make_alert, make_notice
from monitor.core.ladder import Phase
from monitor.core.quiet import (
    CAUGHT_UP,
    MUTE_LOOK_S,
    NO_ISSUE,
    ChannelMemory,
    Told,
    combine,
    decide_route,
    is_urgent,
    memory_since,
    merge,
    plan_release,
    policy_for,
    takes,
)
from monitor.core.schedule import parse_quiet_hours
from monitor.core.types import (
    Alert,
    AlertKind,
    Change,
    ChangeId,
    ChangeKind,
    ChannelRules,
    Confirmation,
    HeldAlert,
    HeldNotices,
    IssueAlerts,
    IssueKey,
    QuietPolicy,
    Review,
    ReviewAction,
    ReviewId,
    Severity,
    Via,
)
from tests.builders import LADDER, make_article, make_change, make_issue

NOW = datetime(2024, 9, 6, 12, tzinfo=UTC)
OLIVES, FIGS = IssueKey("olive-duties"), IssueKey("fig-duties")
NIGHT = QuietPolicy(hours=(parse_quiet_hours("22:00-07:00", UTC),))
AT_NIGHT, MORNING = datetime(2024, 9, 6, 23, tzinfo=UTC), datetime(2024, 9, 7, 7, tzinfo=UTC)


def alert(name: str = "c-1", issue: IssueKey = OLIVES, *, at: datetime = NOW, **fields: Any) -> Alert:
    change = make_change(**{"change_id": ChangeId(name), "issue_key": issue, "at": at, "confirmation": Confirmation.CONFIRMED, **fields})
    return make_alert(change, issue_title=issue.replace("-", " ").title(), ladder=LADDER)


def notice(now: datetime = NOW) -> Alert:
    return make_notice(NO_ISSUE, key="k", headline="Blind: 1 of 2 feeds", detail=("wire: 403",), now=now)


def held(told: Alert, *, at: datetime = NOW, until: datetime = NOW, reason: str = "quiet hours", **fields: Any) -> HeldAlert:
    return HeldAlert(told, "desk", at, until, reason, **fields)


def mute(until: datetime | None = None) -> Review:
    return Review(ReviewId("r-1"), OLIVES, ReviewAction.MUTE, NOW, "Ada", Via.SLACK, until=until)


def route(told: Alert, policy: QuietPolicy, now: datetime = NOW, *, has_more: bool = False, **memory: Any) -> Told | HeldAlert | Suppressed:
    return decide_route(told, "desk", policy, ChannelMemory(**memory), now, has_more=has_more)


def test_by_default_an_alert_is_told_at_once_whatever_was_told_before() -> None:
    recent = ((OLIVES, NOW),) * 50
    assert route(alert(at=NOW - timedelta(days=900)), QuietPolicy(), recent=recent, has_more=True) == Told(
        alert(at=NOW - timedelta(days=900))
    )


def test_below_the_floor_it_is_left_to_the_digest() -> None:
    minor = alert(kind=ChangeKind.CONFIRMATION)
    decision = route(minor, QuietPolicy(floor=Severity.NOTABLE))
    assert isinstance(decision, Suppressed)
    assert decision.reason == "severity minor is below the floor of desk (notable); its digest tells it"
    assert isinstance(route(minor, QuietPolicy()), Told)


def test_quiet_hours_hold_until_they_end() -> None:
    decision = route(alert(at=AT_NIGHT), NIGHT, AT_NIGHT)
    assert decision == held(alert(at=AT_NIGHT), at=AT_NIGHT, until=MORNING)
    assert isinstance(route(alert(), NIGHT), Told)


def test_spans_that_follow_one_another_are_one() -> None:
    policy = QuietPolicy(hours=(*NIGHT.hours, parse_quiet_hours("07:00-09:00", UTC), parse_quiet_hours("sat 08:30-24:00", UTC)))
    decision = route(alert(at=AT_NIGHT), policy, AT_NIGHT)
    assert isinstance(decision, HeldAlert)
    assert decision.release_at == datetime(2024, 9, 9, 9, tzinfo=UTC) - timedelta(days=1)


def test_quiet_hours_without_a_gap_do_not_loop_for_ever() -> None:
    always = QuietPolicy(hours=(parse_quiet_hours("00:00-12:00", UTC), parse_quiet_hours("12:00-24:00", UTC)))
    decision = route(alert(), always)
    assert isinstance(decision, HeldAlert)
    assert decision.release_at > NOW + timedelta(days=7)


@pytest.mark.parametrize(
    ("override", "is_told"),
    [("signed", True), ("adopted", True), ("major", True), ("talks", False), ("broadly-agreed", False), ("blind", False)],
)
def test_chosen_transitions_are_told_at_any_hour(override: str, is_told: bool) -> None:
    signed = alert(at=AT_NIGHT, to_status="signed", to_phase=Phase.ADOPTED)
    policy = replace(NIGHT, overrides=frozenset({override}), cooldown_s=3600)
    assert isinstance(route(signed, policy, AT_NIGHT, recent=((OLIVES, AT_NIGHT),)), Told if is_told else HeldAlert)


def test_a_notice_waits_for_quiet_hours_alone_and_not_even_for_them_where_blindness_is_urgent() -> None:
    policy = replace(NIGHT, cooldown_s=3600, burst_n=1, burst_s=3600, floor=Severity.MAJOR)
    assert isinstance(route(notice(), policy, NOW, recent=((NO_ISSUE, NOW),)), Told)
    assert isinstance(route(notice(AT_NIGHT), policy, AT_NIGHT), HeldAlert)
    assert isinstance(route(notice(AT_NIGHT), replace(policy, overrides=frozenset({"blind"})), AT_NIGHT), Told)


@pytest.mark.parametrize(
    ("held_notices", "severity", "is_told"),
    [
        (HeldNotices.FEEDS, Severity.NOTABLE, False),
        (HeldNotices.FEEDS, Severity.MAJOR, True),
        (HeldNotices.ALL, Severity.MAJOR, False),
        (HeldNotices.NONE, Severity.NOTABLE, True),
    ],
)
def test_which_notices_quiet_hours_hold_is_a_setting(held_notices: HeldNotices, severity: Severity, is_told: bool) -> None:
    policy = replace(NIGHT, held_notices=held_notices)
    found = route(replace(notice(AT_NIGHT), severity=severity), policy, AT_NIGHT)
    assert isinstance(found, Told if is_told else HeldAlert)


def test_a_cooldown_holds_the_next_message_on_the_same_issue_and_on_no_other() -> None:
    policy = QuietPolicy(cooldown_s=600)
    recent = ((OLIVES, NOW - timedelta(seconds=200)), (FIGS, NOW - timedelta(seconds=601)))
    decision = route(alert(), policy, recent=recent)
    assert isinstance(decision, HeldAlert)
    assert decision.release_at == NOW + timedelta(seconds=400)
    assert "cooldown of 600 s" in decision.reason
    assert isinstance(route(alert("c-2", FIGS), policy, recent=recent), Told)


def test_a_cooldown_never_swallows_what_it_holds() -> None:
    policy = QuietPolicy(cooldown_s=600)
    waiting: list[HeldAlert] = []
    for number in range(5):
        at = NOW + timedelta(seconds=100 * number)
        decision = route(alert(f"c-{number}", at=at), policy, at, recent=((OLIVES, NOW),), waiting=tuple(waiting))
        assert isinstance(decision, HeldAlert)
        waiting.append(decision)
    memory = ChannelMemory(((OLIVES, NOW),), tuple(waiting))
    assert plan_release(memory, lambda _: policy, NOW + timedelta(seconds=599)) == (None, ())
    told, _ = plan_release(memory, lambda _: policy, NOW + timedelta(seconds=600))
    assert told is not None
    assert [change.change_id for change in told.alert.changes] == [f"c-{number}" for number in range(5)]
    assert told.taken == tuple(waiting)


def test_a_burst_holds_what_comes_beyond_it_on_any_issue() -> None:
    policy = QuietPolicy(burst_n=2, burst_s=600)
    recent = ((OLIVES, NOW - timedelta(seconds=500)), (FIGS, NOW - timedelta(seconds=100)))
    decision = route(alert(), policy, recent=recent)
    assert isinstance(decision, HeldAlert)
    assert decision.release_at == NOW + timedelta(seconds=100)
    assert isinstance(route(alert(), policy, recent=recent[1:]), Told)


def test_where_bursts_are_merged_an_alert_waits_for_what_is_being_read() -> None:
    decision = route(alert(), QuietPolicy(burst_n=5, burst_s=600), has_more=True)
    assert isinstance(decision, HeldAlert)
    assert decision.release_at == NOW


def test_what_was_told_by_a_clock_that_was_ahead_holds_nothing() -> None:
    policy = QuietPolicy(cooldown_s=600, burst_n=1, burst_s=600)
    assert isinstance(route(alert(), policy, recent=((OLIVES, NOW + timedelta(days=9)),)), Told)


def test_late_news_waits_until_the_backlog_is_read_but_not_for_ever() -> None:
    policy = QuietPolicy(late_after_s=3600, max_catch_up_s=900)
    late = alert(at=NOW - timedelta(hours=2), to_phase=Phase.ADOPTED)
    decision = route(late, replace(policy, overrides=frozenset({"adopted"})))
    assert isinstance(decision, HeldAlert)
    assert decision.reason == CAUGHT_UP
    assert not decision.is_urgent
    memory = ChannelMemory(waiting=(decision,), has_backlog=True)
    assert plan_release(memory, lambda _: policy, NOW + timedelta(seconds=899)) == (None, ())
    for found, at in ((memory, NOW + timedelta(seconds=900)), (replace(memory, has_backlog=False), NOW)):
        told, _ = plan_release(found, lambda _: policy, at)
        assert told is not None


def test_a_mute_holds_everything_and_is_looked_at_again_soon() -> None:
    urgent = QuietPolicy(overrides=frozenset({"major"}))
    signed = alert(to_status="signed", to_phase=Phase.ADOPTED)
    forever = route(signed, urgent, mutes={OLIVES: mute()})
    assert isinstance(forever, HeldAlert)
    assert forever.release_at == NOW + timedelta(seconds=MUTE_LOOK_S)
    assert forever.reason == "muted by Ada until it is undone"
    brief = route(signed, urgent, mutes={OLIVES: mute(NOW + timedelta(seconds=10))})
    assert isinstance(brief, HeldAlert)
    assert brief.release_at == NOW + timedelta(seconds=10)
    assert isinstance(route(alert("c-2", FIGS), urgent, mutes={OLIVES: mute()}), Told)


def test_an_alert_joins_what_waits_for_its_issue_and_an_urgent_one_takes_it_along() -> None:
    first = held(alert("c-1"), until=MORNING)
    other = held(alert("c-2", FIGS), until=MORNING)
    policy = QuietPolicy(overrides=frozenset({"adopted"}))
    joined = route(alert("c-3"), policy, waiting=(first, other))
    assert isinstance(joined, HeldAlert)
    assert joined.release_at == MORNING
    told = route(alert("c-4", to_phase=Phase.ADOPTED, to_status="signed"), policy, waiting=(first, other))
    assert isinstance(told, Told)
    assert told.taken == (first,)
    assert [change.change_id for change in told.alert.changes] == ["c-1", "c-4"]


def test_an_issue_waits_for_the_last_of_its_alerts_and_no_other_issue_for_it() -> None:
    rows = (held(alert("c-1")), held(alert("c-2"), until=MORNING), held(alert("c-3", FIGS)))
    told, postponed = plan_release(ChannelMemory(waiting=rows), lambda _: QuietPolicy(), NOW)
    assert told is not None
    assert told.taken == rows[2:]
    assert postponed == ()


def test_what_is_ready_in_quiet_hours_waits_on() -> None:
    row = held(alert(), at=AT_NIGHT - timedelta(hours=2), until=AT_NIGHT, reason="cooldown")
    told, [postponed] = plan_release(ChannelMemory(waiting=(row,)), lambda _: NIGHT, AT_NIGHT)
    assert told is None
    assert postponed.held == (replace(row, release_at=MORNING),)


def test_what_was_held_by_a_clock_that_was_ahead_is_ready() -> None:
    row = held(alert(), at=NOW + timedelta(days=9), until=NOW + timedelta(days=10))
    told, _ = plan_release(ChannelMemory(waiting=(row,)), lambda _: QuietPolicy(), NOW)
    assert told is not None


def test_one_alert_that_waited_stays_what_it_is_and_says_so() -> None:
    waited = merge([held(alert())])
    assert waited == replace(alert(), detail=("Held since 06 Sep 12:00 UTC: quiet hours",))


def test_several_on_one_issue_make_a_summary_of_its_course() -> None:
    first = alert("c-1", from_status="talks-under-way", to_status="broadly-agreed")
    last = alert("c-2", from_status="broadly-agreed", to_status="signed", to_phase=Phase.ADOPTED)
    told = merge([held(first), held(last)])
    assert told.headline == "Olive Duties: talks under way → signed (2 changes)"
    assert (told.kind, told.issue_key, told.from_label, told.to_label) == (AlertKind.SUMMARY, OLIVES, "talks under way", "signed")
    assert told.severity is Severity.MAJOR
    assert told.detail[0] == "06 Sep 12:00 UTC · talks under way → broadly agreed"
    assert told.detail[1] == "“We agreed.” — Wire https://news.example/a-1"
    assert told.detail[-1] == "Held since 06 Sep 12:00 UTC: quiet hours"
    # In the issue's thread it is the last change, seen from where the first began.
    assert told.change is not None
    assert first.change is not None
    assert (told.change.change_id, told.change.to_status) == ("c-2", "signed")
    assert (told.change.from_status, told.change.baseline_evidence) == ("talks-under-way", first.change.baseline_evidence)
    assert told.changes == (first.change, last.change)


def test_a_course_that_ends_where_it_began_says_so() -> None:
    there = alert("c-1", from_status="talks-under-way", to_status="broadly-agreed")
    back = alert("c-2", from_status="broadly-agreed", to_status="talks-under-way")
    assert merge([held(there), held(back)]).headline == "Olive Duties: back at talks under way (2 changes)"


def test_several_on_several_issues_are_still_one_message() -> None:
    told = merge([held(alert("c-1")), held(alert("c-2", FIGS)), held(alert("c-3", FIGS)), held(notice())])
    assert told.headline == "3 changes in 2 issues and 1 notice, told together"
    assert told.issue_key == NO_ISSUE
    assert "Blind: 1 of 2 feeds" in told.detail
    assert "wire: 403" in told.detail
    assert len(told.changes) == 3


def test_the_same_alerts_make_the_same_message_and_others_another() -> None:
    one, two = held(alert("c-1")), held(alert("c-2"))
    assert merge([one, two]).alert_id == merge([replace(one, held_at=AT_NIGHT), two]).alert_id
    assert merge([one, two]).alert_id != merge([two, one]).alert_id


def test_issue_and_channel_together_are_as_strict_as_each() -> None:
    channel = QuietPolicy(floor=Severity.NOTABLE, hours=NIGHT.hours, overrides=frozenset({"major"}), cooldown_s=60, burst_n=3)
    issue = QuietPolicy(floor=Severity.MAJOR, overrides=frozenset({"signed"}), cooldown_s=30)
    both = combine(channel, issue)
    assert (both.floor, both.hours, both.overrides, both.cooldown_s, both.burst_n) == (
        Severity.MAJOR,
        NIGHT.hours,
        frozenset({"major", "signed"}),
        60.0,
        3,
    )
    followed = replace(make_issue(make_article()), alerts=IssueAlerts(issue))
    policy_of = policy_for([followed], ChannelRules(channel))
    assert policy_of(followed.key) == both
    assert policy_of(IssueKey("gone")) == channel


@pytest.mark.parametrize(
    ("issues", "channels", "is_taken"),
    [((), (), True), (("olive-duties",), ("desk",), True), (("fig-duties",), (), False), ((), ("night-desk",), False)],
)
def test_a_channel_takes_an_issue_where_neither_leaves_out_the_other(
    issues: tuple[str, ...], channels: tuple[str, ...], is_taken: bool
) -> None:
    assert takes("desk", ChannelRules(issues=issues), OLIVES, IssueAlerts(channels=channels)) is is_taken


def test_a_digest_is_never_urgent() -> None:
    digest = replace(notice(), kind=AlertKind.DIGEST)
    assert not is_urgent(digest, frozenset({"blind", "major"}))


@given(
    steps=st.lists(st.tuples(st.sampled_from([OLIVES, FIGS]), st.integers(0, 7200), st.booleans()), min_size=1, max_size=25),
    cooldown_s=st.sampled_from([0.0, 300.0, 4000.0]),
    burst_n=st.sampled_from([0, 1, 3]),
    override=st.booleans(),
)
def test_whatever_comes_when_each_change_is_told_once_and_in_order(
    steps: list[tuple[IssueKey, int, bool]], cooldown_s: float, burst_n: int, override: bool
) -> None:
    policy = replace(
        NIGHT,
        cooldown_s=cooldown_s,
        burst_n=burst_n,
        burst_s=900,
        late_after_s=1800,
        overrides=frozenset({"adopted"} if override else ()),
    )
    now = NOW
    waiting: list[HeldAlert] = []
    recent: list[tuple[IssueKey, datetime]] = []
    told: list[Change | None] = []

    def tell(message: Told) -> None:
        recent.append((message.alert.issue_key, now))
        told.extend(message.alert.changes or [message.alert.change])
        for row in message.taken:
            waiting.remove(row)

    def look() -> None:
        memory = ChannelMemory(tuple(recent), tuple(waiting))
        message, postponed = plan_release(memory, lambda _: policy, now)
        for wait in postponed:
            for row in wait.held:
                [place] = [number for number, other in enumerate(waiting) if other.alert.alert_id == row.alert.alert_id]
                waiting[place] = row
        if message is not None:
            tell(message)

    for number, (issue, gap_s, is_final) in enumerate(steps):
        now += timedelta(seconds=gap_s)
        look()
        late = timedelta(seconds=gap_s if gap_s % 2 else 0)
        made = alert(f"{number:02}", issue, at=now - late, to_phase=Phase.ADOPTED if is_final else Phase.TALKS)
        decision = route(made, policy, now, recent=tuple(recent), waiting=tuple(waiting))
        if isinstance(decision, HeldAlert):
            waiting.append(decision)
        else:
            assert isinstance(decision, Told)
            tell(decision)
    for _ in range(200):
        now += timedelta(minutes=15)
        look()
    assert waiting == []
    for issue in (OLIVES, FIGS):
        mine = [change.change_id for change in told if change is not None and change.issue_key == issue]
        assert mine == [f"{number:02}" for number, step in enumerate(steps) if step[0] == issue]
    assert len(told) == len(steps)


def test_memory_reaches_back_as_far_as_the_policy_does() -> None:
    assert memory_since(QuietPolicy(), NOW) == NOW
    assert memory_since(QuietPolicy(cooldown_s=60, burst_s=600), NOW) == NOW - timedelta(seconds=600)

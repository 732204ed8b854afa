from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.alerts import Suppressed, decide_alert, make_delivery, make_notice, settle_failed, settle_sent
from monitor.core.policy import AlertPolicy
from monitor.core.types import Alert, ChangeKind, Confirmation, Delivery, DeliveryState, IssueKey
from tests.builders import LADDER, make_change
from tests.builders import make_delivery as example_delivery
from tests.examples import NOON, after

POLICY = AlertPolicy()
LEASED = example_delivery(state=DeliveryState.LEASED, leased_until=after(2), n_attempts=1)


def decide(policy: AlertPolicy = POLICY, /, **fields: object) -> Alert | Suppressed:
    return decide_alert(make_change(**fields), issue_title="Olive duties", ladder=LADDER, policy=policy)


def fail(delivery: Delivery, *, is_permanent: bool = False, retry_after_s: float | None = None, policy: AlertPolicy = POLICY) -> Delivery:
    return settle_failed(delivery, "timed out", is_permanent=is_permanent, retry_after_s=retry_after_s, now=NOON, policy=policy)


@pytest.mark.parametrize(
    ("fields", "policy", "reason"),
    [
        ({"is_history": True}, POLICY, "a first sighting is a baseline, never an alert"),
        ({"kind": ChangeKind.DETAIL}, POLICY, "changes of kind detail are recorded only (alerts.kinds: status, denial)"),
        ({"kind": ChangeKind.CONFIRMATION}, POLICY, "changes of kind confirmation are recorded only (alerts.kinds: status, denial)"),
        ({"kind": ChangeKind.STATUS}, AlertPolicy(kinds=()), "changes of kind status are recorded only (alerts.kinds: )"),
        ({"confidence": 0.69}, AlertPolicy(min_confidence=0.7), "confidence 0.69 < 0.70 (alerts.min_confidence)"),
    ],
)
def test_silence_has_a_reason(fields: dict[str, object], policy: AlertPolicy, reason: str) -> None:
    assert decide(policy, **fields) == Suppressed(reason)


def test_history_is_silent_whatever_the_policy() -> None:
    assert isinstance(decide(AlertPolicy(kinds=tuple(kind.value for kind in ChangeKind)), is_history=True), Suppressed)


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_each_kind_alerts_where_the_policy_names_it(kind: ChangeKind) -> None:
    assert isinstance(decide(AlertPolicy(kinds=(kind.value,)), kind=kind), Alert)


@pytest.mark.parametrize(
    ("fields", "headline"),
    [
        ({}, "Olive duties: talks under way → broadly agreed (reported)"),
        ({"confirmation": Confirmation.CONFIRMED}, "Olive duties: talks under way → broadly agreed"),
        ({"from_status": None, "from_phase": None}, "Olive duties: broadly agreed (reported)"),
        ({"kind": ChangeKind.DENIAL, "to_status": "denied"}, "Olive duties: talks under way → denied (reported)"),
    ],
)
def test_the_headline_says_it_all(fields: dict[str, object], headline: str) -> None:
    alert = decide(**fields)
    assert isinstance(alert, Alert)
    assert alert.headline == headline


def test_a_confirmation_shows_one_status() -> None:
    alert = decide(
        AlertPolicy(kinds=("confirmation",)),
        kind=ChangeKind.CONFIRMATION,
        from_status="signed",
        to_status="signed",
        confirmation=Confirmation.CONFIRMED,
    )
    assert isinstance(alert, Alert)
    assert alert.headline == "Olive duties: signed"


def test_an_alert_is_named_by_its_change_so_that_it_is_put_out_once() -> None:
    first, again = decide(confidence=0.9), decide(confidence=0.8)
    assert isinstance(first, Alert)
    assert isinstance(again, Alert)
    assert first.alert_id == again.alert_id == "a_c-1"
    assert make_delivery(first, "slack", NOON).delivery_id != make_delivery(first, "console", NOON).delivery_id


def test_a_change_to_a_status_that_the_ladder_lacks_is_no_silent_alert() -> None:
    with pytest.raises(KeyError, match="annulled"):
        decide(to_status="annulled")


def test_a_notice_is_named_by_its_key_and_hour() -> None:
    def name(key: str, minutes: float) -> str:
        return make_notice(IssueKey("feeds"), key=key, headline="wire is blind", detail=(), now=after(minutes)).alert_id

    assert name("blind|wire", 0) == name("blind|wire", 59)
    assert name("blind|wire", 0) != name("blind|wire", 60)
    assert name("blind|wire", 0) != name("blind|gazette", 0)


def test_a_notice_carries_no_change() -> None:
    notice = make_notice(IssueKey("feeds"), key="k", headline="wire is blind", detail=("since noon",), now=NOON)
    assert (notice.change, notice.from_label, notice.detail) == (None, None, ("since noon",))


def test_a_new_delivery_is_due_now() -> None:
    alert = decide()
    assert isinstance(alert, Alert)
    delivery = make_delivery(alert, "slack", NOON)
    assert (delivery.state, delivery.due_at, delivery.created_at, delivery.n_attempts) == (DeliveryState.DUE, NOON, NOON, 0)


def test_a_sent_delivery_keeps_its_receipt_and_forgets_its_error() -> None:
    sent = settle_sent(replace(LEASED, last_error="timed out"), "17.5", NOON)
    assert (sent.state, sent.receipt, sent.sent_at, sent.leased_until, sent.last_error) == (DeliveryState.SENT, "17.5", NOON, None, None)


@pytest.mark.parametrize(
    ("n_attempts", "wait_s"),
    [(0, 30), (1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 960), (7, 1920), (8, 3600), (9, 3600), (15, 3600)],
)
def test_the_wait_doubles_up_to_its_most(n_attempts: int, wait_s: float) -> None:
    failed = fail(replace(LEASED, n_attempts=n_attempts))
    assert failed.state is DeliveryState.DUE
    assert failed.due_at == NOON + timedelta(seconds=wait_s)
    assert (failed.leased_until, failed.last_error, failed.n_attempts) == (None, "timed out", n_attempts)


@given(st.integers(0, 15), st.none() | st.floats(0, 1e6))
def test_the_wait_is_never_shorter_than_the_channel_asked_for(n_attempts: int, retry_after_s: float | None) -> None:
    wait = fail(replace(LEASED, n_attempts=n_attempts), retry_after_s=retry_after_s).due_at - NOON
    assert wait >= timedelta(seconds=retry_after_s or 0)
    assert wait >= timedelta(seconds=POLICY.retry_s)


@pytest.mark.parametrize("n_attempts", [16, 17, 400])
def test_a_delivery_is_dead_after_its_last_try(n_attempts: int) -> None:
    dead = fail(replace(LEASED, n_attempts=n_attempts), retry_after_s=5)
    assert (dead.state, dead.leased_until, dead.last_error) == (DeliveryState.DEAD, None, "timed out")


def test_a_refusal_for_good_is_dead_at_once() -> None:
    assert fail(LEASED, is_permanent=True, retry_after_s=5).state is DeliveryState.DEAD


def test_a_thousand_tries_do_not_overflow() -> None:
    patient = AlertPolicy(max_attempts=1000)
    assert fail(replace(LEASED, n_attempts=999), policy=patient).due_at == NOON + timedelta(seconds=3600)

from __future__ import annotations

import pytest

from monitor.core.alerts import Suppressed, decide_alert, make_delivery, make_notice
from monitor.core.policy import AlertPolicy
from monitor.core.types import Alert, ChangeKind, Confirmation, DeliveryState, IssueKey
from tests.builders import LADDER, make_change
from tests.examples import NOON, after

POLICY = AlertPolicy()


def decide(policy: AlertPolicy = POLICY, /, **fields: object) -> Alert | Suppressed:
    return decide_alert(make_change(**fields), issue_title="Olive duties", ladder=LADDER, policy=policy)


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

"""assess: evidence to status, change log and outbox, all or nothing, in order of publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from monitor.core.policy import AlertPolicy, StatusPolicy
from monitor.core.types import ArticleId, ChangeKind, Confirmation, IssueState
from monitor.errors import StoreError
from monitor.jobs import assess
from monitor.jobs.assess import Assessed
from monitor.ports import Assessment, Transaction, UnitOfWork
from monitor.testing.fakes import FrozenClock
from monitor.testing.memory_outbox import MemoryOutboxStore
from monitor.testing.memory_store import MemoryIssueStore, MemoryTransaction, MemoryUnitOfWork
from tests.story import AGREED, AGREED_ELSEWHERE, DENIED, ISSUE, ISSUE_KEY, STATEMENT, TALKS, article, judge, learn, store_articles


@pytest.fixture
def told(uow: MemoryUnitOfWork, clock: FrozenClock) -> MemoryUnitOfWork:
    """The store after the whole story was matched, its articles having arrived in the wrong order."""
    learn(uow, clock)
    store_articles(uow, article(STATEMENT), article(AGREED_ELSEWHERE, source="Herald"), article(AGREED))
    judge(uow)
    return uow


def _assess(
    uow: UnitOfWork, clock: FrozenClock, *, alerts: AlertPolicy | None = None, channels: tuple[str, ...] = ("slack",), batch: int = 200
) -> Assessed:
    return assess.run(
        [ISSUE],
        uow=uow,
        clock=clock,
        status_policy=StatusPolicy(),
        alert_policy=alerts or AlertPolicy(),
        channels=channels,
        batch=batch,
    )


def _verdicts(uow: MemoryUnitOfWork) -> dict[str, Assessment]:
    return {key[1]: assessment for key, assessment in uow.committed().evidence.items()}


def _course(uow: MemoryUnitOfWork) -> list[tuple[str, str | None, str]]:
    with uow.reading() as tx:
        changes = [change for change in tx.issues.changes(ISSUE_KEY) if not change.is_history]
    return [(change.kind.value, change.from_status, change.to_status) for change in changes]


def _state(uow: MemoryUnitOfWork) -> IssueState:
    with uow.reading() as tx:
        state = tx.issues.state(ISSUE_KEY)
    assert state is not None
    return state


STORY = [
    ("status", "talks_under_way", "broadly_agreed"),
    ("confirmation", "broadly_agreed", "broadly_agreed"),
    ("status", "broadly_agreed", "joint_statement"),
]


def test_evidence_is_assessed_in_order_of_publication_not_of_arrival(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    assert _assess(told, clock) == Assessed(n_assessed=3, n_changes=3, n_alerts=2)
    assert _course(told) == STORY
    assert _state(told).status_key == "joint_statement"


def test_small_batches_make_the_same_course(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    assert [_assess(told, clock, batch=1).n_changes for _ in range(4)] == [1, 1, 1, 0]
    assert _course(told) == STORY


def test_seen_evidence_is_never_assessed_again(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _assess(told, clock)
    assert _assess(told, clock) == Assessed()
    assert all(assessment.seen_at == clock.now() for assessment in _verdicts(told).values())


def test_an_alert_goes_into_the_outbox_of_every_channel(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    assert _assess(told, clock, channels=("slack", "console")).n_alerts == 4
    with told.reading() as tx:
        deliveries = tx.outbox.list()
    assert {delivery.channel for delivery in deliveries} == {"slack", "console"}
    assert {delivery.alert.headline for delivery in deliveries} == {
        f"{ISSUE.title}: talks under way → broadly agreed (reported)",
        f"{ISSUE.title}: broadly agreed → joint statement (reported)",
    }


def test_a_change_that_is_recorded_only_says_so_in_its_verdict(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _assess(told, clock)
    assert _verdicts(told)["story-3"].verdict is not None
    assert "no alert: changes of kind confirmation are recorded only" in (_verdicts(told)["story-3"].verdict or "")
    assert "no alert" not in (_verdicts(told)["story-2"].verdict or "")
    assert _state(told).confirmation is Confirmation.REPORTED


def test_a_change_below_the_least_confidence_is_recorded_only(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    assert _assess(told, clock, alerts=AlertPolicy(min_confidence=0.99)).n_alerts == 0
    assert _course(told) == STORY
    assert "(alerts.min_confidence)" in (_verdicts(told)["story-2"].verdict or "")


def test_evidence_from_before_the_present_status_moves_nothing_back(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _assess(told, clock)
    late = replace(article(AGREED, article_id="late"), published_at=TALKS.at.replace(hour=9))
    store_articles(told, late)
    judge(told)
    assert _assess(told, clock) == Assessed(n_assessed=1)
    assert "moves nothing back" in (_verdicts(told)["late"].verdict or "")


def test_a_denial_is_a_movement_of_its_own(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _assess(told, clock)
    store_articles(told, article(DENIED))
    judge(told)
    assert _assess(told, clock).n_alerts == 1
    assert _course(told)[-1] == (ChangeKind.DENIAL.value, "joint_statement", "denied")


@dataclass
class TroubledUnitOfWork:
    """Loses the compare-and-set of one article's turn, or breaks at the outbox."""

    inner: MemoryUnitOfWork
    #: How many compare-and-sets are lost to somebody else.
    n_lost: int = 0
    is_outbox_broken: bool = False
    asked: list[IssueState] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self.inner.transaction() as tx:
            issues, outbox = _Issues(tx.issues, self), _Outbox(tx.outbox, self)
            yield MemoryTransaction(
                tx.feeds, tx.articles, cast(MemoryIssueStore, issues), cast(MemoryOutboxStore, outbox), tx.reviews, tx.held, tx.channels
            )

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self.inner.reading() as tx:
            yield tx


@dataclass
class _Issues:
    inner: MemoryIssueStore
    unit: TroubledUnitOfWork

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def advance(self, state: IssueState, *, expected_revision: int) -> bool:
        self.unit.asked.append(state)
        if self.unit.n_lost:
            self.unit.n_lost -= 1
            return False
        return self.inner.advance(state, expected_revision=expected_revision)


@dataclass
class _Outbox:
    inner: MemoryOutboxStore
    unit: TroubledUnitOfWork

    def add(self, delivery: object) -> bool:
        if self.unit.is_outbox_broken:
            raise StoreError("the outbox is broken")
        return self.inner.add(delivery)  # type: ignore[arg-type]


def test_change_and_alert_are_written_together_or_not_at_all(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    before = _state(told)
    with pytest.raises(StoreError, match="the outbox is broken"):
        _assess(TroubledUnitOfWork(told, is_outbox_broken=True), clock)
    assert _course(told) == []
    assert _state(told) == before
    assert all(assessment.seen_at is None for assessment in _verdicts(told).values())
    assert _assess(told, clock).n_changes == 3
    assert _course(told) == STORY


def test_a_lost_compare_and_set_leaves_the_evidence_unseen_and_the_order_kept(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    troubled = TroubledUnitOfWork(told, n_lost=1)
    assert _assess(troubled, clock) == Assessed()
    # The later pieces were not judged before the first.
    assert len(troubled.asked) == 1
    assert all(assessment.seen_at is None for assessment in _verdicts(told).values())
    assert _assess(troubled, clock).n_changes == 3
    assert _course(told) == STORY


def test_the_same_change_has_the_same_name_after_a_crash(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    with pytest.raises(StoreError):
        _assess(TroubledUnitOfWork(told, is_outbox_broken=True), clock)
    _assess(told, clock)
    other = MemoryUnitOfWork()
    learn(other, clock)
    store_articles(other, article(AGREED), article(AGREED_ELSEWHERE, source="Herald"), article(STATEMENT))
    judge(other)
    _assess(other, clock)
    with told.reading() as one, other.reading() as two:
        assert one.issues.changes() == two.issues.changes()
        assert ArticleId("story-2") in {change.article_id for change in one.issues.changes()}


def test_an_edit_that_leaves_the_sentences_on_the_status_tells_nothing_anew(told: MemoryUnitOfWork, clock: FrozenClock) -> None:
    _assess(told, clock)
    later = replace(article(AGREED), version=2, text=f"{AGREED.text}\nReaders can write to us.", published_at=clock.now())
    store_articles(told, later)
    judge(told)
    assert _assess(told, clock) == Assessed(n_assessed=1)
    [assessment] = [row for key, row in told.committed().evidence.items() if key[1:] == ("story-2", 2)]
    assert "leaves the sentences on the status as they stood in version 1" in (assessment.verdict or "")
    assert _course(told) == STORY


def test_an_edit_of_a_sentence_on_the_status_is_assessed_again(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(uow, clock)
    store_articles(uow, article(AGREED))
    judge(uow)
    _assess(uow, clock)
    edited = replace(article(AGREED), version=2, title=STATEMENT.title, text=STATEMENT.text, published_at=STATEMENT.at)
    store_articles(uow, edited)
    judge(uow)
    assert _assess(uow, clock).n_changes == 1
    assert _state(uow).status_key == "joint_statement"

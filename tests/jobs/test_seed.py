"""seed: baseline, first status and history; what an issue has already is kept."""

from __future__ import annotations

from dataclasses import replace

from monitor.core.policy import AlertPolicy, MatchPolicy, PollPolicy, StatusPolicy
from monitor.core.types import ArticleId, Issue, Seed
from monitor.jobs import assess, poll, seed
from monitor.jobs.poll import Polling
from monitor.ports import UnitOfWork
from monitor.testing.fake_feeds import FakeFetcher, FakeParser
from monitor.testing.fakes import FrozenClock, HashEncoder
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.story import AGREED, CAKES, GAZETTE, ISSUE, ISSUE_KEY, STATEMENT, TALKS, article, examiner, judge, learn, store_articles


def _with_seeds(*seeds: Seed) -> Issue:
    return replace(ISSUE, seeds=seeds)


TWO_SEEDS = _with_seeds(*ISSUE.seeds, Seed(article(AGREED, article_id="seed-2"), "seed-2.txt"))


def _assess(uow: UnitOfWork, clock: FrozenClock, issue: Issue = ISSUE) -> assess.Assessed:
    return assess.run([issue], uow=uow, clock=clock, status_policy=StatusPolicy(), alert_policy=AlertPolicy(), channels=("slack",))


def test_the_seeds_give_status_quotes_and_history(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    assert learn(uow, clock, TWO_SEEDS) == 1
    with uow.reading() as tx:
        state, changes = tx.issues.state(ISSUE_KEY), tx.issues.changes(ISSUE_KEY)
    assert state is not None
    assert state.status_key == "broadly_agreed"
    assert state.quotes[0].quote == AGREED.title
    assert [(change.from_status, change.to_status, change.is_history) for change in changes] == [
        (None, "talks_under_way", True),
        ("talks_under_way", "broadly_agreed", True),
    ]


def test_history_is_never_alerted(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(uow, clock, TWO_SEEDS)
    assert _assess(uow, clock, TWO_SEEDS) == assess.Assessed()
    assert len(uow.committed().outbox) == 0


def test_seeds_without_a_step_start_at_the_ladder_s_first_status(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(uow, clock, _with_seeds(Seed(article(CAKES), "cakes.txt")))
    with uow.reading() as tx:
        [change] = tx.issues.changes(ISSUE_KEY)
    assert (change.to_status, change.is_history) == ("talks_under_way", True)
    assert "no seed tells of a step" in change.reason


def test_learning_the_same_seeds_again_changes_nothing(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(uow, clock)
    with uow.reading() as tx:
        before = (tx.issues.state(ISSUE_KEY), tx.issues.changes(), tx.issues.baseline(ISSUE_KEY))
    clock.advance(60)
    assert learn(uow, clock) == 0
    with uow.reading() as tx:
        assert (tx.issues.state(ISSUE_KEY), tx.issues.changes()) == before[:2]


def test_other_seeds_change_the_baseline_and_leave_the_status(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(uow, clock)
    store_articles(uow, article(STATEMENT))
    judge(uow)
    _assess(uow, clock)
    with uow.reading() as tx:
        before, old = tx.issues.state(ISSUE_KEY), tx.issues.baseline(ISSUE_KEY)
    assert before is not None
    assert before.status_key == "joint_statement"
    assert learn(uow, clock, TWO_SEEDS) == 1
    with uow.reading() as tx:
        after, new = tx.issues.state(ISSUE_KEY), tx.issues.baseline(ISSUE_KEY)
        assert [change.to_status for change in tx.issues.changes()] == ["talks_under_way", "joint_statement"]
    assert after == before
    assert old is not None
    assert new is not None
    assert old.baseline_id != new.baseline_id


def test_another_model_makes_another_baseline_and_no_alert(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(uow, clock)
    store_articles(uow, article(AGREED))
    judge(uow)
    assert _assess(uow, clock).n_alerts == 1
    other = HashEncoder(512)
    assert learn(uow, clock, encoder=other) == 1
    # Everything is judged anew; what was read before says nothing new.
    assert judge(uow, encoder=other).n_judged == 1
    assert _assess(uow, clock) == assess.Assessed()


def test_a_seed_is_not_judged_again(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    learn(uow, clock)
    assert judge(uow).n_judged == 0
    [match] = uow.committed().matches.values()
    assert (match.article_id, match.is_match, match.reason) == ("seed-1", True, "is a seed of the issue")


def test_a_seed_that_a_feed_delivers_is_known(uow: MemoryUnitOfWork, clock: FrozenClock) -> None:
    text = f"{TALKS.text} {'They spoke at length of piers, pilots and tolls, and of who would pay for the new breakwater. ' * 3}"
    issue = _with_seeds(Seed(replace(article(TALKS, article_id="seed-1"), text=text, url=""), "seed-1.txt"))
    learn(uow, clock, issue)
    fetcher, parser = FakeFetcher(), FakeParser()
    with uow.transaction() as tx:
        tx.feeds.sync([GAZETTE], now=clock.now())
    parser.entry(GAZETTE, 1, title=TALKS.title, text=text, published_at=TALKS.at)
    fetcher.publish(GAZETTE.url, b"feed")
    polled = poll.run(Polling(uow, fetcher, parser, clock, PollPolicy(), jitter=lambda: 0.0, pause=clock.advance))
    assert (polled.n_new, polled.n_versions) == (0, 0)
    assert list(uow.committed().articles) == [ArticleId("seed-1")]


def test_off_topic_stories_raise_the_threshold() -> None:
    encoder, policy = HashEncoder(), MatchPolicy(min_threshold=0.0, max_threshold=1.0)

    def threshold(*others: str) -> float:
        stories = [replace(article(CAKES), title=title, text=title) for title in others]
        off_topic = seed.embed_off_topic(stories, encoder)
        return seed.learn(TWO_SEEDS, off_topic=off_topic, encoder=encoder, examiner=examiner(), match_policy=policy).baseline.threshold

    assert threshold("Bakers win a prize") < threshold("Bakers win a prize", "Norland and Sudmark quarrel over the harbour treaty")

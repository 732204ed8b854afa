"""replay: a stream of stored articles through the daemon's own decisions, in memory and without a clock."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.core.aboutness import aboutness, vocabulary
from monitor.core.flashes import MOST, habit_of
from monitor.core.matching import decide_match
from monitor.core.policy import MatchPolicy
from monitor.core.status import decide_status
from monitor.core.types import Article, Change, Evidence, Issue, IssueState, Match
from monitor.jobs.examine import Examiner, embed_heads
from monitor.jobs.kinship import of_seeds
from monitor.jobs.seed import Learned, OffTopic, learn
from monitor.ports import Encoder

#: Articles embedded together.
BATCH = 64


@dataclass(frozen=True, slots=True)
class Step:
    """One article of the stream, and what became of it."""

    article: Article
    match: Match
    #: None: not matched, so not read.
    evidence: Evidence | None
    change: Change | None
    #: Why it moved the status or did not; the match's reason where it was not matched.
    reason: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A whole replay."""

    issue: Issue
    learned: Learned
    steps: tuple[Step, ...]
    state: IssueState

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of the stream, oldest first; what the seeds told is in `learned.history`."""
        return tuple(step.change for step in self.steps if step.change is not None and not step.change.is_history)


def run(
    issue: Issue,
    articles: Sequence[Article],
    *,
    off_topic: OffTopic,
    encoder: Encoder,
    examiner: Examiner,
    match_policy: MatchPolicy,
    on_step: Callable[[Step], None] | None = None,
) -> Replay:
    """Feed articles in order of publication (then id) to an issue that knows only its seeds.

    Deterministic: the same files, weights and policies give the same changes. An article that is a seed is passed over.
    """
    learned = learn(issue, off_topic=off_topic, encoder=encoder, examiner=examiner, match_policy=match_policy)
    seeds = {seed.article.article_id for seed in issue.seeds}
    stream = sorted(
        (article for article in articles if article.article_id not in seeds), key=lambda entry: (entry.published_at, entry.article_id)
    )
    state = learned.state
    known = vocabulary(issue, learned.baseline)
    kinship = of_seeds(issue, learned.baseline, examiner.outlets)
    sent: dict[str, deque[Article]] = defaultdict(lambda: deque(maxlen=MOST))
    steps = []
    for start in range(0, len(stream), BATCH):
        batch = stream[start : start + BATCH]
        vectors, _ = embed_heads(encoder, batch, {})
        for article, vector in zip(batch, vectors, strict=True):
            match = decide_match(vector, article, learned.baseline, match_policy)
            if not match.is_match:
                step = Step(article, match, None, None, match.reason)
            else:
                _, evidence = examiner.examine(
                    article,
                    issue,
                    match_score=match.score,
                    status_key=state.status_key,
                    about=aboutness(vector, article, learned.baseline, known),
                    kinship=kinship,
                    vector=vector,
                    habit=habit_of(sent[article.source]),
                )
                decision = decide_status(state, evidence, issue.ladder, examiner.policy, examiner.judge)
                state = decision.state
                step = Step(article, match, evidence, decision.change, decision.reason)
            sent[article.source].append(article)
            if on_step is not None:
                on_step(step)
            steps.append(step)
    return Replay(issue, learned, tuple(steps), state)

"""The composition root: settings to parts to ready jobs.

What the jobs work with is made in `monitor.parts`; here they are run, and what people say by page, API, command or click is done.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.articles import load_articles
from monitor.config.files import load_issue
from monitor.core.types import ChangeId, Issue, Review
from monitor.jobs import act, assess, deliver, digest, match, poll, prune, release, replay, review, seed, watch
from monitor.jobs.edits import Showing
from monitor.jobs.examine import Examiner
from monitor.parts import Parts
from monitor.ports import Board, ChatModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.core.clicks import Command
    from monitor.notify.slack_actions import SlackActions, SlackEndpoint
    from monitor.notify.slack_socket import SlackSocket


@dataclass(frozen=True)
class App(Parts):
    """Ready jobs over the parts that the settings ask for."""

    @cached_property
    def slack_actions(self) -> SlackActions:
        """What becomes of clicks and commands, whichever way they come."""
        from monitor.notify.slack_actions import Desk, SlackActions

        return SlackActions(
            Desk(
                take=lambda click: act.take(click, queries=self.queries, record=self.review),
                show=self.edit_messages,
                answer=self.answer,
            )
        )

    @cached_property
    def slack_socket(self) -> SlackSocket | None:
        """The way by Socket Mode; None where no app-level token is set."""
        from monitor.notify.slack_socket import SlackSocket

        token, section = self.settings.slack_app_token(), self.settings.slack
        return SlackSocket(token, self.slack_actions, base_url=section.base_url, timeout_s=section.timeout_s) if token else None

    @cached_property
    def slack_endpoint(self) -> SlackEndpoint | None:
        """The way by HTTP, to be mounted by a server; None where no signing secret is set."""
        from monitor.notify.slack_actions import SlackEndpoint

        secret = self.settings.slack_signing_secret()
        return SlackEndpoint(secret, self.slack_actions, clock=self.clock) if secret else None

    def review(self, said: Review, about: ChangeId | None = None) -> Review:
        """Check and do what somebody says, by click, command, page or API, and have the messages about it say so. Raises: ReviewError.

        `about`: the change under whose message it was said, where the review is about the issue.
        """
        boards = [name for name, notifier in self.notifiers.items() if isinstance(notifier, Board)]
        showing = Showing(boards, self.clock.now(), about)
        written = review.run(said, uow=self.uow, ladder=self.ladder_of(said.issue_key), showing=showing)
        if boards:
            self.slack_actions.show_later()
        return written

    def answer(self, command: Command) -> str:
        """Do what a Slack command says, and return the answer. The one of the ways in that reads the issue files. Raises: MonitorError."""
        return act.answer(
            command,
            uow=self.uow,
            queries=self.queries,
            issues=self.issues,
            status_policy=self.settings.status.policy(),
            record=self.review,
            clock=self.clock,
        )

    def edit_messages(self) -> deliver.Delivered:
        """Make the edits that wait in the outbox, without waiting for a channel that is busy: the deliver job comes back to it."""
        policy = self.settings.alerts.policy()
        return deliver.run(uow=self.uow, notifiers=self.notifiers, clock=self.clock, policy=policy, edits_only=True)

    def close_actions(self) -> None:
        """Finish the edits of messages that are in hand, if any were begun."""
        if "slack_actions" in self.__dict__:
            self.slack_actions.close()

    def followed(self) -> tuple[Issue, ...]:
        """Return the issues with the seeds of their files and those that people made of stored articles."""
        return review.with_promoted(self.issues, uow=self.uow, clock=self.clock)

    def learn_seeds(self, issues: Sequence[Issue] | None = None) -> int:
        """Run the seed job for these issues (None: all); return how many were new or changed."""
        return seed.run(
            self.followed() if issues is None else issues,
            off_topic=self.off_topic_vectors,
            uow=self.uow,
            encoder=self.encoder,
            examiner=self.examiner,
            match_policy=self.settings.match.policy(),
            clock=self.clock,
        )

    def sync_feeds(self) -> None:
        """Bring the stored feeds in line with the list."""
        with self.uow.transaction() as store:
            store.feeds.sync(self.feeds, now=self.clock.now())

    def poll(self, jitter: Callable[[], float] | None = None) -> poll.Polled:
        """Run the poll job."""
        polling = poll.Polling(
            uow=self.uow,
            fetcher=self.fetcher,
            parser=self.parser,
            clock=self.clock,
            policy=self.settings.poll.policy(),
            jitter=jitter or (lambda: random.uniform(-1.0, 1.0)),  # noqa: S311 - it spreads polls, it keeps no secret.
            pause=self.clock.wait,
        )
        return poll.run(polling, workers=self.settings.fetch.workers)

    def match(self) -> match.Matched:
        """Run the match job; an issue that was given or lost a seed by hand is learned anew first."""
        issues = self.followed()
        if changed := review.changed_seeds(issues, uow=self.uow):
            self.learn_seeds(changed)
        return match.run(issues, uow=self.uow, encoder=self.encoder, examiner=self.examiner, policy=self.settings.match.policy())

    def assess(self) -> assess.Assessed:
        """Run the assess job."""
        return assess.run(
            self.issues,
            uow=self.uow,
            clock=self.clock,
            status_policy=self.settings.status.policy(),
            alert_policy=self.settings.alerts.policy(),
            channels=tuple(self.notifiers),
            rules=self.rules,
            judge=self.judge,
        )

    def release(self) -> release.Released:
        """Run the release job."""
        return release.run(self.issues, uow=self.uow, clock=self.clock, rules=self.rules)

    def digest(self) -> digest.Digested:
        """Run the digest job."""
        return digest.run(
            self.issues, uow=self.uow, activity=self.activity, clock=self.clock, channels=tuple(self.notifiers), rules=self.rules
        )

    def deliver(self) -> deliver.Delivered:
        """Run the deliver job."""
        return deliver.run(
            uow=self.uow, notifiers=self.notifiers, clock=self.clock, policy=self.settings.alerts.policy(), wait=self.clock.wait
        )

    def start_channels(self) -> list[str]:
        """Start every channel that was stopped: whoever starts the daemon, or asks for a retry, has had the chance to mend it."""
        return deliver.start_channels(uow=self.uow)

    def watch(self) -> watch.Watched:
        """Run the watch job."""
        return watch.run(
            uow=self.uow,
            clock=self.clock,
            channels=tuple(self.notifiers),
            policy=self.settings.poll.policy(),
            rules=self.rules,
            issues=self.issues,
        )

    def prune(self) -> int:
        """Run the prune job."""
        return prune.run(uow=self.uow, clock=self.clock, poll_days=self.settings.retention.poll_days)

    def replay(self, issue_file: Path, articles_file: Path, *, model: ChatModel | None = None) -> replay.Replay:
        """Replay a file of articles against an issue file; touches no database. Raises: ConfigError, SeedError, ArticleFileError.

        `model` is asked about every matched article, whatever the settings say; None leaves the reader to the settings.
        """
        issue = load_issue(issue_file, self.ladders)
        return replay.run(
            issue,
            load_articles(articles_file),
            off_topic=self.off_topic_vectors,
            encoder=self.encoder,
            examiner=Examiner(
                self.reader_by(model, "always") if model else self.reader,
                self.settings.status.policy(),
                judge=self.judge,
                matter_reader=self.matter_reader,
                outlets=self.outlets,
            ),
            match_policy=self.settings.match.policy(),
        )

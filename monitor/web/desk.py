"""What every route works with: the read models, the ladders, the gate, the templates; and how a page is put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, cast

import jinja2
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from monitor.app import App
from monitor.core.ladder import Ladder, Phase
from monitor.core.policy import PollPolicy
from monitor.core.spells import Spell, blind_spells
from monitor.core.types import FeedState, Health, IssueKey
from monitor.errors import PermanentError
from monitor.ports.pages import IssueName, Pages
from monitor.web import shown
from monitor.web.gate import Gate, Visitor
from monitor.web.picture import tone

#: How far back the record of polls is looked through for blind spells, and how many of its rows.
SPELL_DAYS, SPELL_POLLS = 400, 4000
#: How long what was found there is shown.
SPELLS_FOR = timedelta(minutes=1)


class NotFoundError(PermanentError):
    """There is nothing under this name: told as 404."""


@dataclass(frozen=True)
class Desk:
    """The page's own composition over the application's."""

    app: App
    gate: Gate
    templates: jinja2.Environment = field(default_factory=shown.environment)
    #: One entry: when the blind spells were looked up last, and what was found.
    _spells: list[tuple[datetime, list[Spell]]] = field(default_factory=lambda: [(datetime.min.replace(tzinfo=UTC), [])])

    @cached_property
    def pages(self) -> Pages:
        """The read models of the page."""
        return self.app.pages

    def now(self) -> datetime:
        """Return the present instant."""
        return self.app.clock.now()

    def names(self) -> dict[IssueKey, IssueName]:
        """Return the issues by key."""
        return {name.issue_key: name for name in self.pages.names()}

    def issue(self, key: str) -> IssueName:
        """Return one issue. Raises: NotFoundError."""
        found = self.names().get(IssueKey(key))
        if found is None:
            raise NotFoundError(f"there is no issue {key!r}; the board lists them all")
        return found

    def ladder(self, issue: IssueName) -> Ladder:
        """Return an issue's ladder; one without statuses where its file is gone."""
        return self.app.ladders.get(issue.ladder_key) or Ladder(issue.ladder_key, issue.ladder_key, ())

    def policy(self) -> PollPolicy:
        """Return the polling policy."""
        return self.app.settings.poll.policy()

    def feeds(self) -> list[FeedState]:
        """Return the state of every feed that is still listed."""
        with self.app.uow.reading() as store:
            return [state for state in store.feeds.states() if state.health is not Health.RETIRED]

    def spells(self) -> list[Spell]:
        """Return when feeds were blind, as far as the record of polls tells; looked up once a minute, as polls are many minutes apart."""
        now, (at, kept) = self.now(), self._spells[0]
        if at <= now < at + SPELLS_FOR:
            return kept
        polls = self.pages.polls(since=self.now() - timedelta(days=SPELL_DAYS), limit=SPELL_POLLS)
        found = blind_spells(polls, at_least=timedelta(seconds=self.policy().blind_after_s), now=now)
        self._spells[0] = (now, found)
        return found

    def page(self, request: Request, template: str, code: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - whatever the template shows
        """Return a page: the template with what every page has, and these values."""
        visitor = visitor_of(request)
        known = {
            "visitor": visitor,
            "path": request.url.path,
            "query": str(request.url.query),
            "now": self.now(),
            "tone": tone,
            "label_of": self.label_of,
            "is_forward": is_forward,
        }
        return HTMLResponse(self.templates.get_template(template).render(known | values), status_code=code)

    def label_of(self, names: Mapping[IssueKey, IssueName], issue_key: str, status_key: str | None) -> str:
        """Return a status as its ladder calls it; its key where the ladder has it no more."""
        if status_key is None:
            return "—"
        issue = names.get(IssueKey(issue_key))
        statuses = self.ladder(issue).statuses if issue else ()
        return next((status.label for status in statuses if status.key == status_key), shown.plain(status_key))


def is_forward(phase: Phase) -> bool:
    """Return whether a phase leads on."""
    return phase.is_forward


def desk_of(request: Request) -> Desk:
    """Return the desk of the running page."""
    return cast(Desk, request.app.state.desk)


def visitor_of(request: Request) -> Visitor | None:
    """Return who makes the request; None on what is open to everybody."""
    return cast("Visitor | None", request.state.visitor)


def signed_in(request: Request) -> Visitor:
    """Return who makes the request, on routes that the gate opens to known visitors only."""
    visitor = visitor_of(request)
    assert visitor is not None
    return visitor


AtDesk = Annotated[Desk, Depends(desk_of)]
SignedIn = Annotated[Visitor, Depends(signed_in)]

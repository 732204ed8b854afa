"""`monitor run`, `poll`, `doctor`, `settings`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import open_app, open_settings
from monitor.cli.web import open_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.app import App


def register(root: typer.Typer) -> None:
    """Add the commands to the root."""
    root.command("run")(run)
    root.command("poll")(poll)
    root.command("doctor")(doctor)
    root.command("settings")(settings)


def run(
    context: typer.Context,
    upgrade: Annotated[bool, typer.Option(help="Bring the database schema up to date first.")] = False,
) -> None:
    """Run the daemon, and the review page beside it: poll, match, assess and deliver until SIGTERM or Ctrl-C."""
    from contextlib import nullcontext

    app = open_app(context)
    app.check_files()
    if upgrade:
        app.uow.upgrade()
    else:
        app.uow.check()
    from monitor import scheduler

    # The page listens before the seeds are learned: an address that is taken, or unsafe settings, stop the start at once.
    with open_page(app) if app.settings.web.enabled else nullcontext():
        scheduler.run(app)


def poll(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Ask every feed now, also those that are not due.")] = False,
) -> None:
    """Run each job once: poll the feeds that are due, then match, assess and deliver."""
    from dataclasses import replace

    from monitor import scheduler

    app = open_app(context)
    scheduler.prepare(app)
    if once:
        with app.uow.transaction() as store:
            for state in store.feeds.states():
                if state.health not in {"gone", "retired"}:
                    store.feeds.save(replace(state, next_poll_at=app.clock.now()))
    polled, matched, assessed = app.poll(), app.match(), app.assess()
    app.watch()
    app.release()
    app.digest()
    n_delivered = deliver_all(app)
    typer.echo(
        f"{polled.n_due} feeds polled, {polled.n_failed} failed, {polled.n_new} new articles, {polled.n_versions} edited; "
        f"{matched.n_matches} matched; {assessed.n_changes} changes, {assessed.n_alerts} alerts, {assessed.n_held} held; {n_delivered} delivered"
    )


def deliver_all(app: App) -> int:
    """Deliver until nothing is due, as the daemon's ticks would; return how many were sent."""
    n_sent, is_cut_short = 0, True
    while is_cut_short:
        delivered = app.deliver()
        n_sent, is_cut_short = n_sent + delivered.n_sent, delivered.is_cut_short
    return n_sent


def settings(context: typer.Context, markdown: Annotated[bool, typer.Option(help="Print as a Markdown table.")] = False) -> None:
    """Print every setting with its meaning, range and default."""
    del context
    from monitor.config.table import settings_markdown, settings_table

    if markdown:
        typer.echo(settings_markdown())
        return
    for row in settings_table():
        typer.echo(f"{row.key} = {row.default or '(empty)'}\n    {row.meaning} [{row.kind}; {row.variable}]")


def doctor(context: typer.Context) -> None:
    """Check files, database, model, channels and feeds, and say what to do about what is wrong."""
    from monitor.app import App
    from monitor.errors import MonitorError
    from monitor.log import mask_secrets

    app = App(open_settings(context))
    n_wrong = 0
    for name, check in _checks(app):
        try:
            typer.echo(f"ok    {name}: {check()}")
        except MonitorError as error:
            n_wrong += 1
            typer.echo(f"WRONG {name}: {mask_secrets(str(error))}")
    if n_wrong:
        raise typer.Exit(1)


def _checks(app: App) -> list[tuple[str, Callable[[], str]]]:
    def files() -> str:
        app.check_files()
        return f"{len(app.ladders)} ladders, {len(app.issues)} issues, {len(app.feeds)} feeds, {len(app.off_topic)} off-topic stories"

    def database() -> str:
        app.uow.check()
        counts = app.queries.counts()
        return ", ".join(f"{key} {value}" for key, value in counts.items() if isinstance(value, int))

    def model() -> str:
        return f"{app.encoder.model_id}, {app.encoder.dim} dimensions; reader {app.reader.reader_id}"

    def channels() -> str:
        from monitor.errors import ChannelRefusedError
        from monitor.ports import Board

        told = []
        for name, notifier in app.notifiers.items():
            told.append(f"{name} answers as {notifier.check()}" if isinstance(notifier, Board) else name)
        with app.uow.reading() as store:
            stopped = [state for state in store.channels.states() if state.stopped_at is not None and state.channel in app.notifiers]
        if stopped:
            whole = "; ".join(f"{state.channel} since {state.stopped_at:%Y-%m-%d %H:%M} UTC ({state.last_error})" for state in stopped)
            raise ChannelRefusedError(
                f"stopped: {whole}; put it right, then `monitor alerts test {stopped[0].channel}` or `monitor outbox retry`"
            )
        return "console (no slack.token is set)" if told == ["console"] else ", ".join(told)

    def watching() -> str:
        from monitor.core.types import Health
        from monitor.errors import FetchError

        with app.uow.reading() as store:
            states = [state for state in store.feeds.states() if state.health is not Health.RETIRED]
        blind = [state.feed.key for state in states if state.health in {Health.BLIND, Health.GONE}]
        if blind:
            raise FetchError(f"{len(blind)} of {len(states)} feeds cannot be read: {', '.join(blind)}; see `monitor feeds list`")
        return f"{len(states)} feeds, none blind"

    def deliveries() -> str:
        from monitor.errors import DeliveryError

        with app.uow.reading() as store:
            dead = store.outbox.list(states={"dead"}, limit=1000)
        if dead:
            raise DeliveryError(
                f"{len(dead)} deliveries are dead, the last for {dead[0].last_error}; see `monitor outbox list`, then `monitor outbox retry`"
            )
        with app.uow.reading() as store:
            n_doubled = sum(found.n_blind > 0 for found in store.outbox.list(states={"sent"}, limit=1000))
        doubled = f"; {n_doubled} of the last 1000 may be there twice, as their channel could not be asked" if n_doubled else ""
        return f"none dead{doubled}"

    return [
        ("files", files),
        ("database", database),
        ("model", model),
        ("channels", channels),
        ("feeds", watching),
        ("outbox", deliveries),
    ]

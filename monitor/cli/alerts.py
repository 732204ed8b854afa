"""`monitor alerts`: try a channel, and see a message before it is posted."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import open_app

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.core.types import Alert, Change
    from monitor.ports import Board

commands = typer.Typer(no_args_is_help=True)


class Form(StrEnum):
    """How a preview is written."""

    PAYLOAD = "payload"
    PLAIN = "plain"


@commands.command("test")
def test_channel(
    context: typer.Context, channel: Annotated[str, typer.Argument(help="Name of the channel; `monitor doctor` lists them.")]
) -> None:
    """Send a sample to one channel, and say what happened. A channel that was stopped is started again where it takes the sample."""
    from dataclasses import replace
    from uuid import uuid4

    from monitor.core.sample import NOTE, sample_alert
    from monitor.errors import ConfigError
    from monitor.ports import Board

    app = open_app(context)
    notifier = app.notifiers.get(channel)
    if notifier is None:
        raise ConfigError(f"{channel!r}: no such channel is configured; there are: {', '.join(app.notifiers)}")
    ladder = app.issues[0].ladder if app.issues else next(iter(app.ladders.values()))
    # Each sample is a message of its own.
    alert = replace(sample_alert(ladder, app.clock.now()), alert_id=f"sample_{uuid4().hex[:12]}", detail=(NOTE,))
    told = _post_sample(notifier, alert, app) if isinstance(notifier, Board) else notifier.send(alert) or "no receipt"
    typer.echo(f"{channel} took the sample ({told})")
    with app.uow.transaction() as store:
        state = store.channels.state(channel)
        if state.stopped_at is not None:
            from monitor.core.delivery import channel_started

            store.channels.save(channel_started(state))
            typer.echo(f"{channel} was stopped and is started again; dead deliveries wait for `monitor outbox retry`")


def _post_sample(board: Board, alert: Alert, app: App) -> str:
    """Post the sample, and look for it where no clear answer came. Raises: DeliveryError, DeliveryRefusedError, LookupRefusedError."""
    from monitor.core.sample import NOTE
    from monitor.core.types import Post, PostForm
    from monitor.errors import UnknownOutcomeError

    post, since = Post(alert.alert_id, PostForm.CHANGE, alert, note=NOTE), app.clock.now()
    try:
        return board.post(post)
    except UnknownOutcomeError as exc:
        receipt = board.find(post, since=since)
        if receipt is None:
            raise
        return f"{receipt}; it arrived, although the answer was: {exc}"


@commands.command()
def preview(
    context: typer.Context,
    change_id: Annotated[str, typer.Argument(help="A change's id, from `monitor log`.")],
    form: Annotated[Form, typer.Option(help="Slack's payload as JSON, or the plain text that other channels get.")] = Form.PAYLOAD,
    html: Annotated[
        Path | None, typer.Option(help="Also write a page that shows root and reply as Slack would.", show_default=False)
    ] = None,
) -> None:
    """Print what would be posted for a change. Nothing is posted."""
    import json

    from monitor.core.delivery import root_post
    from monitor.core.types import ChangeId, Post, PostForm
    from monitor.errors import ConfigError
    from monitor.notify.blocks import message
    from monitor.notify.picture import page
    from monitor.notify.plain import plain_text

    app = open_app(context)
    change = app.queries.change(ChangeId(change_id))
    if change is None:
        raise ConfigError(f"{change_id!r}: there is no such change; see `monitor log`")
    alert = _alert(app, change)
    post = Post(alert.alert_id, PostForm.CHANGE, alert, thread="")
    typer.echo(json.dumps(message(post), ensure_ascii=False, indent=2) if form is Form.PAYLOAD else plain_text(alert))
    if html is not None:
        is_shown = alert.severity.rank >= app.settings.alerts.policy().show_from.rank
        reply = {**message(post), "thread_ts": "", "reply_broadcast": is_shown}
        try:
            html.write_text(page([message(root_post(alert)), reply], title=alert.headline), encoding="utf-8")
        except OSError as exc:
            raise ConfigError(f"--html {html}: cannot be written ({exc}); choose another place") from exc


def _alert(app: App, change: Change) -> Alert:
    """Return the alert of a change, saying on standard error where it would be none. Raises: ConfigError."""
    from monitor.core.alerts import Suppressed, decide_alert, make_alert
    from monitor.errors import ConfigError

    found = next((overview for overview in app.queries.issues() if overview.state.issue_key == change.issue_key), None)
    title, ladder_key = (found.title, found.ladder_key) if found else (str(change.issue_key), "")
    ladder = app.ladders.get(ladder_key)
    try:
        if ladder is None:
            raise KeyError(ladder_key)
        alert = make_alert(change, issue_title=title, ladder=ladder)
    except KeyError as exc:
        raise ConfigError(
            f"{change.change_id}: its issue's ladder {ladder_key!r} lacks {exc}; was the ladder's file edited since? Put the status back"
        ) from exc
    decided = decide_alert(change, issue_title=title, ladder=ladder, policy=app.settings.alerts.policy())
    if isinstance(decided, Suppressed):
        typer.echo(f"monitor: this change would not be alerted: {decided.reason}", err=True)
    return alert

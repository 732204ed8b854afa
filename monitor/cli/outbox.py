"""`monitor outbox`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import open_app

if TYPE_CHECKING:
    from monitor.core.types import Delivery

commands = typer.Typer(no_args_is_help=True)


@commands.command("list")
def list_deliveries(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only deliveries in this state: due, leased, sent or dead.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """List deliveries, newest first."""
    from monitor.core.types import DeliveryState
    from monitor.errors import ConfigError

    if state is not None and state not in set(DeliveryState):
        raise ConfigError(f"--state {state!r}: there is no such state; known: {', '.join(DeliveryState)}")
    app = open_app(context)
    with app.uow.reading() as store:
        deliveries = store.outbox.list(states={state} if state else None, limit=limit)
        stopped = {found.channel: found for found in store.channels.states() if found.stopped_at is not None}
    for channel in stopped.values():
        typer.echo(
            f"STOPPED {channel.stopped_at:%Y-%m-%d %H:%M} {channel.channel}: {channel.last_error}; "
            "put it right, then `monitor alerts test` or `monitor outbox retry`"
        )
    for delivery in deliveries:
        when = delivery.sent_at or delivery.due_at
        edit = f"{delivery.aim.words}: " if delivery.aim.words else ""
        waits = "  waits: its channel is stopped" if delivery.channel in stopped and delivery.state == "due" else ""
        typer.echo(
            f"{delivery.state.value:7} {when:%Y-%m-%d %H:%M} {delivery.delivery_id}  {edit}{delivery.alert.headline}  "
            f"tries {delivery.n_attempts}{waits}{_doubts(delivery)}"
        )
    if not deliveries:
        typer.echo("no deliveries" if state is None else f"no deliveries are {state}")


def _doubts(delivery: Delivery) -> str:
    """Return what is unknown, was doubled, or went wrong."""
    told = ""
    if delivery.unknown_since is not None and delivery.state in {"due", "dead"}:
        told += f"  unknown since {delivery.unknown_since:%Y-%m-%d %H:%M} whether it arrived: it is looked for before it is posted again"
    if delivery.n_blind:
        told += f"  may be there {delivery.n_blind + 1} times: the channel could not be asked"
    return told + (f"  last error: {delivery.last_error}" if delivery.last_error else "")


@commands.command()
def retry(
    context: typer.Context,
    delivery_id: Annotated[str | None, typer.Argument(help="One delivery; without it, every dead one.", show_default=False)] = None,
) -> None:
    """Make dead deliveries due again, and start channels that were stopped."""
    app = open_app(context)
    for channel in app.start_channels():
        typer.echo(f"{channel} was stopped and is started again")
    with app.uow.transaction() as store:
        wanted = [delivery_id] if delivery_id else [delivery.delivery_id for delivery in store.outbox.list(states={"dead"}, limit=100_000)]
        n_retried = sum(store.outbox.retry(one, now=app.clock.now()) for one in wanted)
    typer.echo(f"{n_retried} deliveries are due again")
    if delivery_id and not n_retried:
        typer.echo(f"monitor: there is no dead delivery {delivery_id!r}; see `monitor outbox list --state dead`", err=True)
        raise typer.Exit(1)


@commands.command()
def held(context: typer.Context) -> None:
    """List alerts that wait for quiet hours, cooldowns, bursts or mutes to end."""
    app = open_app(context)
    with app.uow.reading() as store:
        waiting = [row for channel in store.held.channels() for row in store.held.waiting(channel)]
    for row in waiting:
        typer.echo(f"{row.channel:12} until {row.release_at:%Y-%m-%d %H:%M}  {row.alert.headline}  ({row.reason})")
    if not waiting:
        typer.echo("nothing waits")

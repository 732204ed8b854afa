"""`monitor outbox`."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.context import open_app

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
    for delivery in deliveries:
        when = delivery.sent_at or delivery.due_at
        error = f"  last error: {delivery.last_error}" if delivery.last_error else ""
        typer.echo(
            f"{delivery.state.value:7} {when:%Y-%m-%d %H:%M} {delivery.delivery_id}  {delivery.alert.headline}  tries {delivery.n_attempts}{error}"
        )
    if not deliveries:
        typer.echo("no deliveries" if state is None else f"no deliveries are {state}")


@commands.command()
def retry(
    context: typer.Context,
    delivery_id: Annotated[str | None, typer.Argument(help="One delivery; without it, every dead one.", show_default=False)] = None,
) -> None:
    """Make dead deliveries due again."""
    app = open_app(context)
    with app.uow.transaction() as store:
        wanted = [delivery_id] if delivery_id else [delivery.delivery_id for delivery in store.outbox.list(states={"dead"}, limit=100_000)]
        n_retried = sum(store.outbox.retry(one, now=app.clock.now()) for one in wanted)
    typer.echo(f"{n_retried} deliveries are due again")
    if delivery_id and not n_retried:
        typer.echo(f"monitor: there is no dead delivery {delivery_id!r}; see `monitor outbox list --state dead`", err=True)
        raise typer.Exit(1)

"""`monitor feeds`: the list itself. What looks into feeds is in `feed_looks`, what reads and writes lists in `feed_lists`."""

from __future__ import annotations

import typer

from monitor.cli import feed_lists, feed_looks
from monitor.cli.context import open_app

commands = typer.Typer(no_args_is_help=True)
feed_looks.register(commands)
feed_lists.register(commands)


@commands.command("list")
def list_feeds(context: typer.Context) -> None:
    """List the feeds: health, last success, next poll, last error."""
    app = open_app(context)
    with app.uow.reading() as store:
        states = store.feeds.states()
    for state in states:
        last = f"read {state.last_success_at:%Y-%m-%d %H:%M}" if state.last_success_at else "never read"
        error = f"  error: {state.last_error}" if state.last_error else ""
        typer.echo(
            f"{state.health.value:8} {state.feed.key:28} {last:22} next {state.next_poll_at:%Y-%m-%d %H:%M}  {state.feed.url}{error}"
        )
    if not states:
        typer.echo(f"no feeds stored yet; {len(app.feeds)} are configured and will be at the next start of the daemon")

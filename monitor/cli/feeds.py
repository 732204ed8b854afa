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
    """List the feeds: health, last success, next poll, interval, address; below each what there is to say of it."""
    from monitor.core.remarks import remarks
    from monitor.core.types import Health

    app = open_app(context)
    with app.uow.reading() as store:
        states = store.feeds.states()
    for state in states:
        last = f"read {state.last_success_at:%Y-%m-%d %H:%M}" if state.last_success_at else "never read"
        new = f"new {state.last_new_at:%Y-%m-%d %H:%M}" if state.last_new_at else "nothing new yet"
        ends = state.health in {Health.GONE, Health.RETIRED}
        following = "not asked again" if ends else f"next {state.next_poll_at:%Y-%m-%d %H:%M}"
        learned = f"  every {state.learned_interval_s / 60:.0f} min" if state.learned_interval_s else ""
        typer.echo(f"{state.health.value:8} {state.feed.key:28} {last:22} {new:20} {following:21}{learned}  {state.feed.url}")
        for remark in remarks(state):
            typer.echo(f"         {remark}")
    if not states:
        typer.echo(f"no feeds stored yet; {len(app.feeds)} are configured and will be at the next start of the daemon")

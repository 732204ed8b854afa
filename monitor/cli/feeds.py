"""`monitor feeds`."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.context import open_app

commands = typer.Typer(no_args_is_help=True)


@commands.command("list")
def list_feeds(context: typer.Context) -> None:
    """List the feeds: health, last success, next poll, interval, address; below each what there is to say of it."""
    from monitor.core.coverage import remarks
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


@commands.command()
def test(context: typer.Context, target: Annotated[str, typer.Argument(help="A feed's key, or an address.")]) -> None:
    """Fetch and parse one feed now, and say what was seen. Stores nothing; exit status 1 if it is no feed, 3 if out of reach."""
    from monitor.core.types import Feed, FeedKey
    from monitor.errors import ConfigError

    app = open_app(context)
    known = {feed.key: feed for feed in app.feeds}
    if target not in known and "://" not in target:
        raise ConfigError(f"{target!r} is neither an address nor the key of a feed; see `monitor feeds list`")
    feed = known.get(FeedKey(target)) or Feed(FeedKey("test"), target, "test")
    result = app.fetcher.fetch(feed.url)
    typer.echo(f"HTTP {result.status}, {len(result.body)} bytes, {result.content_type or 'no content type'}, from {result.url}")
    typer.echo(f"validators: ETag {result.etag or '—'}, Last-Modified {result.last_modified or '—'}")
    parsed = app.parser.parse(result.body, feed=feed, content_type=result.content_type, fetched_at=app.clock.now())
    typer.echo(
        f"{parsed.version or 'unknown format'}: “{parsed.title}”, {len(parsed.entries)} entries"
        + (f"; flaw: {parsed.flaw}" if parsed.flaw else "")
    )
    for entry in parsed.entries[:10]:
        when = f"{entry.published_at:%Y-%m-%d %H:%M}" if entry.published_at else f"no date ({entry.published_raw or 'none given'})"
        typer.echo(f"  {when}  {entry.title[:100]}  {entry.url}")

"""`monitor feeds add`, `import`, `export`: the list of feeds, changed in place and exchanged as OPML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import open_app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.app import App
    from monitor.config.opml import Outline
    from monitor.core.types import Feed


def register(commands: typer.Typer) -> None:
    """Add the commands to the group."""
    commands.command("add")(add)
    commands.command("import")(import_list)
    commands.command("export")(export)


def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The address of a feed, or of a page whose site has one.")],
    key: Annotated[str, typer.Option(help="Name of the feed in commands and logs; made from its title where none is given.")] = "",
    source: Annotated[str, typer.Option(help="The outlet, as shown beside quotes; the feed's title where none is given.")] = "",
    language: Annotated[str, typer.Option(help="Language code of the entries.")] = "en",
    interval: Annotated[float | None, typer.Option(help="Least seconds between polls, from 60.", show_default=False)] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Put it on the list without fetching it.")] = False,
) -> None:
    """Put a feed on the list, after fetching and reading it; from a page, its one feed. A running daemon polls it at its next tick."""
    from monitor.config.feed_list import new_key
    from monitor.core.types import Feed, FeedKey
    from monitor.errors import ConfigError

    app = open_app(context)
    if "://" not in url:
        raise ConfigError(f"{url!r} is no address; write it like https://example.org/feed.xml")
    title = ""
    if not unchecked:
        url, title = _found(app, url)
    _refuse_listed(app, url, key)
    taken = {feed.key for feed in app.feeds}
    name = source or title or url.partition("://")[2].partition("/")[0].removeprefix("www.")
    feed = Feed(FeedKey(key or new_key(name, taken)), url, name, interval, language)
    _append(app, [feed], checked=not unchecked)
    typer.echo(f"added {feed.key}: {feed.url}, shown as “{feed.source}”")


def import_list(context: typer.Context, file: Annotated[Path, typer.Argument(help="OPML, as any feed reader exports it.")]) -> None:
    """Put the feeds of an OPML file on the list, those that are on it already passed over. They are fetched at the next tick, not now."""
    from monitor.config.opml import parse_opml
    from monitor.errors import ConfigError

    app = open_app(context)
    try:
        content = file.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read ({exc.strerror}); give the OPML file that the other reader exported") from exc
    outlines = parse_opml(content, name=str(file))
    feeds, refused, n_known = _new_feeds(app, outlines)
    if feeds:
        _append(app, feeds, checked=False)
    for outline in refused:
        typer.echo(f"not taken: {outline.url!r} (“{outline.title}”) is no address of the web", err=True)
    typer.echo(f"{len(feeds)} feeds added, {n_known} on the list already, {len(refused)} not taken")
    if not outlines:
        raise ConfigError(f"{file}: names no feed (outline with xmlUrl); export the list of the other reader once more")


def export(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="File to write; standard output where none is given.", show_default=False)] = None,
) -> None:
    """Write the list as OPML, which any feed reader takes and `import` takes back, keys and intervals included."""
    from monitor.config.opml import render_opml
    from monitor.errors import ConfigError

    app = open_app(context)
    content = render_opml(app.feeds)
    if out is None:
        typer.echo(content.decode("utf-8"), nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as exc:
        raise ConfigError(f"{out}: cannot be written ({exc.strerror}); choose another --out") from exc
    typer.echo(f"{len(app.feeds)} feeds written to {out}")


def _found(app: App, url: str) -> tuple[str, str]:
    """Return address and title of the one feed that an address leads to. Raises: ConfigError where there are several, ParseError for none."""
    from monitor.errors import ConfigError, ParseError

    found = app.discovery.find(url).feeds
    if not found:
        raise ParseError(f"{url} is no feed, and no feed of its site was found; look for the word RSS on its pages")
    # Feeds of comments come last, and are no choice beside one of articles.
    articles = [feed for feed in found if "comment" not in f"{feed.url} {feed.title}".lower()] or list(found)
    if len(articles) > 1:
        choice = "\n".join(f"  {feed.url}  “{feed.title}”, {feed.n_entries} entries" for feed in articles)
        raise ConfigError(f"{url} leads to {len(articles)} feeds; add one of them by its address:\n{choice}")
    return articles[0].url, articles[0].title


def _refuse_listed(app: App, url: str, key: str) -> None:
    from monitor.core.urls import canonical_url
    from monitor.errors import ConfigError

    for feed in app.feeds:
        if canonical_url(feed.url) == canonical_url(url):
            raise ConfigError(f"{url} is on the list already, as {feed.key!r}")
        if key and feed.key == key:
            raise ConfigError(f"--key {key!r} is taken by {feed.url}; choose another")


def _new_feeds(app: App, outlines: Sequence[Outline]) -> tuple[list[Feed], list[Outline], int]:
    """Return the feeds of an OPML file that are to be added, those that cannot be, and how many are on the list already."""
    from monitor.config.feed_list import new_key
    from monitor.core.types import Feed, FeedKey
    from monitor.core.urls import canonical_url, is_web_url

    listed = {canonical_url(feed.url) for feed in app.feeds}
    taken = {str(feed.key) for feed in app.feeds}
    feeds: list[Feed] = []
    refused: list[Outline] = []
    n_known = 0
    for outline in outlines:
        if not is_web_url(outline.url):
            refused.append(outline)
            continue
        if canonical_url(outline.url) in listed:
            n_known += 1
            continue
        name = outline.title or outline.url.partition("://")[2].partition("/")[0]
        key = outline.key if outline.key and outline.key == new_key(outline.key, taken) else new_key(outline.key or name, taken)
        interval_s = outline.interval_s if outline.interval_s is not None and outline.interval_s >= _MIN_INTERVAL_S else None
        feeds.append(Feed(FeedKey(key), outline.url, name, interval_s, outline.language or "en"))
        listed.add(canonical_url(outline.url))
        taken.add(key)
    return feeds, refused, n_known


#: Least interval that the list of feeds takes, in seconds.
_MIN_INTERVAL_S = 60.0


def _append(app: App, feeds: Sequence[Feed], *, checked: bool) -> None:
    """Write the feeds into the list, and into the database where there is one: a running daemon then polls them at its next tick."""
    from dataclasses import replace

    from monitor.config.feed_list import append_feeds
    from monitor.config.files import resolve
    from monitor.errors import MonitorError

    path = resolve(app.settings.paths.feeds)
    append_feeds(path, feeds, checked=checked)
    try:
        # Read anew: the list that this application holds is the one before.
        replace(app).sync_feeds()
    except MonitorError as exc:
        typer.echo(f"the list is changed; the database is not yet ({exc}): the daemon takes it over at its next start", err=True)

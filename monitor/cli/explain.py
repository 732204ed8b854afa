"""`monitor explain`: one article from feed to alert, or to where it stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.context import open_app


def register(root: typer.Typer) -> None:
    """Add the command to the root."""
    root.command("explain")(explain)


def explain(
    context: typer.Context, article: Annotated[str, typer.Argument(help="An article's address or id.", metavar="URL|ARTICLE_ID")]
) -> None:
    """Follow one article from feed to alert or to where it stopped, with each score beside its threshold."""
    from monitor.errors import ConfigError
    from monitor.jobs.account import lines

    app = open_app(context)
    with app.uow.reading() as store:
        found = store.articles.find(article)
    if found is None:
        raise ConfigError(f"{article!r}: no stored article has this address or id; was its feed polled? See `monitor feeds list`")
    trace = app.queries.trace(found)
    with app.uow.reading() as store:
        held = [row for change in trace.changes for row in store.held.of_change(change.change_id)]
    for line in lines(trace, app.settings.status.policy(), held):
        typer.echo(line)

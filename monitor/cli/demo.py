"""`monitor demo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from monitor.app import App


def register(root: typer.Typer) -> None:
    """Add the command to the root."""
    root.command("demo")(demo)


def demo(
    review: Annotated[bool, typer.Option("--review", help="Serve the review page on what happened afterwards, until Ctrl-C.")] = False,
    port: Annotated[int, typer.Option(help="Port of that page; 0 takes a free one.", min=0, max=65_535)] = 8470,
) -> None:
    """Show a whole story in about a minute, without any network: feeds, matches, changes, Slack messages."""
    from dataclasses import replace

    from monitor import log
    from monitor.cli.web import serve_until_stopped
    from monitor.demo import run

    # The account is the point here; what goes wrong is still logged.
    log.configure("error", "console")
    if not review:
        run(typer.echo)
        typer.echo("\nSee it as an analyst would: `monitor demo --review` serves the review page on it.")
        return

    def serve(app: App) -> None:
        settings = app.settings.model_copy(update={"web": app.settings.web.model_copy(update={"port": port})})
        serve_until_stopped(replace(app, settings=settings))

    run(typer.echo, afterwards=serve)

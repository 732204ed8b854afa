"""`monitor demo`."""

from __future__ import annotations

import typer


def register(root: typer.Typer) -> None:
    """Add the command to the root."""
    root.command("demo")(demo)


def demo() -> None:
    """Show a whole story in about a minute, without any network: feeds, matches, changes, Slack messages."""
    from monitor import log
    from monitor.demo import run

    # The account is the point here; what goes wrong is still logged.
    log.configure("error", "console")
    run(typer.echo)

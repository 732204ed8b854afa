"""`monitor db`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import open_app

commands = typer.Typer(no_args_is_help=True)


@commands.command()
def upgrade(context: typer.Context) -> None:
    """Create the database or bring its schema up to date."""
    app = open_app(context)
    app.uow.upgrade()
    app.uow.check()
    typer.echo("the database schema is up to date")


@commands.command()
def check(context: typer.Context) -> None:
    """Tell whether the database has the schema that this version needs; exit status 1 if not."""
    from monitor.errors import StoreError

    app = open_app(context)
    try:
        app.uow.check()
    except StoreError as error:
        typer.echo(f"monitor: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo("the database schema is up to date")


@commands.command()
def backup(context: typer.Context, path: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Write a consistent copy of the SQLite database, also while the daemon runs."""
    from monitor.store.session import backup as write_backup

    app = open_app(context)
    write_backup(app.database_url, path)
    typer.echo(f"backed up to {path}")

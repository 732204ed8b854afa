"""The root command, its options, and what every command starts from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.config import Settings

root = typer.Typer(
    name="monitor",
    help="Tell me when the status of an issue changes, show me why, and otherwise leave me alone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from monitor import __version__

        typer.echo(f"monitor {__version__}")
        raise typer.Exit


@root.callback()
def options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Settings file; default config/monitor.yaml.", show_default=False)] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)] = False,
) -> None:
    """Remember where the settings lie; they are read when a command needs them."""
    del version
    context.obj = config


def open_settings(context: typer.Context) -> Settings:
    """Read the settings and set up logging. Raises: ConfigError."""
    from monitor import log
    from monitor.config import load_settings

    settings = load_settings(context.obj)
    log.configure(settings.log.level, settings.log.style)
    return settings


def open_app(context: typer.Context) -> App:
    """Return the composed application. Raises: ConfigError."""
    from monitor.app import App

    return App(open_settings(context))

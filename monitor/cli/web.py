"""`monitor web`: the review page alone, and the hash of its password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from monitor.cli.context import open_app

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.web.server import PageServer

commands = typer.Typer(no_args_is_help=True)


@commands.command()
def serve(context: typer.Context) -> None:
    """Serve the review page alone, until SIGTERM or Ctrl-C: for a second machine on the same database."""
    app = open_app(context)
    app.uow.check()
    serve_until_stopped(app)


@commands.command()
def password() -> None:
    """Ask for a password and print its hash, for web.password_hash. The password itself is stored nowhere."""
    import secrets

    from monitor.web.passwords import hash_password

    typed = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    typer.echo(hash_password(typed, secrets.token_bytes(16)))


def open_page(app: App) -> PageServer:
    """Return the review page over an application, listening but not yet served. Raises: ConfigError."""
    from monitor.web.server import PageServer

    return PageServer(app)


def serve_until_stopped(app: App) -> None:
    """Serve the page, and say where, until SIGTERM or Ctrl-C."""
    import signal
    import threading

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_page(app) as page:
        typer.echo(f"The review page is at {page.address} until Ctrl-C.")
        stop.wait()

"""The command. Modules import what they need inside their commands: `monitor --help` must answer at once."""

from __future__ import annotations

import sys

from monitor.cli import alerts, daemon, database, demo, explain, feeds, issues, log, outbox, replay, web
from monitor.cli.context import root
from monitor.errors import ArticleFileError, ConfigError, MonitorError, PermanentError, SeedError, StoreError, TransientError

#: Exit statuses, fixed by the interface: a check failed, wrong usage or configuration, a dependency is out of reach.
CHECK_FAILED, WRONG_USAGE, OUT_OF_REACH = 1, 2, 3

root.add_typer(issues.commands, name="issues", help="List, show, add and calibrate issues.")
root.add_typer(feeds.commands, name="feeds", help="List, add, test, find, exchange and audit feeds.")
root.add_typer(outbox.commands, name="outbox", help="List deliveries, retry dead ones.")
root.add_typer(alerts.commands, name="alerts", help="Try a channel, see a message before it is posted.")
root.add_typer(database.commands, name="db", help="Upgrade, check and back up the database.")
root.add_typer(web.commands, name="web", help="Serve the review page alone, hash its password.")
for module in (daemon, replay, log, explain, demo):
    module.register(root)


def exit_status(error: MonitorError) -> int:
    """Return the exit status that an error stands for."""
    if isinstance(error, ConfigError | SeedError | ArticleFileError):
        return WRONG_USAGE
    if isinstance(error, TransientError | StoreError):
        return OUT_OF_REACH
    return CHECK_FAILED if isinstance(error, PermanentError) else OUT_OF_REACH


def main() -> None:
    """Run the command; an error that the project can explain is printed without a trace."""
    try:
        root()
    except MonitorError as error:
        from monitor.log import mask_secrets

        print(f"monitor: {mask_secrets(str(error))}", file=sys.stderr)
        sys.exit(exit_status(error))

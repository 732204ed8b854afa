"""`monitor log`: review the change log."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import open_app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.core.types import Change


class Format(StrEnum):
    """How the log is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


#: Columns of the CSV export: the interface's keys but for the nested evidence, of which the first sentence is given.
CSV_COLUMNS = (
    "at", "issue", "kind", "from_status", "to_status", "from_phase", "to_phase", "confirmation", "confidence", "origins", "reason",
    "quote", "source", "url", "article_id", "change_id", "is_history",
)  # fmt: skip


def register(root: typer.Typer) -> None:
    """Add the command to the root."""
    root.command("log")(show_log)


def show_log(
    context: typer.Context,
    issue: Annotated[str | None, typer.Option(help="Only changes of this issue.")] = None,
    since: Annotated[str | None, typer.Option(help="Only changes from this day or instant on, ISO 8601.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None,
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TABLE,  # noqa: A002 - the option's name is fixed.
) -> None:
    """Show the change log, newest first."""
    from monitor.config.articles import instant
    from monitor.core.types import IssueKey
    from monitor.errors import ConfigError

    start: datetime | None = None
    if since is not None:
        start = instant(since)
        if start is None:
            raise ConfigError(f"--since {since!r}: must be ISO 8601, e.g. 2024-09-27 or 2024-09-27T18:00:00Z")
    app = open_app(context)
    if issue is not None and issue not in {overview.state.issue_key for overview in app.queries.issues()}:
        raise ConfigError(f"--issue {issue!r}: there is no such issue; see `monitor issues list`")
    changes = app.queries.log(issue_key=IssueKey(issue) if issue else None, since=start, limit=limit)
    typer.echo(render(changes, format), nl=False)


def render(changes: Sequence[Change], form: Format) -> str:
    """Return the changes as text, with a final newline."""
    from monitor.core.interchange import change_object

    objects = [change_object(change) for change in changes]
    if form is Format.JSON:
        return json.dumps(objects, ensure_ascii=False, indent=2) + "\n"
    if form is Format.JSONL:
        return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in objects)
    if form is Format.CSV:
        return _csv(objects)
    return "\n".join(line for change in changes for line in _table_lines(change)) + "\n" if changes else "no changes yet\n"


def _csv(objects: Sequence[dict[str, object]]) -> str:
    out = io.StringIO()
    # Every text is quoted: a bare carriage return in a headline would else end the row.
    writer = csv.DictWriter(out, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    for entry in objects:
        evidence = entry["evidence"]
        first = evidence[0] if isinstance(evidence, list) and evidence else {}
        origins = entry["origins"]
        row = {**entry, **{key: first.get(key, "") for key in ("quote", "source", "url")}}
        row["origins"] = "; ".join(origins) if isinstance(origins, list) else ""
        writer.writerow({key: _defused(value) for key, value in row.items()})
    return out.getvalue()


def _defused(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: feeds write these texts."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _table_lines(change: Change) -> list[str]:
    mark = " (history)" if change.is_history else ""
    arrow = f"{change.from_status or '—'} → {change.to_status}"
    lines = [
        (
            f"{change.at:%Y-%m-%d %H:%M}  {change.issue_key}  {change.kind.value}: {arrow}  "
            f"[{change.confirmation.value}, {change.confidence:.2f}]{mark}"
        )
    ]
    lines += [f"    “{quote.quote}” — {quote.source}" for quote in change.evidence[:1]]
    return [*lines, f"    {change.reason}", f"    {change.change_id}"]

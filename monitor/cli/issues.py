"""`monitor issues`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import open_app

if TYPE_CHECKING:
    from monitor.core.types import Change, Issue
    from monitor.jobs.seed import Learned

commands = typer.Typer(no_args_is_help=True)


@commands.command("list")
def list_issues(context: typer.Context) -> None:
    """List the issues with their present status."""
    app = open_app(context)
    overviews = app.queries.issues()
    for overview in overviews:
        state = overview.state
        since = f" since {state.since:%Y-%m-%d %H:%M}" if state.since else ""
        typer.echo(f"{state.issue_key}  {state.status_key or 'no status yet'}{since}  [{state.confirmation.value}]  {overview.title}")
        typer.echo(f"    {overview.n_articles_matched} articles matched, {overview.n_changes} changes, ladder {overview.ladder_key}")
    if not overviews:
        typer.echo("no issues yet: put a file into config/issues/ and run `monitor issues add`, or start the daemon")


@commands.command()
def show(context: typer.Context, key: Annotated[str, typer.Argument(help="Key of the issue.")]) -> None:
    """Show an issue: status with its quotes, baseline, and the change log."""
    from monitor.core.types import IssueKey
    from monitor.errors import ConfigError

    app = open_app(context)
    found = next((overview for overview in app.queries.issues() if overview.state.issue_key == key), None)
    if found is None:
        raise ConfigError(f"issue {key!r}: there is no such issue; see `monitor issues list`")
    state = found.state
    typer.echo(
        f"{found.title}\nstatus: {state.status_key or 'none yet'} ({state.confirmation.value}; {', '.join(state.origins) or 'no origin'})"
    )
    for quote in state.quotes:
        typer.echo(f"    “{quote.quote}” — {quote.source}, {quote.published_at:%Y-%m-%d}")
    with app.uow.reading() as store:
        baseline = store.issues.baseline(IssueKey(key))
    if baseline is not None:
        typer.echo(f"relevance threshold: {baseline.threshold:.2f}, {baseline.threshold_reason}")
        typer.echo("anchors: " + ", ".join(f"{anchor.name} ({anchor.weight:.2f})" for anchor in baseline.anchors))
    for change in app.queries.log(issue_key=IssueKey(key)):
        typer.echo(_course_line(change))


@commands.command()
def add(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Issue file to copy into the issues folder; without it, those there are learned.")
    ] = None,
) -> None:
    """Learn issues from their seeds: baseline, threshold, status and history."""
    from monitor.config.files import load_issue, resolve
    from monitor.errors import ConfigError

    app = open_app(context)
    if file is not None:
        issue = load_issue(file, app.ladders)
        folder = resolve(app.settings.paths.issues)
        target = folder / f"{issue.key}.yaml"
        if file.resolve() != target.resolve():
            if target.exists():
                raise ConfigError(f"{target}: exists already; change the key in {file}, or edit the file that is there")
            _copy(file, target)
    app.uow.check()
    n_learned = app.learn_seeds()
    typer.echo(f"{n_learned} of {len(app.issues)} issues learned anew")


def _copy(file: Path, target: Path) -> None:
    """Copy an issue file; its seeds' path, which is relative to it, is made to fit the new place."""
    import os

    import yaml

    from monitor.config.files import read_yaml

    content = read_yaml(file)
    content["seeds"] = os.path.relpath((file.parent / str(content["seeds"])).resolve(), target.parent.resolve())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


@commands.command()
def calibrate(context: typer.Context, key: Annotated[str, typer.Argument(help="Key of the issue.")]) -> None:
    """Show how the issue's seeds and the off-topic stories score, and the threshold that follows. Changes nothing."""
    from monitor.errors import ConfigError
    from monitor.jobs.seed import learn

    app = open_app(context)
    issue = next((entry for entry in app.issues if entry.key == key), None)
    if issue is None:
        raise ConfigError(
            f"issue {key!r}: there is no such file in the issues folder; known: {', '.join(entry.key for entry in app.issues)}"
        )
    learned = learn(
        issue, off_topic=app.off_topic_vectors, encoder=app.encoder, examiner=app.examiner, match_policy=app.settings.match.policy()
    )
    _print_learned(issue, learned)


def _print_learned(issue: Issue, learned: Learned) -> None:
    typer.echo(f"{issue.title}\nthreshold {learned.baseline.threshold:.2f}: {learned.baseline.threshold_reason}")
    typer.echo("anchors: " + ", ".join(f"{anchor.name} ({anchor.weight:.2f})" for anchor in learned.baseline.anchors))
    for change in learned.history:
        typer.echo(_course_line(change))


def _course_line(change: Change) -> str:
    quote = f"  “{change.evidence[0].quote}”" if change.evidence else ""
    return f"{change.at:%Y-%m-%d}  {change.from_status or '—'} → {change.to_status} [{change.confirmation.value}]{quote}"

"""`monitor replay`: what would have been said, on stored articles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import open_app


def register(root: typer.Typer) -> None:
    """Add the command to the root."""
    root.command("replay")(replay)


def replay(
    context: typer.Context,
    issue: Annotated[Path, typer.Option(help="Issue file.")],
    articles: Annotated[Path, typer.Option(help="Articles, JSON Lines.")],
    out: Annotated[Path, typer.Option(help="Changes, JSON Lines, to be written.")],
    report: Annotated[Path | None, typer.Option(help="Report to be written, HTML.")] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="Questions to a language model that lack an answer, JSON Lines, to be written.")
    ] = None,
    answers: Annotated[Path | None, typer.Option(help="Answers of a language model to such questions, JSON Lines.")] = None,
) -> None:
    """Feed stored articles to an issue in memory, and write the changes that would have been recorded."""
    from monitor.cli.report import html_report
    from monitor.core.interchange import change_object

    app = open_app(context)
    model = None
    if prompts is not None or answers is not None:
        from monitor.reader.answers import RecordedModel, load_answers

        model = RecordedModel(app.settings.language_model.model or "answers", load_answers(answers) if answers else {})
    result = app.replay(issue, articles, model=model)
    _write(out, "".join(json.dumps(change_object(change), ensure_ascii=False) + "\n" for change in result.changes))
    if report is not None:
        _write(report, html_report(result))
    n_matched = sum(step.match.is_match for step in result.steps)
    typer.echo(f"{len(result.steps)} articles, {n_matched} matched, {len(result.changes)} changes → {out}")
    if model is not None:
        if prompts is not None:
            _write(prompts, "".join(model.prompt_lines()))
        place = f" → {prompts}" if prompts else ""
        typer.echo(f"{len(model.missing)} of {len(model.asked)} prompts lack an answer{place}")


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises: ConfigError naming it."""
    from monitor.errors import ConfigError

    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be written ({exc.strerror}); give a path in a folder that exists and is yours") from exc

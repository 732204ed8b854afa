"""The configuration's data files: feeds, ladders, issues. Each error names file, key, value and fix."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, HttpUrl, ValidationError

import monitor
from monitor.config.articles import load_seeds
from monitor.config.channels import Floor, Hours, Wait, Zone
from monitor.config.section import Seconds, Share
from monitor.config.settings import Settings
from monitor.core.ladder import Ladder, Phase, Status
from monitor.core.quiet import URGENT_BLIND, URGENT_MAJOR
from monitor.core.schedule import parse_quiet_hours
from monitor.core.types import CoveragePolicy, Feed, FeedKey, Issue, IssueAlerts, IssueKey, QuietPolicy, Severity
from monitor.errors import ConfigError

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
_Model = TypeVar("_Model", bound=BaseModel)


class DataFile(BaseModel):
    """What a data file or a row of one holds: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _FeedRow(DataFile):
    key: Slug
    url: HttpUrl
    source: str = Field(min_length=1)
    language: str = "en"
    #: Whether somebody has polled the address and read it as a feed.
    checked: bool = True
    interval_s: float | None = Field(None, ge=60, le=604_800)


class _FeedFile(DataFile):
    #: A list without a row yet is none in YAML.
    feeds: Annotated[tuple[_FeedRow, ...], BeforeValidator(lambda rows: () if rows is None else rows)]


class _StatusRow(DataFile):
    key: Slug
    label: str = Field(min_length=1)
    phase: Phase
    cues: tuple[str, ...] = Field(min_length=3)
    after: tuple[str, ...] = ()


class _LadderFile(DataFile):
    key: Slug
    label: str = Field(min_length=1)
    statuses: tuple[_StatusRow, ...] = Field(min_length=2)


class _CoverageRow(DataFile):
    feeds: tuple[Slug, ...] = ()
    min_share: Share | None = None
    after_s: Seconds | None = None


class _AlertsRow(DataFile):
    floor: Floor = "minor"
    quiet_hours: Hours = ()
    time_zone: Zone = "UTC"
    override: tuple[str, ...] = ()
    cooldown_s: Wait = 0.0
    channels: tuple[str, ...] = ()
    coverage: _CoverageRow = _CoverageRow()


class _IssueFile(DataFile):
    key: Slug
    title: str = Field(min_length=8)
    ladder: str
    seeds: str = Field(min_length=1)
    alerts: _AlertsRow = _AlertsRow()


def resolve(path: Path) -> Path:
    """Return a configured path: as given where it exists, else the one of the same name in the checkout of the package."""
    if path.is_absolute() or path.exists():
        return path
    shipped = Path(monitor.__file__).resolve().parent.parent / path
    return shipped if shipped.exists() else path


def load_feeds(path: Path) -> tuple[Feed, ...]:
    """Return the feeds of a list. Raises: ConfigError."""
    rows = read_data(path, _FeedFile).feeds
    for name in ("key", "url"):
        values = [str(getattr(row, name)) for row in rows]
        for value in values:
            if values.count(value) > 1:
                raise ConfigError(f"{path}: feeds.{name} = {value!r} stands there {values.count(value)} times; keep one")
    return tuple(Feed(FeedKey(row.key), str(row.url), row.source, row.interval_s, row.language) for row in rows)


def load_ladders(folder: Path) -> dict[str, Ladder]:
    """Return the ladders of a folder by key. Raises: ConfigError."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigError(f"{folder}: there is no ladder (*.yaml) in this folder; set paths.ladders to a folder that has some")
    ladders: dict[str, Ladder] = {}
    for path in files:
        ladder = load_ladder(path)
        if ladder.key in ladders:
            raise ConfigError(f"{path}: key = {ladder.key!r} is taken by another ladder of this folder; choose another")
        ladders[ladder.key] = ladder
    return ladders


def load_ladder(path: Path) -> Ladder:
    """Return one ladder. Raises: ConfigError."""
    file = read_data(path, _LadderFile)
    keys = [row.key for row in file.statuses]
    for row in file.statuses:
        if keys.count(row.key) > 1:
            raise ConfigError(f"{path}: statuses.key = {row.key!r} stands there {keys.count(row.key)} times; keep one")
        for other in row.after:
            if other not in keys:
                raise ConfigError(f"{path}: statuses.{row.key}.after = {other!r}: the ladder has no such status; known: {', '.join(keys)}")
    return Ladder(file.key, file.label, tuple(Status(row.key, row.label, row.phase, row.cues, row.after) for row in file.statuses))


def load_issue(path: Path, ladders: dict[str, Ladder], *, min_share: float = 0.0) -> Issue:
    """Return an issue with its seeds, in order of publication. `min_share`: the coverage that it needs where its file does not say.

    Raises: ConfigError, SeedError, ArticleFileError.
    """
    file = read_data(path, _IssueFile)
    if file.ladder not in ladders:
        raise ConfigError(f"{path}: ladder = {file.ladder!r}: there is no such ladder; known: {', '.join(sorted(ladders))}")
    ladder = ladders[file.ladder]
    alerts = _alerts(file.alerts, ladder, path, min_share)
    return Issue(IssueKey(file.key), file.title, ladder, load_seeds(path.parent / file.seeds), alerts)


def _alerts(row: _AlertsRow, ladder: Ladder, path: Path, min_share: float) -> IssueAlerts:
    known = [*(status.key for status in ladder.statuses), *Phase, URGENT_MAJOR]
    for name in row.override:
        if name not in known:
            raise ConfigError(
                f"{path}: alerts.override = {name!r}: is no status of the ladder, no phase and not {URGENT_MAJOR}; known: {', '.join(known)}"
            )
    zone = ZoneInfo(row.time_zone)
    return IssueAlerts(
        QuietPolicy(
            floor=Severity(row.floor),
            hours=tuple(parse_quiet_hours(span, zone) for span in row.quiet_hours),
            overrides=frozenset(row.override),
            cooldown_s=row.cooldown_s,
        ),
        row.channels,
        CoveragePolicy(row.coverage.feeds, min_share if row.coverage.min_share is None else row.coverage.min_share, row.coverage.after_s),
    )


def check_names(settings: Settings, issues: Sequence[Issue], feeds: Sequence[Feed], ladders: dict[str, Ladder]) -> None:
    """Make sure that settings and issues name only what exists: channels, issues, feeds, statuses. Raises: ConfigError."""
    steps = {*Phase, *(status.key for ladder in ladders.values() for status in ladder.statuses), URGENT_MAJOR, URGENT_BLIND}
    named: list[tuple[str, Iterable[str], Collection[str]]] = [("quiet.override", settings.quiet.override, steps)]
    for name, channel in settings.channels.items():
        named.append((f"channels.{name}.issues", channel.issues, {issue.key for issue in issues}))
        named.append((f"channels.{name}.override", channel.override or (), steps))
    for issue in issues:
        channels = {*settings.channels, "slack", "console"}
        named.append((f"the issue {issue.key}: alerts.channels", issue.alerts.channels, channels))
        named.append((f"the issue {issue.key}: alerts.coverage.feeds", issue.alerts.coverage.feeds, {feed.key for feed in feeds}))
    for place, values, known in named:
        for value in values:
            if value not in known:
                raise ConfigError(f"{place} = {value!r}: there is no such name; known: {', '.join(sorted(known))}")


def load_issues(folder: Path, ladders: dict[str, Ladder], *, min_share: float = 0.0) -> tuple[Issue, ...]:
    """Return the issues of a folder, by key. Raises: ConfigError, SeedError, ArticleFileError."""
    issues: dict[str, Issue] = {}
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder; set paths.issues to the folder of the issue files")
    for path in sorted(folder.glob("*.yaml")):
        issue = load_issue(path, ladders, min_share=min_share)
        if issue.key in issues:
            raise ConfigError(f"{path}: key = {issue.key!r} is taken by another issue of this folder; choose another")
        issues[issue.key] = issue
    return tuple(issues[key] for key in sorted(issues))


def read_yaml(path: Path) -> dict[str, Any]:
    """Return a YAML file's mapping. Raises: ConfigError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror}); create it, or point the setting that names it elsewhere") from exc
    except (yaml.YAMLError, ValueError) as exc:  # PyYAML lets the ValueError of an impossible date such as 2024-02-30 through.
        raise ConfigError(f"{path}: is no YAML ({exc}); mend the line") from exc
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: holds {type(content).__name__}, not keys with values; see docs/configuration.md")
    return content


def read_data(path: Path, model: type[_Model]) -> _Model:
    """Return a YAML file as its model. Raises: ConfigError with a line for each fault."""
    try:
        return model.model_validate(read_yaml(path))
    except ValidationError as exc:
        lines = []
        for error in exc.errors():
            key = ".".join(str(part) for part in error["loc"])
            shown = f" = {error['input']!r}"[:120] if error["type"] not in {"missing", "extra_forbidden"} else ""
            fix = {
                "extra_forbidden": f"there is no such key; known: {', '.join(model.model_fields)}"
                if len(error["loc"]) == 1
                else "there is no such key",
                "missing": "is missing; add it",
                "string_type": "must be text; put it in quotes",
            }.get(error["type"], error["msg"])
            lines.append(f"{path}: {key}{shown}: {fix}")
        raise ConfigError("\n".join(lines)) from exc

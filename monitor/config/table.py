"""The table of settings, read off the classes: for documentation, `monitor settings` and error messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, SecretStr

from monitor.config.section import Section
from monitor.config.settings import ENV_PREFIX, Settings

#: Stands in the table for a name that the user chooses.
CHOSEN = "NAME"


class SettingRow(BaseModel):
    """One setting, for documentation and messages."""

    model_config = ConfigDict(frozen=True)

    key: str
    kind: str
    default: str
    meaning: str

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return ENV_PREFIX + self.key.upper().replace(".", "__")


def settings_table() -> tuple[SettingRow, ...]:
    """Return every setting with kind and range, default and meaning, in order."""
    return tuple(_rows())


def _rows() -> Iterator[SettingRow]:
    for section, info in Settings.model_fields.items():
        model, where = info.annotation, section
        if get_origin(model) is dict:
            # A group of groups, each under a name that the user chooses.
            model, where = get_args(model)[1], f"{section}.{CHOSEN}"
        assert isinstance(model, type)
        assert issubclass(model, Section)
        for name, field in model.model_fields.items():
            default = None if field.is_required() else field.default
            shown = "" if isinstance(default, SecretStr) and "sqlite" not in default.get_secret_value() else _show(default)
            yield SettingRow(
                key=f"{where}.{name}", kind=_kind(field.annotation, field.metadata), default=shown, meaning=field.description or ""
            )


def _show(default: object) -> str:
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    if default is None:
        return ""
    return f"{default:g}" if isinstance(default, float) and default < 100_000 else str(default)


def _bare(annotation: object, metadata: Sequence[object]) -> tuple[object, list[object]]:
    """Return a type without `Annotated` and without "or None", and everything said of its range."""
    found = [bound for each in metadata for bound in getattr(each, "metadata", [each])]
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _bare(inner, [*found, *more])
    options = [option for option in get_args(annotation) if option is not NoneType]
    if get_origin(annotation) in {UnionType, Union} and len(options) == 1:
        return _bare(options[0], found)
    return annotation, found


def _kind(annotation: object, metadata: Sequence[object]) -> str:
    annotation, metadata = _bare(annotation, metadata)
    text = getattr(annotation, "__name__", str(annotation)) if isinstance(annotation, type) else str(annotation)
    names = {"SecretStr": "secret", "str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Path": "path"}
    if text == "tuple[str, ...]":
        text = "list of texts"
    if "Literal" in text:
        options = text[text.index("[") + 1 :].split("]")[0].removeprefix("typing.Literal[").replace("'", "")
        text = f"{'some' if text.startswith('tuple') else 'one'} of {options}"
    span = {}
    for bound in metadata:
        for attribute, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
            if getattr(bound, attribute, None) is not None:
                span[sign] = (
                    f"{sign} {getattr(bound, attribute):g}"
                    if getattr(bound, attribute) < 100_000
                    else f"{sign} {getattr(bound, attribute)}"
                )
    return ", ".join([names.get(text, text), *span.values()])


def settings_markdown() -> str:
    """Return the table of settings as Markdown: the body of docs/configuration.md."""
    lines = ["| Setting | Kind | Default | Meaning |", "|---|---|---|---|"]
    lines += [f"| `{row.key}` | {row.kind} | {f'`{row.default}`' if row.default else ''} | {row.meaning} |" for row in settings_table()]
    return "\n".join(lines)

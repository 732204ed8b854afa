"""The table of settings, read off the classes: for documentation, `monitor settings` and error messages."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, SecretStr

from monitor.config.settings import ENV_PREFIX, Section, Settings


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
        model = info.annotation
        assert isinstance(model, type)
        assert issubclass(model, Section)
        for name, field in model.model_fields.items():
            default = field.default
            shown = "" if isinstance(default, SecretStr) and "sqlite" not in default.get_secret_value() else _show(default)
            yield SettingRow(
                key=f"{section}.{name}", kind=_kind(field.annotation, field.metadata), default=shown, meaning=field.description or ""
            )


def _show(default: object) -> str:
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    if default is None:
        return ""
    return f"{default:g}" if isinstance(default, float) and default < 100_000 else str(default)


def _kind(annotation: object, metadata: list[object]) -> str:
    text = getattr(annotation, "__name__", str(annotation)) if isinstance(annotation, type) else str(annotation)
    names = {"SecretStr": "secret", "str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Path": "path"}
    for technical, plain in {
        "pathlib.Path | None": "path",
        "tuple[str, ...]": "list of texts",
        "pathlib._local.Path | None": "path",
    }.items():
        text = plain if text == technical else text
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

"""The house keeps its own rules: floors, names, docstrings, and pages that tell every setting and command."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

import monitor
from monitor.cli.context import root
from monitor.config.table import settings_markdown, settings_table

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "monitor").rglob("*.py"))
MAX_LINES = 400
#: Names that say nothing.
EMPTY_NAMES = re.compile(r"^_*(utils?|helpers?|managers?|common|misc)$")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_an_import_only_ever_points_down() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


def test_the_migrations_do_not_shadow_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_the_page_of_settings_is_the_table_of_settings() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    table = settings_markdown()
    assert table in page, "docs/configuration.md is out of date; put the output of `monitor settings --markdown` into it"
    assert len(re.findall(r"^\| `", page, re.M)) == len(settings_table())


def _commands() -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each command's words and the names of its options."""

    def walk(command: object, words: tuple[str, ...]) -> Iterator[tuple[str, frozenset[str]]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            options = {name for found in getattr(command, "params", ()) for name in found.opts if name.startswith("--")}
            yield " ".join(words), frozenset(options - {"--help"})
            return
        for name, found in inner.items():
            yield from walk(found, (*words, name))

    yield from walk(get_command(root), ("monitor",))


def test_every_command_has_a_section_that_names_its_options() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `([^`]+)`\n(.*?)(?=^## |\Z)", page, re.M | re.S))
    commands = dict(_commands())
    # The heading gives the words and the arguments.
    found = {name: next((heading for heading in sections if f"{heading} ".startswith(f"{name} ")), None) for name in commands}
    assert [name for name, heading in found.items() if heading is None] == []
    assert len(sections) == len(commands), sections.keys()
    for name, heading in found.items():
        assert heading is not None
        told = sections[heading]
        assert [option for option in commands[name] if f"`{option}" not in told] == [], name
        assert "Exit status" in told, name


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == monitor.__version__
    headings = re.findall(r"^## \[?v?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert headings[0] == monitor.__version__


def _undocumented(tree: ast.Module) -> Iterator[str]:
    if ast.get_docstring(tree) is None:
        yield "the module"
    stack: list[tuple[str, ast.AST]] = [("", tree)]
    while stack:
        prefix, node = stack.pop()
        for found in ast.iter_child_nodes(node):
            if not isinstance(found, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or found.name.startswith("_"):
                continue
            if ast.get_docstring(found) is None:
                yield f"{prefix}{found.name}"
            if isinstance(found, ast.ClassDef):
                stack.append((f"{prefix}{found.name}.", found))


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_everything_public_has_a_docstring(path: Path) -> None:
    assert list(_undocumented(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_no_module_is_longer_than_one_can_hold_in_mind() -> None:
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: n_lines for name, n_lines in lengths.items() if n_lines > MAX_LINES} == {}


def test_every_name_of_a_module_says_something() -> None:
    parts = {part for path in [*MODULES, *(ROOT / "tests").rglob("*.py")] for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    assert {part for part in parts if EMPTY_NAMES.match(part)} == set()


def test_every_folder_of_tests_mirrors_one_of_the_package_or_is_known() -> None:
    known = {"contracts", "e2e", "eval", "feeds", "migrations"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and not path.name.startswith(("_", "."))}
    packages = {path.name for path in (ROOT / "monitor").iterdir() if path.is_dir()}
    assert folders - packages - known == set()

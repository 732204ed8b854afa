from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Table

from monitor.store.schema import metadata

PAGE = (Path(__file__).parents[2] / "docs" / "columns.md").read_text(encoding="utf-8")
SECTIONS = {section.split("\n", 1)[0]: section for section in PAGE.split("\n## ")[1:]}


@pytest.mark.parametrize("table", metadata.tables.values(), ids=str)
def test_every_column_is_explained_on_the_page_in_the_words_of_its_comment(table: Table) -> None:
    rows = [line for line in SECTIONS[table.name].splitlines() if line.startswith("| `")]
    expected = [f"| `{column.name}`{' (key)' if column.primary_key else ''} | {column.comment} |" for column in table.columns]
    assert rows == expected
    assert all(column.comment for column in table.columns)


def test_the_page_names_no_table_that_is_gone() -> None:
    assert set(SECTIONS) == set(metadata.tables)

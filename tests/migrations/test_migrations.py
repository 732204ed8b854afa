"""The migrations lead to the tables of the code and back, and an old database is refused by name."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from alembic import command
from monitor.errors import StoreError
from monitor.store.engine import MIGRATION, open_engine, parse_url
from monitor.store.schema import metadata
from monitor.store.session import SqlUnitOfWork, check, upgrade

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "alembic"


def is_ours(name: str | None, kind: str, _: object = None) -> bool:
    """The search index is made of what each database has, and is in no list of tables of the code."""
    return kind != "table" or not (name or "").startswith("article_search")


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = open_engine(parse_url(url), busy_timeout_s=10)
    try:
        with engine.connect().execution_options(**{MIGRATION: True}) as connection, connection.begin():
            yield connection
    finally:
        engine.dispose()


@contextmanager
def alembic(url: str) -> Iterator[Config]:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with connected(url) as connection:
        config.attributes["connection"] = connection
        yield config


def tables(url: str) -> set[str]:
    with connected(url) as connection:
        return {name for name in inspect(connection).get_table_names() if is_ours(name, "table")}


def test_up_down_and_up_again(empty_url: str) -> None:
    upgrade(empty_url)
    assert tables(empty_url) == {*metadata.tables, "alembic_version"}
    with alembic(empty_url) as config:
        command.downgrade(config, "base")
    assert tables(empty_url) == {"alembic_version"}
    upgrade(empty_url)
    upgrade(empty_url)
    check(empty_url)


def test_the_migrations_make_the_tables_of_the_code(empty_url: str) -> None:
    upgrade(empty_url)
    with connected(empty_url) as connection:
        opts = {"compare_type": True, "compare_server_default": True, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_every_name_follows_the_convention(empty_url: str) -> None:
    upgrade(empty_url)
    with connected(empty_url) as connection:
        inspector = inspect(connection)
        for name in metadata.tables:
            assert inspector.get_pk_constraint(name)["name"] == f"pk_{name}"
            for index in inspector.get_indexes(name):
                assert str(index["name"]).startswith((f"ix_{name}_", f"uq_{name}_"))
            for unique in inspector.get_unique_constraints(name):
                assert unique["name"] == f"uq_{name}_{'_'.join(str(column) for column in unique['column_names'])}"
            for key in inspector.get_foreign_keys(name):
                assert key["name"] == f"fk_{name}_{'_'.join(key['constrained_columns'])}_{key['referred_table']}"


def test_partial_indexes_have_the_condition_of_the_code(empty_url: str) -> None:
    upgrade(empty_url)
    with connected(empty_url) as connection:
        kind = connection.dialect.name
        for table in metadata.tables.values():
            stored = {index["name"]: index.get("dialect_options", {}) for index in inspect(connection).get_indexes(table.name)}
            for index in table.indexes:
                assert (index.dialect_options[kind]["where"] is not None) == (f"{kind}_where" in stored[str(index.name)])


def test_a_database_that_does_not_exist_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="monitor db upgrade"):
        check(f"sqlite:///{tmp_path}/var/monitor.db")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_refused_with_the_command_that_mends_it(empty_url: str) -> None:
    with connected(empty_url):
        pass
    with pytest.raises(StoreError, match="has no tables yet; run `monitor db upgrade`"):
        check(empty_url)


def test_an_old_database_is_refused_with_the_command_that_mends_it(empty_url: str, tmp_path: Path) -> None:
    upgrade(empty_url)
    # The next version's folder of migrations: those of today and one more.
    scripts = tmp_path / "scripts"
    (scripts / "versions").mkdir(parents=True)
    for script in SCRIPTS.glob("versions/*.py"):
        (scripts / "versions" / script.name).write_text(script.read_text())
    head = ScriptDirectory(str(SCRIPTS)).get_current_head()
    (scripts / "versions" / "9999_next.py").write_text(f"revision = '9999'\ndown_revision = {head!r}\n")
    with pytest.raises(StoreError, match=r"older version \(\d+\); run `monitor db upgrade`"):
        check(empty_url, scripts=scripts)


def test_a_database_of_a_newer_version_is_refused(empty_url: str) -> None:
    upgrade(empty_url)
    with connected(empty_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"newer version \(9999\)"):
        check(empty_url)


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_url: str, tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text((SCRIPTS / "env.py").read_text())
    broken = "def upgrade():\n    op.create_table('half', sa.Column('a', sa.Integer()))\n    op.drop_table('none')\n"
    head = "import sqlalchemy as sa\nfrom alembic import op\nrevision = '1'\ndown_revision = None\n"
    (scripts / "versions" / "1.py").write_text(head + broken)
    with pytest.raises(StoreError):
        upgrade(empty_url, scripts=scripts)
    assert tables(empty_url) == set()


def test_an_upgrade_keeps_the_rows_and_may_be_repeated_in_memory() -> None:
    with closing(SqlUnitOfWork("sqlite://")) as unit:
        unit.upgrade()
        unit.upgrade()
        unit.check()


def test_roots_that_were_still_to_be_edited_become_deliveries(empty_url: str) -> None:
    with alembic(empty_url) as config:
        command.upgrade(config, "0008")
    stale = "('slack', 'olive-duties', 'C1:1', '{}', '2026-03-01 12:00:00')"
    with connected(empty_url) as connection:
        connection.execute(text(f"INSERT INTO threads (channel, issue_key, receipt, alert, edit_at) VALUES {stale}"))
        connection.execute(text("INSERT INTO threads (channel, issue_key, receipt, alert) VALUES ('slack', 'fresh', 'C1:2', '{}')"))
    upgrade(empty_url)
    with connected(empty_url) as connection:
        assert connection.execute(text("SELECT delivery_id, state, aim FROM outbox")).all() == [("root_olive-duties@slack", "due", "root")]


def test_the_command_of_alembic_takes_the_url_from_the_command_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/monitor.db"
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.cmd_opts = Namespace(x=[f"url={url}"])
    command.upgrade(config, "head")
    check(url)
    command.check(config)


def test_the_command_of_alembic_takes_the_url_from_its_config(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{tmp_path}/monitor.db")
    command.upgrade(config, "head")
    check(f"sqlite:///{tmp_path}/monitor.db")


def test_a_folder_without_migrations_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no migrations in"):
        upgrade("sqlite://", scripts=tmp_path)

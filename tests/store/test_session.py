from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from monitor.core.types import IssueKey
from monitor.errors import ConfigError, DatabaseBusyError, StoreError
from monitor.store.session import SqlUnitOfWork, backup, check, upgrade
from tests.databases import Postgresql
from tests.examples import ARTICLE, NOON, article, change, delivery, fill


def _ensure(unit: SqlUnitOfWork, key: str = "olive-duties") -> None:
    with unit.transaction() as tx:
        tx.issues.ensure(IssueKey(key), title="", ladder_key="agreement")


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "monitor.db"
    copy.write_bytes(sqlite_template.read_bytes())
    return copy


def test_a_new_sqlite_file_and_its_folders_are_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/var/data/monitor.db"
    upgrade(url)
    check(url)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/monitor\.db"):
        upgrade(f"sqlite:///{tmp_path}/file/monitor.db")


def test_sqlite_is_opened_by_the_recipe(path: Path) -> None:
    with closing(SqlUnitOfWork(f"sqlite:///{path}")) as unit, unit.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert found == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1}


def test_a_locked_database_is_busy_and_named(path: Path) -> None:
    with closing(SqlUnitOfWork(f"sqlite:///{path}", busy_timeout_s=0.01)) as unit, closing(sqlite3.connect(path)) as other:
        _ensure(unit)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusyError, match=r"monitor\.db is locked"):
            _ensure(unit)
        with unit.reading() as tx:
            assert tx.issues.state(IssueKey("olive-duties")) is not None
        other.rollback()
        _ensure(unit)


def test_a_read_only_database_cannot_be_written_and_says_so(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
    with closing(SqlUnitOfWork(f"sqlite:///file:{path}?mode=ro&uri=true")) as unit:
        with unit.reading() as tx:
            assert tx.issues.changes() == []
        with pytest.raises(StoreError, match="writable"):
            _ensure(unit)


def test_missing_tables_are_told_with_the_command_that_makes_them(tmp_path: Path) -> None:
    with closing(SqlUnitOfWork(f"sqlite:///{tmp_path}/new.db")) as unit, pytest.raises(StoreError, match="run `monitor db upgrade`"):
        _ensure(unit)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes, " * 100)
    with pytest.raises(StoreError, match="is no database"):
        check(f"sqlite:///{tmp_path}/notes.txt")


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/name", "postgres://host/name", "sqlite+aiosqlite:///x", "://"])
def test_a_url_that_cannot_be_used_is_a_mistake_in_the_settings(url: str) -> None:
    with pytest.raises(ConfigError, match=r"sqlite:///var/monitor\.db"):
        SqlUnitOfWork(url)


@pytest.mark.parametrize("url", ["postgresql://me:secret@127.0.0.1:1/name", "postgresql+psycopg://127.0.0.1:1/name?password=secret"])
def test_a_server_out_of_reach_is_busy_and_no_message_shows_the_password(url: str) -> None:
    with closing(SqlUnitOfWork(url, busy_timeout_s=0.1)) as unit, pytest.raises(DatabaseBusyError, match="out of reach") as caught:
        _ensure(unit)
    assert "secret" not in str(caught.value)
    assert "127.0.0.1:1/name" in str(caught.value)


def test_a_database_in_memory_serves_several_threads() -> None:
    with closing(SqlUnitOfWork("sqlite://")) as unit:
        unit.upgrade()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: _ensure(unit, f"i-{number}"), range(20)))
        with unit.reading() as tx:
            assert all(tx.issues.state(IssueKey(f"i-{number}")) for number in range(20))


def test_a_reader_never_waits_for_a_writer(sql: SqlUnitOfWork) -> None:
    written, seen = Event(), Event()

    def write() -> None:
        with sql.transaction() as tx:
            fill(tx)
            written.set()
            assert seen.wait(30)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        assert written.wait(30)
        with sql.reading() as tx:
            assert tx.articles.get([ARTICLE]) == {}
        seen.set()
        writing.result()
    with sql.reading() as tx:
        assert tx.articles.get([ARTICLE]) == {ARTICLE: article()}


def test_a_value_that_no_column_takes_is_an_error_of_ours(sql: SqlUnitOfWork) -> None:
    with pytest.raises(StoreError), sql.transaction() as tx:
        tx.issues.ensure(IssueKey("i"), title=None, ladder_key="agreement")  # type: ignore[arg-type]


@pytest.mark.xdist_group("postgresql")
def test_several_workers_on_postgresql_lease_side_by_side(postgresql: Postgresql) -> None:
    url = postgresql.emptied_database()
    with closing(SqlUnitOfWork(url)) as one, closing(SqlUnitOfWork(url)) as other:
        with one.transaction() as tx:
            tx.outbox.add(delivery("d-1", issue_key="a"))
            tx.outbox.add(delivery("d-2", issue_key="b"))
            tx.outbox.add(delivery("d-3", issue_key="a"))
        with one.transaction() as first, other.transaction() as second:
            assert [found.delivery_id for found in first.outbox.lease(now=NOON, lease_s=60, limit=1)] == ["d-1"]
            assert [found.delivery_id for found in second.outbox.lease(now=NOON, lease_s=60, limit=9)] == ["d-2"]


def test_a_backup_taken_during_a_transaction_holds_what_was_committed(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "backups" / "monitor.db"
    with closing(SqlUnitOfWork(f"sqlite:///{path}")) as unit:
        with unit.transaction() as tx:
            fill(tx)
        with unit.transaction() as tx:
            tx.issues.add_change(change(), now=NOON)
            backup(f"sqlite:///{path}", copy)
    check(f"sqlite:///{copy}")
    with closing(SqlUnitOfWork(f"sqlite:///{copy}")) as unit, unit.reading() as tx:
        assert tx.articles.get([ARTICLE]) == {ARTICLE: article()}
        assert tx.issues.changes() == []
    assert {found.name for found in copy.parent.iterdir()} <= {"monitor.db", "monitor.db-wal", "monitor.db-shm"}


def test_a_backup_never_overwrites(path: Path) -> None:
    with pytest.raises(StoreError, match="exists already"):
        backup(f"sqlite:///{path}", path)


@pytest.mark.parametrize(
    ("url", "told"),
    [("sqlite://", "no file"), ("sqlite:////nowhere/monitor.db", "no file"), ("postgresql://me:secret@db/name", "pg_dump")],
)
def test_what_cannot_be_backed_up_is_told(url: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=told) as caught:
        backup(url, tmp_path / "copy.db")
    assert "secret" not in str(caught.value)


def test_a_place_where_no_backup_can_be_written_is_named(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="another place"):
        backup(f"sqlite:///{path}", tmp_path / "file" / "copy.db")

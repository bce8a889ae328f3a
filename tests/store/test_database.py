"""Versions of the database, and what is none."""

from __future__ import annotations

import stat
from typing import Any

import duckdb
import pytest

from response.errors import IntegrityError, MigrationError
from response.store import Store
from response.store.database import known_migrations, migrate
from response.workspace import Workspace


def versions(connection: Any) -> list[int]:
    return [n for (n,) in connection.execute("SELECT number FROM migration").fetchall()]


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [number for number, _ in known_migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_migration_is_applied_once() -> None:
    with duckdb.connect() as connection:
        steps = [(1, "CREATE TABLE a (x INTEGER)"), (2, "CREATE TABLE b (x INTEGER)")]
        migrate(connection, steps[:1])
        migrate(connection, steps)
        migrate(connection, steps)
        assert versions(connection) == [1, 2]


def test_a_migration_that_fails_leaves_no_trace() -> None:
    with duckdb.connect() as connection:
        with pytest.raises(duckdb.Error):
            migrate(connection, [(1, "CREATE TABLE a (x INTEGER); INSERT INTO none VALUES (1)")])
        assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)


def test_a_newer_database_is_refused_naming_both_versions(
    workspace: Workspace, store: Store
) -> None:
    store.read_subjects()
    store.close()
    with duckdb.connect(str(workspace.database)) as connection:
        connection.execute("INSERT INTO migration VALUES (99, 'x', current_timestamp)")
    known = len(known_migrations())
    with pytest.raises(MigrationError, match=rf"version 99.*up to {known}"):
        store.read_subjects()
    (problem,) = store.check()
    assert "version 99" in problem


def test_a_database_of_other_migrations_is_refused() -> None:
    with duckdb.connect() as connection:
        migrate(connection, [(1, "CREATE TABLE a (x INTEGER)")])
        with pytest.raises(MigrationError, match="not this program's"):
            migrate(connection, [(1, "CREATE TABLE a (y INTEGER)")])


@pytest.mark.parametrize("content", [b"", b"something else" * 1000])
def test_a_file_that_is_no_database_is_refused(
    workspace: Workspace, store: Store, content: bytes
) -> None:
    workspace.database.write_bytes(content)
    with pytest.raises(IntegrityError, match="restore it from a copy"):
        store.read_subjects()
    assert workspace.database.read_bytes() == content


def test_a_half_made_database_is_made_anew(workspace: Workspace, store: Store) -> None:
    workspace.database.with_suffix(".new").write_bytes(b"half")
    assert store.read_subjects() == ()
    assert not workspace.database.with_suffix(".new").exists()


def test_nobody_else_can_read_what_the_store_writes(workspace: Workspace, store: Store) -> None:
    store.append_audit("login", actor="anna")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in workspace.home.iterdir()}
    assert {name for name, mode in modes.items() if mode & 0o077} == set()


def test_the_database_reaches_nothing_outside(workspace: Workspace, store: Store) -> None:
    with (
        store._units._lease.cursor() as cursor,
        pytest.raises(duckdb.PermissionException),
    ):
        cursor.execute("SELECT * FROM read_csv('/etc/passwd')")

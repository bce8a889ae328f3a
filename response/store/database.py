"""Opening the database file: settings, and migrations up to this program's version."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from response.errors import IntegrityError, MigrationError

_SETTINGS: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "enable_external_access": False,
    "python_enable_replacements": False,
    "threads": 1,
}


def connect(database: Path) -> Any:
    """Open the database, made or migrated where needed.

    Raises
    ------
    MigrationError
        If a newer program wrote it, or its migrations are not this program's.
    IntegrityError
        If the file is not a database.
    """
    if not database.exists():
        _create(database)
    try:
        return _connect_migrated(database)
    except duckdb.IOException as error:
        if "not a valid DuckDB" not in str(error):
            raise
        raise IntegrityError(f"{database.name} is not a database; restore it from a copy") from None


def _create(database: Path) -> None:
    """Make the file aside and put it in place whole: a kill leaves no half-made database."""
    fresh = database.with_suffix(".new")
    for leftover in (fresh, fresh.with_name(fresh.name + ".wal")):
        leftover.unlink(missing_ok=True)
    _connect_migrated(fresh).close()
    fresh.replace(database)


def _connect_migrated(database: Path) -> Any:
    connection = duckdb.connect(str(database), config=_SETTINGS)
    try:
        migrate(connection, known_migrations())
    except BaseException:
        connection.close()
        raise
    return connection


@cache
def known_migrations() -> tuple[tuple[int, str], ...]:
    """List this program's migrations: their numbers and SQL, in order."""
    folder = files("response.store") / "migrations"
    named = sorted((item.name, item) for item in folder.iterdir() if item.name.endswith(".sql"))
    return tuple((int(name[:4]), item.read_text(encoding="utf-8")) for name, item in named)


def migrate(connection: Any, migrations: Sequence[tuple[int, str]]) -> None:
    """Apply the migrations that are missing, each wholly or not at all."""
    applied = _read_applied(connection)
    known = {number: _digest(sql) for number, sql in migrations}
    if max(applied, default=0) > max(known):
        raise MigrationError(
            f"the database is of version {max(applied)}, this program knows versions up to "
            f"{max(known)}: use the newer program"
        )
    for number, digest in applied.items():
        if known.get(number) != digest:
            raise MigrationError(f"migration {number} of the database is not this program's")
    for number, sql in migrations:
        if number not in applied:
            _apply(connection, number, sql)


def _read_applied(connection: Any) -> dict[int, str]:
    try:
        rows = connection.execute("SELECT number, digest FROM migration ORDER BY number").fetchall()
    except duckdb.CatalogException:
        return {}
    return dict(rows)


def _apply(connection: Any, number: int, sql: str) -> None:
    connection.execute("BEGIN")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migration "
            "(number INTEGER, digest VARCHAR, applied_at TIMESTAMP)"
        )
        connection.execute(sql)
        connection.execute(
            "INSERT INTO migration VALUES (?, ?, ?)",
            [number, _digest(sql), dt.datetime.now(dt.UTC).replace(tzinfo=None)],
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _digest(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()

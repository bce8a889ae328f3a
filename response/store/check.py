"""The proof of a workspace: its audit chain, the rows it seals, the files they name."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from response.errors import InputError, IntegrityError, MigrationError
from response.store.audit import Head, Link, check_chain, read_head, seal_rows
from response.store.layout import TableRow
from response.store.reads import fetch
from response.store.rows import Row, decode
from response.store.units import Units
from response.workspace import Workspace


def digest_files(workspace: Workspace, relatives: Iterable[str]) -> list[TableRow]:
    """Lay out the SHA-256 of stored files, of all files in a folder; what is missing is left out.

    Raises
    ------
    InputError
        If a path leaves the workspace.
    """
    paths = [path for relative in relatives for path in _files(workspace.resolve(relative))]
    return [
        ("stored_file", {"path": workspace.relative(path), "sha256": _digest(path)})
        for path in dict.fromkeys(paths)
    ]


def check_workspace(
    workspace: Workspace, units: Units, remembered: Sequence[Head]
) -> tuple[str, ...]:
    """List everything that is not as it was written, and files that nothing names."""
    try:
        units.drain_journal()
        heads = [*remembered, read_head(units.head_path)]
        links, sealed, named = units.read(_read_everything)
    except (MigrationError, IntegrityError) as error:
        return (str(error),)
    problems = check_chain(units.key, links, heads)
    problems += _check_rows(units.key, links, sealed)
    problems += _check_files(workspace, sealed, named)
    return tuple(problems)


Revisions = dict[int, list[TableRow]]


def _read_everything(cursor: Any) -> tuple[list[Link], Revisions, set[str]]:
    links = [decode(Link, row) for row in fetch(cursor, "SELECT * FROM audit ORDER BY number")]
    sealed: Revisions = defaultdict(list)
    for (table,) in cursor.execute(_SEALED_TABLES).fetchall():
        for row in fetch(cursor, f"SELECT * FROM {table}"):  # noqa: S608 (from the catalogue)
            derived = {name.removesuffix("_digits") for name in row if name.endswith("_digits")}
            cells = {name: cell for name, cell in row.items() if name not in derived}
            sealed[int(str(row["revision"]))].append((table, cells))
    named = {path for (path,) in cursor.execute(_NAMED_PATHS).fetchall() if path}
    return links, sealed, named


_SEALED_TABLES = """
SELECT table_name FROM duckdb_tables()
WHERE table_name IN (SELECT table_name FROM duckdb_columns() WHERE column_name = 'revision')
ORDER BY table_name
"""

_NAMED_PATHS = """
SELECT image_path FROM scan UNION SELECT origin_path FROM scan
UNION SELECT mask_path FROM mark_set
UNION SELECT transform_path FROM registration
"""


def _check_rows(key: bytes, links: Sequence[Link], sealed: Revisions) -> list[str]:
    seals = {link.number: link.rows_seal for link in links}
    return [
        f"records: what entry {number} wrote is not as it was written"
        for number in sorted(seals.keys() | sealed.keys())
        if seals.get(number) != seal_rows(key, sealed.get(number, []))
    ]


def _check_files(workspace: Workspace, sealed: Revisions, named: set[str]) -> list[str]:
    digests = _read_digests(row for rows in sealed.values() for row in rows)
    problems = []
    for relative in sorted(named | digests.keys()):
        path = _locate(workspace, relative)
        if path is None:
            problems.append(f"files: {relative} is missing")
        elif relative in digests and _digest(path) != digests[relative]:
            problems.append(f"files: {relative} is not as it was written")
    for path in [*_files(workspace.images), *_files(workspace.transforms)]:
        inside = path.relative_to(workspace.home)
        if not named & {inside.as_posix(), *(parent.as_posix() for parent in inside.parents)}:
            problems.append(f"files: {inside.as_posix()} belongs to nothing that is stored")
    return problems


def _locate(workspace: Workspace, relative: str) -> Path | None:
    try:
        path = workspace.resolve(relative)
    except InputError:
        return None
    return path if path.exists() else None


def _read_digests(rows: Iterable[tuple[str, Row]]) -> dict[str, str]:
    files = [row for table, row in rows if table == "stored_file"]
    files.sort(key=lambda row: int(str(row["revision"])))
    return {str(row["path"]): str(row["sha256"]) for row in files}


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(item for item in path.rglob("*") if item.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

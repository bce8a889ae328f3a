"""One write: its rows and the audit entry that seals them, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from response.errors import IntegrityError
from response.store.audit import Head, Link, Note, fingerprint, make_link, seal_rows
from response.store.layout import TableRow, lay_out, sql_types
from response.store.rows import Cell


class Change:
    """The rows of one thing, gathered, then written with their audit entry.

    Attributes
    ----------
    cursor
        For reading what is current, in the same transaction.
    head : Head
        The newest link of the audit chain.
    changed : bool
        Whether anything has been written.
    """

    def __init__(self, cursor: Any, key: bytes) -> None:
        self.cursor = cursor
        self.head = read_last(cursor)
        self.changed = False
        self._key = key
        self._rows: list[TableRow] = []
        self._counts: dict[str, str] = {}
        _check_key(cursor, key, self.head)

    def add(self, rows: Iterable[TableRow], **counts: int) -> None:
        """Gather rows to be written, and what the audit entry counts of them."""
        self._rows += rows
        self._counts |= {name: str(count) for name, count in counts.items()}

    def seal(self, note: Note, *, always: bool = False, extra: Sequence[TableRow] = ()) -> None:
        """Write the rows gathered, and `extra` with them, and the entry whose number they bear.

        Without rows nothing is written, unless `always`.
        """
        if not self._rows and not always:
            return
        revision = self.head.number + 1
        numbered: list[TableRow] = [
            (table, {"revision": revision, "position": position, **row})
            for position, (table, row) in enumerate([*self._rows, *extra])
        ]
        note = replace(note, detail={**note.detail, **self._counts})
        self._append([make_link(self._key, self.head, note, seal_rows(self._key, numbered))])
        insert(self.cursor, numbered)

    def seal_notes(self, notes: Sequence[Note]) -> None:
        """Enter notes without rows, those not yet in the chain."""
        query = "SELECT entry_id FROM audit WHERE entry_id IN (SELECT unnest(?::VARCHAR[]))"
        ids = [note.entry_id for note in notes]
        entered = {row[0] for row in self.cursor.execute(query, [ids]).fetchall()} if ids else set()
        head, links = self.head, []
        for note in notes:
            if note.entry_id not in entered:
                links.append(make_link(self._key, head, note, ""))
                head = links[-1].head
        self._append(links)

    def _append(self, links: Sequence[Link]) -> None:
        if links:
            insert(self.cursor, [row for link in links for row in lay_out(link)])
            self.head = links[-1].head
            self.changed = True


def insert(cursor: Any, rows: Sequence[TableRow]) -> None:
    """Append rows, one statement per table: a list per column is what DuckDB takes fastest."""
    for table, group in groupby(sorted(rows, key=lambda row: row[0]), key=lambda row: row[0]):
        cells = [row for _, row in group]
        names = ", ".join(f'"{name}"' for name in cells[0])
        lists = ", ".join(f"unnest(?::{kind}[])" for kind in sql_types(table, cells[0]))
        columns: list[list[Cell]] = [[row[name] for row in cells] for name in cells[0]]
        # The names are this package's own, never a caller's.
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {lists}", columns)


def read_last(cursor: Any) -> Head:
    """Read the newest link of the chain."""
    row = cursor.execute("SELECT number, chain FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head()


def _check_key(cursor: Any, key: bytes, head: Head) -> None:
    """Refuse to go on with a chain that another key began."""
    stored = cursor.execute("SELECT fingerprint FROM audit_key").fetchone()
    if stored is None and head.number == 0:
        cursor.execute("INSERT INTO audit_key VALUES (?)", [fingerprint(key)])
    elif stored is None or stored[0] != fingerprint(key):
        raise IntegrityError(
            "the audit key is not the one this workspace's audit chain was begun with: "
            "set RESPONSE_AUDIT_KEY as it was, or restore secrets/audit_key"
        )

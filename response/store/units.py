"""Units of work: a read, or a change with its audit entry, each with the database for itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import duckdb

from response.errors import StoreError
from response.store.audit import Journal, Note, write_head
from response.store.change import Change
from response.store.database import connect
from response.store.layout import TableRow
from response.store.lease import find_lease
from response.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")


class Units:
    """Opens the units of work of one workspace."""

    def __init__(self, workspace: Workspace, *, keep: bool) -> None:
        self.key = workspace.secret("AUDIT_KEY")
        self.journal = Journal(workspace.home / "audit-journal.jsonl", self.key)
        self.head_path = workspace.home / "audit-head"
        self._subject_secret = workspace.secret("SUBJECT_KEY")
        self._lease = find_lease(workspace.database, connect)
        self._keeps = keep
        self._lease.keepers += keep

    def close(self) -> None:
        """Keep the connection no longer."""
        self._lease.keepers -= self._keeps
        self._keeps = False
        if not self._lease.keepers:
            self._lease.close()

    def read(
        self,
        reading: Callable[Concatenate[Any, P], T],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """Run a reading on one state of the database."""
        with self._cursor() as cursor:
            cursor.execute("BEGIN READ ONLY")
            found = reading(cursor, *arguments, **named)
            cursor.execute("COMMIT")
            return found

    @contextmanager
    def writing(
        self, action: str, actor: str, subject: str = "", *, note: Note | None = None
    ) -> Iterator[Change]:
        """Open a change; it is committed at the end with its audit entry, or leaves no trace.

        With a `note` of the caller's the entry is written even where no row is.
        """
        with self._lease.write_lock, self._cursor() as cursor, self.journal.draining() as notes:
            cursor.execute("BEGIN")
            try:
                change = Change(cursor, self.key)
                change.seal_notes(notes)
                drained, change.changed = change.changed, False
                yield change
                key, newcomer = self._name_subject(cursor, subject)
                own = note or Note.now(action, actor, key)
                change.seal(own, always=note is not None, extra=newcomer)
                cursor.execute("COMMIT" if change.changed or drained else "ROLLBACK")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            if change.changed or drained:
                write_head(self.head_path, change.head)

    def append(self, note: Note) -> None:
        """Append a note to the audit chain."""
        with self.writing(note.action, note.actor, note=note):
            pass

    def drain_journal(self) -> None:
        """Enter what the journal holds into the audit chain."""
        if self.journal.holds_notes():
            with self.writing("drain_journal", "system"):
                pass

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        try:
            with self._lease.cursor() as cursor:
                yield cursor
        except duckdb.Error as error:
            raise StoreError(f"the database could not do this: {error}") from error
        except OSError as error:
            raise StoreError(f"the workspace cannot be used: {error.strerror}") from error

    def _name_subject(self, cursor: Any, subject: str) -> tuple[str, list[TableRow]]:
        """Give a subject's opaque key, and its row where it has none yet."""
        if not subject:
            return "", []
        known = cursor.execute("SELECT key FROM subject WHERE subject = ?", [subject]).fetchone()
        if known:
            return known[0], []
        digest = hmac.new(self._subject_secret, subject.encode(), hashlib.sha256).digest()
        key = base64.b32encode(digest[:10]).decode().lower()
        return key, [("subject", {"subject": subject, "key": key})]

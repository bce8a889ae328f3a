"""The audit chain: who did what, when, each entry sealed together with all before it.

An entry's ``chain`` is an HMAC over the chain before it and everything the entry says, the rows it
wrote included; the key lies outside the database. The newest link is also kept in a small file
beside the database (and may be exported), so that a shortened chain shows. A kill between the
commit and that file leaves the file behind the chain, which is no alarm: the chain goes on from it.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from response.errors import IntegrityError
from response.store.rows import Row, canonical


@dataclass(frozen=True, slots=True)
class Note:
    """Something done, before it has its place in the chain."""

    action: str
    actor: str
    subject_key: str
    detail: Mapping[str, str]
    entry_id: str
    at: dt.datetime

    @classmethod
    def now(
        cls, action: str, actor: str, subject_key: str = "", detail: Mapping[str, str] | None = None
    ) -> Note:
        """Note something done at this moment."""
        moment = dt.datetime.now(dt.UTC)
        return cls(action, actor, subject_key, dict(detail or {}), uuid.uuid4().hex, moment)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link of a chain, to be remembered elsewhere."""

    number: int = 0
    chain: str = ""

    def __str__(self) -> str:
        return f"{self.number}:{self.chain}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read what ``str`` wrote."""
        number, _, chain = text.strip().partition(":")
        if not number.isdecimal():
            raise IntegrityError("the remembered audit head is not one")
        return cls(int(number), chain)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as it stands in the chain; the fields are the columns of its table."""

    number: int
    entry_id: str
    at: dt.datetime
    actor: str
    action: str
    subject_key: str
    detail: Mapping[str, str]
    rows_seal: str
    chain: str

    @property
    def head(self) -> Head:
        """This link, as remembered elsewhere."""
        return Head(self.number, self.chain)


def seal_rows(key: bytes, rows: Iterable[tuple[str, Row]]) -> str:
    """Seal the rows of one entry, in any order; empty without rows."""
    lines = sorted(canonical(table, row) for table, row in rows)
    return _mac(key, "\n".join(lines)) if lines else ""


def make_link(key: bytes, before: Head, note: Note, rows_seal: str) -> Link:
    """Give a note its place after `before`."""
    bare = Link(
        before.number + 1,
        note.entry_id,
        note.at,
        note.actor,
        note.action,
        note.subject_key,
        note.detail,
        rows_seal,
        chain="",
    )
    return replace(bare, chain=_chain(key, before.chain, bare))


def check_chain(key: bytes, links: Sequence[Link], remembered: Iterable[Head]) -> list[str]:
    """Follow a whole chain, in order, and compare it with the heads remembered elsewhere."""
    problems: list[str] = []
    before = Head()
    chains = {0: ""}
    for link in links:
        if link.number != before.number + 1:
            problems.append(f"audit: entries {before.number + 1} to {link.number - 1} are missing")
        elif not hmac.compare_digest(link.chain, _chain(key, before.chain, link)):
            problems.append(f"audit: entry {link.number} is not as it was written")
        before = link.head
        chains[link.number] = link.chain
    for head in remembered:
        if head.number > before.number:
            problems.append(
                f"audit: the chain ends at {before.number}, but entry {head.number} was written"
            )
        elif chains.get(head.number) != head.chain:
            problems.append(f"audit: entry {head.number} is not the one remembered")
    return problems


def fingerprint(key: bytes) -> str:
    """Tell one key from another without giving it away."""
    return _mac(key, "fingerprint")


def read_head(path: Path) -> Head:
    """Read the remembered head; none is the empty chain's."""
    return Head.parse(path.read_text()) if path.exists() else Head()


def write_head(path: Path, head: Head) -> None:
    """Remember the head, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(str(head))
    temporary.replace(path)


class Journal:
    """Notes of what was looked at, synced at once, entered into the chain with the next write."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key

    def append(self, note: Note) -> None:
        """Write one note to the disk; never waits for the database."""
        text = json.dumps([*_fields(note)[:-1], note.at.isoformat()])
        line = f"\n{_mac(self._key, text)} {text}\n".encode()  # a torn line before ends here
        handle = self._open()
        try:
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)

    @contextmanager
    def draining(self) -> Iterator[list[Note]]:
        """Lend the notes the journal holds; it is emptied at the end, unless there was an error."""
        handle = self._open()
        try:
            text = os.pread(handle, os.fstat(handle).st_size, 0).decode(errors="replace")
            yield self._parse_all(text)
            if text:
                os.ftruncate(handle, 0)
        finally:
            os.close(handle)

    def holds_notes(self) -> bool:
        """Whether anything waits to be entered."""
        return self._path.exists() and self._path.stat().st_size > 0

    def _parse_all(self, text: str) -> list[Note]:
        found = [self._parse(line) for line in text.split("\n") if line]
        notes = [note for note in found if note is not None]
        if len(notes) < len(found):
            damaged = {"lines": str(len(found) - len(notes))}
            notes.append(Note.now("journal_damaged", "system", detail=damaged))
        return notes

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        handle = os.open(self._path, flags, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        return handle

    def _parse(self, line: str) -> Note | None:
        seal, _, text = line.partition(" ")
        if not hmac.compare_digest(seal.encode(), _mac(self._key, text).encode()):
            return None
        action, actor, subject_key, detail, entry_id, at = json.loads(text)
        return Note(action, actor, subject_key, detail, entry_id, dt.datetime.fromisoformat(at))


def _chain(key: bytes, before: str, link: Link) -> str:
    said: list[Any] = list(_fields(link)[:-1])
    said[2] = link.at.astimezone(dt.UTC).isoformat()
    said[6] = dict(link.detail)
    return _mac(key, before + "\n" + json.dumps(said, sort_keys=True))


def _fields(value: Link | Note) -> tuple[Any, ...]:
    return tuple(getattr(value, name) for name in value.__slots__)


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

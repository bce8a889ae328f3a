"""The lease on the database: processes take turns, briefly, and nobody sees a lock error.

Advisory locks in a folder beside the database, which the kernel takes back from a killed process.
Whoever has the *turn* has the database open. Who wants it walks up a queue of *steps*, letting go
of one only when the next is free: nobody overtakes, so the wait is bounded by those before. A
process that keeps its connection looks whether somebody stands on the first step: if so it lets its
cursors finish, closes, and queues up like everybody. The threads of a process share its one
connection, each unit of work with a cursor of its own.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from response.errors import StoreBusyError, StoreError

WAIT_S = 30.0
"""How long a unit of work waits for its turn."""
STEPS = 8
"""Places in the queue with a strict order; more processes than this wait before it."""
POLL_S = 0.003
WATCH_S = 0.02
"""How often a kept connection looks for somebody waiting."""
SLICE_S = 0.05
"""How long a connection is used at least before others' wishes count: opening costs as much."""
IDLE_S = 30.0
"""How long a kept connection stays open with nothing to do."""

_leases: dict[Path, Lease] = {}
_leases_lock = threading.Lock()


def find_lease(database: Path, connect: Callable[[Path], Any]) -> Lease:
    """Give this process's one lease on a database."""
    with _leases_lock:
        return _leases.setdefault(database, Lease(database, connect))


class Lease:
    """This process's share of the database file."""

    def __init__(self, database: Path, connect: Callable[[Path], Any]) -> None:
        self.keepers = 0
        self.write_lock = threading.Lock()
        self._left_to_parent: Any = None
        self._database = database
        self._locks = database.with_suffix(".locks")
        self._connect = connect
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._condition = threading.Condition()
        self._connection: Any = None
        self._turn = -1
        self._inode = -1
        self._closed = threading.Event()
        self._users = 0
        self._opening = False
        self._yielding = False
        self._opened_at = 0.0
        self._used_at = 0.0

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """Lend a cursor for one short unit of work.

        Raises
        ------
        StoreBusyError
            If the turn does not come within ``WAIT_S`` seconds.
        StoreError
            In a process forked while the database was open.
        """
        connection = self._enter(time.monotonic() + WAIT_S)
        try:
            cursor = connection.cursor()
            try:
                yield cursor
            finally:
                cursor.close()
        except (duckdb.FatalException, duckdb.InternalException):
            self._yielding = True  # the instance is spoiled: open a new one
            raise
        finally:
            self._leave()

    def close(self) -> None:
        """Give the database back now, unless a unit of work is under way."""
        with self._condition:
            if self._users == 0:
                self._close()

    def _enter(self, deadline: float) -> Any:
        if self._left_to_parent is not None:
            raise StoreError("a forked process cannot use the database its parent had open")
        with self._condition:
            while self._opening or (self._connection is not None and self._should_yield()):
                if self._users == 0 and not self._opening:
                    self._close()
                elif not self._condition.wait(deadline - time.monotonic()):
                    raise StoreBusyError("the database is busy; try again in a moment")
            self._users += 1
            if self._connection is not None:
                return self._connection
            self._opening = True
        try:
            return self._open(deadline)
        except BaseException:
            with self._condition:
                self._users -= 1
            raise
        finally:
            with self._condition:
                self._opening = False
                self._condition.notify_all()

    def _leave(self) -> None:
        with self._condition:
            self._users -= 1
            self._used_at = time.monotonic()
            if self._users == 0 and (not self.keepers or self._should_yield()):
                self._close()

    def _should_yield(self) -> bool:
        """Whether another process waits, or the file is no longer the one that was opened.

        Sticky, so that a busy process drains its cursors.
        """
        if not self._yielding and time.monotonic() - self._opened_at >= SLICE_S:
            first = _open_lock(self._locks / "step-0")
            self._yielding = not _try_lock(first) or _inode(self._database) != self._inode
            os.close(first)
        return self._yielding

    def _open(self, deadline: float) -> Any:
        self._turn = self._queue_up(deadline)
        try:
            connection = self._connect_within(deadline)
        except BaseException:
            _unlock(self._turn)
            raise
        self._connection, self._yielding = connection, False
        self._inode = _inode(self._database)
        self._opened_at = self._used_at = time.monotonic()
        self._closed = threading.Event()
        if self.keepers:
            threading.Thread(target=self._watch, args=(self._closed,), daemon=True).start()
        return connection

    def _queue_up(self, deadline: float) -> int:
        self._locks.mkdir(mode=0o700, exist_ok=True)
        held = -1
        for name in [*(f"step-{number}" for number in reversed(range(STEPS))), "turn"]:
            try:
                following = _wait_for(self._locks / name, deadline)
            finally:
                if held >= 0:
                    _unlock(held)
            held = following
        return held

    def _connect_within(self, deadline: float) -> Any:
        """Connect; a lock that a killed process or another program still holds is waited for."""
        while True:
            try:
                return self._connect(self._database)
            except duckdb.IOException as error:
                if "Could not set lock" not in str(error):
                    raise
                if time.monotonic() > deadline:
                    raise StoreBusyError("another program has the database open") from None
            time.sleep(POLL_S * 5)

    def _watch(self, closed: threading.Event) -> None:
        """Close a kept connection when somebody waits for it, or when nobody uses it."""
        while not closed.wait(WATCH_S):
            with self._condition:
                idle = time.monotonic() - self._used_at > IDLE_S
                if not closed.is_set() and self._users == 0 and (idle or self._should_yield()):
                    self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._closed.set()
            _unlock(self._turn)
        self._condition.notify_all()

    def forget_in_child(self) -> None:
        """After a fork: the connection and the turn are the parent's; never touch the file.

        DuckDB would give the child its copy of the open instance, whose commits are lost.
        """
        if self._connection is not None:
            os.close(self._turn)
            self._left_to_parent = self._connection
        self.write_lock = threading.Lock()
        self._start_afresh()


@atexit.register
def _close_all() -> None:
    for lease in _leases.values():
        lease.close()


def _forget_all() -> None:
    for lease in _leases.values():
        lease.forget_in_child()


os.register_at_fork(after_in_child=_forget_all)


def _inode(path: Path) -> int:
    return path.stat().st_ino if path.exists() else -1


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for(path: Path, deadline: float) -> int:
    handle = _open_lock(path)
    while not _try_lock(handle):
        if time.monotonic() > deadline:
            os.close(handle)
            raise StoreBusyError("another process keeps the database busy; try again in a moment")
        time.sleep(POLL_S)
    return handle


def _unlock(handle: int) -> None:
    fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)

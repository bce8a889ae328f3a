"""Where the schedule is kept: ``alerts-schedule.sqlite`` in the workspace, for its owner only.

APScheduler keeps jobs there as pickles. Of a file from before only the times are taken, and it is
written anew, so that nothing that came with a copied workspace is ever unpickled. What is no
schedule is set aside.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from stat import S_ISREG

from apscheduler.jobstores.base import BaseJobStore
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

NAME = "alerts-schedule.sqlite"
SET_ASIDE = "alerts-schedule.damaged"
LARGEST_BYTES = 1_000_000
TIMES = "SELECT id, next_run_time FROM apscheduler_jobs LIMIT 100"


def read_next_runs(home: Path) -> tuple[Mapping[str, dt.datetime], str]:
    """Read when each job was to run next, as the last schedule left it.

    Returns
    -------
    mapping of str to datetime
        UTC moments by the job's name; empty where there is no schedule yet.
    str
        A warning where the file is damaged: it has been set aside. Else empty.
    """
    path = home / NAME
    try:
        state = path.lstat()
    except OSError:
        return {}, ""
    if S_ISREG(state.st_mode) and 0 < state.st_size <= LARGEST_BYTES:
        with suppress(sqlite3.Error, ValueError, OverflowError):
            return _read_times(path), ""
    set_aside(home)
    return {}, f"{NAME} is damaged: set aside as {SET_ASIDE}, and made anew"


def set_aside(home: Path) -> None:
    """Put the file out of the way, with what SQLite keeps beside it."""
    with suppress(OSError):
        (home / NAME).replace(home / SET_ASIDE)
    with suppress(OSError):
        _remove(home)


def make_store(home: Path) -> tuple[BaseJobStore, str]:
    """Make a new, empty store; in memory where the disk takes none.

    Returns
    -------
    BaseJobStore
    str
        A warning where it is not kept; else empty.
    """
    try:
        _remove(home)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(home / NAME, flags, 0o600))
        where = URL.create("sqlite", database=str(home / NAME))
        store = SQLAlchemyJobStore(engine=create_engine(where, poolclass=NullPool))
        store.jobs_t.create(store.engine, checkfirst=True)
    except Exception as error:  # whatever a full disk does: alerts are evaluated all the same
        return MemoryJobStore(), f"{NAME} cannot be written ({type(error).__name__}): not kept"
    return store, ""


def _read_times(path: Path) -> Mapping[str, dt.datetime]:
    with closing(sqlite3.connect(path, timeout=1)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        rows = connection.execute(TIMES).fetchall()
    return {
        str(name): dt.datetime.fromtimestamp(at, dt.UTC)
        for name, at in rows
        if isinstance(at, float) and math.isfinite(at)
    }


def _remove(home: Path) -> None:
    for name in (NAME, f"{NAME}-journal", f"{NAME}-wal", f"{NAME}-shm"):
        (home / name).unlink(missing_ok=True)

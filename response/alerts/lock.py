"""The lease of alerts: one evaluator and deliverer at a time per workspace."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_S = 0.05


@contextmanager
def hold_lease(home: Path, *, wait_s: float) -> Iterator[bool]:
    """Hold ``alerts.lock`` of a workspace; the kernel frees it when the process ends or is killed.

    Yields
    ------
    bool
        Whether it is held; false where another one is still at work after `wait_s` seconds.
    """
    handle = os.open(home / "alerts.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _wait(handle, time.monotonic() + wait_s)
    finally:
        os.close(handle)


def _wait(handle: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_S)
        else:
            return True

"""The lease of alerts: one evaluator and deliverer at a time per workspace.

Advisory locks, which the kernel takes back from a process that ends or is killed: a file that is
left behind locks nobody out. The workspace lies on a local disk.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from response.errors import AlertError

POLL_S = 0.05

LEASE = "alerts.lock"
"""Held while evaluating and delivering."""
RUNNER = "alerts-serve.lock"
"""Held by the ``alerts serve`` that is at work, as long as it lives; others stand by."""


def hold_lease(home: Path, *, wait_s: float) -> AbstractContextManager[bool]:
    """Hold ``alerts.lock`` of a workspace; see :func:`hold_lock`."""
    return hold_lock(home / LEASE, wait_s=wait_s)


def _go_on() -> bool:
    return False


@contextmanager
def hold_lock(
    path: Path, *, wait_s: float, poll_s: float = POLL_S, give_up: Callable[[], bool] = _go_on
) -> Iterator[bool]:
    """Hold a lock as long as the block lasts.

    Parameters
    ----------
    path
        The lock's file; it is made (0600) where there is none, and stays.
    wait_s
        How long to wait for another holder.
    poll_s
        How often to look whether it is free.
    give_up
        Asked while waiting: whether to wait no longer.

    Yields
    ------
    bool
        Whether it is held; false where another one still has it.

    Raises
    ------
    AlertError
        If the file cannot be opened or locked.
    """
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise AlertError(f"{path.name} cannot be opened: {error.strerror}") from None
    try:
        held = _try_lock(handle, path.name)
        deadline = time.monotonic() + wait_s
        while not held and time.monotonic() < deadline and not give_up():
            time.sleep(poll_s)
            held = _try_lock(handle, path.name)
        yield held
    finally:
        os.close(handle)


def _try_lock(handle: int, name: str) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise AlertError(f"{name} cannot be locked: {error.strerror}") from None
    return True

"""One registration in one killable child process, with a time limit and a private folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from response import errors
from response.errors import RegistrationError

PREFIX = "response-register-"
LOCK = "lock"
THREADS = {
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ANTS_RANDOM_SEED": "1",
}
"""One thread: the only number at which two runs agree to the last bit on every machine."""


_RUNNING: set[subprocess.Popen[bytes]] = set()
_STARTING = threading.Lock()
"""Held from the start of a worker until it is known: none that lives is overlooked."""


@contextlib.contextmanager
def scratch_folder(private: Path | None) -> Iterator[Path]:
    """A folder only this user can read, removed whatever happens.

    A folder whose owner was killed is swept by the next one: its lock is no longer held.
    """
    parent = private or Path(tempfile.gettempdir())
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    handle = os.open(folder / (LOCK + ".new"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        # Locked before it has its name: a sweep never sees an unlocked folder of the living.
        fcntl.flock(handle, fcntl.LOCK_EX)
        (folder / (LOCK + ".new")).rename(folder / LOCK)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(PREFIX + "*"):
        with contextlib.suppress(OSError):
            handle = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)


def run_worker(job: Mapping[str, object], scratch: Path, time_limit_s: float) -> None:
    """Run the worker on a job; return when it is done.

    Raises
    ------
    RegistrationError
        It took too long (and was killed), was killed, or reported why it could not.
    GeometryError
        An input has no usable place in space.
    """
    report = scratch / "error.json"
    full = {**job, "error": str(report), "parent": os.getpid()}
    (scratch / "job.json").write_text(json.dumps(full), encoding="utf-8")
    log = scratch / "log.txt"
    with log.open("wb") as stream:
        child = _start(scratch, stream)
        try:
            status = child.wait(timeout=time_limit_s)
        except subprocess.TimeoutExpired:
            raise RegistrationError(
                f"the registration took longer than {time_limit_s:g} s and was stopped"
            ) from None
        finally:
            _end(child)
            _RUNNING.discard(child)
    if status != 0:
        raise _explain(status, report, log)


def _start(scratch: Path, stream: IO[bytes]) -> subprocess.Popen[bytes]:
    with _STARTING:
        child = subprocess.Popen(
            [sys.executable, "-m", "response.register.worker", str(scratch / "job.json")],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env={**os.environ, **THREADS, "TMPDIR": str(scratch)},
            start_new_session=True,
        )
        _RUNNING.add(child)
    return child


def stop_workers() -> None:
    """Kill every worker of this process, whose callers get a RegistrationError: for an interrupt.

    Threads that wait for a worker would otherwise keep the program alive until it is done.
    """
    with _STARTING:
        running = tuple(_RUNNING)
    for child in running:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Nothing of the worker's group goes on after this."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _explain(status: int, report: Path, log: Path) -> errors.ResponseError:
    if report.is_file():
        told = json.loads(report.read_text(encoding="utf-8"))
        if told["kind"] == "GeometryError":
            return errors.GeometryError(told["message"])
        return RegistrationError(told["message"], told["quality"])
    if status < 0:
        return RegistrationError(f"the worker was ended by {signal.Signals(-status).name}")
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return RegistrationError(f"the worker failed ({status}): {lines[-1] if lines else 'silently'}")

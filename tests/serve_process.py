"""``alerts serve`` as a process of its own, at a pace of seconds: ``python serve_process.py HOME``.

With a third argument it kills itself (SIGKILL) once the mail server took a message, before that is
written.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from response.alerts.runner.schedule import Pace, Server
from response.store.alerts import AlertStore
from response.workspace import Workspace

QUICK = Pace(evaluate_s=0.5, deliver_s=0.5, retry_s=0.5, watch_s=0.05, halt_s=3.0, stop_s=3.0)


@contextmanager
def start(home: Path, log: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start one; it is killed at the end if it still lives."""
    with log.open("ab") as file:
        made = subprocess.Popen(
            [sys.executable, __file__, str(home), *more], stdout=file, stderr=subprocess.STDOUT
        )
        try:
            yield made
        finally:
            made.kill()
            made.wait()


@contextmanager
def serving(server: Server) -> Iterator[None]:
    """Let a server work in a thread of this process; it is ended at the end."""
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join(timeout=60)
        assert not thread.is_alive()


def wait_for(happened: Callable[[], object], *, within_s: float = 120.0) -> None:
    """Wait until something has happened."""
    deadline = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def _die_after_sending() -> None:
    append = AlertStore.append_attempts

    def dying(self: AlertStore, attempts: Any, **more: Any) -> None:
        if attempts[0].outcome.value == "sent":
            os.kill(os.getpid(), signal.SIGKILL)
        append(self, attempts, **more)

    AlertStore.append_attempts = dying  # type: ignore[method-assign]


def _main(home: str, point: str = "") -> None:
    if point:
        _die_after_sending()
    server = Server(
        Workspace.open(Path(home), create=False), lambda line: print(line, flush=True), QUICK
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    if not server.serve():
        os._exit(0)


if __name__ == "__main__":
    _main(*sys.argv[1:])

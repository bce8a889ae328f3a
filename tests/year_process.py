"""One run of the alerts at a given moment, and how it is killed; also as a process of its own.

``python year_process.py HOME NOW [POINT]`` runs once and kills itself (SIGKILL) at the point.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from year_calendar import BEFORE, COMMIT, KEPT, SENT

from response.alerts.run import RunReport, run_alerts
from response.store import Store
from response.workspace import Workspace

ACTOR = "timer"


def plant_kill(store: Store, point: str, die: Callable[[], NoReturn]) -> None:
    """Make a run on a store die at a point."""
    alerts: Any = store.alerts
    keep, append = alerts.keep, alerts.append_attempts

    def dying_keep(decide: Any, **more: Any) -> Any:
        def dying_decide(*shown: Any) -> Any:
            made = decide(*shown)
            if point == COMMIT:
                die()
            return made

        if point == BEFORE:
            die()
        made = keep(dying_decide, **more)
        if point == KEPT:
            die()
        return made

    def dying_append(attempts: Any, **more: Any) -> Any:
        if point == SENT and attempts[0].outcome.value == "sent":
            die()
        return append(attempts, **more)

    alerts.keep, alerts.append_attempts = dying_keep, dying_append


def run_once(workspace: Workspace, store: Store, now: dt.datetime) -> RunReport:
    """Evaluate and deliver once."""
    return run_alerts(workspace, store, now=now, actor=ACTOR)


def _kill_myself() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still there")


def _main(home: str, now: str, point: str = "") -> None:
    workspace = Workspace.open(Path(home))
    store = Store(workspace)
    if point:
        plant_kill(store, point, _kill_myself)
    run_once(workspace, store, dt.datetime.fromisoformat(now))


if __name__ == "__main__":
    _main(*sys.argv[1:])

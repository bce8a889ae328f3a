"""Alerts after an ``assess``: looked at by the way, and never in the way of the command."""

from __future__ import annotations

import datetime as dt

from response.alerts.run import run_alerts
from response.store import Store
from response.workspace import Workspace

WAIT_S = 2.0
"""How long to wait for another run; it looks again at what was written meanwhile."""


def run_after(
    workspace: Workspace, store: Store, *, now: dt.datetime, actor: str
) -> tuple[str, ...]:
    """Evaluate the alerts and try once to send what is due; return what to warn of.

    Nothing is raised: what was assessed is written already, and the next run catches up.
    """
    try:
        report = run_alerts(
            workspace, store, now=now, actor=actor, by="assess", quick=True, wait_s=WAIT_S
        )
    except Exception as error:
        return (
            f"alerts were not evaluated: {type(error).__name__}: {error}; 'response alerts run' "
            "does it again",
        )
    return (*report.warnings, *(f"{one}" for one in report.refused))

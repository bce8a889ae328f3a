"""Alerts after a command that assessed: warnings on standard error, never a failure."""

from __future__ import annotations

import datetime as dt

from response.alerts.after import run_after
from response.cli.common import actor, report_refusals
from response.store import Store
from response.workspace import Workspace


def look_at_alerts(workspace: Workspace, store: Store) -> None:
    """Evaluate the alerts on what was just assessed, and say what somebody should know."""
    report_refusals((), run_after(workspace, store, now=dt.datetime.now(dt.UTC), actor=actor()))

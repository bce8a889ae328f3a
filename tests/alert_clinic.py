"""A workspace whose subjects' courses are given in millimetres, assessed, with people to tell."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from response.alerts.run import RunReport, run_alerts
from response.model import LesionReading, Reader
from response.pipeline import assess_all
from response.store import Store
from response.terms import AlertChange, Role
from response.workspace import Workspace

READER = Reader()
NOW = dt.datetime(2025, 3, 10, 9, 0, tzinfo=dt.UTC)
DAYS = tuple(dt.date(2025, 1, 6) + dt.timedelta(56 * n) for n in range(6))
"""Scans every eight weeks, by the protocol's schedule."""
ALERTS_TOML = """
[alerts]
off = ["early_growth", "near_progression"]
quiet_from = "00:00"
quiet_to = "00:00"
[alerts.mail]
server = "127.0.0.1"
port = 9
security = "none"
[[alerts.recipients]]
name = "team"
address = "team@example.org"
"""


def open_clinic(home: Path, more: str = "") -> tuple[Workspace, Store]:
    """Make a workspace with one recipient; its mail server refuses connections."""
    workspace = Workspace.open(home)
    workspace.protocol_path.write_text(ALERTS_TOML + more, encoding="utf-8")
    return workspace, Store(workspace, keep=True)


def write_course(
    workspace: Workspace, store: Store, subject: str, sizes_mm: Sequence[float | str]
) -> None:
    """Write the diameters of one target in the liver, scan by scan, and assess them."""
    rows = [
        LesionReading(f"T{n}", DAYS[n], "L1", Role.TARGET, "LIVER", diameter_mm=Decimal(str(size)))
        for n, size in enumerate(sizes_mm)
    ]
    store.write_readings(subject, READER, rows, actor="anna")
    subjects = [one for one in store.read_subjects() if one.subject == subject]
    assess_all(workspace, store, subjects, actor="anna")


def look(workspace: Workspace, store: Store, now: dt.datetime = NOW, **more: object) -> RunReport:
    """Run the alerts once without sending."""
    options: dict[str, object] = {"deliver": False, "actor": "anna", **more}
    return run_alerts(workspace, store, now=now, **options)  # type: ignore[arg-type]


def count_events(store: Store, change: AlertChange = AlertChange.RAISED) -> Mapping[str, int]:
    """Count how often each fact (subject, rule, time point) was told of."""
    return Counter(
        f"{record.alert.subject} {record.alert.rule} {record.alert.time_point}"
        for record in store.alerts.read_records()
        for event in record.events
        if event.change is change
    )


def count_told(store: Store) -> Mapping[str, int]:
    """Count in how many messages each alert is told."""
    return Counter(
        alert_id for one in store.alerts.read_outbox() for alert_id in one.message.alert_ids
    )

"""Alerts of the made-up trial, written through the store as an evaluation writes them."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

from response.alerts.ledger import SYSTEM, Changes
from response.model import Alert, AlertEvent, AlertMessage, DeliveryAttempt, Reader
from response.terms import AlertChange, Audience, Channel, Outcome, Severity

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.date()


def make_alert(name, **changes):
    """Make an alert of subject ONC-001 as its investigator saw it."""
    alert = Alert(
        alert_id=name,
        rule="progression",
        severity=Severity.HIGH,
        audience=Audience.CLINICIAN,
        date=dt.date(2025, 7, 7),
        text="PD: the sum of diameters grew by 46.2 % from its nadir",
        suggestion="confirm the measurements and discuss therapy",
        subject="ONC-001",
        reader=Reader(),
        criterion="recist11",
        time_point="TP4",
        numbers={"sum_of_diameters_mm": "95.0", "change_from_nadir_pct": "46.2"},
        provisional=True,
    )
    return replace(alert, **changes)


ALERTS = (
    make_alert("growth"),
    make_alert(
        "fresh",
        rule="new_lesion",
        subject="ONC-002",
        tracking_id="N1",
        tracking_uid="2.25.1",
        untrusted=True,
        text="a lesion of 14.0 mm that was not there before",
        numbers={"diameter_mm": "14.0"},
    ),
    make_alert(
        "late",
        rule="scan_overdue",
        severity=Severity.MEDIUM,
        subject="ONC-003",
        reader=None,
        criterion="",
        provisional=False,
        text="no scan since TP4; it was due on 2025-09-01 (± 7 days)",
        numbers={"interval_days": "56"},
    ),
    make_alert(
        "waits",
        rule="match_review",
        severity=Severity.LOW,
        audience=Audience.READER,
        subject="ONC-004",
        text="a match has waited for a person since 2025-07-01",
    ),
    make_alert("near", rule="near_progression", severity=Severity.MEDIUM, time_point="TP3"),
    make_alert("gone", severity=Severity.HIGH, subject="ONC-005", text="PD: a mistyped 80 mm"),
    make_alert(
        "silent",
        rule="runner_stopped",
        audience=Audience.OPERATOR,
        subject="",
        reader=None,
        criterion="",
        time_point="",
        provisional=False,
        text="alerts were not evaluated for more than 26 hours",
        numbers={},
    ),
)


def make_event(alert_id, change, days_ago=2, **more):
    """Make something that an evaluation made of an alert, some days ago."""
    at = NOW - dt.timedelta(days=days_ago)
    values = {"actor": SYSTEM} | more
    return AlertEvent(uuid.uuid4().hex, alert_id, at, at.date(), change, **values)


EVENTS = (
    *(make_event(one.alert_id, AlertChange.RAISED, days_ago=9) for one in ALERTS),
    make_event("near", AlertChange.SUPERSEDED, value="growth"),
    make_event("gone", AlertChange.WITHDRAWN, note="the facts no longer say so: 18 mm"),
)


def make_message(name, *alert_ids):
    """Make a message to the ward."""
    at = NOW - dt.timedelta(days=2)
    return AlertMessage(
        name, at, at, Channel.MAIL, "ward", alert_ids, "[high] Progression", "1 alert\n"
    )


def make_attempt(message_id, outcome, detail=""):
    """Make an attempt to send a message, yesterday."""
    at = NOW - dt.timedelta(days=1)
    return DeliveryAttempt(uuid.uuid4().hex, message_id, at, outcome, detail)


def fill_alerts(store, mark=""):
    """Write the alerts, a message that was sent, one that waits and one that was given up.

    Their ids end in ``mark``, so that a workspace may be filled again and again.
    """
    keys = {one.subject: one.key for one in store.read_subjects()}
    alerts = tuple(
        replace(one, alert_id=one.alert_id + mark, subject_key=keys.get(one.subject, ""))
        for one in ALERTS
    )
    events = tuple(
        replace(
            one,
            event_id=uuid.uuid4().hex,
            alert_id=one.alert_id + mark,
            value=one.value and one.value + mark,
        )
        for one in EVENTS
    )
    messages = (
        make_message(f"sent{mark}", f"growth{mark}", f"fresh{mark}"),
        make_message(f"waiting{mark}", f"late{mark}"),
        make_message(f"dead{mark}", f"growth{mark}"),
    )
    made = Changes(alerts, events, messages)
    store.alerts.keep(lambda *_: made, alert_ids=(), now=NOW, actor=SYSTEM)
    refused = "given up after 72 hours: connection refused"
    attempts = [
        make_attempt(f"sent{mark}", Outcome.SENT),
        make_attempt(f"dead{mark}", Outcome.DEAD, refused),
    ]
    store.alerts.append_attempts(attempts, actor=SYSTEM)

"""Whatever happens to alerts, nobody who reads the messages is left believing something wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from alert_makers import NOON, Clinic, make_alert, make_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from response.alerts.delivery.hours import find_last_digest
from response.alerts.record import AlertRecord
from response.alerts.settings import Recipient
from response.model import Alert, AlertMessage
from response.terms import AlertChange, Severity

HOUR = dt.timedelta(hours=1)
ALERTS = ("a1", "a2", "a3")
STEPS = st.lists(
    st.tuples(
        st.integers(1, 30),  # hours since the last step
        st.sampled_from(ALERTS),
        st.sampled_from(("holds", "gone", "low", "medium", "high", "ack", "snooze", "assign")),
    ),
    max_size=25,
)
ENDED = (AlertChange.WITHDRAWN, AlertChange.SUPERSEDED)


def find_beliefs(outbox: Iterable[AlertMessage], name: str) -> set[str]:
    """Read every message as a person would: which alerts stand, as far as it says."""
    beliefs: set[str] = set()
    for message in outbox:
        if message.recipient != name:
            continue
        for part in message.body.split("\n\n"):
            alert_id = part.rpartition("alert=")[2]
            if alert_id not in ALERTS:
                continue
            ended = "WITHDRAWN" in part or "SUPERSEDED" in part
            assert (alert_id in beliefs) or not ended, "taken back but never told"
            beliefs = beliefs - {alert_id} if ended else beliefs | {alert_id}
            beliefs -= {word.split(".")[0] for word in part.split("Takes the place of alert ")[1:]}
    return beliefs


def find_end(record: AlertRecord) -> dt.datetime | None:
    return next((one.at for one in reversed(record.events) if one.change in ENDED), None)


def check(clinic: Clinic, until: dt.datetime, name: str) -> None:
    """Check that somebody told until a moment knows what stands and what does not."""
    beliefs = find_beliefs(clinic.outbox, name)
    for alert_id, record in clinic.records.items():
        end = find_end(record)
        if record.ended and end is not None and end <= until:
            assert alert_id not in beliefs, "withdrawn, and nobody said so"
        known = record.alert.severity is not Severity.LOW and name != "chief"
        if not record.ended and known and all(one.at <= until for one in record.events):
            assert alert_id in beliefs, "stands, and nobody said so"


@settings(max_examples=120, deadline=None)
@given(steps=STEPS, threads=st.booleans())
def test_messages_tell_what_stands(steps: list[tuple[int, str, str]], threads: bool) -> None:
    people = (
        Recipient(name="now", address="now@example.org"),
        Recipient(name="daily", address="daily@example.org", mode="digest"),
        Recipient(name="chief", address="chief@example.org", escalation=True),
    )
    clinic = Clinic(make_settings(recipients=people))
    holding: dict[str, Alert] = {}
    severities = dict.fromkeys(ALERTS, Severity.MEDIUM)
    now = NOON
    for hours, alert_id, what in steps:
        now += hours * HOUR
        clinic.evaluate(now, list(holding.values()))
        if what in ("low", "medium", "high"):
            severities[alert_id] = Severity(what)
        if what == "gone":
            holding.pop(alert_id, None)
        elif what == "holds" or alert_id in holding:
            thread = "one" if threads else alert_id
            severity = severities[alert_id]
            holding[alert_id] = make_alert(alert_id, severity=severity, thread=thread)
        record = clinic.records.get(alert_id)
        if record is not None and not record.ended:
            act(clinic, alert_id, now, what)
        clinic.evaluate(now + HOUR / 2, list(holding.values()))
        check(clinic, now + HOUR / 2, "now")
        check(clinic, now + HOUR / 2, "chief")
        check(clinic, find_last_digest(now + HOUR / 2, clinic.settings), "daily")


def act(clinic: Clinic, alert_id: str, now: dt.datetime, what: str) -> None:
    """Let a person answer an alert."""
    if what == "ack":
        clinic.act(alert_id, now, AlertChange.ACKNOWLEDGED)
    if what == "snooze":
        later = now.date() + dt.timedelta(days=2)
        clinic.act(alert_id, now, AlertChange.SNOOZED, later.isoformat())
    if what == "assign":
        clinic.act(alert_id, now, AlertChange.ASSIGNED, "Dr Ada")

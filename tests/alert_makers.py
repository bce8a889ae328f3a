"""Alerts as they may be raised, and a clinic that evaluates them with the real ledger."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from response.alerts.delivery.routing import route
from response.alerts.ledger import Changes, Evaluation, reconcile
from response.alerts.record import AlertRecord
from response.alerts.settings import AlertSettings, Recipient
from response.model import Alert, AlertEvent, AlertMessage
from response.terms import AlertChange, Audience, Channel, Severity

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


def make_alert(alert_id: str = "a1", **changes: Any) -> Alert:
    """Make an alert whose facts hold names and figures."""
    alert = Alert(
        alert_id=alert_id,
        rule="progression",
        severity=Severity.HIGH,
        audience=Audience.CLINICIAN,
        date=dt.date(2026, 6, 1),
        text="PD: sum 43.5 mm at Week24",
        suggestion="discuss before 2026-06-20",
        subject="PAT-0042",
        subject_key="k7f3q",
        criterion="recist11",
        time_point="Week24",
        tracking_id="LiverDome",
        numbers={"sum_mm": "43.5"},
        thread="growth",
    )
    return replace(alert, **changes)


def make_settings(**changes: Any) -> AlertSettings:
    """Make settings with one recipient who is told at once, and no quiet hours."""
    given: dict[str, Any] = {
        "recipients": (Recipient(name="ward", address="ward@example.org"),),
        "quiet_from": "00:00",
        "quiet_to": "00:00",
        "link": "https://tracker.example",
    }
    return AlertSettings(**(given | changes))


def make_message(message_id: str = "m1", **changes: Any) -> AlertMessage:
    """Make a message that is due."""
    message = AlertMessage(
        message_id=message_id,
        at=NOON,
        not_before=NOON,
        channel=Channel.MAIL,
        recipient="ward",
        alert_ids=("a1",),
        title="[high] Progression – k7f3q",
        body="1 alert to look at.\n",
    )
    return replace(message, **changes)


@dataclass(slots=True)
class Clinic:
    """Evaluates alerts, and keeps what became of them and every message."""

    settings: AlertSettings
    records: dict[str, AlertRecord] = field(default_factory=dict)
    outbox: list[AlertMessage] = field(default_factory=list)
    ids: itertools.count[int] = field(default_factory=itertools.count)

    def evaluate(self, now: dt.datetime, holding: Sequence[Alert]) -> tuple[AlertMessage, ...]:
        """Evaluate once; returns the messages that were queued."""
        day = now.astimezone(self.settings.zone).date()
        made = reconcile(self.records, Evaluation(holding, day, now), self._make_id)
        messages, events = route(made, self.records, self.outbox, self.settings, now)
        self._keep(Changes(made.alerts, (*made.events, *events)))
        self.outbox += messages
        return messages

    def act(self, alert_id: str, now: dt.datetime, change: AlertChange, value: str = "") -> None:
        """Let a person do something to an alert."""
        event = AlertEvent(
            self._make_id(), alert_id, now, now.date(), change, "Dr Ada", value=value
        )
        self._keep(Changes(events=(event,)))

    def changes_of(self, alert_id: str) -> list[str]:
        """What became of an alert, in order."""
        return [one.change.value for one in self.records[alert_id].events]

    def _make_id(self) -> str:
        return f"e{next(self.ids)}"

    def _keep(self, made: Changes) -> None:
        for alert in made.alerts:
            former = self.records.get(alert.alert_id)
            self.records[alert.alert_id] = AlertRecord(alert, former.events if former else ())
        for event in made.events:
            record = self.records[event.alert_id]
            self.records[event.alert_id] = replace(record, events=(*record.events, event))

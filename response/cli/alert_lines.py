"""How alerts, what became of them and messages are printed: lines for people, keys for machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from response.alerts.delivery.outbox import Posted
from response.alerts.read_facts import raised_last
from response.alerts.record import AlertRecord
from response.model import Alert, AlertEvent, Reader
from response.terms import AlertChange, AlertState

INVESTIGATOR = Reader("INVESTIGATOR", "")
"""The reader whose readings are meant where none is named."""


def describe_alert(alert: Alert) -> dict[str, object]:
    """Give an alert's facts for a machine."""
    reader = alert.reader
    return {
        "rule": alert.rule,
        "severity": alert.severity.value,
        "audience": alert.audience.value,
        "subject": alert.subject,
        "time_point": alert.time_point,
        "date": alert.date,
        "tracking_id": alert.tracking_id,
        "tracking_uid": alert.tracking_uid,
        "evaluator": reader.evaluator if reader else "",
        "evaluator_id": reader.evaluator_id if reader else "",
        "criterion": alert.criterion,
        "line": alert.line,
        "text": alert.text,
        "suggestion": alert.suggestion,
        "numbers": dict(alert.numbers),
        "provisional": alert.provisional,
        "untrusted": alert.untrusted,
        "alert_id": alert.alert_id,
        "subject_key": alert.subject_key,
    }


def describe_record(record: AlertRecord, today: dt.date) -> dict[str, object]:
    """Give an alert as it stands for a machine."""
    return {
        **describe_alert(record.alert),
        "state": record.state_on(today).value,
        "since": raised_last(record),
        "assignee": record.assignee,
        "snoozed_until": snoozed_until(record, today),
        "note": last_note(record),
    }


def describe_event(event: AlertEvent) -> dict[str, object]:
    """Give something that became of an alert for a machine."""
    return {
        "at": event.at.isoformat(),
        "as_of": event.as_of,
        "change": event.change.value,
        "actor": event.actor,
        "note": event.note,
        "value": event.value,
    }


def describe_posted(posted: Posted) -> dict[str, object]:
    """Give a message of the outbox for a machine; its body stays in the database."""
    message, due = posted.message, posted.next_at
    return {
        "message_id": message.message_id,
        "state": name_state(posted),
        "channel": message.channel.value,
        "recipient": message.recipient,
        "at": message.at.isoformat(),
        "attempts": len(posted.attempts),
        "next_at": due.isoformat() if due else "",
        "detail": posted.attempts[-1].detail if posted.attempts else "",
        "alert_ids": list(message.alert_ids),
        "title": message.title,
    }


def name_state(posted: Posted) -> str:
    """Say how a message stands: waiting, sent or dead."""
    return "waiting" if posted.waits else str(posted.outcome and posted.outcome.value)


def snoozed_until(record: AlertRecord, today: dt.date) -> str:
    """Until when an alert is put away; empty: it is not."""
    if record.state_on(today) is not AlertState.SNOOZED:
        return ""
    days = [e.value for e in record.events if e.change is AlertChange.SNOOZED]
    return days[-1]


def last_note(record: AlertRecord) -> str:
    """The note of the last thing that became of an alert."""
    return record.events[-1].note if record.events else ""


def say_alert(alert: Alert) -> str:
    """Say an alert in one line."""
    marks = [
        word
        for word, held in (("provisional", alert.provisional), ("untrusted", alert.untrusted))
        if held
    ]
    mark = f" ({', '.join(marks)})" if marks else ""
    who = " ".join(word for word in (alert.subject, alert.time_point, alert.rule) if word)
    if alert.reader not in (None, INVESTIGATOR):
        who += (
            f" by {' '.join(w for w in (alert.reader.evaluator, alert.reader.evaluator_id) if w)}"
        )
    return f"{alert.alert_id} {alert.severity:<6} {who}{mark}: {alert.text}"


def say_record(record: AlertRecord, today: dt.date) -> str:
    """Say how an alert stands in one line."""
    state = record.state_on(today)
    words = [] if state is AlertState.OPEN else [state.value]
    if state is AlertState.SNOOZED:
        words = [f"snoozed until {snoozed_until(record, today)}"]
    if record.assignee:
        words.append(f"assigned to {record.assignee}")
    return say_alert(record.alert) + (f" [{', '.join(words)}]" if words else "")


def say_history(
    record: AlertRecord, versions: tuple[Alert, ...], zone: dt.tzinfo, today: dt.date
) -> Iterator[str]:
    """Say everything about an alert, in lines."""
    alert = record.alert
    yield say_record(record, today)
    yield f"  suggested: {alert.suggestion}"
    for name, value in alert.numbers.items():
        yield f"  {name}: {value}"
    for event in record.events:
        at = event.at.astimezone(zone).isoformat(sep=" ", timespec="minutes")
        said = " ".join(word for word in (event.value, event.note) if word)
        yield f"  {at} {event.actor} {event.change}" + (f": {said}" if said else "")
    if len(versions) > 1:
        yield f"  first said: {versions[0].text}"


def say_posted(posted: Posted, zone: dt.tzinfo) -> str:
    """Say how a message stands in one line."""
    message, due = posted.message, posted.next_at
    tries = len(posted.attempts)
    words = f"{message.message_id} {name_state(posted):<7} {message.channel} {message.recipient}"
    words += f": {message.title} ({tries} attempt{'' if tries == 1 else 's'}"
    if due:
        words += f", next {due.astimezone(zone).isoformat(sep=' ', timespec='minutes')}"
    detail = posted.attempts[-1].detail if posted.attempts else ""
    return f"{words}{': ' + detail if detail else ''})"


def count_changes(events: Mapping[str, int]) -> str:
    """Say how many alerts each change was made of."""
    return ", ".join(f"{count} {change}" for change, count in events.items()) or "nothing new"

"""What a person does to an alert: acknowledge, snooze, assign, note. Appended and audited."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from response.alerts.record import AlertRecord
from response.errors import AlertError
from response.model import AlertEvent
from response.store import Store
from response.terms import AlertChange

LONGEST_SNOOZE = dt.timedelta(days=366)
"""Nothing is put away for longer: what nobody looks at again is lost."""
LONGEST_TEXT = 2000
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Who does something to an alert, at what moment, on which of the clinic's days."""

    actor: str
    now: dt.datetime
    today: dt.date


def acknowledge(store: Store, alert_id: str, person: Person, note: str = "") -> AlertEvent:
    """Say that an alert was seen and is dealt with; it stands until its facts end.

    Raises
    ------
    AlertError
        If there is no such alert, or it has ended.
    """
    return _act(store, alert_id, person, AlertChange.ACKNOWLEDGED, note)


def snooze(
    store: Store, alert_id: str, person: Person, until: dt.date, note: str = ""
) -> AlertEvent:
    """Put an alert away until a day.

    Raises
    ------
    AlertError
        If there is no such alert, it has ended, or the day is not to come or too far away.
    """
    if until <= person.today:
        raise AlertError(f"snooze until {until}: name a day after today, {person.today}")
    if until > person.today + LONGEST_SNOOZE:
        raise AlertError(
            f"snooze until {until}: at most {LONGEST_SNOOZE.days} days, until "
            f"{person.today + LONGEST_SNOOZE}"
        )
    return _act(store, alert_id, person, AlertChange.SNOOZED, note, until.isoformat())


def assign(store: Store, alert_id: str, person: Person, to: str, note: str = "") -> AlertEvent:
    """Say whose an alert is; empty: nobody's.

    Raises
    ------
    AlertError
        If there is no such alert, or it has ended.
    """
    name = _checked("a name", to.strip(), LONGEST_NAME)
    return _act(store, alert_id, person, AlertChange.ASSIGNED, note, name)


def add_note(store: Store, alert_id: str, person: Person, note: str) -> AlertEvent:
    """Write something to an alert, ended or not.

    Raises
    ------
    AlertError
        If there is no such alert, or nothing is said.
    """
    if not note.strip():
        raise AlertError("a note says something: give its text")
    return _act(store, alert_id, person, AlertChange.NOTED, note, also_ended=True)


def find_record(store: Store, begins: str) -> AlertRecord:
    """Find the one alert whose id begins so.

    Raises
    ------
    AlertError
        If there is none, or more than one.
    """
    found = store.alerts.find_alert_ids(begins) if begins else ()
    chosen = (begins,) if begins in found else found
    if not chosen:
        raise AlertError(f"no alert {begins!r}; 'response alerts list --all' shows them")
    if len(chosen) > 1:
        shown = ", ".join(chosen[:5]) + (" …" if len(chosen) > 5 else "")
        raise AlertError(f"{begins} begins {len(chosen)} alerts ({shown}): give more letters")
    return store.alerts.read_records(alert_ids=chosen)[0]


def _act(
    store: Store,
    alert_id: str,
    person: Person,
    change: AlertChange,
    note: str,
    value: str = "",
    *,
    also_ended: bool = False,
) -> AlertEvent:
    words = _checked("a note", note.strip(), LONGEST_TEXT)
    made = AlertEvent(
        uuid.uuid4().hex, alert_id, person.now, person.today, change, person.actor, words, value
    )

    def make_event(record: AlertRecord | None) -> AlertEvent:
        _check(record, alert_id, also_ended)
        return made

    return store.alerts.append_event(alert_id, make_event)


def _check(record: AlertRecord | None, alert_id: str, also_ended: bool) -> None:
    if record is None:
        raise AlertError(f"no alert {alert_id!r}; 'response alerts list --all' shows them")
    if record.ended and not also_ended:
        state = record.state_on(dt.date.min)
        raise AlertError(
            f"alert {alert_id} has ended ({state} on {record.events[-1].as_of}): nobody has to "
            f"look at it any more; 'response alerts note {alert_id} TEXT' adds a note"
        )


def _checked(what: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise AlertError(f"{what} of {len(text)} letters is too long: at most {longest}")
    return text

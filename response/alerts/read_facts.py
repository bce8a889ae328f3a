"""What the rules of alerts read, from the store: one picture per subject, of one moment."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from response.alerts.facts import Picture, Scanned
from response.alerts.record import AlertRecord
from response.model import Readings, TimePoint
from response.store import Store
from response.terms import AlertChange

Row = TypeVar("Row")

ENDS = (AlertChange.RESOLVED, AlertChange.WITHDRAWN, AlertChange.SUPERSEDED)


def read_pictures(store: Store) -> list[Picture]:
    """Read everything known of every subject, by name, at one moment.

    What waits for a person waits since its alert was raised.
    """
    known = store.alerts.read_everything()
    points = _group(known.time_points, lambda one: one.subject)
    results = _group(known.results, lambda one: one.summary.subject)
    trackings = _group(known.trackings, lambda one: one.subject)
    readings = _group(known.readings, lambda one: one.subject)
    registrations = _group(known.registrations, lambda one: one.subject)
    records = _group(known.records, lambda one: one.alert.subject)
    return [
        Picture(
            subject=one,
            scanned=find_scanned(points[one.subject], readings[one.subject]),
            results=tuple(results[one.subject]),
            trackings=tuple(trackings[one.subject]),
            readings=tuple(readings[one.subject]),
            registrations=tuple(registrations[one.subject]),
            waiting_since={r.alert.alert_id: raised_last(r) for r in records[one.subject]},
        )
        for one in known.subjects
    ]


def _group(rows: Iterable[Row], name_subject: Callable[[Row], str]) -> Mapping[str, list[Row]]:
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[name_subject(row)].append(row)
    return grouped


def raised_last(record: AlertRecord) -> dt.date:
    """The day since which an alert stands: raised, or reopened after it had ended."""
    since, ended = record.raised_on, False
    for event in record.events:
        if event.change is AlertChange.REOPENED and ended:
            since, ended = event.as_of, False
        ended = ended or event.change in ENDS
    return since


def find_scanned(points: Iterable[TimePoint], readings: Iterable[Readings]) -> tuple[Scanned, ...]:
    """Find what was scanned or read, by date; of one name, the latest day."""
    days: dict[str, dt.date] = {}
    for point in points:
        _note(days, point.time_point, point.date)
    for given in readings:
        for row in given.readings:
            _note(days, row.time_point, row.date)
        for assessed in given.time_points:
            _note(days, assessed.time_point, assessed.date)
    found = (Scanned(name, day) for name, day in days.items())
    return tuple(sorted(found, key=lambda one: (one.date, one.time_point)))


def _note(days: dict[str, dt.date], time_point: str, day: dt.date) -> None:
    days[time_point] = max(day, days.get(time_point, day))

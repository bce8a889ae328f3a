"""What the rules of alerts read, from the store: one picture per subject, in a few queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from response.alerts.facts import Picture, Scanned
from response.alerts.record import AlertRecord
from response.model import Readings, Subject, SubjectResult, TimePoint
from response.read_streams import group_by_subject
from response.store import Store
from response.terms import AlertChange

ENDS = (AlertChange.RESOLVED, AlertChange.WITHDRAWN, AlertChange.SUPERSEDED)


def read_pictures(
    store: Store, subjects: Sequence[Subject], records: Iterable[AlertRecord] = ()
) -> list[Picture]:
    """Read everything known of some subjects, in their order.

    Parameters
    ----------
    records
        The alerts that stand; what waits for a person waits since they were raised.
    """
    points = group_by_subject(store.read_time_points, subjects)
    trackings = group_by_subject(store.read_trackings, subjects)
    readings = group_by_subject(store.read_readings, subjects)
    registrations = group_by_subject(store.read_registrations, subjects)
    results: dict[str, list[SubjectResult]] = {one.subject: [] for one in subjects}
    for result in store.read_results(subjects[0].subject if len(subjects) == 1 else None):
        if result.summary.subject in results:
            results[result.summary.subject].append(result)
    waiting: dict[str, dict[str, dt.date]] = {}
    for record in records:
        waiting.setdefault(record.alert.subject, {})[record.alert.alert_id] = raised_last(record)
    return [
        Picture(
            subject=one,
            scanned=find_scanned(points[one.subject], readings[one.subject]),
            results=tuple(results[one.subject]),
            trackings=tuple(trackings[one.subject]),
            readings=tuple(readings[one.subject]),
            registrations=tuple(registrations[one.subject]),
            waiting_since=waiting.get(one.subject, {}),
        )
        for one in subjects
    ]


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

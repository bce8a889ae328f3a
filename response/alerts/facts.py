"""What the rules of alerts read: everything known of one subject, and of the program itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from response.model import Readings, Registration, Subject, SubjectResult, Tracking


@dataclass(frozen=True, slots=True)
class Scanned:
    """A time point that was scanned or read: its name and date."""

    time_point: str
    date: dt.date


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the rules read of one subject.

    ``scanned`` are the time points by date, whether anybody read them or not. ``waiting_since``
    gives, by ``alert_id``, the day an alert was first raised: what waits for a person waits since
    then, not since the scan.
    """

    subject: Subject
    scanned: tuple[Scanned, ...] = ()
    results: tuple[SubjectResult, ...] = ()
    trackings: tuple[Tracking, ...] = ()
    readings: tuple[Readings, ...] = ()
    registrations: tuple[Registration, ...] = ()
    waiting_since: Mapping[str, dt.date] = field(default_factory=dict)


def restrict(picture: Picture, day: dt.date) -> Picture:
    """Return what was known on a day: nothing that is dated later.

    Categories count from their ``as_of`` on: a back-dated progression was not known before.
    """
    return replace(
        picture,
        scanned=tuple(one for one in picture.scanned if one.date <= day),
        results=tuple(
            replace(
                result,
                assessments=tuple(
                    row for row in result.assessments if row.date <= day and row.as_of <= day
                ),
            )
            for result in picture.results
        ),
        trackings=tuple(
            replace(one, findings=tuple(row for row in one.findings if row.date <= day))
            for one in picture.trackings
        ),
        readings=tuple(
            replace(
                one,
                readings=tuple(row for row in one.readings if row.date <= day),
                time_points=tuple(row for row in one.time_points if row.date <= day),
            )
            for one in picture.readings
        ),
        registrations=tuple(
            one for one in picture.registrations if _is_past(picture, one.to_time_point, day)
        ),
    )


def _is_past(picture: Picture, time_point: str, day: dt.date) -> bool:
    return any(one.time_point == time_point and one.date <= day for one in picture.scanned)

"""What exports to trial systems share: the study's name, its visits and study days, its streams."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from response.criteria.course import choose_baseline
from response.ingest.sdtm_visits import VISIT_NUMBER
from response.model import (
    AssessedTimePoint,
    LesionReading,
    Reader,
    Subject,
    SubjectResult,
    Tracking,
)
from response.noted import LAST_SCAN_DATE, PARTIAL_DATE
from response.protocol import Protocol
from response.read_streams import find_read_streams
from response.store import Store


@dataclass(frozen=True, slots=True)
class Visit:
    """A time point as a visit: its number in the subject's order, its name, its date.

    ``given`` is the date as it was given, without a day where none was; ``last_scan`` the day that
    its scans went on until, where that was a later one.
    """

    number: Decimal
    name: str
    date: dt.date
    given: str
    order: int
    provisional: tuple[str, ...] = ()
    last_scan: str = ""


@dataclass(frozen=True, slots=True)
class StudyStream:
    """One reader's word on one subject: readings, visits by name, results by criterion."""

    subject: Subject
    reader: Reader
    readings: tuple[LesionReading, ...]
    visits: Mapping[str, Visit]
    results: tuple[SubjectResult, ...]
    tracking: Tracking | None = None

    @property
    def baseline(self) -> Visit | None:
        """The visit that later ones are compared with; ``None`` where nothing was read."""
        scans = tuple((v.date, v.name) for v in self.visits.values())
        if not scans:
            return None
        (_date, name), _reasons = choose_baseline(scans, self.subject.facts.treatment_start)
        return self.visits[name]


@dataclass(frozen=True, slots=True)
class Study:
    """A workspace as a study."""

    study: str
    streams: tuple[StudyStream, ...]


def read_study(store: Store, protocol: Protocol, study: str) -> Study:
    """Read everything of a workspace that exports need, by subject and reader."""
    subjects = store.read_subjects()
    results: dict[tuple[str, Reader], list[SubjectResult]] = {}
    for result in store.read_results():
        key = (result.summary.subject, result.summary.reader)
        results.setdefault(key, []).append(result)
    made = []
    for streams in find_read_streams(store, subjects, protocol):
        rows = [(stream, *stream.make_rows()) for stream in streams]
        numbers = _number_visits([_find_points(given, points) for _, given, points in rows])
        for stream, readings, points in rows:
            key = (stream.subject.subject, stream.reader)
            visits = _make_visits(_find_points(readings, points), numbers)
            made.append(
                StudyStream(
                    stream.subject,
                    stream.reader,
                    tuple(sorted(readings, key=lambda r: (r.date, r.time_point))),
                    visits,
                    tuple(results.get(key, ())),
                    stream.tracking,
                )
            )
    return Study(study, tuple(made))


def choose_study_name(store: Store, given: str | None, folder: str) -> str:
    """The study's name: as given, else the one that imported tables name, else the folder's."""
    if given:
        return given
    named = {one.study for one in store.read_readings() if one.study}
    return named.pop() if len(named) == 1 else folder.upper()


Points = Sequence[AssessedTimePoint]


def _find_points(
    readings: Iterable[LesionReading], points: Iterable[AssessedTimePoint]
) -> list[AssessedTimePoint]:
    known = {point.time_point: point for point in points}
    for reading in readings:
        if reading.time_point not in known:
            known[reading.time_point] = AssessedTimePoint(reading.time_point, reading.date)
    return sorted(known.values(), key=lambda point: (point.date, point.time_point))


def _number_visits(streams: Sequence[Points]) -> dict[str, Decimal]:
    """Number a subject's visits: as their source did, where it did all, else in order of date."""
    first: dict[str, AssessedTimePoint] = {}
    said: dict[str, Decimal] = {}
    for points in streams:
        for point in points:
            known = first.setdefault(point.time_point, point)
            if point.date < known.date:
                first[point.time_point] = point
            try:
                said[point.time_point] = Decimal(point.facts.get(VISIT_NUMBER, ""))
            except InvalidOperation:
                continue
    if said.keys() == first.keys() and len(set(said.values())) == len(said):
        return said
    ordered = sorted(first.values(), key=lambda point: (point.date, point.time_point))
    return {point.time_point: Decimal(place) for place, point in enumerate(ordered, 1)}


def _make_visits(points: Points, numbers: Mapping[str, Decimal]) -> dict[str, Visit]:
    return {
        point.time_point: Visit(
            numbers[point.time_point],
            point.time_point,
            point.date,
            point.facts.get(PARTIAL_DATE, point.date.isoformat()),
            order,
            point.provisional,
            point.facts.get(LAST_SCAN_DATE, ""),
        )
        for order, point in enumerate(points, 1)
    }


def study_day(date: dt.date | None, reference: dt.date | None) -> int | None:
    """Day of a study: the reference is day 1, the day before it −1; there is no day 0.

    Examples
    --------
    >>> start = dt.date(2025, 1, 10)
    >>> [study_day(dt.date(2025, 1, day), start) for day in (9, 10, 11)]
    [-1, 1, 2]
    """
    if date is None or reference is None:
        return None
    days = (date - reference).days
    return days + 1 if days >= 0 else days

"""Measurements of reports into the store: kept as given, and assessed where a person read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from response.errors import InputError
from response.ingest.report_quantities import LENGTHS, LONGEST, SHORT, to_millimetres
from response.ingest.reports import Day, Group, Report
from response.ingest.sources import Plan
from response.ingest.stream_checks import ReadRow, check_stream
from response.ingest.table_cells import MAX_LENGTH_MM, parse_date, parse_text
from response.model import (
    AssessedTimePoint,
    GivenMeasurement,
    GivenMeasurements,
    LesionReading,
    Reader,
)
from response.store import Store
from response.terms import LesionState, Role

_ROUNDING = Decimal("0.0001")
"""How far a copy of an annotation may be from it: reports have six decimals."""

_TELLING_DIGITS = 10
"""Two lesions do not agree in so many digits by chance."""


@dataclass(frozen=True, slots=True)
class TakenReports:
    """How many reports are kept, and the subjects they speak of."""

    count: int
    subjects: frozenset[str]


def take_reports(plan: Plan, store: Store, *, today: dt.date, actor: str) -> TakenReports:
    """Take the reports of a plan into the store; a second time changes nothing.

    Every number is kept as given. Lengths that a person read on a lesion nobody drew are that
    reader's measurements, to be assessed: all of them that are known, of this and earlier readings.
    What cannot be tied to a subject and a day, or to a lesion, is refused by the report's name.
    """
    count = 0
    touched: set[str] = set()
    foreign: dict[str, set[Reader]] = {}
    for report in plan.reports:
        try:
            given = _place_report(report, plan, store, today)
        except InputError as error:
            plan.refuse(_find_subject(report, plan), "", f"report {report.name}: {error}")
            continue
        if given.subject not in foreign:
            foreign[given.subject] = _find_table_readers(given.subject, store)
        store.write_given_measurements(given, actor=actor)
        touched.add(given.subject)
        count += 1
    for subject in sorted(touched):
        _take_readings(subject, foreign[subject], plan, store, actor)
    return TakenReports(count, frozenset(touched))


# ------------------------------------------------------------------------- whose, and of which day


def _find_subject(report: Report, plan: Plan) -> str:
    days = {day for group in report.groups for day in _find_days(group, plan)}
    subjects = {subject for subject, _date in days}
    return subjects.pop() if len(subjects) == 1 else ""


def _find_days(group: Group, plan: Plan) -> set[Day]:
    """Find whose images a group speaks of, and of which day."""
    days = {plan.studied.images[uid] for uid in group.images if uid in plan.studied.images}
    if not days:
        for uid in group.studies:
            days |= plan.studied.studies.get(uid, set())
    return days


def _place_report(report: Report, plan: Plan, store: Store, today: dt.date) -> GivenMeasurements:
    placed = [(group, *_place(group, report, plan, store, today)) for group in report.groups]
    subjects = {subject for _group, subject, _date in placed}
    if len(subjects) != 1:
        raise InputError("speaks of several subjects; export one report for each")
    (subject,) = subjects
    measurements = tuple(
        one
        for number, (group, _subject, date) in enumerate(placed)
        for one in _to_given(report, group, number, _name_time_point(subject, date, store), date)
    )
    return GivenMeasurements(subject, report.uid, report.source, measurements)


def _place(
    group: Group, report: Report, plan: Plan, store: Store, today: dt.date
) -> tuple[str, dt.date]:
    days = _find_days(group, plan) or _find_stored_days(group, store)
    stated = _parse_day(group.date, today) if group.date else None
    if len(days) > 1:
        raise InputError("speaks of images of several days or patients; export one for each")
    if not days:
        if not report.subjects or stated is None:
            raise InputError(
                "says neither whose images it is about nor of which day, and they are not here; "
                "give their folder too"
            )
        return parse_text("PatientID", report.subjects[0]), stated
    ((subject, day),) = days
    if any(report.subjects) and subject not in report.subjects:
        raise InputError("has another patient's identifier than the images it refers to")
    date = _parse_day(day, today)
    if stated is not None and stated != date:
        raise InputError(f"is dated {stated}, its images {date}; correct one of the two")
    return parse_text("PatientID", subject), date


def _find_stored_days(group: Group, store: Store) -> set[Day]:
    """Find the day of a study that was taken earlier."""
    return {
        (point.subject, point.date.isoformat())
        for point in store.read_time_points()
        for scan in point.scans
        if scan.facts.get("study_instance_uid") in group.studies
    }


def _parse_day(text: str, today: dt.date) -> dt.date:
    digits = text[:10].replace(".", "").replace("-", "")[:8]
    iso = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else text[:20]
    return parse_date("date", iso, latest=today)


def _name_time_point(subject: str, date: dt.date, store: Store) -> str:
    named = [one.time_point for one in store.read_time_points(subject) if one.date == date]
    return named[0] if len(named) == 1 else date.isoformat()


def _to_given(
    report: Report, group: Group, number: int, time_point: str, date: dt.date
) -> list[GivenMeasurement]:
    return [
        GivenMeasurement(
            time_point=time_point,
            date=date,
            reader=report.reader,
            group=group.uid or f"{report.uid}#{number + 1}",
            tracking_id=group.lesion,
            tracking_uid=group.tracking_uid,
            role=group.role if one.quantity in LENGTHS and not group.segmentation_uid else None,
            organ=group.organ,
            node=group.node,
            finding=group.finding,
            quantity=one.quantity,
            unit=one.unit,
            value=one.value,
            segmentation_uid=group.segmentation_uid,
            segment=group.segment,
        )
        for one in group.numbers
    ]


# ------------------------------------------------------------------------------------ the readings


def _find_table_readers(subject: str, store: Store) -> set[Reader]:
    """Find the readers whose measurements came from tables, not from reports."""
    given = store.read_given_measurements(subject)
    reported = {one.reader for report in given for one in report.measurements if one.role}
    return {one.reader for one in store.read_readings(subject)} - reported


def _find_read(subject: str, store: Store) -> tuple[list[GivenMeasurement], list[str]]:
    """Find what persons read of a subject, once where a report repeats an annotation.

    The annotation itself (AIM) is taken before its copy in a report (SR), which is rounded; of
    several copies the one that comes first by its UID, whatever its file is called.
    """
    known: dict[tuple[str, str, Reader], tuple[str, GivenMeasurement]] = {}
    reports = store.read_given_measurements(subject)
    for given in sorted(reports, key=lambda one: (one.source, one.document_uid)):
        for one in given.measurements:
            if one.role is None:
                continue
            key = (one.group, one.quantity, one.reader)
            document, first = known.setdefault(key, (given.document_uid, one))
            if abs(first.value - one.value) > _ROUNDING:
                said = f"{first.value} {first.unit} and {one.value} {one.unit}"
                if document == given.document_uid:
                    raise InputError(
                        f"measurement group {one.group} has {said} for {one.quantity}; a lesion "
                        "has one, and each lesion a group of its own"
                    )
                raise InputError(f"annotation {one.group} is {said}; keep the right one")
    return _drop_copies(known.values())


def _drop_copies(
    known: Collection[tuple[str, GivenMeasurement]],
) -> tuple[list[GivenMeasurement], list[str]]:
    """Read once what would count twice: some programs name a lesion anew each time they save it.

    Returns
    -------
    tuple
        The measurements, and what to say of those left out.
    """
    seen: dict[tuple[object, ...], str] = {}
    kept, copied, notes = [], set(), []
    for document, one in known:
        telling = len(one.value.as_tuple().digits) >= _TELLING_DIGITS
        key = (one.time_point, one.reader, one.quantity, one.unit, one.value)
        other = seen.setdefault(key, document) if telling else document
        if other == document:
            kept.append((document, one))
            continue
        copied.add((document, one.group))
        notes.append(
            f"report {document} repeats a measurement of report {other} ({one.value} {one.unit} of "
            f"{one.time_point}) under another name: it is read once"
        )
    for document, one in kept:
        if (document, one.group) in copied:
            raise InputError(
                f"report {document} repeats a length of another report under another name, and "
                f"differs in {one.quantity}; keep the report that is right"
            )
    return [one for _document, one in kept], notes


def _take_readings(
    subject: str, foreign: set[Reader], plan: Plan, store: Store, actor: str
) -> None:
    by_reader: dict[Reader, list[GivenMeasurement]] = {}
    try:
        read, notes = _find_read(subject, store)
    except InputError as error:
        plan.refuse(subject, "", f"measurements in reports: {error}")
        return
    plan.warnings += [f"{subject}: {note}" for note in notes]
    for one in read:
        by_reader.setdefault(one.reader, []).append(one)
    for reader, given in sorted(by_reader.items()):
        try:
            if reader in foreign:
                raise InputError("has measurements from tables already; keep one of the two")
            rows = _to_rows(subject, given)
            readings, problems = check_stream(rows, _find_start(subject, plan, store))
            if problems:
                raise InputError("; ".join(dict.fromkeys(text for _number, text in problems)))
            points = {one.time_point: one.date for one in readings}
            made = [AssessedTimePoint(name, date) for name, date in sorted(points.items())]
            store.write_readings(subject, reader, readings, made, actor=actor)
        except InputError as error:
            name = " ".join(filter(None, (reader.evaluator, reader.evaluator_id)))
            plan.refuse(subject, "", f"measurements of {name} in reports: {error}")


def _find_start(subject: str, plan: Plan, store: Store) -> dt.date | None:
    given = plan.subjects.get(subject)
    if given is not None and given.treatment_start is not None:
        return given.treatment_start
    stored = store.read_subject(subject)
    return stored.facts.treatment_start if stored is not None else None


def _to_rows(subject: str, given: Sequence[GivenMeasurement]) -> list[ReadRow]:
    """Make one row for each lesion and time point of a reader."""
    names = _name_lesions(given)
    cells: dict[tuple[dt.date, str, str], list[GivenMeasurement]] = {}
    for one, name in zip(given, names, strict=True):
        cells.setdefault((one.date, one.time_point, name), []).append(one)
    rows = []
    for number, ((_date, _time_point, name), cell) in enumerate(sorted(cells.items()), 1):
        reading = _to_reading(name, cell)
        rows.append(ReadRow(number, subject, reading, reading.node or None))
    return rows


def _name_lesions(given: Sequence[GivenMeasurement]) -> list[str]:
    """Tell which lesion each measurement is of: by tracking UID, else by name.

    Without either, a reader's only measurement of each time point is of the one lesion there is.

    Raises
    ------
    InputError
        It cannot be told.
    """
    if all(one.tracking_uid for one in given):
        first = {one.tracking_uid: one.tracking_id for one in reversed(given)}
        unique = len(set(first.values())) == len(first) and all(first.values())
        return [first[one.tracking_uid] if unique else one.tracking_uid for one in given]
    if all(one.tracking_id for one in given):
        return [one.tracking_id for one in given]
    groups = {(one.time_point, one.group) for one in given}
    if len(groups) == len({one.time_point for one in given}):
        return ["1"] * len(given)
    raise InputError(
        "several lesions without names: it cannot be told which is which through time; name them "
        "in the program they were drawn in, or give a measurement table"
    )


def _to_reading(lesion: str, cell: Sequence[GivenMeasurement]) -> LesionReading:
    first = cell[0]
    lengths = {name: _find_length(cell, name, lesion) for name in LENGTHS}
    node = any(one.node for one in cell)
    roles = {one.role for one in cell}
    if len(roles) > 1:
        raise InputError(f"lesion {lesion} at {first.time_point} has two roles")
    diameter = lengths[SHORT if node else LONGEST]
    reading = LesionReading(
        first.time_point, first.date, lesion, first.role, first.organ, node, diameter_mm=diameter
    )
    if first.role is Role.NON_TARGET:
        return replace(reading, state=LesionState.PRESENT)
    if first.role is Role.NEW:
        return replace(reading, state=LesionState.EQUIVOCAL)
    if diameter is None:
        missing = "short axis, which counts for a node" if node else "longest diameter"
        return replace(
            reading, state=LesionState.NOT_EVALUABLE, reason=f"the report gives no {missing}"
        )
    return reading


def _find_length(cell: Sequence[GivenMeasurement], quantity: str, lesion: str) -> Decimal | None:
    found = {to_millimetres(one.value, one.unit) for one in cell if one.quantity == quantity}
    if len(found) > 1:
        said = " and ".join(str(length) for length in sorted(found))
        raise InputError(
            f"lesion {lesion} at {cell[0].time_point} has two lengths ({said} mm); keep one"
        )
    length = found.pop() if found else None
    if length is not None and not 0 <= length <= MAX_LENGTH_MM:
        raise InputError(f"lesion {lesion} at {cell[0].time_point}: {length} mm is no length")
    return length

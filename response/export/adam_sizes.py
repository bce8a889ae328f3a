"""ADTR: sums of diameters and the diameters of targets, with changes from baseline and nadir.

Sums, nadirs and per cents are the stored ones, digit by digit; a change is their difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from response.criteria.lesions import TOO_SMALL_MM
from response.export.adam_courses import (
    Course,
    describe_date,
    describe_reader,
    describe_subject,
)
from response.export.datasets import Value
from response.model import Assessment, LesionReading
from response.terms import LesionState, Role, Status

SUM, LESION = "SDIAM", "LDIAM"
GONE = (LesionState.ABSENT, LesionState.MERGED)

Row = dict[str, Value]


def read_sizes(course: Course) -> Iterator[Row]:
    """The rows of ADTR of one reader's course."""
    rows = [course.baseline, *course.standing]
    base = course.baseline.sum_of_diameters_mm
    if base is not None:
        yield from (_sum(course, row, base) for row in rows)
    targets = sorted({r.lesion for r in course.stream.readings if r.role is Role.TARGET})
    for number, lesion in enumerate(targets, 1):
        yield from _lesion(course, rows, lesion, number)


def _begin(course: Course, row: Assessment, code: str, parameter: str) -> Row:
    reader = course.stream.reader
    visit = course.stream.visits.get(row.time_point)
    made: Row = {
        **describe_subject(course.stream),
        "PARAMCD": code,
        "PARAM": parameter,
        "PARCAT1": "Target Lesion(s)",
        **describe_reader(course),
        **describe_date(course.stream, row.date),
        "ABLFL": "Y" if row is course.baseline else "",
        "PROVFL": "Y" if row.status is Status.PROVISIONAL else "",
        "TREVAL": reader.evaluator,
        "TREVALID": reader.evaluator_id,
    }
    return made | ({"AVISIT": visit.name, "AVISITN": visit.number} if visit else {})


def _sum(course: Course, row: Assessment, base: Decimal) -> Row:
    total, nadir = row.sum_of_diameters_mm, row.nadir_mm
    made = _begin(course, row, SUM, "Target Lesions Sum of Diameters (mm)")
    made |= {"AVAL": total, "BASE": base, "NADIR": nadir}
    made |= {"PCHG": row.change_from_baseline_pct, "PCHGNAD": row.change_from_nadir_pct}
    if total is not None:
        made["CHG"] = total - base
        made["CHGNAD"] = None if nadir is None else total - nadir
        made["ANL01FL"] = "" if made["PROVFL"] else "Y"
    return made


def _lesion(course: Course, rows: list[Assessment], lesion: str, number: int) -> Iterator[Row]:
    parameter = f"Target Lesion {number} Analysis Diameter (mm)"
    base = _length(course, course.baseline, lesion)
    for row in rows:
        length = _length(course, row, lesion)
        made = _begin(course, row, f"{LESION}{number}", parameter)
        made |= {"AVAL": length, "BASE": base, "TRLNKID": lesion}
        if length is not None:
            made["CHG"] = None if base is None else length - base
            made["ANL01FL"] = "" if made["PROVFL"] else "Y"
        yield made


def _length(course: Course, row: Assessment, lesion: str) -> Decimal | None:
    """What a target adds to the sum; ``None`` where any part of it was not measured."""
    parts = [
        _part(r)
        for r in course.stream.readings
        if r.lesion == lesion and r.time_point == row.time_point
    ]
    known = [part for part in parts if part is not None]
    return sum(known, Decimal(0)) if parts and len(known) == len(parts) else None


def _part(reading: LesionReading) -> Decimal | None:
    if reading.diameter_mm is not None:
        return reading.diameter_mm
    if reading.state is LesionState.TOO_SMALL:
        return TOO_SMALL_MM
    return Decimal(0) if reading.state in GONE else None

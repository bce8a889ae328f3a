"""Folds one subject's readings through a criterion, keeping the reasons.

Examples
--------
>>> import datetime as dt
>>> from decimal import Decimal
>>> from response.terms import Role
>>> def reading(name, day, mm):
...     date = dt.date(2025, 1, 1) + dt.timedelta(day)
...     return LesionReading(name, date, "T1", Role.TARGET, diameter_mm=Decimal(mm))
>>> result = assess_subject(
...     "S1", Reader(), [reading("BL", 0, "20"), reading("W8", 56, "14")],
...     SubjectFacts("S1", treatment_start=dt.date(2025, 1, 1)), Protocol(),
... )
>>> [row.overall_response for row in result.assessments]
['', 'PR']
>>> print(result.assessments[1].reasons[0])
[RECIST11.TARGET.PR] PR: sum 14 mm is -30.00 % and -6 mm from the baseline of 20 mm, \
-30.00 % and -6 mm over the nadir of 20 mm on 2025-01-01
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from response.criteria import CRITERIA
from response.criteria.course import (
    Course,
    Criterion,
    ReadTimePoint,
    choose_baseline,
    is_no_disease,
    is_nothing_evaluable,
)
from response.errors import InputError
from response.model import (
    AssessedTimePoint,
    LesionReading,
    Reader,
    SubjectFacts,
    SubjectResult,
)
from response.model.draft import make_quickly
from response.noted import note_facts
from response.protocol import Protocol
from response.terms import Role
from response.vocabulary import RECIST, Vocabulary

Key = tuple[dt.date, str]
"""Date and name of a time point: in order, the order of time points."""

_BY_PART = attrgetter("part")
_make_time_point = make_quickly(ReadTimePoint)
_NO_FACTS: Mapping[str, str] = {}


def find_criterion(name: str) -> Criterion:
    """The criterion of that name.

    Raises
    ------
    InputError
        There is none.
    """
    if name not in CRITERIA:
        raise InputError(f"criterion {name!r} is not known: one of {', '.join(CRITERIA)}")
    return CRITERIA[name]


def find_vocabulary(name: str) -> Vocabulary:
    """What the codes of a criterion mean; of one that is not known any more, RECIST's own."""
    criterion = CRITERIA.get(name)
    return criterion.vocabulary if criterion else RECIST


def assess_subject(
    subject: str,
    reader: Reader,
    readings: Sequence[LesionReading],
    facts: SubjectFacts,
    protocol: Protocol,
    *,
    criterion: str = "recist11",
    time_points: Sequence[AssessedTimePoint] = (),
) -> SubjectResult:
    """Assess one subject as one reader read it.

    Parameters
    ----------
    readings
        That reader's rows, in any order. Rows before the baseline are history.
    time_points
        Time points to assess whether or not anything was read there, and what a criterion needs
        of the whole patient. One without any row is *read, nothing there*; one that was not read
        has a row with an empty lesion and ``NOT_EVALUABLE``.

    Raises
    ------
    InputError
        There is nothing to assess, or a target or non-target lesion has no row at baseline.
    """
    chosen = find_criterion(criterion)
    course = build_course(subject, reader, readings, facts, time_points)
    assessments = note_facts(chosen.assess(course, protocol), time_points)
    summary = chosen.summarise(assessments, facts, protocol, course.baseline.evaluable)
    return SubjectResult(assessments, summary)


def build_course(
    subject: str,
    reader: Reader,
    readings: Iterable[LesionReading],
    facts: SubjectFacts,
    time_points: Sequence[AssessedTimePoint] = (),
) -> Course:
    """Put one reader's rows in order and find the baseline."""
    said = {(one.date, one.time_point): one for one in time_points}
    rows = _group(readings, said)
    if not rows:
        raise InputError(f"subject {subject}: there is no time point to assess")
    baseline, reasons = choose_baseline(tuple(rows), facts.treatment_start)
    _spell_out_absence(rows, baseline)
    ordered = [read_time_point(key, rows[key], said.get(key)) for key in sorted(rows)]
    later = tuple([one for one in ordered if one.date > baseline[0]])
    first = next(one for one in ordered if (one.date, one.time_point) == baseline)
    course = Course(subject, reader, facts, first, later, reasons)
    _refuse_late_roles(course)
    return course


def _group(
    readings: Iterable[LesionReading], said: Iterable[Key]
) -> dict[Key, list[LesionReading]]:
    """Rows by time point; those of one time point mostly stand together."""
    rows: dict[Key, list[LesionReading]] = {key: [] for key in said}
    date, name, here = dt.date.min, "", list[LesionReading]()
    for reading in readings:
        if reading.time_point != name or reading.date != date:
            date, name = reading.date, reading.time_point
            here = rows.setdefault((date, name), [])
        here.append(reading)
    return rows


def _spell_out_absence(rows: dict[Key, list[LesionReading]], baseline: Key) -> None:
    """Where a reader saw no disease, say of every known lesion that it is absent (ours)."""
    whole = [(key, row) for key, here in rows.items() for row in here if not row.lesion]
    clear = {key: row for key, row in whole if is_no_disease(row)}
    if not clear:
        return
    known = {row.lesion: row for row in rows[baseline] if row.lesion}
    for key in sorted(rows):
        here = rows[key]
        if key in clear and key > baseline:
            said = {row.lesion for row in here}
            here += [
                replace(clear[key], lesion=name, role=row.role, organ=row.organ, node=row.node)
                for name, row in known.items()
                if name not in said
            ]
        known |= {row.lesion: row for row in here if row.role is Role.NEW}


def read_time_point(
    key: Key, readings: Sequence[LesionReading], said: AssessedTimePoint | None = None
) -> ReadTimePoint:
    """One time point from its rows."""
    date, name = key
    provisional, facts = (said.provisional, said.facts) if said else ((), _NO_FACTS)
    lesions = {reading.lesion: (reading,) for reading in readings}
    if len(lesions) == len(readings) and "" not in lesions:
        return _make_time_point(name, date, lesions, True, "", provisional, facts)
    whole = [reading for reading in readings if not reading.lesion]
    parts: dict[str, list[LesionReading]] = {}
    for reading in readings:
        if reading.lesion:
            parts.setdefault(reading.lesion, []).append(reading)
    nothing = [reading for reading in whole if is_nothing_evaluable(reading)]
    return ReadTimePoint(
        time_point=name,
        date=date,
        lesions={lesion: tuple(sorted(rows, key=_BY_PART)) for lesion, rows in parts.items()},
        evaluable=not nothing or bool(parts),
        reason=nothing[0].reason if nothing else "",
        provisional=(*provisional, *(row.provisional for row in whole if row.provisional)),
        facts=facts,
    )


def _refuse_late_roles(course: Course) -> None:
    known = course.baseline.lesions.keys()
    if not course.baseline.evaluable:
        return
    for time_point in course.follow_up:
        if time_point.lesions.keys() <= known:
            continue
        for lesion in sorted(time_point.lesions.keys() - known):
            role = time_point.lesions[lesion][0].role
            if role in (Role.TARGET, Role.NON_TARGET):
                raise InputError(
                    f"subject {course.subject}, time point {time_point.time_point}: lesion "
                    f"{lesion} is {role} but has no row at the baseline "
                    f"{course.baseline.time_point}; a lesion first seen later is NEW"
                )

"""Courses for iRECIST: lesions by day, and what is asked of their assessments."""

from __future__ import annotations

from courses import START, STATES, day, reading

from response.assess import assess_subject
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts
from response.protocol import Protocol, parse_protocol
from response.terms import LesionState

FACTS = SubjectFacts("S1", treatment_start=START)


def on_days(time_points):
    """Rows by day after the start: ``{0: {"T1": 100}, 56: {"N1": ("UNEQUIVOCAL", 10)}}``.

    A lesion is said as a length, as a state, or as both; ``None`` is nothing evaluable.
    """
    rows = []
    for number, lesions in time_points.items():
        name = f"D{number:03}"
        if lesions is None:
            state = LesionState.NOT_EVALUABLE
            rows.append(LesionReading(name, day(number), "", None, state=state))
            continue
        for lesion, said in lesions.items():
            if isinstance(said, tuple):
                state, length = said
                rows.append(reading(name, number, lesion, length, state=STATES[state]))
            else:
                rows.append(reading(name, number, lesion, said))
    return rows


def assess(time_points, protocol="", *, facts=FACTS, said=None):
    """Assess by iRECIST; ``said`` are facts of the whole patient by day."""
    return assess_rows(on_days(time_points), protocol, facts=facts, said=said)


def assess_rows(rows, protocol="", *, facts=FACTS, said=None):
    """Assess rows by iRECIST."""
    points = [
        AssessedTimePoint(f"D{number:03}", day(number), facts=about)
        for number, about in (said or {}).items()
    ]
    return assess_subject(
        "S1",
        Reader(),
        rows,
        facts,
        parse_protocol(protocol) if protocol else Protocol(),
        criterion="irecist",
        time_points=points,
    )


def overall(time_points, protocol="", **more):
    """The overall responses after baseline, as first assessed."""
    rows = assess(time_points, protocol, **more).assessments[1:]
    return [row.overall_response for row in rows if row.as_of == row.date]

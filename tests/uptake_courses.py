"""Short ways to write courses of uptake, products and facts of time points. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from courses import START, STATES, day, reading

from response.assess import assess_subject
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts, SubjectResult
from response.protocol import Protocol, parse_protocol


def measured(name: str, number: int, lesion: str, said: object, **more: object) -> LesionReading:
    """A row with amounts: ``said`` is a state, a length, or a mapping of columns."""
    if not isinstance(said, Mapping):
        return reading(name, number, lesion, said, **more)
    fields = dict(said)
    length = fields.pop("diameter_mm", None)
    for word in ("organ", "method", "part", "node", "intervention", "provisional"):
        if word in fields:
            more[word] = fields.pop(word)
    if "state" in fields:
        more["state"] = STATES[fields.pop("state")]
    extra = {column: Decimal(str(value)) for column, value in fields.items()}
    return reading(name, number, lesion, length, extra=extra, **more)


def rows(days: int = 56, **time_points: Mapping[str, object]) -> list[LesionReading]:
    """Rows of time points so many days apart, in the order given."""
    return [
        measured(name, days * number, lesion, said)
        for number, (name, lesions) in enumerate(time_points.items())
        for lesion, said in lesions.items()
    ]


def assess_by(
    criterion: str,
    readings: list[LesionReading],
    facts: Mapping[str, Mapping[str, object]] | None = None,
    protocol: str = "",
    **dates: object,
) -> SubjectResult:
    """Assess rows by a criterion, with facts by time point."""
    when = {one.time_point: one.date for one in readings}
    about = [
        AssessedTimePoint(name, when[name], facts={k: str(v) for k, v in said.items()})
        for name, said in (facts or {}).items()
    ]
    known = SubjectFacts("S1", **({"treatment_start": START} | dates))
    chosen = parse_protocol(protocol) if protocol else Protocol()
    return assess_subject(
        "S1", Reader(), readings, known, chosen, criterion=criterion, time_points=about
    )


def nothing_read(name: str, number: int) -> LesionReading:
    """A time point with nothing evaluable."""
    return LesionReading(name, day(number), "", None, state=STATES["NOT_EVALUABLE"], reason="moved")

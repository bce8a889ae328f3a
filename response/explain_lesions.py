"""Which lesions changed most between time points, in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from response.criteria.course import Course, ReadTimePoint
from response.criteria.lesions import TOO_SMALL_MM
from response.model import Assessment, LesionReading
from response.terms import LesionState, Role

MEASURES = {
    "mrecist": ("viable_diameter_mm", " mm"),
    "percist10": ("sul_peak", " SUL"),
    "eortc_pet": ("suv_mean", " SUV"),
}
"""What a criterion compares of a lesion, and its unit; of the others it is the diameter."""


def explain_changes(course: Course | None, row: Assessment) -> Iterable[str]:
    """Say which targets shrank and grew most since they were last measured.

    At baseline, what each target measured.
    """
    if course is None:
        return
    reads = (course.baseline, *course.follow_up)
    here = next((read for read in reads if read.time_point == row.time_point), None)
    if here is None:
        return
    measure, unit = MEASURES.get(row.criterion, ("", " mm"))
    now = _lengths(here, measure)
    if here is course.baseline:
        if now:
            listed = ", ".join(f"{lesion} {value}{unit}" for lesion, value in now.items())
            yield f"Targets: {listed}."
        return
    before: dict[str, Decimal] = {}
    for read in reads:
        if read.date < here.date:
            before |= _lengths(read, measure)
    yield from _most(now, before, unit)


def _most(now: Mapping[str, Decimal], before: Mapping[str, Decimal], unit: str) -> Iterable[str]:
    changes = {lesion: now[lesion] - before[lesion] for lesion in now if lesion in before}
    if not changes:
        return
    least = min(changes, key=lambda lesion: changes[lesion])
    most = max(changes, key=lambda lesion: changes[lesion])
    said = []
    if changes[least] < 0:
        said.append(f"{least} shrank most ({before[least]} to {now[least]}{unit})")
    if changes[most] > 0:
        said.append(f"{most} grew most ({before[most]} to {now[most]}{unit})")
    words = " and ".join(said) or "no target changed"
    yield f"Since last measured, {words}."


def _lengths(read: ReadTimePoint, measure: str) -> dict[str, Decimal]:
    """What each target measures, over all its parts; nothing of one that is not known."""
    found = {}
    for lesion, rows in sorted(read.lesions.items()):
        if rows[0].role is Role.TARGET:
            value = _length(rows, measure)
            if value is not None:
                found[lesion] = value
    return found


def _length(rows: Sequence[LesionReading], measure: str) -> Decimal | None:
    values = [_amount(row, measure) for row in rows]
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None


def _amount(row: LesionReading, measure: str) -> Decimal | None:
    value = row.extra.get(measure) if measure else row.diameter_mm
    if value is not None:
        return value
    if row.state is LesionState.ABSENT:
        return Decimal(0)
    return TOO_SMALL_MM if row.state is LesionState.TOO_SMALL and not measure else None

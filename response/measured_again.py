"""A course measured again and again, put through its criterion. Pure, and seeded.

Each length has a normal error of its own, independent of all others; what a reader says without a
length stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from response.criteria import CRITERIA
from response.criteria.course import Course, ReadTimePoint
from response.endpoints import select_effective
from response.model import LesionReading
from response.protocol import Protocol, Repeatability
from response.terms import Role

LENGTHS = ("short_diameter_mm", "viable_diameter_mm")
"""The lengths beside the diameter that are measured again."""

SAMPLES = 1000
SEED = 1_2009
SMALLEST_MM = 0.1
"""A lesion that was measured does not vanish when it is measured again."""

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Odds:
    """Probabilities of target and overall categories at one time point."""

    target: Mapping[str, float]
    overall: Mapping[str, float]


def sd_mm(length_mm: Decimal, options: Repeatability) -> float:
    """Standard deviation of a length measured again, millimetres.

    Examples
    --------
    >>> six = Repeatability(within_lesion_cv_pct="6")
    >>> sd_mm(Decimal(50), six), sd_mm(Decimal(5), six), sd_mm(Decimal(0), six)
    (3.0, 0.5, 0.0)
    """
    if not length_mm:
        return 0.0
    relative = float(length_mm) * float(options.within_lesion_cv_pct) / 100
    return max(relative, float(options.minimum_sd_mm))


def list_readings(course: Course) -> list[LesionReading]:
    """Every row of a course."""
    return [
        reading
        for read in (course.baseline, *course.follow_up)
        for readings in read.lesions.values()
        for reading in readings
    ]


def varies(reading: LesionReading) -> bool:
    """Whether a row holds a length that would come out otherwise when measured again."""
    if reading.role is Role.NON_TARGET:
        return False
    return bool(reading.diameter_mm) or any(reading.extra.get(name) for name in LENGTHS)


def simulate(
    course: Course, protocol: Protocol, criterion: str, samples: int = SAMPLES
) -> dict[str, Odds]:
    """Measure a course again and again, put it through the criterion, and count categories."""
    assess = CRITERIA[criterion].assess
    target: dict[str, Counter[str]] = {read.time_point: Counter() for read in course.follow_up}
    overall: dict[str, Counter[str]] = {read.time_point: Counter() for read in course.follow_up}
    for again in _measure_again(course, protocol.repeatability, samples):
        for row in select_effective(assess(again, protocol)[1:]):
            target[row.time_point][row.target_response] += 1
            overall[row.time_point][row.overall_response] += 1
    return {
        name: Odds(_shares(target[name], samples), _shares(overall[name], samples))
        for name in overall
    }


def _shares(counts: Counter[str], samples: int) -> dict[str, float]:
    return {code: count / samples for code, count in counts.items()}


class _Place(NamedTuple):
    """Where a length stands: time point, lesion, row, and its name (empty: the diameter)."""

    read: int
    lesion: str
    row: int
    name: str
    length_mm: Decimal


def _find_places(reads: tuple[ReadTimePoint, ...]) -> list[_Place]:
    return [
        _Place(at, lesion, number, name, length)
        for at, read in enumerate(reads)
        for lesion, rows in read.lesions.items()
        for number, row in enumerate(rows)
        if varies(row)
        for name, length in (("", row.diameter_mm), *((n, row.extra.get(n)) for n in LENGTHS))
        if length
    ]


def _measure_again(course: Course, options: Repeatability, samples: int) -> Iterator[Course]:
    reads = (course.baseline, *course.follow_up)
    places = _find_places(reads)
    means = np.array([float(place.length_mm) for place in places])
    spread = np.array([sd_mm(place.length_mm, options) for place in places])
    draws = np.random.default_rng(SEED).standard_normal((samples, len(places)))
    drawn = np.maximum(means + spread * draws, SMALLEST_MM) * 10**_DIGITS
    for lengths in np.rint(drawn).astype(int).tolist():
        lesions = [dict(read.lesions) for read in reads]
        for place, length in zip(places, lengths, strict=True):
            rows = lesions[place.read][place.lesion]
            one = _with_length(rows[place.row], place.name, Decimal(length).scaleb(-_DIGITS))
            lesions[place.read][place.lesion] = (*rows[: place.row], one, *rows[place.row + 1 :])
        first, *later = (
            replace(read, lesions=found) for read, found in zip(reads, lesions, strict=True)
        )
        yield replace(course, baseline=first, follow_up=tuple(later))


def _with_length(row: LesionReading, name: str, length_mm: Decimal) -> LesionReading:
    """A row with one length changed; written out, because `replace` takes twice the time."""
    extra = {**row.extra, name: length_mm} if name else row.extra
    return LesionReading(
        row.time_point,
        row.date,
        row.lesion,
        row.role,
        row.organ,
        row.node,
        row.method,
        row.diameter_mm if name else length_mm,
        row.state,
        row.part,
        row.merged_into,
        row.reason,
        row.provisional,
        extra,
        row.intervention,
    )

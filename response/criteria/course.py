"""What a criterion is given and gives back: one reader's readings of one subject, in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from response.model import Assessment, LesionReading, Reader, Reason, SubjectFacts, SubjectSummary
from response.protocol import Protocol
from response.terms import LesionState
from response.vocabulary import RECIST, Vocabulary

BASELINE_MAX_DAYS = 28
"""R1-01: baseline imaging never more than 4 weeks before treatment start."""


@dataclass(frozen=True, slots=True)
class ReadTimePoint:
    """One time point with all its readings, by lesion.

    ``evaluable`` is false where the reader said that nothing could be evaluated (an empty lesion
    with ``NOT_EVALUABLE``); ``reason`` is then the reader's.
    """

    time_point: str
    date: dt.date
    lesions: Mapping[str, tuple[LesionReading, ...]]
    evaluable: bool = True
    reason: str = ""
    provisional: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Course:
    """One reader's readings of one subject: the baseline, then the follow-up by date.

    Time points before the baseline are history and are not here.
    """

    subject: str
    reader: Reader
    facts: SubjectFacts
    baseline: ReadTimePoint
    follow_up: tuple[ReadTimePoint, ...]
    baseline_reasons: tuple[Reason, ...] = ()


Summarise = Callable[[Sequence[Assessment], SubjectFacts, Protocol, bool], SubjectSummary]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A response criterion: its name, where it is published, and its rules.

    ``assess`` gives the assessments of a course, the baseline's first; a later row for the same
    time point, with a later ``as_of``, supersedes an earlier one. ``summarise`` makes the best
    overall response and the endpoints of them, given the baseline and whether it was evaluable.
    """

    name: str
    citation: str
    assess: Callable[[Course, Protocol], tuple[Assessment, ...]]
    summarise: Summarise

    @property
    def vocabulary(self) -> Vocabulary:
        """What its codes mean: as its summariser was told, else RECIST's own."""
        told: Vocabulary = getattr(self.summarise, "keywords", {}).get("vocabulary", RECIST)
        return told


def choose_baseline(
    time_points: Sequence[tuple[dt.date, str]], treatment_start: dt.date | None
) -> tuple[tuple[dt.date, str], tuple[Reason, ...]]:
    """Choose the baseline among ``(date, time_point)`` and say what is to be known about it.

    The last time point on or before the start of treatment; where the start is not known, or
    nothing was read before it, the earliest.

    Examples
    --------
    >>> scans = [(dt.date(2025, 1, 2), "A"), (dt.date(2025, 2, 3), "B"), (dt.date(2025, 4, 1), "C")]
    >>> choose_baseline(scans, dt.date(2025, 2, 10))
    ((datetime.date(2025, 2, 3), 'B'), ())
    >>> chosen, reasons = choose_baseline(scans, None)
    >>> print(chosen[1], reasons[0])
    A [BASELINE.ASSUMED] baseline assumed: no treatment start is known, so the earliest time point
    """
    ordered = sorted(time_points)
    if treatment_start is None:
        text = "baseline assumed: no treatment start is known, so the earliest time point"
        return ordered[0], (Reason("BASELINE.ASSUMED", text),)
    before = [scan for scan in ordered if scan[0] <= treatment_start]
    if not before:
        days = (ordered[0][0] - treatment_start).days
        text = (
            f"baseline assumed: nothing was read on or before the treatment start "
            f"{treatment_start}; the earliest time point is {days} days after it"
        )
        return ordered[0], (Reason("BASELINE.ASSUMED", text),)
    days = (treatment_start - before[-1][0]).days
    if days <= BASELINE_MAX_DAYS:
        return before[-1], ()
    text = (
        f"baseline is {days} days before the treatment start {treatment_start}: "
        f"more than {BASELINE_MAX_DAYS}"
    )
    return before[-1], (Reason("BASELINE.EARLY", text),)


def is_nothing_evaluable(reading: LesionReading) -> bool:
    """Whether a row says that nothing at its time point could be evaluated."""
    return not reading.lesion and reading.state is LesionState.NOT_EVALUABLE


def is_no_disease(reading: LesionReading) -> bool:
    """Whether a row says that its time point was read and shows no disease."""
    return not reading.lesion and reading.state is LesionState.ABSENT

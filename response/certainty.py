"""How sure a category is: would it be the same if everything were measured again? Pure.

Each length has a normal error of its own, independent of all others, with a standard deviation of
``within_lesion_cv_pct`` of its length and at least ``minimum_sd_mm`` (``[repeatability]``). What a
reader *says* (absent, too small, non-targets, new lesions) is taken as certain, as are densities
and facts of the patient. This is *ours*: no criterion knows of it, and it changes no category.

RECIST 1.1 has a closed form. With baseline :math:`B`, the earlier sums :math:`S_j` and the current
sum :math:`c`, all normal, progression is a sum of at least ``max(1.2 m, m + 5)`` over the smallest
:math:`m` of :math:`B` and :math:`S_j`; that is, unless every one of them is above
``min(c / 1.2, c - 5)``. So each category is an integral over :math:`c` of a product of normal
distribution functions, whichever visit the nadir turns out to be. Where it does not apply (see
:func:`has_closed_form`), and for other criteria, the course is measured anew many times and put
through the criterion itself; the draws are seeded, so that an answer is always the same.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from response.best_response import CR, PD, PR, SD
from response.criteria import CRITERIA
from response.criteria.course import Course, ReadTimePoint
from response.criteria.lesions import TOO_SMALL_MM
from response.criteria.recist11 import (
    NA,
    PD_INCREASE,
    PD_MINIMUM_MM,
    PR_DECREASE,
    decide_overall,
)
from response.endpoints import select_effective
from response.model import Assessment, LesionReading
from response.protocol import Protocol, Repeatability
from response.terms import LesionState, NewLesion, Role

BY_LENGTH = frozenset({"recist11", "irecist", "mrecist", "rano2", "pcwg3"})
"""The criteria whose target response rests on lengths alone: of these something is said."""

LENGTHS = ("short_diameter_mm", "viable_diameter_mm")
"""The lengths beside the diameter that are measured again."""

SAMPLES = 1000
SEED = 1_2009
SMALLEST_MM = 0.1
"""A lesion that was measured does not vanish when it is measured again."""

NEGLIGIBLE = 0.0005
"""An alternative less probable than this is not named."""

_REACH, _STEPS = 8.5, 801

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Certainty:
    """How probable it is that a category would be the same again.

    ``alternatives`` are the categories it would be instead, with their probabilities, the likeliest
    first. ``borderline`` is below the protocol's ``borderline_below``.
    """

    time_point: str
    date: dt.date
    overall_response: str
    probability: float
    target_response: str
    target_probability: float
    alternatives: Mapping[str, float]
    borderline: bool
    simulated: bool


def compute_certainty(
    course: Course, assessments: Sequence[Assessment], protocol: Protocol, criterion: str
) -> tuple[Certainty, ...]:
    """Say how sure each category that stands is, by date.

    Parameters
    ----------
    course
        The readings, as :func:`response.assess.build_course` orders them.
    assessments
        The rows of that course, the baseline's first.

    Returns
    -------
    tuple
        Empty for a criterion that does not rest on lengths, or where none was measured.
    """
    if criterion not in BY_LENGTH or not any(_vary(r) for r in _readings(course)):
        return ()
    read = {one.time_point for one in course.follow_up}
    standing = [row for row in select_effective(assessments[1:]) if row.time_point in read]
    simulated: dict[str, _Odds] | None = None
    found = []
    for row in standing:
        odds = None
        if criterion == "recist11" and has_closed_form(course, assessments[0], standing, row):
            odds = _closed_form(course, assessments[0], standing, row, protocol)
        closed = odds is not None
        if odds is None:
            simulated = simulated or simulate(course, protocol, criterion)
            odds = simulated[row.time_point]
        found.append(_describe(row, odds, not closed, protocol.repeatability))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Odds:
    """Probabilities of target and overall categories at one time point."""

    target: Mapping[str, float]
    overall: Mapping[str, float]


def _describe(row: Assessment, odds: _Odds, simulated: bool, options: Repeatability) -> Certainty:
    probability = odds.overall.get(row.overall_response, 0.0)
    others = sorted(odds.overall.items(), key=lambda pair: (-pair[1], pair[0]))
    return Certainty(
        row.time_point,
        row.date,
        row.overall_response,
        probability,
        row.target_response,
        odds.target.get(row.target_response, 0.0),
        {
            code: share
            for code, share in others
            if code != row.overall_response and share > NEGLIGIBLE
        },
        probability < float(options.borderline_below),
        simulated,
    )


# ------------------------------------------------------------------------------ the measurement


def _readings(course: Course) -> list[LesionReading]:
    return [
        reading
        for read in (course.baseline, *course.follow_up)
        for readings in read.lesions.values()
        for reading in readings
    ]


def _vary(reading: LesionReading) -> bool:
    """Whether a row holds a length that would come out otherwise when measured again."""
    if reading.role is Role.NON_TARGET:
        return False
    return bool(reading.diameter_mm) or any(reading.extra.get(name) for name in LENGTHS)


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


# ------------------------------------------------------------------------------ the closed form


def has_closed_form(
    course: Course, baseline: Assessment, standing: Sequence[Assessment], row: Assessment
) -> bool:
    """Whether RECIST 1.1's closed form speaks of a time point.

    It does not where the sum of the baseline or of the time point is incomplete, where only nodes
    are left of the targets (whether each is below 10 mm decides on CR), after a time point that
    was or might have been CR, where a lesion was treated on study, and where the sum is not that
    of the rows themselves.
    """
    if any(reading.intervention is not None for reading in _readings(course)):
        return False
    reads = {read.time_point: read for read in (course.baseline, *course.follow_up)}
    before = [one for one in standing if one.date < row.date]
    if any(_only_nodes_left(reads[one.time_point]) for one in (baseline, *before)):
        return False
    needed = [baseline, row, *(one for one in before if one.sum_of_diameters_mm is not None)]
    if any(_known_sum(reads[one.time_point]) != one.sum_of_diameters_mm for one in needed):
        return False
    now = reads[row.time_point]
    return not _only_nodes_left(now) or not any(r.diameter_mm for r in _targets(now))


def _targets(read: ReadTimePoint) -> list[LesionReading]:
    return [one for rows in read.lesions.values() for one in rows if one.role is Role.TARGET]


def _only_nodes_left(read: ReadTimePoint) -> bool:
    """Whether every target that is still there is a node, so that CR may be near."""
    return all(not _amount(reading) for reading in _targets(read) if not reading.node)


def _amount(reading: LesionReading) -> Decimal:
    if reading.diameter_mm is not None:
        return reading.diameter_mm
    return TOO_SMALL_MM if reading.state is LesionState.TOO_SMALL else Decimal(0)


def _known_sum(read: ReadTimePoint) -> Decimal:
    return sum((_amount(reading) for reading in _targets(read)), Decimal(0))


def _closed_form(
    course: Course,
    baseline: Assessment,
    standing: Sequence[Assessment],
    row: Assessment,
    protocol: Protocol,
) -> _Odds | None:
    if protocol.rules.pr_persistence != "literal" or protocol.rules.nadir_uses_incomplete:
        return None
    reads = {read.time_point: read for read in (course.baseline, *course.follow_up)}
    options = protocol.repeatability

    def normal(one: Assessment) -> tuple[float, float]:
        assert one.sum_of_diameters_mm is not None
        lengths = [r.diameter_mm for r in _targets(reads[one.time_point]) if r.diameter_mm]
        spread = float(np.sqrt(sum(sd_mm(length, options) ** 2 for length in lengths)))
        return float(one.sum_of_diameters_mm), spread

    earlier = [
        normal(one)
        for one in standing
        if one.date < row.date and one.sum_of_diameters_mm is not None
    ]
    if _only_nodes_left(reads[row.time_point]):
        targets = {CR: 1.0}
    else:
        targets = categories_of_sums(normal(baseline), earlier, normal(row))
    overall: Counter[str] = Counter()
    for target, share in targets.items():
        overall[_overall(target, row, protocol)] += share  # type: ignore[assignment]
    return _Odds(targets, overall)


def _overall(target: str, row: Assessment, protocol: Protocol) -> str:
    new = row.new_lesion or NewLesion.NO
    return decide_overall(target, row.non_target_response or NA, new, protocol.rules).overall


def categories_of_sums(
    baseline: tuple[float, float],
    earlier: Sequence[tuple[float, float]],
    current: tuple[float, float],
) -> dict[str, float]:
    """Probabilities of PD, PR and SD by RECIST 1.1, of sums as (mean, standard deviation) in mm.

    Examples
    --------
    >>> found = categories_of_sums((100, 5), [], (70, 0))
    >>> {category: round(share, 3) for category, share in found.items()}
    {'PD': 0.0, 'PR': 0.5, 'SD': 0.5}
    """
    total, weight = _spread(current)
    limit = np.minimum(total / float(1 + PD_INCREASE), total - float(PD_MINIMUM_MM))
    above = np.ones_like(total)
    for sum_before in earlier:
        above *= _exceeds(sum_before, limit)
    response_from = np.maximum(total / float(1 - PR_DECREASE), limit)
    shrunk = float(weight @ (_exceeds(baseline, response_from, reached=True) * above))
    not_progressed = float(weight @ (_exceeds(baseline, limit) * above))
    return {PD: 1 - not_progressed, PR: shrunk, SD: max(not_progressed - shrunk, 0.0)}


def _spread(normal: tuple[float, float]) -> tuple[Floats, Floats]:
    """Points of a normal variable, and the weight of each."""
    mean, sd = normal
    if not sd:
        return np.array([mean]), np.array([1.0])
    edges = np.linspace(-_REACH, _REACH, _STEPS + 1)
    return mean + sd * (edges[1:] + edges[:-1]) / 2, np.diff(ndtr(edges))


def _exceeds(normal: tuple[float, float], limit: Floats, *, reached: bool = False) -> Floats:
    """Probability that a normal variable is above a limit (or, certain, has just reached it)."""
    mean, sd = normal
    if sd:
        return np.asarray(ndtr((mean - limit) / sd))
    return np.asarray(mean >= limit if reached else mean > limit, dtype=np.float64)


# --------------------------------------------------------------------------------- by simulation


def simulate(
    course: Course, protocol: Protocol, criterion: str, samples: int = SAMPLES
) -> dict[str, _Odds]:
    """Measure a course again and again, put it through the criterion, and count categories."""
    draw = np.random.default_rng(SEED).standard_normal
    assess = CRITERIA[criterion].assess
    target: dict[str, Counter[str]] = {read.time_point: Counter() for read in course.follow_up}
    overall: dict[str, Counter[str]] = {read.time_point: Counter() for read in course.follow_up}
    for _ in range(samples):
        again = replace(
            course,
            baseline=_measure_again(course.baseline, protocol.repeatability, draw),
            follow_up=tuple(
                _measure_again(read, protocol.repeatability, draw) for read in course.follow_up
            ),
        )
        for row in select_effective(assess(again, protocol)[1:]):
            target[row.time_point][row.target_response] += 1
            overall[row.time_point][row.overall_response] += 1
    return {
        name: _Odds(_shares(target[name], samples), _shares(overall[name], samples))
        for name in overall
    }


def _shares(counts: Counter[str], samples: int) -> dict[str, float]:
    return {code: count / samples for code, count in counts.items()}


def _measure_again(
    read: ReadTimePoint, options: Repeatability, draw: Callable[[], float]
) -> ReadTimePoint:
    lesions = {
        name: tuple(_vary_row(row, options, draw) if _vary(row) else row for row in rows)
        for name, rows in read.lesions.items()
    }
    return replace(read, lesions=lesions)


def _vary_row(
    reading: LesionReading, options: Repeatability, draw: Callable[[], float]
) -> LesionReading:
    extra = {
        name: _again(value, options, draw) if name in LENGTHS else value
        for name, value in reading.extra.items()
    }
    length = reading.diameter_mm
    if length is None:
        return replace(reading, extra=extra)
    return replace(reading, diameter_mm=_again(length, options, draw), extra=extra)


def _again(length: Decimal, options: Repeatability, draw: Callable[[], float]) -> Decimal:
    if not length:
        return length
    measured = float(length) + sd_mm(length, options) * draw()
    return Decimal(f"{max(measured, SMALLEST_MM):.4f}")

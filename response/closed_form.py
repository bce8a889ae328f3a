"""The closed form of how sure a category by RECIST 1.1 is. Pure.

With baseline :math:`B`, the earlier sums :math:`S_j` and the current sum :math:`c`, all normal and
independent, progression is a sum of at least ``max(1.2 m, m + 5)`` over the smallest :math:`m` of
:math:`B` and :math:`S_j`: that is, unless every one of them is above ``min(c / 1.2, c - 5)``. So
each category is an integral over :math:`c` of a product of normal distribution functions, whichever
visit the nadir turns out to be. Where only nodes are left of the targets, CR is each of them below
10 mm, and the integral runs over each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from response.best_response import CR, PD, PR, SD
from response.criteria.course import Course, ReadTimePoint
from response.criteria.lesions import NODE_NORMAL_BELOW_MM, TOO_SMALL_MM
from response.criteria.recist11 import (
    NA,
    PD_INCREASE,
    PD_MINIMUM_MM,
    PR_DECREASE,
    decide_overall,
)
from response.measured_again import Odds, list_readings, sd_mm
from response.model import Assessment, LesionReading
from response.protocol import Protocol, Repeatability
from response.terms import LesionState, NewLesion, Role

NEVER = 1e-4
"""A visit less probable than this to have been CR is taken as not having been."""

MOST_NODES = 2
"""Of so many nodes, all that is left, the integral is taken over each."""

_REACH = 8.5
_STEPS = {1: 801, 2: 241}

Floats = npt.NDArray[np.float64]
Normal = tuple[float, float]
"""A mean and a standard deviation, millimetres."""


def derive_odds(
    course: Course, assessments: Sequence[Assessment], row: Assessment, protocol: Protocol
) -> Odds | None:
    """The odds of one time point, or ``None`` where the closed form does not speak of it.

    That is where the sum of the baseline or of the time point is incomplete or not that of the
    rows themselves; after a time point that may have been CR; where a lesion was treated on study
    or more than two nodes are all that is left; and with protocol options that look back.

    Parameters
    ----------
    assessments
        The rows that stand, the baseline's first.
    """
    rules = protocol.rules
    looks_back = rules.pr_persistence != "literal" or rules.nadir_uses_incomplete
    as_printed = rules.node_cr_precedence and rules.too_small_node_is_normal
    if looks_back or not as_printed:
        return None
    if any(reading.intervention is not None for reading in list_readings(course)):
        return None
    options = protocol.repeatability
    reads = {read.time_point: read for read in (course.baseline, *course.follow_up)}
    baseline, *standing = assessments
    before = [one for one in standing if one.date < row.date]
    if any(_chance_of_cr(reads[one.time_point], options) > NEVER for one in before):
        return None
    complete = [one for one in before if one.sum_of_diameters_mm is not None]
    for one in (baseline, row, *complete):
        if one.sum_of_diameters_mm != _known_sum(reads[one.time_point]):
            return None
    current = _spread_targets(reads[row.time_point], options)
    if current is None:
        return None
    base, *earlier = (_normal(reads[one.time_point], options) for one in (baseline, *complete))
    return _to_odds(_weigh(base, earlier, current), row, protocol)


def _to_odds(targets: Mapping[str, float], row: Assessment, protocol: Protocol) -> Odds:
    overall: dict[str, float] = Counter()  # type: ignore[assignment]
    new, non_target = row.new_lesion or NewLesion.NO, row.non_target_response or NA
    for target, share in targets.items():
        overall[decide_overall(target, non_target, new, protocol.rules).overall] += share
    return Odds(targets, overall)


# ----------------------------------------------------------------------------------- the targets


def _targets(read: ReadTimePoint) -> list[LesionReading]:
    return [one for rows in read.lesions.values() for one in rows if one.role is Role.TARGET]


def _amount(reading: LesionReading) -> Decimal:
    if reading.diameter_mm is not None:
        return reading.diameter_mm
    return TOO_SMALL_MM if reading.state is LesionState.TOO_SMALL else Decimal(0)


def _known_sum(read: ReadTimePoint) -> Decimal:
    return sum((_amount(reading) for reading in _targets(read)), Decimal(0))


def _normal(read: ReadTimePoint, options: Repeatability) -> Normal:
    lengths = [one.diameter_mm for one in _targets(read) if one.diameter_mm]
    spread = float(np.sqrt(sum(sd_mm(length, options) ** 2 for length in lengths)))
    return float(_known_sum(read)), spread


def _only_nodes_left(read: ReadTimePoint) -> bool:
    """Whether every target that is still there is a node, so that CR may be near."""
    return all(not _amount(reading) for reading in _targets(read) if not reading.node)


def _chance_of_cr(read: ReadTimePoint, options: Repeatability) -> float:
    """How probable it is that every node is below 10 mm; 0 where other targets are left."""
    if not _targets(read) or not _only_nodes_left(read):
        return 0.0
    nodes = [one.diameter_mm for one in _targets(read) if one.diameter_mm]
    limit = float(NODE_NORMAL_BELOW_MM)
    chances = [ndtr((limit - float(node)) / sd_mm(node, options)) for node in nodes]
    return float(np.prod(chances))


class _Spread(NamedTuple):
    """Points of the current sum, the weight of each, and whether all targets are normal there."""

    total: Floats
    weight: Floats
    normal: npt.NDArray[np.bool_]


def _spread_targets(read: ReadTimePoint, options: Repeatability) -> _Spread | None:
    if not _only_nodes_left(read):
        return _spread_sum(_normal(read, options))
    rows = [one for one in _targets(read) if one.diameter_mm]
    if len(rows) > MOST_NODES or any(one.part for one in rows):
        return None
    certain = float(_known_sum(read) - sum((_amount(one) for one in rows), Decimal(0)))
    spread = _Spread(np.array([certain]), np.array([1.0]), np.array([True]))
    for one in rows:
        node = (float(_amount(one)), sd_mm(_amount(one), options))
        points, weight, normal = _points(node, _STEPS[len(rows)])
        spread = _Spread(
            np.add.outer(spread.total, points).ravel(),
            np.multiply.outer(spread.weight, weight).ravel(),
            np.logical_and.outer(spread.normal, normal).ravel(),
        )
    return spread


def _spread_sum(normal: Normal) -> _Spread:
    points, weight, _ = _points(normal, _STEPS[1])
    return _Spread(points, weight, np.zeros(len(points), dtype=bool))


def _points(normal: Normal, steps: int) -> _Spread:
    """Points of a normal variable; none of them stands for both sides of a node's 10 mm."""
    mean, sd = normal
    limit = float(NODE_NORMAL_BELOW_MM)
    if not sd:
        return _Spread(np.array([mean]), np.array([1.0]), np.array([mean < limit]))
    edges = np.linspace(-_REACH, _REACH, steps + 1)
    edges = np.union1d(edges, np.clip([(limit - mean) / sd], -_REACH, _REACH))
    points = mean + sd * (edges[1:] + edges[:-1]) / 2
    return _Spread(points, np.diff(ndtr(edges)), points < limit)


# ---------------------------------------------------------------------------------- the integral


def categories_of_sums(
    baseline: Normal, earlier: Sequence[Normal], current: Normal
) -> dict[str, float]:
    """Probabilities of CR, PD, PR and SD by RECIST 1.1, of normal sums that cannot be CR.

    Examples
    --------
    >>> found = categories_of_sums((100, 5), [], (70, 0))
    >>> {category: round(share, 3) for category, share in found.items()}
    {'CR': 0.0, 'PD': 0.0, 'PR': 0.5, 'SD': 0.5}
    """
    return _weigh(baseline, earlier, _spread_sum(current))


def _weigh(baseline: Normal, earlier: Sequence[Normal], current: _Spread) -> dict[str, float]:
    total = current.total
    weight = np.where(current.normal, 0.0, current.weight)
    complete = float(current.weight[current.normal].sum())
    limit = np.minimum(total / float(1 + PD_INCREASE), total - float(PD_MINIMUM_MM))
    above = np.ones_like(total)
    for sum_before in earlier:
        above *= _exceeds(sum_before, limit)
    response_from = np.maximum(total / float(1 - PR_DECREASE), limit)
    shrunk = float(weight @ (_exceeds(baseline, response_from, reached=True) * above))
    not_progressed = float(weight @ (_exceeds(baseline, limit) * above))
    return {
        CR: complete,
        PD: max(1 - complete - not_progressed, 0.0),
        PR: shrunk,
        SD: max(not_progressed - shrunk, 0.0),
    }


def _exceeds(normal: Normal, limit: Floats, *, reached: bool = False) -> Floats:
    """Probability that a normal variable is above a limit (or, certain, has just reached it)."""
    mean, sd = normal
    if sd:
        return np.asarray(ndtr((mean - limit) / sd))
    return np.asarray(mean >= limit if reached else mean > limit, dtype=np.float64)

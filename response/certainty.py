"""How sure a category is: would it be the same if everything were measured again? Pure.

Each length has a normal error of its own, independent of all others, with a standard deviation of
``within_lesion_cv_pct`` of its length and at least ``minimum_sd_mm`` (``[repeatability]``). What a
reader *says* (absent, too small, non-targets, new lesions) is taken as certain, as are densities
and facts of the patient. This is *ours*: no criterion knows of it, and it changes no category.

RECIST 1.1 has a closed form (:mod:`response.closed_form`). Where it does not apply, and for other
criteria, the course is measured anew many times and put through the criterion itself
(:mod:`response.measured_again`); the draws are seeded, so that an answer is always the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from response.closed_form import derive_odds
from response.criteria.course import Course
from response.endpoints import select_effective
from response.measured_again import Odds, list_readings, simulate, varies
from response.model import Assessment
from response.protocol import Protocol, Repeatability

BY_LENGTH = frozenset({"recist11", "irecist", "mrecist", "rano2", "pcwg3"})
"""The criteria whose target response rests on lengths alone: of these something is said."""

NEGLIGIBLE = 0.0005
"""An alternative less probable than this is not named."""


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
    if criterion not in BY_LENGTH or not any(varies(r) for r in list_readings(course)):
        return ()
    read = {one.time_point for one in course.follow_up}
    standing = [row for row in select_effective(assessments[1:]) if row.time_point in read]
    simulated: dict[str, Odds] | None = None
    found = []
    for row in standing:
        odds = None
        if criterion == "recist11":
            odds = derive_odds(course, [assessments[0], *standing], row, protocol)
        closed = odds is not None
        if odds is None:
            simulated = simulated or simulate(course, protocol, criterion)
            odds = simulated[row.time_point]
        found.append(_describe(row, odds, not closed, protocol.repeatability))
    return tuple(found)


def _describe(row: Assessment, odds: Odds, simulated: bool, options: Repeatability) -> Certainty:
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

"""Alerts of sums that grow before the category turns. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from response.alerts.rules.case import About, Case, Grade, make_alert
from response.alerts.rules.early_growth import MRECIST, find_evidence, group_results, is_complete
from response.alerts.rules.progression import GROWTH, describe_sum, rests_on_untrusted
from response.criteria.recist11 import PD_MINIMUM_MM
from response.endpoints import select_effective
from response.model import Alert, Assessment, SubjectResult
from response.outlook import SumLimits
from response.terms import Audience, Category, Severity, Status, find_kin

_HUNDRED = 100
ZERO = Decimal(0)
_NEAR = Grade(Severity.MEDIUM, Audience.CLINICIAN, lasting=False)
_NEAR_BY_CHANCE = Grade(Severity.LOW, Audience.CLINICIAN, lasting=False)
BEYOND_CHANCE_Z = 2.6
"""Growth over its standard error from which a near sum is medium. Of patients whose disease stands
still, 25 % are near in a year, measured by hand; with this and early growth together 4 % (simulated
courses, ``tests/alerts/growth_courses.py``); ours."""


def find_near_progression(case: Case) -> Iterator[Alert]:
    """A sum that nears the 20 % over its nadir that would be progression (R1-31); ours.

    It is ``low``, which stands in the inbox and is not sent, where measuring the same disease again
    could well make the rise. The last time point that could be evaluated counts. It began at the
    first of those that have shown it since without a break. Nothing nears while the response is
    complete: normal nodes differ by some millimetres (A04).
    """
    for results in group_results(case):
        found = (alert for result in results for alert in _find_near(case, result))
        yield from islice(found, 1)


def _find_near(case: Case, result: SubjectResult) -> Iterator[Alert]:
    rows = [row for row in select_effective(result.assessments) if _is_evaluated(row)]
    near = 0
    while near < len(rows) and _is_near(rows[-1 - near], case.settings.near_progression_pct):
        near += 1
    if near:
        yield _tell_near(case, result, rows[-1], rows[-near])


def _is_evaluated(row: Assessment) -> bool:
    if find_kin(row.overall_response) == Category.PD:
        return True
    known = row.sum_of_diameters_mm is not None and row.nadir_mm is not None
    unsaid = ("", Category.NE)
    return known and row.overall_response not in unsaid and row.target_response not in unsaid


def _is_near(row: Assessment, limit_pct: Decimal) -> bool:
    total, nadir = row.sum_of_diameters_mm, row.nadir_mm
    said = find_kin(row.overall_response) == Category.PD or is_complete(row)
    if said or total is None or not nadir:
        return False
    return (total - nadir) * _HUNDRED >= limit_pct * nadir


def _tell_near(case: Case, result: SubjectResult, row: Assessment, since: Assessment) -> Alert:
    about = About(
        time_point=row.time_point,
        date=row.date,
        episode=since.time_point,
        story=GROWTH,
        reader=row.reader,
        criterion=row.criterion,
        line=row.line or "",
    )
    total, nadir = row.sum_of_diameters_mm or ZERO, row.nadir_mm or ZERO
    rise = (total - nadir) * _HUNDRED / nadir
    limit = _limits(case, row.criterion).progression_at_mm(nadir)
    growth = find_evidence(case, result)
    beyond = growth is not None and growth.z >= BEYOND_CHANCE_Z
    doubt = "" if beyond else "; measuring the same disease again could make it"
    return make_alert(
        case,
        "near_progression",
        _NEAR if beyond else _NEAR_BY_CHANCE,
        about,
        text=(
            f"the sum of diameters at {row.time_point} on {row.date} is {total} mm, "
            f"{rise:+.1f} % over the nadir of {nadir} mm; {row.overall_response}, "
            f"not progression{doubt}"
        ),
        suggestion=f"progression would be a sum of {limit} mm; the next scheduled scan decides",
        numbers={**describe_sum(row), "progression_at_mm": str(limit)},
        provisional=row.status is Status.PROVISIONAL,
        untrusted=rests_on_untrusted(case, row, result.assessments[:1]),
    )


def _limits(case: Case, criterion: str) -> SumLimits:
    """What progression needs beside 20 %, and the grid that lengths are recorded on."""
    mrecist = case.protocol.mrecist.absolute_minimum_mm
    least = mrecist if criterion == MRECIST else PD_MINIMUM_MM
    return SumLimits(least, case.protocol.targets.recorded_precision_mm)

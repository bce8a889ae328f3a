"""Growth of the sum of diameters before the category turns, beyond what measuring again explains.

The sum at the lowest point and at every scan since is taken to grow exponentially (Friberg and
Mattson, J Surg Oncol 1997;65:284-297: at constant rates for long). A line through the logarithms,
each weighted by the known error of its lengths (``[repeatability]``), gives the rate and its
standard error; the error is known, so it is not estimated from two or three points.

Two things make chance look like growth. The line begins at the lowest scan, which was chosen
after the fact: of ``n`` scans each of the ``n - 1`` before the last could have been it, so what
chance may do is divided by that number (Bonferroni). And every scan is another look: what chance
may do in a year is spent as time passes, so that who is scanned more often does not alarm more
often for nothing. How much that is was set on simulated courses
(:class:`response.alerts.settings.EarlyGrowth`): no more than 5 % of patients without growth alarm
in a year.

Rates are of the sum of diameters. A doubling time is of the volume, as the literature gives it, and
supposes that a lesion grows alike in all directions: three doublings of volume are one of diameter.
All of this is *ours*, and no criterion knows of it. Pure.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import NamedTuple

from response.alerts.settings import EarlyGrowth
from response.criteria.recist11 import GROWN, PD_MINIMUM_MM
from response.measured_again import sd_mm
from response.protocol import Repeatability

FARTHEST_DAYS = 3650
"""A projection beyond ten years is none."""

LONGEST_WAIT_DAYS = 180
"""A longer time without a scan allows chance no more than this one; ours."""

YEAR_DAYS = 365

_NORMAL = NormalDist()
_SIDE_95 = _NORMAL.inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Growth:
    """How a sum of diameters has grown since its lowest, as known at its last scan.

    ``rate_per_day`` is of the logarithm of the sum, ``rate_se`` its standard error; ``z`` their
    quotient, ``z_needed`` what chance hardly passes. The doubling time is of the volume, with its
    95 % limits (``None``: no growth is within them). ``progression_at_mm`` is the sum that RECIST
    calls progression over ``low_mm``, ``progression_on`` the day at which the line reaches it
    (``None``: not within ten years); a day already past means that the line is there and the
    measured sum is not. ``alarming`` is the rule itself.
    """

    since: dt.date
    low_mm: Decimal
    sum_mm: Decimal
    scans: int
    rate_per_day: float
    rate_se: float
    z: float
    z_needed: float
    doubling_time_days: float
    doubling_time_from_days: float
    doubling_time_to_days: float | None
    progression_at_mm: Decimal
    progression_on: dt.date | None
    alarming: bool

    @property
    def rise_pct(self) -> float:
        """Rise of the last sum over the lowest, per cent."""
        return float((self.sum_mm / self.low_mm - 1) * 100)


def assess_growth(
    dates: Sequence[dt.date],
    sums_mm: Sequence[Decimal | None],
    lengths_mm: Sequence[Sequence[Decimal]],
    settings: EarlyGrowth,
    repeatability: Repeatability,
    *,
    least_growth_mm: Decimal = PD_MINIMUM_MM,
) -> Growth | None:
    """Say whether the sum grows, by what was known at the last of these scans.

    Parameters
    ----------
    dates, sums_mm
        The scans by date, the baseline's first, one of each day; ``None`` where the sum is not
        complete (such a scan is left out).
    lengths_mm
        What each sum was added from: it is measured the better the more lesions share it. An empty
        row counts as one length, which is the least certain.
    least_growth_mm
        What progression needs beside +20 %: 5 mm (RECIST 1.1, section 4.3.1); mRECIST: none.

    Returns
    -------
    Growth or None
        ``None`` where nothing has grown: fewer than ``minimum_scans`` since the lowest, a line that
        does not rise, or a lowest sum of 0 mm, after which disease that comes back is another fact.

    Examples
    --------
    A sum that doubles its volume in 100 days:

    >>> days = [dt.date(2025, 1, 1) + dt.timedelta(50 * n) for n in range(3)]
    >>> sums = [Decimal("60.0"), Decimal("67.3"), Decimal("75.6")]
    >>> seen = assess_growth(days, sums, [[one] for one in sums], EarlyGrowth(), Repeatability())
    >>> round(seen.doubling_time_days), seen.progression_at_mm, seen.progression_on.isoformat()
    (100, Decimal('72.000'), '2025-03-21')
    """
    points = _read_points(dates, sums_mm, lengths_mm, repeatability)
    if len(points) < 2 or points[-1].sum_mm == 0:
        return None
    low = min(range(len(points)), key=lambda at: (points[at].sum_mm, -at))
    since = points[low:]
    if len(since) < max(settings.minimum_scans, 2) or not since[0].sum_mm:
        return None
    line = _fit(since)
    if line.rate <= 0:
        return None
    at_mm = max(since[0].sum_mm * GROWN, since[0].sum_mm + least_growth_mm)
    waited = (points[-1].date - points[-2].date).days
    z, needed = line.rate / line.se, z_needed(len(points), waited, settings)
    doubling = _doubling_days(line.rate)
    slowest = line.rate - _SIDE_95 * line.se
    return Growth(
        since=since[0].date,
        low_mm=since[0].sum_mm,
        sum_mm=since[-1].sum_mm,
        scans=len(since),
        rate_per_day=line.rate,
        rate_se=line.se,
        z=z,
        z_needed=needed,
        doubling_time_days=doubling,
        doubling_time_from_days=_doubling_days(line.rate + _SIDE_95 * line.se),
        doubling_time_to_days=_doubling_days(slowest) if slowest > 0 else None,
        progression_at_mm=at_mm,
        progression_on=_project(line, since[-1].date, at_mm),
        alarming=z >= needed and doubling <= settings.doubling_time_days_max,
    )


def follow_growth(
    dates: Sequence[dt.date],
    sums_mm: Sequence[Decimal | None],
    lengths_mm: Sequence[Sequence[Decimal]],
    settings: EarlyGrowth,
    repeatability: Repeatability,
    *,
    least_growth_mm: Decimal = PD_MINIMUM_MM,
) -> tuple[Growth | None, ...]:
    """Say the same after each scan in turn, by what was known then; ``None`` where the sum is not.

    Parameters as of :func:`assess_growth`.
    """
    return tuple(
        assess_growth(
            dates[:known],
            sums_mm[:known],
            lengths_mm[:known],
            settings,
            repeatability,
            least_growth_mm=least_growth_mm,
        )
        if sums_mm[known - 1] is not None
        else None
        for known in range(1, len(dates) + 1)
    )


def z_needed(scans: int, waited_days: int, settings: EarlyGrowth) -> float:
    """Standard errors that the rate must lie above zero.

    Parameters
    ----------
    scans
        Complete sums so far, this one among them; at least two.
    waited_days
        Since the one before.

    Examples
    --------
    >>> rule = EarlyGrowth(chance_per_year="0.10")
    >>> [round(z_needed(scans, 73, rule), 2) for scans in (2, 3, 5, 9)]
    [2.05, 2.33, 2.58, 2.81]
    >>> [round(z_needed(3, days, rule), 2) for days in (28, 84, 400)]
    [2.67, 2.27, 1.97]
    """
    waited = min(max(waited_days, 1), LONGEST_WAIT_DAYS)
    chance = float(settings.chance_per_year) * waited / YEAR_DAYS
    return -_NORMAL.inv_cdf(chance / (scans - 1))


class _Point(NamedTuple):
    """A complete sum: its logarithm, and the weight of that (one over its variance)."""

    date: dt.date
    sum_mm: Decimal
    log: float
    weight: float


class _Line(NamedTuple):
    """A line through logarithms of sums: slope per day, its standard error, and a point on it.

    ``day`` counts from ``start``.
    """

    rate: float
    se: float
    start: dt.date
    day: float
    log: float


def _read_points(
    dates: Sequence[dt.date],
    sums_mm: Sequence[Decimal | None],
    lengths_mm: Sequence[Sequence[Decimal]],
    repeatability: Repeatability,
) -> list[_Point]:
    points = []
    for date, total, lengths in zip(dates, sums_mm, lengths_mm, strict=True):
        if total is None:
            continue
        variance = sum(sd_mm(length, repeatability) ** 2 for length in lengths or [total])
        known = total > 0 and variance > 0
        points.append(
            _Point(
                date,
                total,
                math.log(total) if known else 0.0,
                float(total) ** 2 / variance if known else 0.0,
            )
        )
    return points


def _fit(points: Sequence[_Point]) -> _Line:
    """Weighted least squares with known variances; flat where all scans are of one day."""
    start = points[0].date
    days = [(one.date - start).days for one in points]
    weights = [one.weight for one in points]
    middle = _mean(days, weights)
    level = _mean([one.log for one in points], weights)
    spread = sum(w * (day - middle) ** 2 for w, day in zip(weights, days, strict=True))
    if not spread:
        return _Line(0.0, math.inf, start, middle, level)
    together = sum(one.weight * (d - middle) * one.log for one, d in zip(points, days, strict=True))
    return _Line(together / spread, 1 / math.sqrt(spread), start, middle, level)


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)


def _doubling_days(rate_per_day: float) -> float:
    return math.log(2) / (3 * rate_per_day)


def _project(line: _Line, last: dt.date, at_mm: Decimal) -> dt.date | None:
    """The first day on which the line is at a sum."""
    day = line.day + (math.log(at_mm) - line.log) / line.rate
    if day > (last - line.start).days + FARTHEST_DAYS:
        return None
    return line.start + dt.timedelta(math.ceil(day))

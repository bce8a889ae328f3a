"""What rules of growth make of simulated courses: who alarms, how early, who for nothing.

Every score is taken at the scans before the category turns PD (by the program's RECIST 1.1), as the
rule is asked in use; the highest of them is the patient's. A false alarm is any of a patient whose
disease never truly grows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist

from alerts.growth_courses import SimulatedCourse

from response.alerts.rules.early import LONGEST_WAIT_DAYS, YEAR_DAYS, Growth, follow_growth
from response.alerts.settings import EarlyGrowth
from response.criteria.recist11 import TargetCase, decide_target
from response.protocol import Repeatability, Rules

ANY = EarlyGrowth(doubling_time_days_max=1_000_000)
BOUND_DAYS = EarlyGrowth().doubling_time_days_max

NONE = -1000.0
"""The score of what is no growth."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a patient.

    ``scans`` were made, ``progression`` is the number of the one that turned PD (the baseline is 0;
    ``None``: none did). ``growth`` and ``rises_pct`` hold one entry for each scan before that.
    """

    kind: str
    truly_grows: bool
    targets: int
    scans: int
    progression: int | None
    dates: tuple[dt.date, ...]
    growth: tuple[Growth | None, ...]
    rises_pct: tuple[float, ...]
    looks: tuple[int, ...]

    @property
    def could_be_preceded(self) -> bool:
        """Whether there was a follow-up scan before the one that turned PD."""
        return self.progression is not None and self.progression > 1


def look_at(course: SimulatedCourse, repeatability: Repeatability | None = None) -> Seen:
    """Put one course through RECIST 1.1 and the rule of early growth."""
    turned = find_progression(course)
    before = len(course.dates) if turned is None else turned
    sums = course.sums_mm[:before]
    lengths = [[d for d in row if d is not None] for row in course.diameters_mm[:before]]
    options = repeatability or Repeatability()
    return Seen(
        course.kind,
        course.truly_grows,
        len(course.diameters_mm[0]),
        len(course.dates),
        turned,
        course.dates,
        follow_growth(course.dates[:before], sums, lengths, ANY, options),
        tuple(rise_pct(sums[:known]) for known in range(1, before + 1)),
        tuple(sum(one is not None for one in sums[:known]) for known in range(1, before + 1)),
    )


def find_progression(course: SimulatedCourse) -> int | None:
    """The first scan at which the targets are PD by RECIST 1.1."""
    baseline, nadir = course.sums_mm[0], course.sums_mm[0]
    for number, (total, row) in enumerate(zip(course.sums_mm, course.diameters_mm, strict=True)):
        known = [length for length in row if length is not None]
        case = TargetCase(sum(known, Decimal(0)), total is not None, False, baseline, nadir)
        if number and known and decide_target(case, Rules()).category == "PD":
            return number
        if total is not None and nadir is not None:
            nadir = min(nadir, total)
    return None


def rise_pct(sums_mm: Sequence[Decimal | None]) -> float:
    """Rise of the last sum over the lowest so far, per cent; 0 where it is not complete."""
    known = [total for total in sums_mm if total is not None]
    if sums_mm[-1] is None or not min(known):
        return 0.0
    return float((known[-1] / min(known) - 1) * 100)


# ------------------------------------------------------------------------------------- scores


Score = Callable[[Seen, int], float]
"""How much a scan speaks for growth: the rule alarms from a threshold on."""


def score_rise(seen: Seen, scan: int) -> float:
    """(a) Rise over the lowest, per cent."""
    return seen.rises_pct[scan]


def score_slope(seen: Seen, scan: int) -> float:
    """(b) Slope in standard errors, the same threshold at every scan."""
    growth = seen.growth[scan]
    return growth.z if growth else 0.0


def score_looks(seen: Seen, scan: int) -> float:
    """(c) The same, made harder by every scan that may have been the lowest, and by frequent scans.

    Minus the ``chance_per_year`` at which this scan would just alarm.
    """
    growth = seen.growth[scan]
    if growth is None:
        return NONE
    last = max(n for n in range(scan) if n == 0 or seen.looks[n] > seen.looks[n - 1])
    waited = min(max((seen.dates[scan] - seen.dates[last]).days, 1), LONGEST_WAIT_DAYS)
    return -NormalDist().cdf(-growth.z) * (seen.looks[scan] - 1) * YEAR_DAYS / waited


def score_bound(seen: Seen, scan: int) -> float:
    """(d) The same, of growth that doubles a volume within the bound: the rule as it stands."""
    growth = seen.growth[scan]
    if growth is None or growth.doubling_time_days > BOUND_DAYS:
        return NONE
    return score_looks(seen, scan)


def best(seen: Seen, score: Score) -> float:
    """The highest score before the category turned."""
    return max((score(seen, scan) for scan in range(1, len(seen.growth))), default=NONE)


def first_alarm(seen: Seen, score: Score, threshold: float) -> int | None:
    """The first scan at which a rule alarms, before the category turned."""
    scans = range(1, len(seen.growth))
    return next((scan for scan in scans if score(seen, scan) >= threshold), None)


# ------------------------------------------------------------------------------------- shares


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share itself."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Operating:
    """How a rule does at a threshold.

    ``false_alarms`` are of all who never grow, ``standing_still`` of those among them whose disease
    neither grows nor shrinks; ``ahead`` of all who grow and turn PD, ``ahead_of_possible`` of those
    with a scan between the baseline and PD; ``without_progression`` of those who grow and do not
    turn PD within the year.
    """

    false_alarms: Share
    standing_still: Share
    ahead: Share
    ahead_of_possible: Share
    without_progression: Share


def operate(patients: Iterable[Seen], score: Score, threshold: float) -> Operating:
    """Count who alarms."""
    scored = [(seen, best(seen, score) >= threshold) for seen in patients]

    def share(which: Callable[[Seen], bool]) -> Share:
        chosen = [alarms for seen, alarms in scored if which(seen)]
        return Share(sum(chosen), len(chosen))

    return Operating(
        share(lambda s: not s.truly_grows),
        share(lambda s: s.kind == "stable"),
        share(lambda s: s.truly_grows and s.progression is not None),
        share(lambda s: s.truly_grows and s.could_be_preceded),
        share(lambda s: s.truly_grows and s.progression is None),
    )

"""Simulated courses of target diameters that the early-growth rule is set and judged on.

Fixed before the rule had a default. ``TUNING_SEED`` is for choosing, ``VALIDATION_SEED`` for
reporting, ``CHECK_SEED`` for the test that runs every time. The first validation (seed 20262) was
looked at once and showed that the rule alarmed more often where scans are more frequent; it then
came to count time instead of scans, set on the tuning courses, and is reported on courses of a seed
that nobody had looked at (20264). Nothing here knows the program.

Where the figures come from (*ours*: chosen, no source):

- Targets of a patient, 1 to 5: 49, 28, 12, 6 and 5 % (Hillman et al., J Clin Oncol
  2009;27:3205-3210, trials after RECIST).
- Diameters at baseline: log-normal about 25 mm, 10 mm at least (RECIST 1.1, section 3.1.1); median,
  spread and upper end are ours.
- Doubling times of volume without effective treatment: 118 ± 134 days, 22 to 930 (pulmonary
  metastases that grew, CT, 408 nodules of 21 patients: "Pulmonary Metastases Tumor Doubling Time:
  Assessment by Computed Tomography", Am J Clin Oncol, August 2003); a log-normal of the same mean
  and standard deviation, cut at the range. Of the same nodules 59 % grew: so many of a growing
  patient's targets do, at least one. For comparison: liver metastases of colorectal cancer, mean
  155 ± 34 (s.e.m.) days when overt, 86 ± 12 occult (Br J Surg 1988;75:641-644); 71.4 days mean (361
  patients, PubMed 30957066); 65.0 ± 28.9 and 76.2 ± 23.0 days in the lung (Sadahiro et al., Jpn J
  Clin Oncol 2005;35:18-22). That metastases often grow at constant rates for long is Friberg and
  Mattson's review (J Surg Oncol 1997;65:284-297).
- Doubling times under treatment that fails: the rate constants of growth in renal cell carcinoma
  had medians of 0.00082 a day under sunitinib, 0.0015 under interferon (Stein et al., Clin Cancer
  Res 2012;18:2374-2381). That these are rates of the sum of diameters is our reading: they double a
  diameter in 845 and 462 days, a volume in a third of that, 282 and 154; between the two lies 208,
  their geometric mean. The spread is that of the untreated.
- Scans every 6, 7 or 8 weeks (RECIST 1.1 on the frequency of re-evaluation; as known, not re-read),
  up to 7 days early or late, 1 in 20 missed, 1 lesion in 50 not assessed: ours. So is a year.
- Measurement: normal error of 6.1 % of the diameter (Yoon et al., Eur J Cancer 2016;53:5-15: one
  reader, 95 % limits -17.8 to +16.1 %, half their width over 1.96 and the square root of 2) and at
  least 0.5 mm (ours), each lesion and scan of its own; written to 0.1 mm.
- How many patients are of which kind, how deep and fast they respond, when growth sets in, how far
  the doubling times of one patient's lesions differ: ours.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

TUNING_SEED, VALIDATION_SEED, CHECK_SEED = 20_261, 20_264, 20_263
"""Which courses: to choose on, to report on, to test with."""

TUNING_PATIENTS, VALIDATION_PATIENTS, CHECK_PATIENTS = 6000, 6000, 600

HORIZON_DAYS = 365
START = dt.date(2025, 1, 6)

STABLE, RESPONDING = "stable", "responding"
GROWING, LATE, REGROWING = "growing", "growing late", "responding, then growing"
SHARES = {STABLE: 0.25, RESPONDING: 0.25, GROWING: 0.20, LATE: 0.10, REGROWING: 0.20}
"""Of all patients; the first two never truly grow."""

NEVER_GROW = frozenset({STABLE, RESPONDING})

TARGETS = (0.49, 0.28, 0.12, 0.06, 0.05)
"""Shares of patients with one to five targets."""

BASELINE_MEDIAN_MM, BASELINE_LOG_SD, BASELINE_MM = 25.0, 0.5, (10.0, 100.0)

UNTREATED_MEAN_DAYS, UNTREATED_SD_DAYS, DOUBLING_DAYS = 118.0, 134.0, (22.0, 930.0)
DOUBLING_LOG_SD = math.sqrt(math.log(1 + (UNTREATED_SD_DAYS / UNTREATED_MEAN_DAYS) ** 2))
UNTREATED_MEDIAN_DAYS = UNTREATED_MEAN_DAYS / math.exp(DOUBLING_LOG_SD**2 / 2)
TREATED_MEDIAN_DAYS = math.log(2) / (3 * math.sqrt(0.00082 * 0.0015))
GROWING_LESIONS, LESION_LOG_SD = 0.59, 0.3

ONSET_DAYS = (42.0, 252.0)
"""When growth sets in where it does not from the start, uniform."""
RESPONSE_DEPTH, RESPONSE_TAU_DAYS = (0.1, 0.6), (30.0, 90.0)
"""How much of the diameter goes, and how fast (exponentially), uniform."""

INTERVALS_DAYS, JITTER_DAYS, MISSED, NOT_ASSESSED = (42, 49, 56), 7, 0.05, 0.02

CV, LEAST_SD_MM, SMALLEST_MM = 0.061, 0.5, 0.1


@dataclass(frozen=True, slots=True)
class SimulatedCourse:
    """One patient: the kind, and what was measured on each day; the first scan is the baseline.

    ``diameters_mm`` holds a row per scan and a length per target, ``None`` where not assessed.
    ``doubling_days`` is the volume's doubling time, ``None`` where nothing grows.
    """

    kind: str
    doubling_days: float | None
    dates: tuple[dt.date, ...]
    diameters_mm: tuple[tuple[Decimal | None, ...], ...]

    @property
    def truly_grows(self) -> bool:
        """Whether any target grows within the year."""
        return self.kind not in NEVER_GROW

    @property
    def sums_mm(self) -> tuple[Decimal | None, ...]:
        """Sum of diameters at each scan; ``None`` where a target was not assessed."""
        return tuple(_add(row) for row in self.diameters_mm)


def draw_courses(
    seed: int, patients: int, *, cv: float = CV, intervals_days: tuple[int, ...] = INTERVALS_DAYS
) -> Iterator[SimulatedCourse]:
    """Draw patients, one by one; a seed gives the same ones every time.

    ``cv`` and ``intervals_days`` are for asking what happens where clinics measure worse, or scan
    at other times, than was assumed.
    """
    chance = random.Random(seed)
    for _ in range(patients):
        yield _draw(chance, cv, intervals_days)


def _draw(chance: random.Random, cv: float, intervals_days: tuple[int, ...]) -> SimulatedCourse:
    kind = chance.choices(tuple(SHARES), weights=tuple(SHARES.values()))[0]
    count = chance.choices((1, 2, 3, 4, 5), weights=TARGETS)[0]
    at_baseline = [
        _draw_within(chance, BASELINE_MEDIAN_MM, BASELINE_LOG_SD, BASELINE_MM) for _ in range(count)
    ]
    depth, tau = chance.uniform(*RESPONSE_DEPTH), chance.uniform(*RESPONSE_TAU_DAYS)
    onset = 0.0 if kind == GROWING else chance.uniform(*ONSET_DAYS)
    median = UNTREATED_MEDIAN_DAYS if kind == GROWING else TREATED_MEDIAN_DAYS
    doubling = _draw_within(chance, median, DOUBLING_LOG_SD, DOUBLING_DAYS)
    rates = _draw_rates(chance, count, doubling) if kind not in NEVER_GROW else [0.0] * count
    responds = kind in (RESPONDING, REGROWING)
    days = _draw_days(chance, chance.choice(intervals_days))
    rows = []
    for day in days:
        left = 1 - depth * (1 - math.exp(-day / tau)) if responds else 1.0
        true = [
            length * left * math.exp(rate * max(day - onset, 0.0))
            for length, rate in zip(at_baseline, rates, strict=True)
        ]
        rows.append(tuple(_measure(chance, length, cv, first=day == 0) for length in true))
    return SimulatedCourse(
        kind,
        None if kind in NEVER_GROW else doubling,
        tuple(START + dt.timedelta(day) for day in days),
        tuple(rows),
    )


def _draw_rates(chance: random.Random, count: int, doubling_days: float) -> list[float]:
    """Growth of each diameter, per day: a third of the volume's; some lesions do not grow."""
    grow = [chance.random() < GROWING_LESIONS for _ in range(count)]
    if not any(grow):
        grow[chance.randrange(count)] = True
    factors = [math.exp(chance.gauss(0, LESION_LOG_SD)) for _ in range(count)]
    return [
        math.log(2) / (3 * doubling_days * factor) if one else 0.0
        for one, factor in zip(grow, factors, strict=True)
    ]


def _draw_days(chance: random.Random, interval: int) -> list[int]:
    """Days of the scans that took place: the schedule stays, whatever was late or missed."""
    days = [0]
    for due in range(interval, HORIZON_DAYS + 1, interval):
        day = due + chance.randint(-JITTER_DAYS, JITTER_DAYS)
        if chance.random() >= MISSED and day <= HORIZON_DAYS:
            days.append(day)
    return days


def _measure(chance: random.Random, true_mm: float, cv: float, *, first: bool) -> Decimal | None:
    error = chance.gauss(0, max(cv * true_mm, LEAST_SD_MM))
    assessed = chance.random() >= NOT_ASSESSED or first
    measured = Decimal(max(true_mm + error, SMALLEST_MM)).quantize(Decimal("0.1"))
    return measured if assessed else None


def _draw_within(
    chance: random.Random, median: float, log_sd: float, limits: tuple[float, float]
) -> float:
    """A log-normal number, drawn again until it lies within limits."""
    while True:
        drawn = median * math.exp(chance.gauss(0, log_sd))
        if limits[0] <= drawn <= limits[1]:
            return drawn


def _add(row: tuple[Decimal | None, ...]) -> Decimal | None:
    known = [length for length in row if length is not None]
    return sum(known, Decimal(0)) if len(known) == len(row) else None

"""How often early growth is told a scan before RECIST progression, and how often for nothing.

``python tests/benchmarks/early_growth_curve.py`` takes a minute or two. It sweeps the rules of
``tests/alerts/growth_curve.py`` over the tuning courses, prints for each the threshold at which 5 %
of the patients whose disease stands still alarm, then says on the validation courses how the rule
does as it is set, with 95 % intervals (Clopper and Pearson), beside a rise over the nadir. It draws
``fixtures/pictures/early_growth_curve.png``. With ``--only tuning`` nothing of the validation
courses is looked at.

``--real TABLE`` also puts real courses through the rule as it stands: a CSV with ``Study``,
``Patient_Anonmyized``, ``Treatment_Day`` and ``TargetLesionLongDiam_mm`` (Ghaffari Laleh et al.,
PLoS Comput Biol 2022;18:e1009822, supplement). Nothing was set on it.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import sys
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from statistics import NormalDist

sys.path.insert(0, str(Path(__file__).parents[1]))

from alerts import growth_courses as courses
from alerts import growth_curve as curve
from scipy.stats import binomtest

from response.alerts.settings import AlertSettings, EarlyGrowth
from response.protocol import Repeatability

PICTURE = Path(__file__).parents[2] / "fixtures/pictures/early_growth_curve.png"
LIMIT = 0.05
CHANCE = float(EarlyGrowth().chance_per_year)
NEAR_PCT = float(AlertSettings().near_progression_pct)
RULES = {
    "rise over the lowest, %": curve.score_rise,
    "slope, standard errors": curve.score_slope,
    "slope, by the lowest and the time": curve.score_looks,
    f"the same, doubling ≤ {curve.BOUND_DAYS} d": curve.score_bound,
}
COLOURS = ("#D55E00", "#E69F00", "#56B4E9", "#0072B2", "#009E73")
"""Okabe and Ito's, told apart by the colour-blind; the lines differ in their dashes, too."""
DASHES = (":", "-.", "--", "-", (0, (5, 1, 1, 1, 1, 1)))
WIDEST_PCT = 30
CONTOURS = {"cv": 0.024, "said_cv_pct": "2.4"}
"""Computer-aided contours: about 2.4 % (Zhao et al., Radiology 2009;252:263-272)."""


def look(
    seed: int,
    patients: int,
    *,
    cv: float = courses.CV,
    intervals: tuple[int, ...] = courses.INTERVALS_DAYS,
    said_cv_pct: str = "6.1",
) -> list[curve.Seen]:
    """Draw courses and put them through the rules."""
    said = Repeatability(within_lesion_cv_pct=Decimal(said_cv_pct))
    drawn = courses.draw_courses(seed, patients, cv=cv, intervals_days=intervals)
    return [curve.look_at(course, said) for course in drawn]


def find_threshold(patients: Sequence[curve.Seen], score: curve.Score) -> float:
    """The lowest threshold at which no more than 5 % of those who stand still alarm."""
    scores = sorted((curve.best(s, score) for s in patients if s.kind == "stable"), reverse=True)
    beyond = scores[int(LIMIT * len(scores))]
    return min((one for one in scores if one > beyond), default=beyond)


def say(share: curve.Share) -> str:
    """A share with its 95 % interval, per cent."""
    if not share.of:
        return "none"
    limits = binomtest(share.count, share.of).proportion_ci()
    low, high = 100 * limits.low, 100 * limits.high
    return f"{100 * share.value:5.1f} % ({low:4.1f} to {high:4.1f}; {share.count} of {share.of})"


def report(name: str, patients: Sequence[curve.Seen], score: curve.Score, at: float) -> None:
    """Print how a rule does at a threshold."""
    found = curve.operate(patients, score, at)
    print(f"\n{name}")
    print(f"  false alarms, all who never grow       {say(found.false_alarms)}")
    print(f"  false alarms, disease stands still     {say(found.standing_still)}")
    print(f"  told ≥ 1 scan before PD, all PD        {say(found.ahead)}")
    print(f"  the same, PD not at the first scan     {say(found.ahead_of_possible)}")
    print(f"  grow without PD within the year        {say(found.without_progression)}")


def report_tuning(patients: Sequence[curve.Seen]) -> None:
    """Print each rule at the threshold where 5 % of those who stand still alarm."""
    print(f"TUNING, {len(patients)} patients; each rule at 5 % of those who stand still")
    for name, score in RULES.items():
        at = find_threshold(patients, score)
        report(f"{name}: from {abs(at):.4g}", patients, score, at)
    report(f"as set: chance per year {CHANCE:g}", patients, curve.score_bound, -CHANCE)


def report_validation(patients: Sequence[curve.Seen]) -> None:
    """Print how the rule does as it is set, and RECIST and the nearness of PD beside it."""
    print(f"\nVALIDATION, {len(patients)} patients")
    report(f"as set: chance per year {CHANCE:g}", patients, curve.score_bound, -CHANCE)
    for kind in courses.SHARES:
        chosen = [s for s in patients if s.kind == kind]
        report_kind(kind, chosen)
    ahead = [days for seen in patients if (days := days_ahead(seen)) is not None]
    scans = [n for seen in patients if (n := scans_ahead(seen)) is not None]
    print(f"\n  where told: {statistics.median(ahead):.0f} days (median) before PD,", end=" ")
    print(f"{statistics.median(scans):.0f} scan(s); 10 % of them {tenth(ahead):.0f} days or more")
    still = [s for s in patients if s.kind == "stable"]
    turned = curve.Share(sum(s.progression is not None for s in still), len(still))
    print(f"  RECIST PD of those who stand still     {say(turned)}")
    for pct in (NEAR_PCT, 18.0, 19.0, 20.0, 22.0, 25.0):
        report_near(patients, pct)
    report_near(patients, NEAR_PCT, least_z=2.6)


def report_near(patients: Sequence[curve.Seen], pct: float, least_z: float = 0.0) -> None:
    """Print what a rise over the lowest does, alone and beside early growth.

    ``least_z`` asks that its slope, too, lies so many standard errors above zero.
    """

    def rises(seen: curve.Seen, scan: int) -> float:
        growth = seen.growth[scan]
        sure = not least_z or (growth is not None and growth.z >= least_z)
        return 1.0 if sure and curve.score_rise(seen, scan) >= pct else 0.0

    def either(seen: curve.Seen, scan: int) -> float:
        return 1.0 if curve.score_bound(seen, scan) >= -CHANCE else rises(seen, scan)

    name = f"rise ≥ {pct:g} %" + (f" and {least_z:g} standard errors" if least_z else "")
    report(name, patients, rises, 1.0)
    report(f"{name}, or early growth", patients, either, 1.0)


def report_kind(kind: str, patients: Sequence[curve.Seen]) -> None:
    """Print who of one kind alarms, and who turns PD."""
    alarms = [curve.best(s, curve.score_bound) >= -CHANCE for s in patients]
    turned = curve.Share(sum(s.progression is not None for s in patients), len(patients))
    print(f"  {kind}: alarm {say(curve.Share(sum(alarms), len(alarms)))}; PD {say(turned)}")


def scans_ahead(seen: curve.Seen) -> int | None:
    """How many scans before PD a patient who grows was told of."""
    first = curve.first_alarm(seen, curve.score_bound, -CHANCE)
    if first is None or seen.progression is None or not seen.truly_grows:
        return None
    return seen.progression - first


def days_ahead(seen: curve.Seen) -> int | None:
    """The same in days."""
    ahead = scans_ahead(seen)
    if ahead is None or seen.progression is None:
        return None
    return (seen.dates[seen.progression] - seen.dates[seen.progression - ahead]).days


def tenth(values: Sequence[int]) -> float:
    """The value that a tenth reaches or exceeds."""
    return statistics.quantiles(values, n=10)[-1]


def report_elsewhere() -> None:
    """Print the rule as it is set where clinics measure or scan otherwise than was assumed."""
    seed, patients = courses.VALIDATION_SEED, courses.VALIDATION_PATIENTS // 2
    cases = {
        "two readers (CV 8.6 %), the protocol says 6.1 %": {"cv": 0.086},
        "two readers (CV 8.6 %), the protocol says so": {"cv": 0.086, "said_cv_pct": "8.6"},
        "contours (CV 2.4 %), the protocol says so": CONTOURS,
        "contours (CV 2.4 %), the protocol says 6.1 %": {"cv": 0.024},
        "scans every 4 weeks": {"intervals": (28,)},
        "scans every 12 weeks": {"intervals": (84,)},
    }
    for name, changed in cases.items():
        seen = look(seed, patients, **changed)  # type: ignore[arg-type]
        report(name, seen, curve.score_bound, -CHANCE)


def sweep(patients: Sequence[curve.Seen], score: curve.Score) -> list[tuple[float, float, float]]:
    """False alarms, told ahead and threshold (per cent, per cent, -), from strict to lax."""
    best = [(s, curve.best(s, score)) for s in patients]
    still = sorted(value for s, value in best if s.kind == "stable")
    ahead = sorted(value for s, value in best if s.truly_grows and s.could_be_preceded)
    points = []
    for at in sorted(set(still), reverse=True):
        points.append((100 * over(still, at), 100 * over(ahead, at), at))
        if points[-1][0] > WIDEST_PCT:
            break
    return points


def over(values: Sequence[float], threshold: float) -> float:
    """The share that is at a threshold or beyond."""
    return sum(value >= threshold for value in values) / len(values)


def draw(patients: Sequence[curve.Seen], contoured: Sequence[curve.Seen]) -> None:
    """Draw the operating curves, and the rule as it is set."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7.2, 5.2), dpi=150)
    drawn = [(patients, score, name) for name, score in RULES.items()]
    drawn.append((contoured, curve.score_bound, "the rule, measured by contours (CV 2.4 %)"))
    for (seen, score, name), colour, dash in zip(drawn, COLOURS, DASHES, strict=True):
        points = sweep(seen, score)
        x, y = [p[0] for p in points], [p[1] for p in points]
        axes.plot(x, y, linestyle=dash, color=colour, linewidth=2, label=name)
    draw_point(axes, curve.operate(patients, curve.score_bound, -CHANCE), "o", "the rule as set")
    draw_point(axes, curve.operate(contoured, curve.score_bound, -CHANCE), "D", "… by contours")
    near = curve.operate(patients, curve.score_rise, NEAR_PCT)
    draw_point(axes, near, "s", f"rise ≥ {NEAR_PCT:g} % (near progression)")
    axes.axvline(100 * LIMIT, color="grey", linewidth=1)
    axes.set_xlim(0, WIDEST_PCT)
    axes.set_ylim(0, 100)
    axes.set_xlabel("of those whose disease stands still: alarm within a year (%)")
    axes.set_ylabel("of those who turn PD after the first scan:\ntold at least one scan before (%)")
    title = f"{len(patients)} simulated patients, measured by hand (CV 6.1 %) unless said"
    axes.set_title(f"Early growth of the sum of diameters\n{title}", fontsize=10)
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="lower center", ncols=2, fontsize=8, handlelength=4)
    axes.grid(alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout(rect=(0, 0.17, 1, 1))
    figure.savefig(PICTURE, metadata={"Software": ""})
    print(f"\n{PICTURE.name} written")


def draw_point(axes, found: curve.Operating, marker: str, name: str) -> None:  # type: ignore[no-untyped-def]
    """Draw how a rule does, with 95 % intervals."""
    across, up = found.standing_still, found.ahead_of_possible
    x, y = (binomtest(one.count, one.of).proportion_ci() for one in (across, up))
    axes.errorbar(
        100 * across.value,
        100 * up.value,
        xerr=[[100 * (across.value - x.low)], [100 * (x.high - across.value)]],
        yerr=[[100 * (up.value - y.low)], [100 * (y.high - up.value)]],
        fmt=marker,
        color="black",
        markersize=5,
        capsize=3,
        zorder=5,
        label=f"{name}, 95 % intervals",
    )


# ------------------------------------------------------------------------------- real courses


def read_real(path: Path) -> list[courses.SimulatedCourse]:
    """Real courses of one number per visit; what is no number, or given twice, is left out."""
    visits: dict[tuple[str, str], dict[int, list[str]]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            key = (row["Study"], row["Patient_Anonmyized"])
            day = round(float(row["Treatment_Day"]))
            visits.setdefault(key, {}).setdefault(day, []).append(row["TargetLesionLongDiam_mm"])
    found = []
    for days in visits.values():
        kept = {day: read_mm(said[0]) for day, said in days.items() if len(said) == 1}
        lengths = {day: length for day, length in sorted(kept.items()) if length is not None}
        if len(lengths) > 1:
            dates = tuple(courses.START + timedelta(day) for day in lengths)
            rows = tuple((length,) for length in lengths.values())
            found.append(courses.SimulatedCourse("growing", None, dates, rows))
    return found


def scatter(found: Sequence[courses.SimulatedCourse]) -> float:
    """Robust standard deviation of one logarithm, from second differences of neighbours."""
    bends = []
    for course in found:
        logs = [math.log(total) if total else math.nan for total in course.sums_mm]
        triples = zip(logs, logs[1:], logs[2:], strict=False)
        bends += [abs(a - 2 * b + c) / math.sqrt(6) for a, b, c in triples]
    return statistics.median(one for one in bends if one == one) / NormalDist().inv_cdf(0.75)


def read_mm(said: str) -> Decimal | None:
    """A length, or ``None``."""
    try:
        return Decimal(said)
    except InvalidOperation:
        return None


def report_real(path: Path) -> None:
    """Print what the rule as it stands says of real courses: who grows is not known."""
    real = read_real(path)
    seen = [curve.look_at(course) for course in real]
    turned = [s for s in seen if s.progression is not None]
    possible = [s for s in turned if s.could_be_preceded]
    rest = [s for s in seen if s.progression is None]

    def alarms(chosen: Sequence[curve.Seen]) -> curve.Share:
        count = sum(curve.best(s, curve.score_bound) >= -CHANCE for s in chosen)
        return curve.Share(count, len(chosen))

    ahead = [days for s in turned if (days := days_ahead(s)) is not None]
    print(f"\nREAL COURSES, {len(seen)} patients with two visits or more")
    print(f"  scatter of second differences: {100 * scatter(real):.1f} % of the length; ", end="")
    drawn = courses.draw_courses(courses.VALIDATION_SEED, courses.VALIDATION_PATIENTS)
    alone = [course for course in drawn if len(course.diameters_mm[0]) == 1]
    print(f"of simulated patients with one target {100 * scatter(alone):.1f} %")
    print(f"  PD by the sum: {len(turned)}; told ≥ 1 scan before {say(alarms(turned))}")
    print(f"  the same, PD not at the first scan     {say(alarms(possible))}")
    print(f"  alarm without PD by the sum            {say(alarms(rest))}")
    print(f"  where told: {statistics.median(ahead):.0f} days (median) before")


def main() -> None:
    """Tune, report, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["tuning"])
    parser.add_argument("--real", type=Path, metavar="TABLE")
    asked = parser.parse_args()
    report_tuning(look(courses.TUNING_SEED, courses.TUNING_PATIENTS))
    if asked.only:
        return
    validation = look(courses.VALIDATION_SEED, courses.VALIDATION_PATIENTS)
    report_validation(validation)
    report_elsewhere()
    contoured = look(courses.VALIDATION_SEED, courses.VALIDATION_PATIENTS, **CONTOURS)  # type: ignore[arg-type]
    draw(validation, contoured)
    if asked.real:
        report_real(asked.real)


if __name__ == "__main__":
    main()

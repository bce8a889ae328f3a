"""Alerts of sums that grow beyond measurement error before the category turns. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from response.alerts.rules.case import About, Case, Grade, make_alert
from response.alerts.rules.early import Growth, follow_growth
from response.alerts.rules.progression import GROWTH, rests_on_untrusted
from response.chosen_rows import group_rows
from response.criteria.recist11 import PD_MINIMUM_MM
from response.endpoints import select_effective
from response.model import Alert, Assessment, LesionReading, Reader, SubjectResult, Tracking
from response.terms import Audience, Category, Role, Severity, Status, find_kin

OF_SUMS = ("recist11", "irecist", "mrecist", "pcwg3")
"""The criteria whose progression is a sum of diameters that has grown."""

MRECIST = "mrecist"
_EARLY = Grade(Severity.MEDIUM, Audience.CLINICIAN, lasting=False)
_Lengths = Mapping[tuple[Reader, str], Sequence[Decimal]]


def find_early_growth(case: Case) -> Iterator[Alert]:
    """Growth of the sum that measurement error hardly explains, before progression; ours.

    The rule itself is :mod:`response.alerts.rules.early`. The last complete sum counts; it began at
    the first of those that have shown it since without a break. Once progression came it is no
    news, nor is it while the response is complete: normal nodes differ by some millimetres (A04).
    """
    if not case.settings.early_growth.enabled:
        return
    for results in group_results(case):
        found = (alert for result in results for alert in _find_growth(case, result))
        yield from islice(found, 1)


def group_results(case: Case) -> Iterator[Sequence[SubjectResult]]:
    """Group the results of sums by reader and line; of several criteria the protocol's own first.

    The criteria share their sum, or nearly so: that it grows is told once.
    """
    order = (case.protocol.criterion.name, *OF_SUMS)
    of_sums = [one for one in case.picture.results if one.summary.criterion in OF_SUMS]
    groups: dict[tuple[Reader, str], list[SubjectResult]] = {}
    for result in sorted(of_sums, key=lambda one: order.index(one.summary.criterion)):
        groups.setdefault((result.summary.reader, result.summary.line or ""), []).append(result)
    yield from groups.values()


def _find_growth(case: Case, result: SubjectResult) -> Iterator[Alert]:
    rows = _find_sums(result)
    if len(rows) < 2:
        return
    followed = _follow(case, result.summary.criterion, rows)
    now = followed[-1]
    if now is None or not now.alarming or is_complete(rows[-1]):
        return
    first = len(rows) - 1
    while _alarms(followed[first - 1]) and not is_complete(rows[first - 1]):
        first -= 1
    yield _tell(case, rows, now, since=rows[first])


def find_evidence(case: Case, result: SubjectResult) -> Growth | None:
    """How the sum has grown by its last complete scan; ``None``: not at all, or it progressed."""
    rows = _find_sums(result)
    return _follow(case, result.summary.criterion, rows)[-1] if len(rows) > 1 else None


def is_complete(row: Assessment) -> bool:
    """Whether no target is disease: gone, or a node that is normal."""
    said = (row.overall_response, row.target_response)
    return any(find_kin(code) == Category.CR for code in said)


def _alarms(growth: Growth | None) -> bool:
    return growth is not None and growth.alarming


def _find_sums(result: SubjectResult) -> list[Assessment]:
    """The baseline and what has a complete sum after it, one of each day; none if it progressed."""
    rows = [*result.assessments[:1], *select_effective(result.assessments[1:])]
    progressed = any(find_kin(row.overall_response) == Category.PD for row in rows)
    if result.summary.criterion not in OF_SUMS or progressed:
        return []
    by_day: dict[object, Assessment] = {}
    for row in rows:
        complete = row.target_response != Category.NE and row.sum_of_diameters_mm is not None
        if complete and (row is rows[0] or row.date > rows[0].date):
            by_day[row.date] = row
    return list(by_day.values())


def _follow(case: Case, criterion: str, rows: Sequence[Assessment]) -> tuple[Growth | None, ...]:
    lengths = _measure(case, criterion)
    return follow_growth(
        [row.date for row in rows],
        [row.sum_of_diameters_mm for row in rows],
        [_added(row, lengths) for row in rows],
        case.settings.early_growth,
        case.protocol.repeatability,
        least_growth_mm=(
            case.protocol.mrecist.absolute_minimum_mm if criterion == MRECIST else PD_MINIMUM_MM
        ),
    )


def _added(row: Assessment, lengths: _Lengths) -> Sequence[Decimal]:
    """What a sum was added from; nothing where that is not known, the least certain."""
    known = lengths.get((row.reader, row.time_point), ())
    return known if sum(known, Decimal(0)) == row.sum_of_diameters_mm else ()


def _measure(case: Case, criterion: str) -> _Lengths:
    """The diameters of targets by reader and time point, from tables and from images."""
    found: dict[tuple[Reader, str], list[Decimal]] = {}
    for given in case.picture.readings:
        for row in given.readings:
            length = _length(row, criterion)
            if row.role is Role.TARGET and length is not None:
                found.setdefault((given.reader, row.time_point), []).append(length)
    for tracking in case.picture.trackings if criterion != MRECIST else ():
        for name, length in _measure_tracking(tracking):
            found.setdefault((tracking.reader, name), []).append(length)
    return found


def _length(row: LesionReading, criterion: str) -> Decimal | None:
    viable = row.extra.get("viable_diameter_mm") if criterion == MRECIST else None
    return viable if viable is not None else row.diameter_mm


def _measure_tracking(tracking: Tracking) -> Iterator[tuple[str, Decimal]]:
    lesions = {one.tracking_uid: one for one in tracking.lesions if one.role is Role.TARGET}
    for (name, uid), rows in group_rows(tracking.findings).items():
        measured = rows[0].measurement
        if uid in lesions and measured is not None:
            node = lesions[uid].node
            yield name, measured.short_axis_mm if node else measured.longest_diameter_mm


def _tell(case: Case, rows: Sequence[Assessment], growth: Growth, *, since: Assessment) -> Alert:
    row = rows[-1]
    about = About(
        time_point=row.time_point,
        date=row.date,
        episode=since.time_point,
        story=GROWTH,
        reader=row.reader,
        criterion=row.criterion,
        line=row.line or "",
    )
    return make_alert(
        case,
        "early_growth",
        _EARLY,
        about,
        text=(
            f"the sum of diameters grew from {growth.low_mm} mm on {growth.since} to "
            f"{growth.sum_mm} mm at {row.time_point} on {row.date} ({growth.rise_pct:+.1f} %), "
            f"more than measurement error explains: {_describe_doubling(growth)}"
        ),
        suggestion=_suggest(growth),
        numbers=_figures(growth),
        provisional=row.status is Status.PROVISIONAL,
        untrusted=rests_on_untrusted(case, row, rows[:1]),
    )


def _describe_doubling(growth: Growth) -> str:
    until = growth.doubling_time_to_days
    limits = (
        f"{growth.doubling_time_from_days:.0f} to {until:.0f}"
        if until
        else (f"from {growth.doubling_time_from_days:.0f}")
    )
    return f"its volume doubles in {growth.doubling_time_days:.0f} days (95 % limits {limits})"


def _suggest(growth: Growth) -> str:
    told = f"progression would be a sum of {growth.progression_at_mm:.1f} mm"
    if growth.progression_on is not None:
        told += f", at this rate about {growth.progression_on}"
    return f"{told}; the next scheduled scan decides"


def _figures(growth: Growth) -> dict[str, str]:
    known = {
        "sum_of_diameters_mm": str(growth.sum_mm),
        "lowest_sum_mm": str(growth.low_mm),
        "lowest_on": str(growth.since),
        "rise_pct": f"{growth.rise_pct:+.1f}",
        "volume_doubling_time_days": f"{growth.doubling_time_days:.0f}",
        "volume_doubling_time_from_days": f"{growth.doubling_time_from_days:.0f}",
        "progression_at_mm": f"{growth.progression_at_mm:.1f}",
    }
    if growth.doubling_time_to_days is not None:
        known["volume_doubling_time_to_days"] = f"{growth.doubling_time_to_days:.0f}"
    if growth.progression_on is not None:
        known["progression_projected_on"] = str(growth.progression_on)
    return known

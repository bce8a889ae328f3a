"""Alerts of uptake that rises before PERCIST says progression. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from response.alerts.rules.case import About, Case, Grade, make_alert
from response.alerts.rules.lesion_news import list_days
from response.alerts.rules.lesions import LESION
from response.chosen_rows import group_rows
from response.criteria.course import choose_baseline
from response.endpoints import select_effective
from response.lesion_uptake import round_uptake
from response.model import Alert, Finding, Reader, Readings, Tracking
from response.pet import PET
from response.terms import Audience, Category, Event, LesionState, Role, Severity, find_kin

PERCIST = "percist10"
_HUNDRED = 100
ZERO = Decimal(0)
_NEAR = Grade(Severity.MEDIUM, Audience.CLINICIAN, lasting=False)


@dataclass(frozen=True, slots=True)
class _Uptake:
    """The SULpeak of one lesion at one time point, g/ml; ``None``: it is gone there."""

    time_point: str
    date: dt.date
    sul_peak: Decimal | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class _Rise:
    """A lesion's uptake now, over its lowest before; ``since`` is where it began."""

    lowest: _Uptake
    now: _Uptake
    since: _Uptake


@dataclass(frozen=True, slots=True)
class _Hot:
    """A lesion and its uptake from the baseline on."""

    reader: Reader
    lesion: str
    name: str
    uptake: tuple[_Uptake, ...]
    matched: bool


def find_uptake_rises(case: Case) -> Iterator[Alert]:
    """A lesion whose SULpeak rises before PERCIST says progression (P-09: +30 % and 0.8); ours.

    Against its lowest since the baseline, at the last time point that it was measured at. Where
    PERCIST says progressive metabolic disease at that time point, this is no news.
    """
    picture = case.picture
    start = picture.subject.facts.treatment_start
    found = [hot for one in picture.trackings for hot in _read_tracking(one)]
    found += [hot for one in picture.readings for hot in _read_table(one, start)]
    for hot in found:
        rise = _find_rise(case, hot.uptake)
        if rise is not None and not _is_progression(case, hot.reader, rise.now.time_point):
            yield _tell_rise(case, hot, rise)


def _find_rise(case: Case, uptake: Sequence[_Uptake]) -> _Rise | None:
    if not uptake or uptake[-1].sul_peak is None:
        return None
    known = [one for one in uptake if one.sul_peak is not None]
    number = len(known) - 1
    lowest = _lowest_if_risen(case, known, number)
    if lowest is None:
        return None
    first = number
    while _lowest_if_risen(case, known, first - 1) is not None:
        first -= 1
    return _Rise(lowest, known[number], known[first])


def _lowest_if_risen(case: Case, known: Sequence[_Uptake], number: int) -> _Uptake | None:
    """The lowest uptake before, where the one of that number is risen over it."""
    if number < 1:
        return None
    lowest = min(known[:number], key=lambda one: one.sul_peak or ZERO)
    was, now = lowest.sul_peak or ZERO, known[number].sul_peak or ZERO
    rise, settings = now - was, case.settings
    enough = rise > 0 and rise >= settings.uptake_rise_minimum
    return lowest if enough and rise * _HUNDRED >= settings.uptake_rise_pct * was else None


def _is_progression(case: Case, reader: Reader, time_point: str) -> bool:
    return any(
        row.time_point == time_point and find_kin(row.overall_response) == Category.PD
        for result in case.picture.results
        if result.summary.criterion == PERCIST and result.summary.reader == reader
        for row in select_effective(result.assessments)
    )


def _read_tracking(tracking: Tracking) -> Iterator[_Hot]:
    start = min(
        (f.date for f in tracking.findings if f.time_point == tracking.baseline_time_point),
        default=dt.date.min,
    )
    seen: dict[str, list[_Uptake]] = {}
    for (_name, uid), rows in group_rows(tracking.findings).items():
        found = _measure(rows)
        if found is not None and found.date >= start:
            seen.setdefault(uid, []).append(found)
    for lesion in tracking.lesions:
        uptake = sorted(seen.get(lesion.tracking_uid, []), key=lambda one: one.date)
        if uptake and lesion.role is not Role.REFERENCE:
            uid, name = lesion.tracking_uid, lesion.tracking_id
            yield _Hot(lesion.reader, uid, name, tuple(uptake), matched=True)


def _measure(rows: Sequence[Finding]) -> _Uptake | None:
    """A lesion's hottest SULpeak; where it was marked on a PET, of that alone."""
    known = [row for row in rows if row.measurement and row.measurement.sul_peak is not None]
    chosen = [row for row in known if row.modality == PET] or known
    peaks = [row.measurement.sul_peak for row in chosen if row.measurement]
    peak = max((peak for peak in peaks if peak is not None), default=None)
    resolved = peak is None and rows[0].event is Event.RESOLVED
    gone = resolved or any(row.state is LesionState.ABSENT for row in rows)
    if peak is None and not gone:
        return None
    first = rows[0]
    value = None if gone or peak is None else round_uptake(peak)
    return _Uptake(first.time_point, first.date, value, any(row.needs_review for row in rows))


def _read_table(given: Readings, treatment_start: dt.date | None) -> Iterator[_Hot]:
    days = sorted(list_days(given))
    if not days:
        return
    (start, _name), _reasons = choose_baseline(days, treatment_start)
    seen: dict[str, dict[tuple[dt.date, str], list[tuple[Decimal | None, bool]]]] = {}
    for row in given.readings:
        gone = row.state is LesionState.ABSENT
        if row.lesion and row.date >= start and (gone or "sul_peak" in row.extra):
            rows = seen.setdefault(row.lesion, {}).setdefault((row.date, row.time_point), [])
            rows.append((None if gone else row.extra["sul_peak"], bool(row.provisional)))
    for lesion, by_day in sorted(seen.items()):
        uptake = tuple(_combine(day, rows) for day, rows in sorted(by_day.items()))
        yield _Hot(given.reader, lesion, lesion, uptake, matched=False)


def _combine(day: tuple[dt.date, str], rows: Iterable[tuple[Decimal | None, bool]]) -> _Uptake:
    told = list(rows)
    peaks = [peak for peak, _provisional in told if peak is not None]
    return _Uptake(day[1], day[0], max(peaks, default=None), any(doubt for _peak, doubt in told))


def _tell_rise(case: Case, hot: _Hot, rise: _Rise) -> Alert:
    now, lowest = rise.now, rise.lowest
    stood = (hot.reader, now.time_point) in case.find_confirmed()
    about = About(
        time_point=now.time_point,
        date=now.date,
        episode=rise.since.time_point,
        story=LESION,
        reader=hot.reader,
        lesion=hot.lesion,
        lesion_name=hot.name,
    )
    return make_alert(
        case,
        "uptake_rise",
        _NEAR,
        about,
        text=(
            f"SULpeak of {hot.name} at {now.time_point} on {now.date} is {now.sul_peak} g/ml, "
            f"{_describe(rise)} over {lowest.sul_peak} g/ml at {lowest.time_point}"
        ),
        suggestion=(
            "progressive metabolic disease is beyond 30 % and 0.8 g/ml over the baseline "
            "(PERCIST 1.0); compare uptake time and reference of the two scans"
        ),
        numbers=_figures(rise),
        provisional=now.provisional or (hot.matched and not stood),
        untrusted=hot.matched and case.rests_on_untrusted(lowest.date, now.date),
    )


def _describe(rise: _Rise) -> str:
    figures = _figures(rise)
    if "change_pct" not in figures:
        return f"{figures['change_g_per_ml']} g/ml"
    return f"{figures['change_pct']} % and {figures['change_g_per_ml']} g/ml"


def _figures(rise: _Rise) -> Mapping[str, str]:
    was, now = rise.lowest.sul_peak or ZERO, rise.now.sul_peak or ZERO
    known = {
        "sul_peak_g_per_ml": str(now),
        "lowest_sul_peak_g_per_ml": str(was),
        "change_g_per_ml": f"{now - was:+}",
    }
    if was:
        known["change_pct"] = f"{(now - was) * _HUNDRED / was:+.1f}"
    return known

"""What is news of lesions: seen first, or seen again; from images and from tables alike. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from response.chosen_rows import group_rows
from response.criteria.course import choose_baseline, is_no_disease, is_nothing_evaluable
from response.criteria.lesions import judge_new
from response.model import Finding, Lesion, LesionReading, Reader, Readings, Tracking
from response.terms import Event, LesionState, Role

CALLED = (LesionState.UNEQUIVOCAL, LesionState.UNEQUIVOCAL_PROGRESSION)
"""What a reader calls a lesion that is there without doubt."""

PATHOLOGICAL_NODE_MM = 10
"""R1-55: a node has reappeared only from a short axis of 10 mm on."""

BEYOND_LESIONS = {"bone_lesions", "bone_new_lesions", "deauville", "marrow"}
"""Facts of the whole patient that speak of disease which has no row of its own."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A lesion at one time point: ``there`` is ``None`` where nothing is known of it.

    ``state`` is the reader's word; ``returned`` says that the match calls it one that had gone;
    ``elsewhere`` that no earlier scan shows its place. ``doubted`` is what a person has to look at.
    ``normal`` is a ``node`` below 10 mm: still seen, but not disease.
    """

    time_point: str
    date: dt.date
    there: bool | None
    state: LesionState | None = None
    diameter_mm: Decimal | None = None
    returned: bool = False
    elsewhere: bool = False
    doubted: bool = False
    node: bool = False
    normal: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """A lesion that is new, or that is seen again after it was gone.

    ``called`` says that a reader called it unequivocal, then or later; ``matched`` that it was
    found by matching images, not written by a reader in a table.
    """

    reader: Reader
    lesion: str
    name: str
    sight: Sight
    again: bool
    called: bool
    matched: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The news of one reader; ``clear`` is a baseline that was read and shows no lesion."""

    news: tuple[News, ...]
    clear: bool


# ------------------------------------------------------------------------------------ from images


def read_tracking_news(tracking: Tracking) -> Told:
    """What one reader's lesions on images show after the baseline."""
    grouped = group_rows(tracking.findings)
    start = min(
        (f.date for f in tracking.findings if f.time_point == tracking.baseline_time_point),
        default=dt.date.min,
    )
    nodes = {one.tracking_uid for one in tracking.lesions if one.node}
    sights: dict[str, list[Sight]] = {}
    large: set[str] = set()
    for (_name, uid), rows in grouped.items():
        seen = _see(rows, node=uid in nodes)
        if seen.date > start:
            sights.setdefault(uid, []).append(seen)
        elif seen.there and not seen.normal:
            large.add(uid)
    news = [
        one
        for lesion in tracking.lesions
        if lesion.role is not Role.REFERENCE
        for one in _follow_found(lesion, sights.get(lesion.tracking_uid, []), large)
    ]
    return Told(tuple(news), is_clear_tracking(tracking))


def _see(rows: Sequence[Finding], *, node: bool) -> Sight:
    first = rows[0]
    size = first.measurement
    length = None if size is None else size.short_axis_mm if node else size.longest_diameter_mm
    state = next((row.state for row in rows if row.state is not None), None)
    there: bool | None = any(row.label is not None for row in rows) or None
    if state is LesionState.ABSENT or (there is None and first.event is Event.RESOLVED):
        there = False
    returned = any(row.event is Event.REAPPEARED for row in rows)
    small = length is not None and length < PATHOLOGICAL_NODE_MM
    return Sight(
        first.time_point,
        first.date,
        there,
        state,
        length,
        returned,
        any(row.event is Event.NEWLY_IMAGED for row in rows),
        any(row.needs_review for row in rows),
        node=node,
        normal=bool(there) and node and small and not returned,
    )


def _follow_found(lesion: Lesion, sights: Iterable[Sight], large: set[str]) -> Iterator[News]:
    new = lesion.role in (Role.NEW, None) and not lesion.part_of
    uid, name = lesion.tracking_uid, lesion.tracking_id
    for sight, again, called in follow(sights, new=new, large=uid in large):
        yield News(lesion.reader, uid, name, sight, again, called, matched=True)


def is_clear_tracking(tracking: Tracking) -> bool:
    """Whether the baseline was read and nothing is marked on it but reference regions."""
    lesions = {one.tracking_uid for one in tracking.lesions if one.role is not Role.REFERENCE}
    return not any(
        f.time_point == tracking.baseline_time_point
        and f.tracking_uid in lesions
        and f.label is not None
        for f in tracking.findings
    )


# ------------------------------------------------------------------------------------ from tables


def list_days(given: Readings) -> set[tuple[dt.date, str]]:
    """The time points of a table, as date and name."""
    read = {(row.date, row.time_point) for row in given.readings}
    return read | {(one.date, one.time_point) for one in given.time_points}


def read_table_news(given: Readings, treatment_start: dt.date | None) -> Told:
    """What one reader's table shows after the baseline; the last word on a lesion counts."""
    days = list_days(given)
    if not days:
        return Told((), clear=False)
    baseline, _reasons = choose_baseline(sorted(days), treatment_start)
    by_day: dict[tuple[dt.date, str], list[LesionReading]] = {day: [] for day in days}
    for row in given.readings:
        by_day[row.date, row.time_point].append(row)
    sights: dict[str, list[Sight]] = {}
    roles: dict[str, Role | None] = {}
    for day in sorted(one for one in days if one >= baseline):
        for lesion, rows in _by_lesion(by_day[day], roles).items():
            role = roles.setdefault(lesion, rows[0].role)
            seen = sights.setdefault(lesion, [])
            seen.append(_read_new(day, rows, seen) if role is Role.NEW else _read(day, rows))
    news = [
        News(given.reader, lesion, lesion, sight, again, called, matched=False)
        for lesion, seen in sights.items()
        for sight, again, called in follow(seen, new=roles[lesion] is Role.NEW)
    ]
    return Told(tuple(news), is_clear_table(given, treatment_start))


def _by_lesion(
    rows: Sequence[LesionReading], known: Iterable[str]
) -> dict[str, list[LesionReading]]:
    """Rows by lesion; where no disease was seen, every known lesion is absent."""
    found: dict[str, list[LesionReading]] = {}
    for row in rows:
        if row.lesion:
            found.setdefault(row.lesion, []).append(row)
    clear = [row for row in rows if is_no_disease(row)]
    for lesion in known if clear else ():
        found.setdefault(lesion, clear[:1])
    return found


def _read(day: tuple[dt.date, str], rows: Sequence[LesionReading]) -> Sight:
    """A lesion of the baseline from its rows: parts of it are added."""
    parts = [_is_there(row) for row in rows]
    there = True if True in parts else (False if set(parts) == {False} else None)
    doubted = any(row.provisional for row in rows)
    state, length = rows[0].state, _measure(rows)
    node = all(row.node for row in rows)
    normal = there is None and bool(length) and node
    return Sight(day[1], day[0], there, state, length, doubted=doubted, node=node, normal=normal)


def _read_new(
    day: tuple[dt.date, str], rows: Sequence[LesionReading], seen: Sequence[Sight]
) -> Sight:
    """A lesion that a table calls new, as the criteria read it."""
    said = [one.state for one in seen if one.there]
    state = judge_new(rows, said[-1] if said else None)
    unknown = state is LesionState.NOT_EVALUABLE
    there = None if unknown else state is not LesionState.ABSENT
    doubted = any(row.provisional for row in rows)
    return Sight(day[1], day[0], there, state, _measure(rows), doubted=doubted)


def _measure(rows: Iterable[LesionReading]) -> Decimal | None:
    lengths = [row.diameter_mm for row in rows if row.diameter_mm is not None]
    return sum(lengths, Decimal(0)) if lengths else None


def _is_there(row: LesionReading) -> bool | None:
    """Whether a row shows the lesion; a node below 10 mm is neither there nor gone."""
    if row.state is LesionState.ABSENT:
        return False
    if row.state in (LesionState.NOT_EVALUABLE, LesionState.MERGED):
        return None
    if row.state is not None:
        return True
    if row.diameter_mm is None:
        return None
    if row.diameter_mm == 0:
        return False
    return None if row.node and row.diameter_mm < PATHOLOGICAL_NODE_MM else True


def is_clear_table(given: Readings, treatment_start: dt.date | None) -> bool:
    """Whether the baseline was read and shows no lesion, where lesions are all that is followed."""
    days = list_days(given)
    if not days or any(BEYOND_LESIONS & one.facts.keys() for one in given.time_points):
        return False
    baseline, _reasons = choose_baseline(sorted(days), treatment_start)
    rows = [row for row in given.readings if (row.date, row.time_point) == baseline]
    if any(is_nothing_evaluable(row) for row in rows):
        return False
    return not any(row.lesion and row.state is not LesionState.ABSENT for row in rows)


# --------------------------------------------------------------------------------------- the fold


def follow(
    sights: Iterable[Sight], *, new: bool, large: bool = False
) -> Iterator[tuple[Sight, bool, bool]]:
    """Fold one lesion's sights into its news: ``(sight, seen again, called unequivocal)``.

    A new lesion that a reader calls absent before anybody called it unequivocal never was one; one
    that was unequivocal and is absent later is gone, and may reappear. So may a node that was
    pathological (``large``: at the baseline) and then below 10 mm (R1-55).
    """
    first: Sight | None = None
    again: list[Sight] = []
    called = gone = False
    for sight in sorted(sights, key=lambda one: (one.date, one.time_point)):
        if sight.normal and (first is not None or not new):
            gone = gone or large
        elif sight.there:
            large = large or not sight.normal
            called = called or sight.state in CALLED
            if new and first is None and not sight.returned:
                first = sight
            elif gone or sight.returned:
                again.append(sight)
            gone = False
        elif sight.there is False:
            if first is not None and not called and sight.state is LesionState.ABSENT:
                first, again, gone = None, [], False
            else:
                gone = first is not None or not new
    if first is not None:
        yield first, False, called
    yield from ((sight, True, called) for sight in again)

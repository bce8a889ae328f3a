"""Two scans of a subject without marks, side by side through corresponding places."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

import numpy as np

from dashboard.carry import CarriedPlace, Step
from dashboard.data import Data, SubjectView
from dashboard.links import Place
from dashboard.pet import is_pet
from dashboard.shots import (
    Frame,
    Pane,
    choose_half_width_mm,
    choose_window,
    draw_kind,
    find_shot,
    parse_slices,
)
from dashboard.views import Look, choose_ground
from response.geometry import Grid, choose_slice_axis, inside_field
from response.model import Point, Scan, TimePoint

SLOTS = ("earlier", "later")
WHOLE = "whole"
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Where through the first scan's field, along its slices, places are offered."""

MIDDLE = 0.5


@dataclass(frozen=True, slots=True)
class Level:
    """A place that is offered: the slice of the first scan it lies in, and how `at` names it."""

    index: int
    at: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared: ``way`` are the registrations between the scans, None where none lead."""

    time_points: tuple[str, ...]
    chosen: tuple[str, ...]
    scan: Scan
    way: tuple[Step, ...] | None
    panes: tuple[Pane, ...]
    levels: tuple[Level, ...]


def build_comparison(data: Data, view: SubjectView, place: Place, look: Look) -> Comparison | None:
    """Return two scans through corresponding places; one where there is one; None without any.

    ``tp`` of the address chooses the scans (see `choose_pair`), ``at`` the place in the first of
    them (x, y, z, LPS mm; else the centre of its field).
    """
    imaged = [tp for tp in view.time_points if any(s.image_path for s in tp.scans)]
    if not imaged:
        return None
    names = tuple(tp.time_point for tp in imaged)
    chosen = choose_pair(names, place.query.get("tp", ""))
    points = [tp for tp in imaged if tp.time_point in chosen]
    first, way = _choose_scan(data, view, points)
    grid = data.read_grid(first)
    levels = find_levels(grid, first, place.query.get("at", ""))
    at = parse_point(place.query.get("at", ""))
    if at is None or not inside_field(grid, first.field_box, [at])[0]:
        at = field_point(grid, first, MIDDLE)
    places: list[CarriedPlace] = [CarriedPlace(first.scan_id, at, 0.0, True)]
    if len(points) > 1:
        carried = data.carry_place(view, first.scan_id, at, points[1].time_point)
        places.append(carried or _own_middle(data, points[1], first))
    panes = _draw_panes(data, view, points, places, place, look, registered=way is not None)
    return Comparison(names, chosen, first, way, panes, levels)


def choose_pair(names: tuple[str, ...], wanted: str) -> tuple[str, ...]:
    """Return the time points to compare, in order: as asked, else the first and the last.

    Parameters
    ----------
    names
        Time points by date.
    wanted
        One name (compared with the first), or two as `write_pair` writes them.

    Examples
    --------
    >>> choose_pair(("a", "b", "c"), "")
    ('a', 'c')
    >>> choose_pair(("a", "b", "c"), "b"), choose_pair(("a", "b", "c"), "c,b")
    (('a', 'b'), ('b', 'c'))
    >>> choose_pair(("a",), "z")
    ('a',)
    """
    asked = {wanted} if wanted in names else {unquote(part) for part in wanted.split(",")}
    known = [name for name in names if name in asked][:2]
    if len(known) == 1 and known[0] != names[0]:
        known = [names[0], *known]
    return tuple(known) if len(known) == 2 else tuple(dict.fromkeys((names[0], names[-1])))


def write_pair(first: str, second: str) -> str:
    """Return how ``tp`` of an address names two time points."""
    return f"{quote(first, safe='')},{quote(second, safe='')}"


def parse_point(text: str) -> Point | None:
    """Return a place as an address writes it (x, y, z, LPS mm), or None.

    Examples
    --------
    >>> parse_point("-12.5,30,4"), parse_point("1,2"), parse_point("nan,0,0")
    ((-12.5, 30.0, 4.0), None, None)
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    match numbers:
        case [x, y, z] if math.isfinite(x + y + z):
            return x, y, z
        case _:
            return None


def field_point(grid: Grid, scan: Scan, share: float) -> Point:
    """Return the middle of a slice of a scan's field, a share of the way along its slices."""
    axis = choose_slice_axis(grid, acquisition_axis=scan.slice_axis)
    low, high = np.array(scan.field_box[:3]), np.array(scan.field_box[3:]) - 1
    index = (low + high) / 2
    index[axis] = round(float(low[axis] + share * (high[axis] - low[axis])))
    x, y, z = (float(v) for v in grid.to_points([index])[0])
    return x, y, z


def find_levels(grid: Grid, scan: Scan, at: str) -> tuple[Level, ...]:
    """Return the places that are offered in a scan; ``at`` is the one of the address."""
    axis = choose_slice_axis(grid, acquisition_axis=scan.slice_axis)
    levels: dict[int, Level] = {}
    for share in LEVELS:
        point = field_point(grid, scan, share)
        index = round(float(grid.to_indices([point])[0, axis]))
        name = "" if share == MIDDLE else ",".join(f"{v:.1f}" for v in point)
        levels[index] = Level(index, name, name == at)
    return tuple(levels.values())


def _choose_scan(
    data: Data, view: SubjectView, points: list[TimePoint]
) -> tuple[Scan, tuple[Step, ...] | None]:
    """Return the first time point's scan that registrations lead on from, and the way."""
    scans = sorted((s for s in points[0].scans if s.image_path), key=is_pet)
    if len(points) > 1:
        for scan in scans:
            way = data.find_way(view, scan.scan_id, points[1].time_point)
            if way:
                return scan, way
    return scans[0], None


def _own_middle(data: Data, point: TimePoint, first: Scan) -> CarriedPlace:
    scans = sorted((s for s in point.scans if s.image_path), key=is_pet)
    scan = min(scans, key=lambda s: (s.modality != first.modality, s.series != first.series))
    return CarriedPlace(
        scan.scan_id, field_point(data.read_grid(scan), scan, MIDDLE), math.inf, False
    )


def _draw_panes(
    data: Data,
    view: SubjectView,
    points: list[TimePoint],
    places: list[CarriedPlace],
    place: Place,
    look: Look,
    *,
    registered: bool,
) -> tuple[Pane, ...]:
    shots = [find_shot(data, _ground(view, p.scan_id), p.place) for p in places]
    fov = place.query.get("fov", "") or WHOLE
    half = choose_half_width_mm(shots, fov)
    asked = parse_slices(place.query.get("slices", ""), SLOTS)
    names = [tp.time_point for tp in view.time_points if tp.scans]
    panes = []
    for slot, point, found, shot in zip(SLOTS, points, places, shots, strict=False):
        frame = None
        if shot is not None:
            window = choose_window(place.query.get("window", ""), shot.scan)
            frame = Frame(window, fov, half, look.top, look.opacity)
        title = _title(point.time_point, names)
        for number, kind in enumerate(look.views):
            drawn, why = draw_kind(data, view, shot, frame, asked.get(slot), kind)
            if drawn is not None and not registered:
                drawn = replace(drawn, expected=None, expected_index=None)
            said = why or _words(slot, found, reached=drawn is not None, registered=registered)
            name = f"{slot}-{kind}" if number else slot
            panes.append(Pane(name, title, point.time_point, point.date, drawn, said, slot, kind))
    return tuple(panes)


def _ground(view: SubjectView, scan_id: str) -> Scan | None:
    scan = view.scan(scan_id)
    return choose_ground(view, scan) if scan is not None else None


def _title(name: str, names: list[str]) -> str:
    if len(names) > 1 and name in (names[0], names[-1]):
        return "First scan" if name == names[0] else "Last scan"
    return "Scan"


def _words(slot: str, found: CarriedPlace, *, reached: bool, registered: bool) -> str:
    if not reached:
        return "The place chosen in the earlier scan lies outside this one. Choose another slice."
    if slot == SLOTS[0]:
        return "The dashed circle is the place chosen in this scan." if registered else ""
    if not registered:
        return "Not registered: this is the middle of its own field, not the same place."
    if not found.trusted:
        return "The dashed circle is that place by a registration that is not trusted: look around."
    error = f"{found.expected_error_mm:.0f} mm"
    return f"The dashed circle is the same place by registration (at most about {error} off)."

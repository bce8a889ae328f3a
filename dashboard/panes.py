"""A lesion at baseline, nadir and now: which slices to show, and what is drawn over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.carry import CarriedPlace
from dashboard.data import Data, SubjectView
from dashboard.figures.pane import INDEX_MARK, Line, SliceView
from dashboard.links import Place, slice_url
from dashboard.slices import PRESETS, Plane, find_plane
from dashboard.timeline import LesionPoint, LesionTrack, Timeline
from response.geometry import choose_slice_axis, inside_field
from response.model import Finding, Lesion, RecordedMeasurement, Scan, Segment
from response.terms import Event

SLOTS = ("baseline", "nadir", "now")
USUAL_HALF_WIDTH_MM = 60.0
CLOSE_HALF_WIDTH_MM = 25.0
ROOM = 0.9
"""Half of the view, as a multiple of the lesion's longest diameter, that it has at least."""

FOVS = {"close": "close", "": "usual", "whole": "whole slice"}


@dataclass(frozen=True, slots=True)
class Pane:
    """One of the three places side by side; ``view`` is None where there is nothing to show."""

    slot: str
    title: str
    time_point: str
    date: dt.date | None
    point: LesionPoint | None
    view: SliceView | None
    words: str


@dataclass(frozen=True, slots=True)
class _Shot:
    """A slice to show, before all panes agree on how much of it."""

    scan: Scan
    plane: Plane
    index: int
    centre: tuple[float, float]
    finding: Finding | None


def choose_time_points(timeline: Timeline, track: LesionTrack, wanted: str) -> dict[str, str]:
    """Return slot → time point: ``wanted`` (else the last one), its nadir, the baseline."""
    names = [name for name, _ in timeline.time_points]
    recorded = [p.time_point for p in track.points if p.finding is not None]
    now = wanted if wanted in names else (recorded or names)[-1]
    return {"baseline": timeline.baseline, "nadir": timeline.nadir_time_point(now), "now": now}


def choose_window(wanted: str, scan: Scan | None, lesion: Lesion) -> str:
    """Return the window's name: as asked, else what suits modality and organ."""
    if wanted in PRESETS or wanted == "auto":
        return wanted
    if scan is None or scan.modality != "CT":
        return "auto"
    return "lung" if "lung" in lesion.organ.lower() else "soft"


def build_panes(
    data: Data, view: SubjectView, timeline: Timeline, track: LesionTrack, place: Place
) -> tuple[Pane, ...]:
    """Return the three panes, all of the same width in millimetres and the same window."""
    chosen = choose_time_points(timeline, track, place.query.get("tp", ""))
    points = {slot: track.at(name) for slot, name in chosen.items()}
    carried = _carry(data, view, track, chosen)
    shots = {
        slot: _find_shot(data, view, point) or _find_carried(data, view, carried.get(slot))
        for slot, point in points.items()
    }
    half = _half_width(list(shots.values()), place.query.get("fov", ""))
    asked = parse_slices(place.query.get("slices", ""))
    days = dict(timeline.time_points)
    panes = []
    for slot in SLOTS:
        shot, point = shots[slot], points[slot]
        drawn = None
        if shot is not None:
            drawn = _draw(data, view, track.lesion, shot, place, half, asked.get(slot))
        panes.append(
            Pane(
                slot=slot,
                title=_title(slot, chosen, timeline),
                time_point=chosen[slot],
                date=days.get(chosen[slot]),
                point=point,
                view=drawn,
                words=_words(chosen[slot], point, drawn, slot, carried.get(slot)),
            )
        )
    return tuple(panes)


def parse_slices(text: str) -> dict[str, int]:
    """Return slot → slice number, as an address writes them.

    Examples
    --------
    >>> parse_slices("baseline:12,now:7,evil:1,nadir:x")
    {'baseline': 12, 'now': 7}
    """
    pairs = (part.split(":", 1) for part in text.split(",") if ":" in part)
    return {slot: int(n) for slot, n in pairs if slot in SLOTS and n.isdecimal() and len(n) < 6}


def _find_shot(data: Data, view: SubjectView, point: LesionPoint | None) -> _Shot | None:
    finding = point.finding if point else None
    scan = view.scan(finding.scan_id) if finding else None
    if finding is None or scan is None or not scan.image_path or finding.place is None:
        return None
    grid = data.read_grid(scan)
    measured = finding.measurement
    if measured is None and not inside_field(grid, scan.field_box, [finding.place])[0]:
        return None
    axis = measured.slice_axis if measured else choose_slice_axis(
        grid, acquisition_axis=scan.slice_axis
    )  # fmt: skip
    plane = find_plane(grid, axis)
    x, y, index = plane.to_screen([_middle(measured) if measured else finding.place])[0]
    number = measured.slice_index if measured else round(float(index))
    number = min(max(number, 0), plane.count - 1)
    return _Shot(scan, plane, number, (float(x), float(y)), finding)


def _carry(
    data: Data, view: SubjectView, track: LesionTrack, chosen: Mapping[str, str]
) -> dict[str, CarriedPlace]:
    """Return slot → where registrations put a lesion at time points that say nothing of it."""
    days = dict(view_days(view))
    seen = [p.finding for p in track.points if p.finding and p.finding.label is not None]
    carried: dict[str, CarriedPlace] = {}
    for slot, name in chosen.items():
        point = track.at(name)
        if not seen or name not in days or (point is not None and point.finding is not None):
            continue
        source = min(seen, key=lambda finding: abs(finding.date - days[name]))
        if source.place is not None:
            found = data.carry_place(view, source.scan_id, source.place, name)
            carried |= {slot: found} if found else {}
    return carried


def view_days(view: SubjectView) -> list[tuple[str, dt.date]]:
    """Return the time points of a subject that have scans, with their dates."""
    return [(tp.time_point, tp.date) for tp in view.time_points if tp.scans]


def _find_carried(data: Data, view: SubjectView, carried: CarriedPlace | None) -> _Shot | None:
    scan = view.scan(carried.scan_id) if carried else None
    if carried is None or scan is None or not scan.image_path:
        return None
    grid = data.read_grid(scan)
    if not inside_field(grid, scan.field_box, [carried.place])[0]:
        return None
    plane = find_plane(grid, choose_slice_axis(grid, acquisition_axis=scan.slice_axis))
    x, y, index = plane.to_screen([carried.place])[0]
    number = min(max(round(float(index)), 0), plane.count - 1)
    return _Shot(scan, plane, number, (float(x), float(y)), None)


def _middle(measured: RecordedMeasurement) -> tuple[float, ...]:
    return tuple(np.mean(np.array(measured.longest_segment), axis=0).tolist())


def _half_width(shots: Sequence[_Shot | None], fov: str) -> float:
    seen = [shot for shot in shots if shot is not None]
    if fov == "whole":
        return max((max(shot.plane.size_mm) / 2 for shot in seen), default=USUAL_HALF_WIDTH_MM)
    longest = [float(m.longest_diameter_mm) for s in seen if (m := _measured(s))]
    least = CLOSE_HALF_WIDTH_MM if fov == "close" else USUAL_HALF_WIDTH_MM
    return max([least, *(ROOM * length for length in longest)])


def _draw(
    data: Data,
    view: SubjectView,
    lesion: Lesion,
    shot: _Shot,
    place: Place,
    half: float,
    asked: int | None,
) -> SliceView:
    plane, measured = shot.plane, _measured(shot)
    marked = shot.finding is not None and shot.finding.label is not None
    window = choose_window(place.query.get("window", ""), shot.scan, lesion)
    width, height = plane.size_mm
    whole = place.query.get("fov") == "whole"
    href = slice_url(view.subject.key, data.scan_token(shot.scan), plane.axis, INDEX_MARK, window)
    return SliceView(
        href=href,
        index=asked if asked is not None and asked < plane.count else shot.index,
        count=plane.count,
        size_mm=plane.size_mm,
        centre=(width / 2, height / 2) if whole else shot.centre,
        half_width_mm=half,
        letters=plane.letters,
        outlines=_outlines(data, view, shot),
        measured_index=measured.slice_index if measured else None,
        longest=_segment(plane, measured.longest_segment) if measured else (),
        short=_segment(plane, measured.short_segment) if measured else (),
        expected=None if marked else shot.centre,
        expected_index=None if marked else shot.index,
        longest_words=f"longest diameter {measured.longest_diameter_mm} mm" if measured else "",
        short_words=f"short axis {measured.short_axis_mm} mm" if measured else "",
    )


def _outlines(data: Data, view: SubjectView, shot: _Shot) -> Mapping[int, Sequence[Line]]:
    finding = shot.finding
    marks = view.mark_set(finding) if finding is not None else None
    if finding is None or finding.label is None or marks is None:
        return {}
    return data.read_outlines(marks, shot.plane, finding.label)


def _measured(shot: _Shot) -> RecordedMeasurement | None:
    return shot.finding.measurement if shot.finding is not None else None


def _carried_words(carried: CarriedPlace | None, drawn: SliceView | None) -> str:
    if carried is None:
        return ""
    if drawn is None:
        return "Its place lies outside this scan."
    if not carried.trusted:
        return (
            "The dashed circle is its place by a registration that is not trusted: look around it."
        )
    error = f"{carried.expected_error_mm:.0f} mm"
    return f"The dashed circle is its place by registration (at most about {error} off)."


def _segment(plane: Plane, segment: Segment) -> Line:
    ends = plane.to_screen(segment)
    return [(round(float(x), 2), round(float(y), 2)) for x, y, _ in ends]


def _title(slot: str, chosen: Mapping[str, str], timeline: Timeline) -> str:
    if slot == "now":
        last = timeline.time_points[-1][0] if timeline.time_points else ""
        return "Now" if chosen["now"] == last else "Chosen time point"
    if slot == "nadir" and chosen["nadir"] and chosen["nadir"] == chosen["baseline"]:
        return "Nadir (is the baseline)"
    return "Nadir of the sum" if slot == "nadir" else "Baseline"


def _words(
    name: str,
    point: LesionPoint | None,
    drawn: SliceView | None,
    slot: str,
    carried: CarriedPlace | None,
) -> str:
    """Return what became of the lesion there; where there is no picture, why."""
    if not name:
        said = "no sum of diameters was assessed before" if slot == "nadir" else "none is known"
        return f"No {slot}: {said}."
    if point is None or point.finding is None:
        said = "Nothing is recorded of this lesion at this time point."
        return f"{said} {_carried_words(carried, drawn)}".strip()
    if drawn is None:
        known = point.finding.event is Event.NOT_IMAGED
        more = "" if known else " No slice: the place is outside this scan, or not known."
        return f"{point.words}.{more}"
    if drawn.expected is not None:
        return f"{point.words}. The dashed circle is where it was expected."
    return point.words

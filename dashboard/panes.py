"""A lesion at baseline, nadir and now: which slices to show, and what is drawn over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dashboard.carry import CarriedPlace
from dashboard.data import Data, SubjectView
from dashboard.figures.pane import SliceView
from dashboard.links import Place
from dashboard.shots import (
    Frame,
    Pane,
    Shot,
    choose_half_width_mm,
    choose_window,
    draw_kind,
    find_shot,
    parse_slices,
)
from dashboard.slices import find_plane
from dashboard.timeline import PET_CRITERIA, LesionPoint, LesionTrack, Timeline
from dashboard.views import Look, choose_ground
from response.model import RecordedMeasurement
from response.terms import Event

SLOTS = ("baseline", "nadir", "now")
FOVS = {"close": "close", "": "usual", "whole": "whole slice"}


@dataclass(frozen=True, slots=True)
class LesionPane:
    """One of the three panes of a lesion, and what is known of the lesion there."""

    pane: Pane
    point: LesionPoint | None


def choose_time_points(timeline: Timeline, track: LesionTrack, wanted: str) -> dict[str, str]:
    """Return slot → time point: ``wanted`` (else the last one), its nadir, the baseline.

    Criteria of uptake compare with the baseline alone: there is no nadir to show.
    """
    names = [name for name, _ in timeline.time_points]
    recorded = [p.time_point for p in track.points if p.finding is not None]
    now = wanted if wanted in names else (recorded or names)[-1]
    if timeline.criterion in PET_CRITERIA:
        return {"baseline": timeline.baseline, "now": now}
    return {"baseline": timeline.baseline, "nadir": timeline.nadir_time_point(now), "now": now}


def build_panes(
    data: Data, view: SubjectView, timeline: Timeline, track: LesionTrack, place: Place, look: Look
) -> tuple[LesionPane, ...]:
    """Return the panes of three time points, in the views of a look.

    All are of the same width in millimetres and have the same window.
    """
    chosen = choose_time_points(timeline, track, place.query.get("tp", ""))
    points = {slot: track.at(name) for slot, name in chosen.items()}
    carried = _carry(data, view, track, chosen)
    shots = {
        slot: _find_point(data, view, point) or _find_carried(data, view, carried.get(slot))
        for slot, point in points.items()
    }
    fov = place.query.get("fov", "")
    half = choose_half_width_mm(list(shots.values()), fov)
    asked = parse_slices(place.query.get("slices", ""), SLOTS)
    days = dict(timeline.time_points)
    panes = []
    for slot in chosen:
        shot, point = shots[slot], points[slot]
        frame = None
        if shot is not None:
            window = choose_window(place.query.get("window", ""), shot.scan, track.lesion.organ)
            frame = Frame(window, fov, half, look.top, look.opacity)
        for number, kind in enumerate(look.views):
            drawn, why = draw_kind(data, view, shot, frame, asked.get(slot), kind)
            said = why or _words(chosen[slot], point, drawn, slot, carried.get(slot))
            pane = Pane(
                slot=f"{slot}-{kind}" if number else slot,
                title=_title(slot, chosen, timeline),
                time_point=chosen[slot],
                date=days.get(chosen[slot]),
                view=drawn,
                words=said,
                group=slot,
                kind=kind,
            )
            panes.append(LesionPane(pane, point))
    return tuple(panes)


def _find_point(data: Data, view: SubjectView, point: LesionPoint | None) -> Shot | None:
    finding = point.finding if point else None
    scan = view.scan(finding.scan_id) if finding else None
    if finding is None or scan is None or not scan.image_path or finding.place is None:
        return None
    measured, ground = finding.measurement, choose_ground(view, scan)
    if measured is None or ground.scan_id != scan.scan_id:
        return find_shot(data, ground, finding.place, finding)
    plane = find_plane(data.read_grid(scan), measured.slice_axis)
    x, y, _ = plane.to_screen([_middle(measured)])[0]
    number = min(max(measured.slice_index, 0), plane.count - 1)
    return Shot(scan, plane, number, (float(x), float(y)), finding)


def _find_carried(data: Data, view: SubjectView, carried: CarriedPlace | None) -> Shot | None:
    scan = view.scan(carried.scan_id) if carried else None
    if carried is None or scan is None:
        return None
    return find_shot(data, choose_ground(view, scan), carried.place)


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


def _middle(measured: RecordedMeasurement) -> tuple[float, ...]:
    return tuple(np.mean(np.array(measured.longest_segment), axis=0).tolist())


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

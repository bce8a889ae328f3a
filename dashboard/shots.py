"""A slice to show through a place of a scan, and how panes side by side agree on how much of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dashboard.data import Data, SubjectView
from dashboard.figures.pane import INDEX_MARK, Line, SliceView
from dashboard.links import slice_url
from dashboard.slices import PRESETS, Plane, find_plane
from response.geometry import choose_slice_axis, inside_field
from response.model import Finding, Point, RecordedMeasurement, Scan, Segment

USUAL_HALF_WIDTH_MM = 60.0
CLOSE_HALF_WIDTH_MM = 25.0
ROOM = 0.9
"""Half of the view, as a multiple of the lesion's longest diameter, that it has at least."""


@dataclass(frozen=True, slots=True)
class Pane:
    """What one of the places side by side is of; no ``view`` where there is nothing to show."""

    slot: str
    title: str
    time_point: str
    date: dt.date | None
    view: SliceView | None
    words: str


@dataclass(frozen=True, slots=True)
class Shot:
    """A slice to show, before all panes agree on how much of it."""

    scan: Scan
    plane: Plane
    index: int
    centre: tuple[float, float]
    finding: Finding | None = None

    @property
    def measured(self) -> RecordedMeasurement | None:
        """What was measured in the slice, if it is of a lesion that was."""
        return self.finding.measurement if self.finding is not None else None


@dataclass(frozen=True, slots=True)
class Frame:
    """What all panes side by side share: a window, a part of the slice, half its width in mm."""

    window: str
    fov: str
    half_width_mm: float


def find_shot(
    data: Data, scan: Scan | None, place: Point | None, finding: Finding | None = None
) -> Shot | None:
    """Return the slice of a scan through a place (LPS mm); None where the scan does not reach."""
    if scan is None or not scan.image_path or place is None:
        return None
    grid = data.read_grid(scan)
    if not inside_field(grid, scan.field_box, [place])[0]:
        return None
    plane = find_plane(grid, choose_slice_axis(grid, acquisition_axis=scan.slice_axis))
    x, y, index = plane.to_screen([place])[0]
    number = min(max(round(float(index)), 0), plane.count - 1)
    return Shot(scan, plane, number, (float(x), float(y)), finding)


def choose_window(wanted: str, scan: Scan | None, organ: str = "") -> str:
    """Return the window's name: as asked, else what suits modality and organ."""
    if wanted in PRESETS or wanted == "auto":
        return wanted
    if scan is None or scan.modality != "CT":
        return "auto"
    return "lung" if "lung" in organ.lower() else "soft"


def choose_half_width_mm(shots: Sequence[Shot | None], fov: str) -> float:
    """Return half the width of the square that every pane shows: the largest that one needs."""
    seen = [shot for shot in shots if shot is not None]
    if fov == "whole":
        return max((max(shot.plane.size_mm) / 2 for shot in seen), default=USUAL_HALF_WIDTH_MM)
    longest = [float(m.longest_diameter_mm) for s in seen if (m := s.measured)]
    least = CLOSE_HALF_WIDTH_MM if fov == "close" else USUAL_HALF_WIDTH_MM
    return max([least, *(ROOM * length for length in longest)])


def parse_slices(text: str, slots: Collection[str]) -> dict[str, int]:
    """Return slot → slice number, as an address writes them.

    Examples
    --------
    >>> parse_slices("baseline:12,now:7,evil:1,nadir:x", ("baseline", "nadir", "now"))
    {'baseline': 12, 'now': 7}
    """
    pairs = (part.split(":", 1) for part in text.split(",") if ":" in part)
    return {slot: int(n) for slot, n in pairs if slot in slots and n.isdecimal() and len(n) < 6}


def draw_shot(
    data: Data, view: SubjectView, shot: Shot, frame: Frame, asked: int | None
) -> SliceView:
    """Return a shot as it is drawn; ``asked`` is the slice that the address names, if any."""
    plane, measured = shot.plane, shot.measured
    marked = shot.finding is not None and shot.finding.label is not None
    width, height = plane.size_mm
    token = data.scan_token(shot.scan)
    return SliceView(
        href=slice_url(view.subject.key, token, plane.axis, INDEX_MARK, frame.window),
        index=asked if asked is not None and asked < plane.count else shot.index,
        count=plane.count,
        size_mm=plane.size_mm,
        centre=(width / 2, height / 2) if frame.fov == "whole" else shot.centre,
        half_width_mm=frame.half_width_mm,
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


def _outlines(data: Data, view: SubjectView, shot: Shot) -> Mapping[int, Sequence[Line]]:
    finding = shot.finding
    marks = view.mark_set(finding) if finding is not None else None
    if finding is None or finding.label is None or marks is None:
        return {}
    return data.read_outlines(marks, shot.plane, finding.label)


def _segment(plane: Plane, segment: Segment) -> Line:
    ends = plane.to_screen(segment)
    return [(round(float(x), 2), round(float(y), 2)) for x, y, _ in ends]

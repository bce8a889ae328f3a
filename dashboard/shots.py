"""A slice to show through a place of a scan, and how panes side by side agree on how much of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dashboard.data import Data, SubjectView
from dashboard.drawing import CT, FUSED, PET
from dashboard.figures.pane import INDEX_MARK, Line, Scale, SliceView
from dashboard.fusion import USUAL_OPACITY, USUAL_TOP, Overlay, draw_bar
from dashboard.links import slice_url
from dashboard.pet import is_pet, unit_words
from dashboard.slices import PRESETS, Plane, find_plane
from dashboard.views import find_pair, why_no_picture
from response.geometry import choose_slice_axis, inside_field
from response.model import Finding, MarkSet, Point, RecordedMeasurement, Scan, Segment

USUAL_HALF_WIDTH_MM = 60.0
CLOSE_HALF_WIDTH_MM = 25.0
ROOM = 0.9
"""Half of the view, as a multiple of the lesion's longest diameter, that it has at least."""


@dataclass(frozen=True, slots=True)
class Pane:
    """What one of the places side by side is of; no ``view`` where there is nothing to show.

    Panes of one ``group`` show the same slices in several ways, and scroll together; ``kind`` says
    in which way.
    """

    slot: str
    title: str
    time_point: str
    date: dt.date | None
    view: SliceView | None
    words: str
    group: str = ""
    kind: str = ""

    @property
    def leads(self) -> bool:
        """Whether it is the first, or the only one, of its time point."""
        return self.slot == self.group or not self.group


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
    """What all panes side by side share: a window, a part of the slice, half its width in mm.

    ``top`` and ``opacity`` are of uptake: the SUV where its window ends, and per cent.
    """

    window: str
    fov: str
    half_width_mm: float
    top: int = USUAL_TOP
    opacity: int = USUAL_OPACITY


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
    data: Data, view: SubjectView, shot: Shot, frame: Frame, asked: int | None, kind: str = CT
) -> SliceView:
    """Return a shot as it is drawn.

    Parameters
    ----------
    asked
        The slice that the address names, if any.
    kind
        ``ct``: the shot's own scan. ``pet``, ``fused``: the PET scan of its time point instead of
        it, or over it; only where :func:`dashboard.views.why_no_picture` has nothing to say.
    """
    plane, measured = shot.plane, shot.measured
    marked = shot.finding is not None and shot.finding.label is not None
    width, height = plane.size_mm
    own, beside = _outlines(data, view, shot)
    ends = _segment(plane, measured.longest_segment) if measured else ()
    return SliceView(
        href=_address(data, view, shot, frame, kind),
        index=asked if asked is not None and asked < plane.count else shot.index,
        count=plane.count,
        size_mm=plane.size_mm,
        centre=(width / 2, height / 2) if frame.fov == "whole" else shot.centre,
        half_width_mm=frame.half_width_mm,
        letters=plane.letters,
        outlines=own,
        uptake_outlines=beside,
        measured_index=measured_index(shot) if measured else None,
        longest=ends,
        short=_segment(plane, measured.short_segment) if measured else (),
        expected=None if marked else shot.centre,
        expected_index=None if marked else shot.index,
        longest_words=f"longest diameter {measured.longest_diameter_mm} mm" if measured else "",
        short_words=f"short axis {measured.short_axis_mm} mm" if measured else "",
        scale=choose_scale(data, view, shot.scan, frame, kind),
        caption=caption(shot.scan, kind),
    )


def draw_kind(
    data: Data,
    view: SubjectView,
    shot: Shot | None,
    frame: Frame | None,
    asked: int | None,
    kind: str,
) -> tuple[SliceView | None, str]:
    """Return a shot as it is drawn in a view, or why that view of it cannot be drawn."""
    if shot is None or frame is None:
        return None, ""
    why = why_no_picture(view, shot.scan, kind)
    return (None, why) if why else (draw_shot(data, view, shot, frame, asked, kind), "")


def measured_index(shot: Shot) -> int | None:
    """Return the shown slice that a lesion's diameters lie in: its own, or the nearest to it."""
    measured, finding = shot.measured, shot.finding
    if measured is None or finding is None:
        return None
    if finding.scan_id == shot.scan.scan_id:
        return measured.slice_index
    ends = shot.plane.to_screen(measured.longest_segment)
    return min(max(round(float(ends[:, 2].mean())), 0), shot.plane.count - 1)


def caption(scan: Scan, kind: str) -> str:
    """Return what a picture is of, in a word."""
    own = "PET" if is_pet(scan) else scan.modality
    return {PET: "PET", FUSED: f"PET on {own}"}.get(kind, own)


def choose_scale(
    data: Data, view: SubjectView, scan: Scan, frame: Frame, kind: str
) -> Scale | None:
    """Return the scale of uptake that a picture needs; None where no PET scan is drawn."""
    pet = scan if is_pet(scan) else find_pair(view, scan) if kind != CT else None
    if pet is None:
        return None
    window = data.find_window(pet, "auto", frame.top)
    overlay = Overlay(window, fused=kind == FUSED and not is_pet(scan), opacity=frame.opacity)
    high = f"{window.high:.0f}" if window.high >= 100 else f"{window.high:.3g}"
    return Scale(draw_bar(overlay), f"{window.low:g}", f"≥ {high}", unit_words(pet))


def _address(data: Data, view: SubjectView, shot: Shot, frame: Frame, kind: str) -> str:
    scan = shot.scan
    pet = None if is_pet(scan) else find_pair(view, scan)
    uptake: dict[str, str | int] = {"over": data.scan_token(pet)} if pet is not None else {}
    if is_pet(scan):
        uptake = {"suv": frame.top}
    elif pet is not None and kind != CT:
        uptake |= {"view": kind, "suv": frame.top}
        uptake |= {"opacity": frame.opacity} if kind == FUSED else {}
    return slice_url(
        view.subject.key, data.scan_token(scan), shot.plane.axis, INDEX_MARK, frame.window, **uptake
    )


Outlines = Mapping[int, Sequence[Line]]


def _outlines(data: Data, view: SubjectView, shot: Shot) -> tuple[Outlines, Outlines]:
    """Return a lesion's outlines as marked on the CT or MR scan, and as marked on the PET scan."""
    finding = shot.finding
    marks = view.mark_set(finding) if finding is not None else None
    if finding is None or finding.label is None or marks is None:
        return {}, {}
    own = data.read_outlines(marks, shot.plane, finding.label)
    scan = view.scan(finding.scan_id)
    pair = find_pair(view, scan) if scan is not None else None
    other = view.marks_on(pair, finding.reader) if pair is not None else None
    same = None
    if other is not None:
        tracked = _tracked_label(view, finding, other)
        same = data.find_same_label(marks, finding.label, other) if tracked is None else tracked
    beside: Outlines = {}
    if other is not None and same is not None:
        beside = data.read_outlines(other, shot.plane, same)
    return (beside, own) if scan is not None and is_pet(scan) else (own, beside)


def _tracked_label(view: SubjectView, finding: Finding, marks: MarkSet) -> int | None:
    """Return the label that the same lesion was tracked by in other marks of then."""
    lesion = finding.tracking_uid, finding.time_point
    found = view.tracking.findings if view.tracking else ()
    same = (f for f in found if (f.tracking_uid, f.time_point) == lesion)
    return next((f.label for f in same if f.scan_id == marks.scan_id), None)


def _segment(plane: Plane, segment: Segment) -> Line:
    ends = plane.to_screen(segment)
    return [(round(float(x), 2), round(float(y), 2)) for x, y, _ in ends]

"""Key images of a report: a lesion's slice with its outline and diameter, PET over it if there is.

Every pixel of a picture is a place in physical space (LPS millimetres), looked up in whatever is
shown there: image, mask and PET lie right whatever their grids. Orientation is radiological.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from PIL import Image, ImageDraw
from scipy import ndimage

from response.errors import ResponseError
from response.export.outlines import trace_outlines
from response.geometry import Grid
from response.layers import split_layers
from response.model import Assessment, Finding, Lesion, Scan, TimePoint, Tracking
from response.terms import Event, Role
from response.workspace import Workspace

PIXELS = 420
LEAST_FIELD_MM = 160.0
SCALE_MM = 20.0
CONTOUR, ON_UPTAKE = (255, 210, 63), (80, 255, 170)
DIAMETER, EXPECTED = (94, 200, 255), (255, 157, 92)

WINDOWS = {
    "lung": (-1350.0, 150.0),
    "bone": (-500.0, 1300.0),
    "brain": (0.0, 80.0),
    "": (-160.0, 240.0),
}
"""CT windows by organ, HU; soft tissue where none is named."""

_SCREEN = {
    0: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    1: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    2: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
}
"""Normal nearest to an LPS axis → where right and down of the picture point, LPS."""

Array = npt.NDArray[Any]
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KeyImage:
    """A picture with its words; ``letters`` stand at its left and right edge (R, L, A, P …)."""

    picture: Any
    title: str
    caption: str
    letters: tuple[str, str]


@dataclass(slots=True)
class _Volumes:
    """Reads each stored image once."""

    workspace: Workspace
    _read: dict[str, tuple[Grid, tuple[Array, ...]]] = field(default_factory=dict)

    def read(self, path: str) -> tuple[Grid, tuple[Array, ...]]:
        """Read the layers of an image or mask, each with axes k, j, i."""
        if path not in self._read:
            image = self.workspace.read_image(path)
            layers = tuple(sitk.GetArrayViewFromImage(one) for one in split_layers(image))
            kept = tuple(np.array(layer) for layer in layers)
            self._read[path] = (Grid.of(split_layers(image)[0]), kept)
        return self._read[path]


@dataclass(frozen=True, slots=True)
class _View:
    """A square in space: its centre, where right and down point, and its width in mm."""

    centre: Vector
    right: Vector
    down: Vector
    width_mm: float

    @property
    def points(self) -> Vector:
        """Where each pixel lies: (rows, columns, 3)."""
        steps = (np.arange(PIXELS) - (PIXELS - 1) / 2) * (self.width_mm / PIXELS)
        across = steps[None, :, None] * self.right
        return np.asarray(self.centre + across + steps[:, None, None] * self.down)

    def to_pixels(self, point: Sequence[float]) -> tuple[float, float]:
        """Map a point to (x, y) in the picture."""
        away = (np.array(point) - self.centre) * (PIXELS / self.width_mm)
        middle = (PIXELS - 1) / 2
        return float(away @ self.right) + middle, float(away @ self.down) + middle


def make_key_images(
    workspace: Workspace,
    tracking: Tracking,
    time_points: Sequence[TimePoint],
    points: Sequence[Assessment],
) -> tuple[tuple[KeyImage, ...], tuple[str, ...]]:
    """Draw the largest target at the baseline and the latest time point, and a new lesion.

    Returns
    -------
    images, notes
        And why one could not be drawn.
    """
    volumes = _Volumes(workspace)
    scans = {scan.scan_id: scan for point in time_points for scan in point.scans}
    masks = {m.mark_set_id: m.mask_path for point in time_points for m in point.mark_sets}
    beside = {point.time_point: point.scans for point in time_points}
    made, notes = [], []
    for lesion, finding, title, width in _choose(tracking, points):
        try:
            mask = masks.get(finding.mark_set_id, "") or _find_mask(finding, tracking, time_points)
            scan = scans[finding.scan_id]
            others = [one for one in beside[finding.time_point] if one.scan_id != scan.scan_id]
            made.append(_draw(volumes, lesion, finding, scan, others, mask, title, width))
        except (ResponseError, KeyError) as error:
            notes.append(f"{title}: no picture ({error})")
    return tuple(made), tuple(notes)


def _find_mask(finding: Finding, tracking: Tracking, points: Sequence[TimePoint]) -> str:
    return next(
        (
            marks.mask_path
            for point in points
            for marks in point.mark_sets
            if marks.scan_id == finding.scan_id and marks.reader == tracking.reader
        ),
        "",
    )


def _choose(
    tracking: Tracking, points: Sequence[Assessment]
) -> list[tuple[Lesion, Finding, str, float]]:
    """Choose lesion, finding, title and field of view of each picture."""
    first, last = points[0].time_point, points[-1].time_point
    lesions = {lesion.tracking_uid: lesion for lesion in tracking.lesions}
    found = {(f.tracking_uid, f.time_point): f for f in reversed(tracking.findings)}
    chosen: list[tuple[Lesion, Finding, str, float]] = []
    at_first = [f for f in found.values() if f.time_point == first and f.label is not None]
    targets = [f for f in at_first if lesions[f.tracking_uid].role is Role.TARGET] or at_first
    if targets:
        at_last = {f.tracking_uid: f for f in found.values() if f.time_point == last}
        start = max(targets, key=partial(_find_largest, at_last))
        now = at_last.get(start.tracking_uid)
        lesion = lesions[start.tracking_uid]
        width = max(_field(start), _field(now) if now else 0.0)
        chosen.append((lesion, start, "Baseline", width))
        if now is not None and last != first:
            chosen.append((lesion, now, "Latest", width))
    new = [
        f
        for f in found.values()
        if f.time_point == last
        and last != first
        and f.label is not None
        and (lesions[f.tracking_uid].role is Role.NEW or f.event in (Event.NEW, Event.NEWLY_IMAGED))
    ]
    if new:
        worst = max(new, key=_size)
        chosen.append((lesions[worst.tracking_uid], worst, "New lesion", _field(worst)))
    return chosen


def _find_largest(at_last: Mapping[str, Finding], first: Finding) -> tuple[float, str]:
    """The size of a lesion at the baseline or at the end, whichever is larger."""
    return max(_size(first), _size(at_last.get(first.tracking_uid, first)))


def _size(finding: Finding) -> tuple[float, str]:
    measured = finding.measurement
    return float(measured.longest_diameter_mm) if measured else 0.0, finding.tracking_id


def _field(finding: Finding) -> float:
    return max(LEAST_FIELD_MM, 2.2 * _size(finding)[0])


def _draw(
    volumes: _Volumes,
    lesion: Lesion,
    finding: Finding,
    scan: Scan,
    others: Sequence[Scan],
    mask_path: str,
    title: str,
    width: float,
) -> KeyImage:
    grid, (values, *_more) = volumes.read(scan.image_path)
    view, number = _place(finding, scan, grid, width)
    base, pet = _find_pair(scan, others)
    if base is not scan:
        grid, (values, *_more) = volumes.read(base.image_path)
    grey = _look_up(values, grid, view.points)
    picture = _to_grey(grey, values, base, lesion.organ)
    if pet is not None and pet is not base:
        pet_grid, (uptake, *_more) = volumes.read(pet.image_path)
        picture = _fuse(
            picture,
            _look_up(
                uptake,
                pet_grid,
                view.points,
            ),
        )
    drawn = Image.fromarray(picture)
    fused = f" with {pet.modality}" if pet is not None and pet is not base else ""
    inside = _read_inside(volumes, finding, mask_path, view)
    _mark(ImageDraw.Draw(drawn), view, finding, inside, ON_UPTAKE if fused else CONTOUR)
    organ = f" {lesion.organ}" if lesion.organ else ""
    return KeyImage(
        drawn,
        f"{title}: {finding.tracking_id}{organ}",
        f"{finding.time_point} · {finding.date} · {base.modality}{fused}, slice {number} · "
        f"{_describe_size(lesion, finding)}",
        (_letter(-view.right), _letter(view.right)),
    )


def _describe_size(lesion: Lesion, finding: Finding) -> str:
    measured = finding.measurement
    if measured is None:
        return finding.reason or finding.event.value.replace("_", " ")
    if measured.sul_peak is not None:
        return f"SULpeak {measured.sul_peak:.2f}"
    if lesion.node:
        return f"short axis {measured.short_axis_mm} mm"
    return f"{measured.longest_diameter_mm} mm"


def _place(finding: Finding, scan: Scan, grid: Grid, width: float) -> tuple[_View, int]:
    """Lay the picture in the slice that was measured, else where the lesion was expected."""
    measured = finding.measurement
    axis = measured.slice_axis if measured else scan.slice_axis
    middle = np.array(
        np.mean(measured.longest_segment, axis=0) if measured else finding.place or grid.origin
    )
    index = grid.to_indices(middle[None, :])[0]
    index[axis] = measured.slice_index if measured else np.rint(index[axis])
    index = np.clip(index, 0, np.array(grid.size) - 1)
    direction = np.array(grid.direction, dtype=np.float64).reshape(3, 3)
    right, down = (np.array(v) for v in _SCREEN[int(np.argmax(np.abs(direction[:, axis])))])
    first, second = (direction[:, a] for a in range(3) if a != axis)
    if abs(first @ right) + abs(second @ down) < abs(second @ right) + abs(first @ down):
        first, second = second, first
    across = first * (1 if first @ right >= 0 else -1)
    below = second * (1 if second @ down >= 0 else -1)
    view = _View(grid.to_points(index[None, :])[0], across, below, width)
    return view, int(index[axis]) + 1


def _find_pair(scan: Scan, others: Sequence[Scan]) -> tuple[Scan, Scan | None]:
    """Find what is drawn in grey and what over it: CT or MR, and PET of the same frame."""
    frame = scan.facts.get("frame_of_reference_uid", "")
    near = [one for one in others if one.facts.get("frame_of_reference_uid", "") == frame]
    if scan.modality == "PT":
        return next((one for one in near if one.modality == "CT"), scan), scan
    return scan, next((one for one in near if one.modality == "PT"), None)


def _look_up(values: Array, grid: Grid, points: Vector) -> Array:
    indices = grid.to_indices(points.reshape(-1, 3))[:, ::-1].T
    low = np.maximum(np.floor(indices.min(axis=1)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(indices.max(axis=1)).astype(int) + 2, values.shape)
    outside = float(values.min())
    if (high <= low).any():
        return np.full(points.shape[:2], outside, np.float32)
    part = values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].astype(np.float32)
    shifted = indices - low[:, None]
    found = ndimage.map_coordinates(part, shifted, order=1, mode="constant", cval=outside)
    return np.asarray(found).reshape(points.shape[:2])


def _to_grey(flat: Array, values: Array, scan: Scan, organ: str) -> Array:
    if scan.modality == "CT":
        known = next((name for name in WINDOWS if name and name in organ.lower()), "")
        low, high = WINDOWS[known]
    elif scan.modality == "PT":
        low, high = max(float(np.percentile(values[::2, ::4, ::4], 99.5)), 5.0), 0.0
    else:
        low, high = (float(v) for v in np.percentile(values[::2, ::4, ::4], (1, 99.5)))
    share = (flat - low) / ((high - low) or 1.0)
    grey = np.clip(np.rint(255 * share), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _fuse(picture: Array, uptake: Array) -> Array:
    """Lay uptake over grey as heat: from nothing at 0 to white-hot at 10 (SUV), or its own top."""
    top = max(10.0, float(np.percentile(uptake, 99.9)))
    share = np.clip(uptake / top, 0, 1)[:, :, None]
    heat = np.clip(np.concatenate([3 * share, 3 * share - 1, 3 * share - 2], axis=2), 0, 1) * 255
    weight = np.clip(2 * share, 0, 0.65)
    mixed: Array = np.rint(picture * (1 - weight) + heat * weight).astype(np.uint8)
    return mixed


def _read_inside(volumes: _Volumes, finding: Finding, path: str, view: _View) -> Array | None:
    if finding.label is None or not path:
        return None
    grid, layers = volumes.read(path)
    for layer in layers:
        inside = _look_up(layer == finding.label, grid, view.points) >= 0.5
        if inside.any():
            return inside
    return None


def _mark(
    draw: Any, view: _View, finding: Finding, inside: Array | None, colour: tuple[int, int, int]
) -> None:
    """Draw the outline, the measured diameter and a scale; a ring where it was expected."""
    if inside is not None:
        for outline in trace_outlines(inside):
            draw.line([*map(tuple, outline), tuple(outline[0])], fill=colour, width=2)
    if finding.measurement is not None:
        ends = [view.to_pixels(end) for end in finding.measurement.longest_segment]
        draw.line(ends, fill=DIAMETER, width=3)
    elif finding.place is not None:
        x, y = view.to_pixels(finding.place)
        draw.ellipse([x - 24, y - 24, x + 24, y + 24], outline=EXPECTED, width=2)
    length = SCALE_MM * PIXELS / view.width_mm
    bottom = PIXELS - 12
    draw.line([(8, bottom), (12 + length, bottom)], fill=(0, 0, 0), width=7)
    draw.line([(10, bottom), (10 + length, bottom)], fill=(255, 255, 255), width=3)


def _letter(direction: Vector) -> str:
    """Name the side of the body that a direction points to.

    Examples
    --------
    >>> _letter(np.array([-1.0, 0.0, 0.0]))
    'R'
    """
    axis = int(np.argmax(np.abs(direction)))
    return ("LR", "PA", "SI")[axis][0 if direction[axis] > 0 else 1]

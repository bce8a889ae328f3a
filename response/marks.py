"""A reader's marks as read from the workspace: measured, with the places of their voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial import cKDTree

from response.geometry import Grid, Points, choose_slice_axis, slice_normal
from response.measure import measure_labels
from response.model import MarkSet, Measurement, Point, RecordedMeasurement, Scan
from response.streams import Stop, Stream
from response.workspace import Workspace

OTHER_SERIES = 1_000_000
"""Added to the labels of a second series, so that the marks of a time point have one numbering."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark as read: where it comes from, its measurement and voxel centres (n, 3) in LPS mm."""

    scan: Scan
    marks: MarkSet
    measured: Measurement
    points: Points


@dataclass(frozen=True, slots=True)
class SeenStop:
    """A stop with its marks by number; ``doubles`` are the same lesions on further series."""

    stop: Stop
    grid: Grid
    marked: Mapping[int, Marked]
    doubles: Mapping[int, tuple[Marked, ...]]


def read_marks(workspace: Workspace, stream: Stream) -> list[SeenStop]:
    """Read and measure every mark of a stream, in the order of its stops.

    The slices are those of the acquisition, or lie as they do at the first stop.
    """
    normal: Point | None = None
    seen = []
    for stop in stream.stops:
        image = workspace.read_image(stop.scan.image_path)
        grid = Grid.of(image)
        axis = _slice_axis(stop.scan, grid, normal)
        normal = slice_normal(grid, axis) if normal is None else normal
        own = _marked(workspace, stop.scan, stop.marks, image, axis) if stop.marks else {}
        doubles: dict[int, tuple[Marked, ...]] = {}
        for number, (scan, marks) in enumerate(stop.others, 1):
            other_image = workspace.read_image(scan.image_path)
            other_axis = _slice_axis(scan, Grid.of(other_image), normal)
            further = _marked(workspace, scan, marks, other_image, other_axis)
            _join_series(workspace, stop, own, further, number, doubles)
        seen.append(SeenStop(stop, grid, own, doubles))
    return seen


def _slice_axis(scan: Scan, grid: Grid, normal: Point | None) -> int:
    if scan.source == "dicom":
        return scan.slice_axis
    return choose_slice_axis(grid, reference_normal=normal)


def _marked(
    workspace: Workspace, scan: Scan, marks: MarkSet, image: sitk.Image, axis: int
) -> dict[int, Marked]:
    if not marks.mask_path:
        return {}
    mask = workspace.read_image(marks.mask_path)
    grid = Grid.of(mask)
    array = sitk.GetArrayViewFromImage(mask)
    boxes = ndimage.find_objects(array.astype(np.int32))
    found = {}
    for measured in measure_labels(image, mask, slice_axis=axis):
        box = boxes[measured.label - 1]
        low = [edge.start for edge in box]
        kji = np.argwhere(array[box] == measured.label) + low
        points = grid.to_points(kji[:, ::-1].astype(float))
        found[measured.label] = Marked(scan, marks, measured, points)
    return found


def _join_series(
    workspace: Workspace,
    stop: Stop,
    own: dict[int, Marked],
    further: Mapping[int, Marked],
    number: int,
    doubles: dict[int, tuple[Marked, ...]],
) -> None:
    """Give marks of another series to the lesion they overlap, or number them on.

    Series of one time point share the patient's space: a PET and its CT.
    """
    for label, mark in further.items():
        hits = {k: _overlap(m.points, mark.points) for k, m in own.items()}
        best = max(hits, key=lambda k: hits[k], default=None)
        if best is not None and hits[best] > 0:
            doubles[best] = (*doubles.get(best, ()), mark)
        else:
            own[OTHER_SERIES * number + label] = mark


def _overlap(one: Points, two: Points) -> int:
    """Return how many points of ``two`` lie within 2 mm of ``one``."""
    distances, _ = cKDTree(one).query(two, distance_upper_bound=2.0)
    return int(np.isfinite(distances).sum())


def record(measured: Measurement, precision_mm: Decimal) -> RecordedMeasurement:
    """Return a measurement as recorded: its diameters rounded once, half up.

    Examples
    --------
    >>> round_mm(12.34999, Decimal("0.1"))
    Decimal('12.3')
    """
    return RecordedMeasurement(
        longest_diameter_mm=round_mm(measured.longest_diameter_mm, precision_mm),
        short_axis_mm=round_mm(measured.short_axis_mm, precision_mm),
        volume_mm3=measured.volume_mm3,
        extent_3d_mm=measured.extent_3d_mm,
        longest_segment=measured.longest_segment,
        short_segment=measured.short_segment,
        slice_axis=measured.slice_axis,
        slice_index=measured.slice_index,
        mean_value=measured.mean_value,
    )


def round_mm(value_mm: float, precision_mm: Decimal) -> Decimal:
    """Round a length to the protocol's precision, half up."""
    # 12.35 mm computed as 12.349999999 is 12.35: the ninth decimal is noise, not size.
    exact = Decimal(repr(round(value_mm, 9)))
    steps = (exact / precision_mm).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return steps * precision_mm

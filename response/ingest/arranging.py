"""Slices in order, by where they lie and never by file name or number; and the grid they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from response.errors import GeometryError
from response.geometry import PLACE_TOLERANCE_VOXELS, Grid
from response.ingest.headers import Slice

_SAME_ORIENTATION = 1e-4
_SAME_PLACE_MM = 1e-3

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arranged:
    """Slices in order along the normal, and the grid they make; image axis 2 is the slices'."""

    slices: tuple[Slice, ...]
    grid: Grid


def arrange(slices: Sequence[Slice]) -> Arranged:
    """Order slices and prove that they are a regular volume.

    Raises
    ------
    GeometryError
        Slices missing, doubled, uneven, tilted, or of different orientation or size.
    """
    if len(slices) < 2:
        raise GeometryError("a single slice is not a volume")
    first = slices[0]
    for image in slices:
        if (image.rows, image.columns) != (first.rows, first.columns):
            raise GeometryError("slices of different size")
        if not _are_close(image.pixel_spacing, first.pixel_spacing, 1e-3 * first.pixel_spacing[0]):
            raise GeometryError("slices of different pixel spacing")
        if not _are_close(image.orientation, first.orientation, _SAME_ORIENTATION):
            raise GeometryError("slices of different orientation")
    row, column = _find_directions(first)
    normal = np.asarray(np.cross(row, column), dtype=np.float64)
    ordered = sorted(slices, key=lambda image: float(np.dot(image.position, normal)))
    gap = _check_even(ordered, normal, min(first.pixel_spacing))
    return Arranged(tuple(ordered), _to_grid(ordered, (row, column, normal), gap))


def find_normal(image: Slice) -> Vector:
    """Find the unit normal, LPS, of a slice.

    Raises
    ------
    GeometryError
        Its rows and columns are not at right angles.
    """
    return np.asarray(np.cross(*_find_directions(image)), dtype=np.float64)


def _are_close(first: Sequence[float], second: Sequence[float], tolerance: float) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(first, second, strict=True))


def _find_directions(image: Slice) -> tuple[Vector, Vector]:
    """Unit vectors along a row and down a column, at right angles to the last digit."""
    row, column = np.array(image.orientation[:3]), np.array(image.orientation[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if min(lengths) < 0.5 or abs(row @ column) > 1e-3 * lengths[0] * lengths[1]:
        raise GeometryError("rows and columns are not at right angles")
    row = row / lengths[0]
    column = column - (column @ row) * row
    return row, column / np.linalg.norm(column)


def _check_even(ordered: Sequence[Slice], normal: Vector, pixel: float) -> float:
    """Check that slices follow each other at one distance, straight; returns the distance."""
    if pixel <= 0:
        raise GeometryError("the pixel spacing is not positive")
    places = np.array([image.position for image in ordered])
    along = places @ normal
    gaps = np.diff(along)
    usual = float(np.median(gaps))
    if (gaps < _SAME_PLACE_MM).any():
        raise GeometryError(
            f"{_count_most(gaps)} images at one place: several volumes in one series"
        )
    if (gaps > 1.5 * usual).any():
        at = float(along[int(gaps.argmax())])
        raise GeometryError(f"a slice is missing beyond {at:.1f} mm along the normal")
    gap = float(along[-1] - along[0]) / len(gaps)
    off = np.abs(along - along[0] - gap * np.arange(len(along))).max()
    if off > PLACE_TOLERANCE_VOXELS * gap:
        raise GeometryError(
            f"uneven distances between slices, {gaps.min():.3f} to {gaps.max():.3f} mm"
        )
    aside = places - places[0] - np.outer(along - along[0], normal)
    if np.linalg.norm(aside, axis=1).max() > max(PLACE_TOLERANCE_VOXELS * pixel, 0.01):
        raise GeometryError("slices are shifted sideways (tilted gantry); resample the series")
    return gap


def _count_most(gaps: Vector) -> int:
    """Count the images at the place that has most of them."""
    most = run = 1
    for gap in gaps:
        run = run + 1 if gap < _SAME_PLACE_MM else 1
        most = max(most, run)
    return most


def _to_grid(ordered: Sequence[Slice], axes: tuple[Vector, ...], gap: float) -> Grid:
    first = ordered[0]
    down, across = first.pixel_spacing  # DICOM states the distance between rows first
    x, y, z = first.position
    a, b, c, d, e, f, g, h, i = np.stack(axes, axis=1).ravel().tolist()
    return Grid(
        (x, y, z),
        (across, down, gap),
        (a, b, c, d, e, f, g, h, i),
        (first.columns, first.rows, len(ordered)),
    )

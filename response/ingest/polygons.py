"""Polygons on a raster of pixel centres: a pixel is in if its centre is, by the even-odd rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Polygon = npt.NDArray[np.float64]
"""Corners (n, 2): column, row, in pixels; a whole number is a pixel's centre. It is closed."""


def count_crossings(polygon: Polygon, rows: int) -> int:
    """Count how often a polygon's edges cross a row of pixels: what filling it costs."""
    heights = np.clip(polygon[:, 1], 0, rows)
    return int(np.abs(heights - np.roll(heights, -1)).sum())


def fill_polygons(polygons: Sequence[Polygon], columns: int, rows: int) -> npt.NDArray[np.bool_]:
    """Find the pixels (rows, columns) whose centres lie inside an odd number of polygons.

    A hole is a polygon within another, or joined to it by a channel of no width. A centre exactly
    on an edge belongs to one side of it: polygons that share an edge share no pixel.

    Examples
    --------
    >>> square = np.array([[0.5, 0.5], [3.5, 0.5], [3.5, 2.5], [0.5, 2.5]])
    >>> fill_polygons([square], 5, 4).sum()
    np.int64(6)
    """
    corners = np.concatenate(polygons)
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, (columns, rows)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, (columns, rows)).astype(int)
    inside = np.zeros((rows, columns), bool)
    boxed = [polygon - (left, top) for polygon in polygons]
    inside[top:bottom, left:right] = _fill_box(boxed, max(0, right - left), max(0, bottom - top))
    return inside


def _fill_box(polygons: Sequence[Polygon], columns: int, rows: int) -> npt.NDArray[np.bool_]:
    toggles = np.zeros((rows, columns + 1), np.int32)
    for polygon in polygons:
        starts, ends = polygon, np.roll(polygon, -1, axis=0)
        # Each edge crosses the rows from its lower end, inclusive, to its upper end, exclusive.
        low = np.clip(np.ceil(np.minimum(starts[:, 1], ends[:, 1])), 0, rows).astype(np.int64)
        high = np.clip(np.ceil(np.maximum(starts[:, 1], ends[:, 1])), 0, rows).astype(np.int64)
        counts = high - low
        edges = np.repeat(np.arange(len(counts)), counts)
        firsts = np.repeat(np.cumsum(counts) - counts, counts)
        row = np.repeat(low, counts) + np.arange(len(edges)) - firsts
        (x0, y0), (x1, y1) = starts[edges].T, ends[edges].T
        x = x0 + (row - y0) * (x1 - x0) / (y1 - y0)
        column = np.clip(np.ceil(x), 0, columns).astype(np.int64)
        np.add.at(toggles, (row, column), 1)
    return np.asarray(np.cumsum(toggles, axis=1)[:, :columns] % 2 == 1)

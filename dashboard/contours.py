"""The outline of a label in a slice: the line half-way between pixels in and out.

It is the line that diameters are measured between, so their ends lie on it. Pure.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from dashboard.slices import Plane, find_plane, take_slice
from response.geometry import Grid
from response.layers import find_layer
from response.model import Point

Line = list[tuple[float, float]]
"""Points (x, y) in display millimetres."""

# Corners of a cell of four pixel centres: 1 top left, 2 top right, 4 bottom right, 8 bottom left.
# Edges: 0 top, 1 right, 2 bottom, 3 left. Each segment keeps the inside on its left; pixels that
# touch at a corner only are kept apart.
SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 0), (1, 2)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    10: ((0, 1), (2, 3)),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
}
# In half pixels from the cell's top-left pixel centre: (row, column) of each edge's middle.
EDGE_MIDDLES = ((0, 1), (1, 2), (2, 1), (1, 0))

POINTS_ASKED = 4000
"""Places of a region, about, that are looked up in another mask."""

CIRCLE_POINTS = 49
"""Points of a circle, the first one again at the end."""


def trace_outline(inside: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.float64]]:
    """Return the closed outlines of a region as (n, 2) arrays of (row, column), first point last.

    Pixel centres are at whole numbers; the outline runs through the points half-way between a
    pixel in the region and its neighbour outside.

    Examples
    --------
    >>> trace_outline(np.array([[True]]))[0].tolist()
    [[-0.5, 0.0], [0.0, -0.5], [0.5, 0.0], [0.0, 0.5], [-0.5, 0.0]]
    """
    following = _segments(np.pad(inside.astype(np.uint8), 1))
    outlines = []
    while following:
        start = next(iter(following))
        point = following.pop(start)
        line = [start, point]
        while point != start:
            point = following.pop(point)
            line.append(point)
        outlines.append(_straighten(np.array(line, dtype=np.float64) / 2 - 1))
    return outlines


def _segments(padded: npt.NDArray[np.uint8]) -> dict[tuple[int, int], tuple[int, int]]:
    """Return start → end of every segment, in half pixels of the padded array."""
    cells = padded[:-1, :-1] + 2 * padded[:-1, 1:] + 4 * padded[1:, 1:] + 8 * padded[1:, :-1]
    following: dict[tuple[int, int], tuple[int, int]] = {}
    for row, column in np.argwhere((cells > 0) & (cells < 15)).tolist():
        for a, b in SEGMENTS[int(cells[row, column])]:
            start, end = EDGE_MIDDLES[a], EDGE_MIDDLES[b]
            key = (2 * row + start[0], 2 * column + start[1])
            following[key] = (2 * row + end[0], 2 * column + end[1])
    return following


def _straighten(line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Drop points in the middle of straight stretches."""
    steps = np.diff(line, axis=0)
    turns = np.any(steps[:-1] != steps[1:], axis=1)
    return np.asarray(line[np.concatenate([[True], turns, [True]])], dtype=np.float64)


def outline_slices(
    mask_kji: npt.NDArray[Any], plane: Plane, label: int
) -> dict[int, tuple[Line, ...]]:
    """Return the outlines of a label in every slice that holds it: slice index → lines.

    Parameters
    ----------
    mask_kji
        Label image, axes k, j, i, on the plane's grid.
    plane
        The slices to draw in.
    label
        Which label.
    """
    return outline_region(find_label(mask_kji, label), plane)


def find_label(mask_kji: npt.NDArray[Any], label: int) -> npt.NDArray[np.bool_]:
    """Return where a label is, axes k, j, i, in a mask of one or of several layers.

    Examples
    --------
    >>> layers = np.zeros((1, 1, 2, 2), np.uint8)
    >>> layers[0, 0, 1, 1] = 4
    >>> find_label(layers, 4).tolist()
    [[[False, True]]]
    """
    return np.asarray(find_layer(mask_kji, label) == label)


def outline_region(inside: npt.NDArray[np.bool_], plane: Plane) -> dict[int, tuple[Line, ...]]:
    """Return the outlines of a region (axes k, j, i) in every slice that holds some of it."""
    others = tuple(axis for axis in range(3) if axis != 2 - plane.axis)
    held = np.flatnonzero(inside.any(axis=others))
    return {
        int(index): tuple(
            _to_display(line, plane) for line in trace_outline(take_slice(inside, plane, index))
        )
        for index in held
    }


def outline_beside(
    inside: npt.NDArray[np.bool_], grid: Grid, plane: Plane
) -> dict[int, tuple[Line, ...]]:
    """Return the outlines of a region of one scan in the slices of another: slice index → lines.

    Between voxel centres the region ends half-way, as its outline in its own slices does.

    Parameters
    ----------
    inside
        The region, axes k, j, i, on ``grid``.
    grid
        The grid of the scan that it was drawn on.
    plane
        The slices of the other scan.
    """
    box = _find_box(inside, grid, plane.grid)
    if box is None:
        return {}
    low, size = box
    near = _crop(plane.grid, low, size)
    region = _resample(inside, grid, near)
    small = find_plane(near, plane.axis)
    shift_x = _shift(plane, small, plane.columns, low, plane.flip_x)
    shift_y = _shift(plane, small, plane.rows, low, plane.flip_y)
    return {
        index + int(low[plane.axis]): tuple(
            [(round(x + shift_x, 2), round(y + shift_y, 2)) for x, y in line] for line in lines
        )
        for index, lines in outline_region(region, small).items()
    }


def find_most_common(
    inside: npt.NDArray[np.bool_], grid: Grid, other: npt.NDArray[Any], other_grid: Grid
) -> int | None:
    """Return the label of another mask that most of a region lies in; None where in none."""
    kji = np.argwhere(inside)
    kji = kji[:: max(1, len(kji) // POINTS_ASKED)]
    at = np.rint(other_grid.to_indices(grid.to_points(kji[:, ::-1].astype(float)))).astype(int)
    at = at[np.all((at >= 0) & (at < np.array(other_grid.size)), axis=1)]
    seen = other[at[:, 2], at[:, 1], at[:, 0]].ravel()
    names, counts = np.unique(seen[seen > 0], return_counts=True)
    return int(names[np.argmax(counts)]) if len(names) else None


def outline_sphere(plane: Plane, centre: Point, volume_ml: float) -> dict[int, tuple[Line, ...]]:
    """Return the circles that a sphere (centre in LPS mm) cuts out of slices: index → lines."""
    radius = (3 * 1000 * volume_ml / (4 * math.pi)) ** (1 / 3)
    x, y, middle = (float(v) for v in plane.to_screen([centre])[0])
    spacing = plane.grid.spacing[plane.axis]
    circles: dict[int, tuple[Line, ...]] = {}
    for index in range(plane.count):
        away = (index - middle) * spacing
        if abs(away) < radius:
            cut = math.sqrt(radius**2 - away**2)
            turns = np.linspace(0, 2 * math.pi, CIRCLE_POINTS)
            line = [
                (round(x + cut * math.cos(t), 2), round(y + cut * math.sin(t), 2)) for t in turns
            ]
            circles[index] = (line,)
    return circles


def _find_box(
    inside: npt.NDArray[np.bool_], grid: Grid, onto: Grid
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]] | None:
    """Return the lowest index and the size of the part of a grid that a region may reach into."""
    kji = np.argwhere(inside)
    if not len(kji):
        return None
    low, high = kji.min(axis=0)[::-1] - 1.0, kji.max(axis=0)[::-1] + 1.0
    corners = [[(low, high)[n >> a & 1][a] for a in range(3)] for n in range(8)]
    seen = onto.to_indices(grid.to_points(corners))
    size = np.array(onto.size)
    first = np.clip(np.floor(seen.min(axis=0)).astype(int), 0, size - 1)
    last = np.clip(np.ceil(seen.max(axis=0)).astype(int), 0, size - 1)
    return first, last - first + 1


def _crop(grid: Grid, low: npt.NDArray[np.int_], size: npt.NDArray[np.int_]) -> Grid:
    x, y, z = (float(v) for v in grid.to_points([low])[0])
    i, j, k = (int(v) for v in size)
    return Grid((x, y, z), grid.spacing, grid.direction, (i, j, k))


def _resample(inside: npt.NDArray[np.bool_], grid: Grid, onto: Grid) -> npt.NDArray[np.bool_]:
    k, j, i = np.indices(onto.size[::-1])
    points = onto.to_points(np.column_stack([i.ravel(), j.ravel(), k.ravel()]))
    where = grid.to_indices(points).T[::-1]
    share = ndimage.map_coordinates(
        inside.astype(np.float32), where, order=1, mode="constant", cval=0.0, prefilter=False
    )
    return np.asarray(share.reshape(onto.size[::-1]) >= 0.5)


def _shift(plane: Plane, small: Plane, axis: int, low: npt.NDArray[np.int_], flip: bool) -> float:
    """Return how far along the screen, in mm, the part of a grid lies from the edge of it all."""
    before = int(low[axis])
    if flip:
        before = plane.grid.size[axis] - before - small.grid.size[axis]
    return float(before * plane.grid.spacing[axis])


def _to_display(line: npt.NDArray[np.float64], plane: Plane) -> Line:
    spacing = plane.grid.spacing
    x = (line[:, 1] + 0.5) * spacing[plane.columns]
    y = (line[:, 0] + 0.5) * spacing[plane.rows]
    return [(round(float(a), 2), round(float(b), 2)) for a, b in zip(x, y, strict=True)]

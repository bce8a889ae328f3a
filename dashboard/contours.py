"""The outline of a label in a slice: the line half-way between pixels in and out.

It is the line that diameters are measured between, so their ends lie on it. Pure.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.slices import Plane, take_slice

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
    inside = mask_kji == label
    others = tuple(axis for axis in range(3) if axis != 2 - plane.axis)
    held = np.flatnonzero(inside.any(axis=others))
    return {
        int(index): tuple(
            _to_display(line, plane) for line in trace_outline(take_slice(inside, plane, index))
        )
        for index in held
    }


def _to_display(line: npt.NDArray[np.float64], plane: Plane) -> Line:
    spacing = plane.grid.spacing
    x = (line[:, 1] + 0.5) * spacing[plane.columns]
    y = (line[:, 0] + 0.5) * spacing[plane.rows]
    return [(round(float(a), 2), round(float(b), 2)) for a, b in zip(x, y, strict=True)]

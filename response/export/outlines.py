"""Closed outlines of a region along the edges of its pixels: filled again, they give it exactly.

The corners of pixels are at half indices, so that no pixel centre lies on an outline. A hole is
joined to the outline around it by a channel of no width (PS3.3, C.8.8.6.3, the keyhole technique):
every outline is one polygon that can be filled by the even-odd rule.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Corner = tuple[int, int]
"""A corner of pixels (column, row): it lies half a pixel before the centre of that pixel."""

_STEPS: tuple[tuple[tuple[int, int], Corner, Corner], ...] = (
    ((-1, 0), (0, 0), (1, 0)),
    ((0, 1), (1, 0), (1, 1)),
    ((1, 0), (1, 1), (0, 1)),
    ((0, -1), (0, 1), (0, 0)),
)
"""Neighbour (row, column) that is outside; the edge's two corners, the region to its right."""


def trace_outlines(inside: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.float64]]:
    """Trace a region of a slice as closed polygons.

    Parameters
    ----------
    inside
        The region's pixels (rows, columns).

    Returns
    -------
    list of arrays (n, 2)
        Corners (column, row) in indices, pixel centres at whole numbers; the first corner is not
        repeated. One polygon per part of the region whose pixels share edges.

    Examples
    --------
    >>> trace_outlines(np.array([[True, True]]))[0].tolist()
    [[-0.5, -0.5], [1.5, -0.5], [1.5, 0.5], [-0.5, 0.5]]
    """
    numbered, count = ndimage.label(inside)
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(numbered, count), 1):
        part = numbered[rows, columns] == number
        corners = _straighten(_join_holes(_trace_loops(part)))
        found.append(corners + np.array([columns.start - 0.5, rows.start - 0.5]))
    return found


def _trace_loops(part: npt.NDArray[np.bool_]) -> list[list[Corner]]:
    """Every boundary of a part as a loop of corners one pixel apart."""
    following = _list_edges(part)
    loops = []
    while following:
        start = min(following)
        here, step = start, (1, 0)
        loop: list[Corner] = []
        while not loop or here != start:
            loop.append(here)
            step = _turn(following, here, step)
            here = (here[0] + step[0], here[1] + step[1])
        loops.append(loop)
    return loops


def _list_edges(part: npt.NDArray[np.bool_]) -> dict[Corner, set[Corner]]:
    """The steps that lead on from each corner, with the region on the right-hand side."""
    padded = np.pad(part, 1)
    following: dict[Corner, set[Corner]] = {}
    for (down, across), begin, end in _STEPS:
        outside = ~np.roll(padded, (-down, -across), (0, 1))[1:-1, 1:-1]
        for row, column in np.argwhere(part & outside).tolist():
            corner = (column + begin[0], row + begin[1])
            following.setdefault(corner, set()).add((end[0] - begin[0], end[1] - begin[1]))
    return following


def _turn(following: dict[Corner, set[Corner]], here: Corner, step: Corner) -> Corner:
    """Take the way on from a corner; where two parts touch, the one that keeps them apart."""
    ways = following[here]
    right = (-step[1], step[0])
    way = right if right in ways else min(ways)
    ways.remove(way)
    if not ways:
        del following[here]
    return way


def _join_holes(loops: list[list[Corner]]) -> list[Corner]:
    """Join every hole to what surrounds it, by a channel along a row's edge to its left."""
    outer, *holes = sorted(loops, key=min)
    for hole in holes:
        start = hole.index(min(hole))
        column, row = hole[start]
        known = {corner: place for place, corner in enumerate(outer)}
        left = column - 1
        while (left, row) not in known:
            left -= 1
        place = known[left, row]
        out = [(x, row) for x in range(left, column)]
        turned = [*hole[start:], *hole[:start], hole[start]]
        outer = [*outer[:place], *out, *turned, *reversed(out), *outer[place + 1 :]]
    return outer


def _straighten(loop: list[Corner]) -> npt.NDArray[np.float64]:
    """Drop corners in the middle of straight stretches."""
    corners = np.array(loop, dtype=np.float64)
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    return np.asarray(corners[np.any(before != after, axis=1)])

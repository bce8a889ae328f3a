"""Extents: where a lesion is expected and where a mark lies, as clouds of points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from response.geometry import Grid, Points
from response.match.limits import MARK_POINTS, SAMPLE_POINTS
from response.match.model import Mark

Values = NDArray[np.float64]
"""One number per point, shape ``(n,)``."""


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """A lesion's extent: a sample of its points, LPS millimetres.

    ``reach_mm`` is how far a place inside the lesion may be from the nearest sampled point.
    """

    points: Points
    centroid: Points
    volume_mm3: float
    reach_mm: float

    @property
    def radius_mm(self) -> float:
        """Radius of the ball of the same volume."""
        return equivalent_radius_mm(self.volume_mm3)

    def distances_mm(self, points: Points) -> Values:
        """Distance of points ``(n, 3)`` to the extent; 0 inside."""
        near, _ = cKDTree(self.points).query(points)
        return np.maximum(near - self.reach_mm, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A mark prepared for many questions: its voxels in a tree along the image axes."""

    mark: Mark
    grid: Grid
    tree: cKDTree
    half_mm: Points
    sample: Points
    low: Points
    high: Points

    @classmethod
    def of(cls, mark: Mark, grid: Grid) -> Shape:
        """Prepare a mark that has voxels."""
        points = thin(mark.points, MARK_POINTS)
        spacing = np.asarray(grid.spacing, dtype=np.float64)
        widened = (len(mark.points) / len(points)) ** (1 / 3)
        tree = cKDTree(grid.to_indices(points) * spacing)
        return cls(
            mark=mark,
            grid=grid,
            tree=tree,
            half_mm=spacing * widened / 2,
            sample=thin(points, SAMPLE_POINTS),
            low=mark.points.min(axis=0),
            high=mark.points.max(axis=0),
        )

    @property
    def centroid(self) -> Points:
        """Centre of the mark, shape ``(3,)``."""
        return np.asarray(self.mark.centroid, dtype=np.float64)

    @property
    def radius_mm(self) -> float:
        """Radius of the ball of the same volume."""
        return equivalent_radius_mm(self.mark.volume_mm3)

    def distances_mm(self, points: Points) -> Values:
        """Distance of points ``(n, 3)`` to the nearest voxel of the mark; 0 inside."""
        along = self.grid.to_indices(points) * np.asarray(self.grid.spacing)
        _, nearest = self.tree.query(along)
        outside = np.abs(along - self.tree.data[nearest]) - self.half_mm
        return np.asarray(np.linalg.norm(np.maximum(outside, 0.0), axis=1), dtype=np.float64)

    def extent(self) -> Extent:
        """Return the extent that carries this mark on to the next time point."""
        apart = (self.mark.volume_mm3 / len(self.sample)) ** (1 / 3)
        reach = max(apart * 0.87, max(self.grid.spacing) / 2)
        return Extent(self.sample, self.centroid, self.mark.volume_mm3, reach)


def equivalent_radius_mm(volume_mm3: float) -> float:
    """Return the radius of the ball with this volume.

    >>> round(equivalent_radius_mm(4188.79), 3)
    10.0
    """
    return float((3 * volume_mm3 / (4 * np.pi)) ** (1 / 3))


def thin(points: Points, limit: int) -> Points:
    """Return at most ``limit`` of the points, evenly, whatever order they come in."""
    order = np.lexsort(points.T)
    if len(order) > limit:
        order = order[np.linspace(0, len(order) - 1, limit).round().astype(np.intp)]
    return np.asarray(points[order], dtype=np.float64)


def carry(extents: Sequence[Extent], way: Callable[[Points], Points]) -> tuple[Extent, ...]:
    """Map extents to the next time point's space, all in one call of ``way``."""
    if not extents:
        return ()
    stacked = [np.vstack([extent.centroid, extent.points]) for extent in extents]
    mapped = np.asarray(way(np.vstack(stacked)), dtype=np.float64)
    ends = np.cumsum([len(block) for block in stacked])[:-1]
    return tuple(
        replace(extent, centroid=block[0], points=_finite(block))
        for extent, block in zip(extents, np.split(mapped, ends), strict=True)
    )


def _finite(block: Points) -> Points:
    """Return the mapped points that have a place; the centroid's (maybe none) if none has."""
    points = block[1:][np.isfinite(block[1:]).all(axis=1)]
    return points if len(points) else block[:1]

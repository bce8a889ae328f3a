"""Regions drawn on one grid, found on another: a PET and its CT share the patient's space. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK

from response.geometry import Grid, Points
from response.measure import measure_labels
from response.model import Measurement

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Region:
    """The voxels of a mark: ``points`` are their centres (n, 3), LPS mm, on ``grid``."""

    grid: Grid
    points: Points

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel."""
        return float(np.prod(self.grid.spacing)) / 1000

    def contains(self, points: Points) -> npt.NDArray[np.bool_]:
        """Tell which points (n, 3) lie in a voxel of the region."""
        own = np.rint(self.grid.to_indices(self.points)).astype(np.int64)
        low, high = own.min(axis=0), own.max(axis=0)
        inside = np.zeros(tuple(high - low + 1), dtype=np.bool_)
        inside[tuple((own - low).T)] = True
        asked = np.rint(self.grid.to_indices(points)).astype(np.int64)
        near = ((asked >= low) & (asked <= high)).all(axis=1)
        found = np.zeros(len(asked), dtype=np.bool_)
        found[near] = inside[tuple((asked[near] - low).T)]
        return found

    def overlap_ml(self, other: Region) -> float:
        """Volume that two regions share, sampled at the voxels of the one that sees more of it.

        Examples
        --------
        >>> grid = Grid((0, 0, 0), (10, 10, 10), (1, 0, 0, 0, 1, 0, 0, 0, 1), (9, 9, 9))
        >>> fine = Grid((0, 0, 0), (2, 2, 2), (1, 0, 0, 0, 1, 0, 0, 0, 1), (45, 45, 45))
        >>> wide = Region(grid, grid.to_points([[2, 2, 2]]))
        >>> wide.overlap_ml(Region(fine, fine.to_points([[12, 10, 10], [13, 10, 10]])))
        0.008
        """
        theirs = int(self.contains(other.points).sum()) * other.voxel_ml
        return max(theirs, int(other.contains(self.points).sum()) * self.voxel_ml)

    def indices_on(self, grid: Grid) -> Indices:
        """Indices (n, 3) of the voxels of another grid whose centres lie in the region.

        A region so small that it holds no centre is the voxel around its own centre; none where
        that lies outside the grid.
        """
        corners = grid.to_indices(self.points)
        margin = np.ceil(np.array(self.grid.spacing).max() / np.array(grid.spacing))
        low = np.maximum(np.floor(corners.min(axis=0) - margin), 0).astype(np.int64)
        high = np.minimum(np.ceil(corners.max(axis=0) + margin), np.array(grid.size) - 1)
        if (low > high).any():
            return np.zeros((0, 3), np.int64)
        axes = [np.arange(a, int(b) + 1) for a, b in zip(low, high, strict=True)]
        near = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        found = near[self.contains(grid.to_points(near))]
        if len(found):
            return found
        middle = np.rint(grid.to_indices(self.points.mean(axis=0))).astype(np.int64)
        return middle if self._holds(grid, middle[0]) else np.zeros((0, 3), np.int64)

    @staticmethod
    def _holds(grid: Grid, index: Indices) -> bool:
        return bool((index >= 0).all() and (index < np.array(grid.size)).all())


@dataclass(frozen=True, slots=True)
class Within:
    """What an image holds within a region drawn elsewhere; ``values`` are those of its voxels."""

    measured: Measurement
    values: npt.NDArray[Any]


def measure_regions(image: Any, regions: Mapping[int, Region]) -> dict[int, Within]:
    """Measure an image within regions drawn on other images, by their numbers.

    Only voxels whose centres lie in a region are measured; a voxel belongs to the first region that
    claims it. Regions outside the image are left out.
    """
    grid = Grid.of(image)
    labels = np.zeros(tuple(reversed(grid.size)), np.uint16)
    names: dict[int, int] = {}
    for number, region in regions.items():
        i, j, k = region.indices_on(grid).T
        free = labels[k, j, i] == 0
        if free.any():
            names[len(names) + 1] = number
            labels[k[free], j[free], i[free]] = len(names)
    if not names:
        return {}
    mask: Any = SimpleITK.GetImageFromArray(labels)
    mask.CopyInformation(image)
    values = SimpleITK.GetArrayViewFromImage(image)
    return {
        names[one.label]: Within(one, values[labels == one.label])
        for one in measure_labels(image, mask)
    }

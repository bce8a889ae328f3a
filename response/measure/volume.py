"""Volume and centre of a lesion, from whole voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from response.geometry import Grid
from response.model import Point


@dataclass(frozen=True, slots=True)
class Volume:
    """How much and where: voxels, cubic millimetres, mean of voxel centres (LPS millimetres)."""

    voxels: int
    volume_mm3: float
    centroid: Point


def measure_volume(
    inside: npt.NDArray[np.bool_], first: npt.NDArray[np.int64], grid: Grid
) -> Volume:
    """Count voxels.

    Parameters
    ----------
    inside
        The lesion's voxels in a box of the image, axes i, j, k; at least one.
    first
        Index (i, j, k) of the box's first voxel in the image.
    grid
        The image's grid.
    """
    indices = np.argwhere(inside)
    x, y, z = grid.to_points(indices.mean(axis=0) + first)[0].tolist()
    return Volume(len(indices), len(indices) * grid.voxel_volume_mm3, (x, y, z))

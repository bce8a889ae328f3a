"""The uptake of a reference region: a sphere, a cylinder, or a region that a person marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from response.errors import GeometryError, InputError
from response.geometry import Grid
from response.model import Point

LIVER_RADIUS_MM = 15.0
"""PERCIST's liver reference (P-03): a sphere of 3 cm in the right lobe."""

AORTA_RADIUS_MM, AORTA_LENGTH_MM = 5.0, 20.0
"""PERCIST's blood pool (P-03): a cylinder of 1 cm by 2 cm along the descending thoracic aorta."""


@dataclass(frozen=True, slots=True)
class RegionUptake:
    """Mean and standard deviation (divided by n) of a region's voxels, in the image's unit.

    ``centre`` is in LPS millimetres: as asked, or the mean of a marked region's voxels.
    """

    centre: Point
    volume_ml: float
    voxels: int
    mean: float
    sd: float


def measure_sphere(
    values: npt.NDArray[Any], grid: Grid, centre: Point, radius_mm: float = LIVER_RADIUS_MM
) -> RegionUptake:
    """Measure the voxels whose centres lie within a sphere.

    Parameters
    ----------
    values
        The whole image, axes i, j, k.
    grid
        Its grid.
    centre
        LPS millimetres.

    Raises
    ------
    GeometryError
        The sphere does not lie within the image.
    InputError
        A value is not finite, or no voxel lies within.

    Examples
    --------
    >>> grid = Grid((0, 0, 0), (1, 1, 1), (1, 0, 0, 0, 1, 0, 0, 0, 1), (40, 40, 40))
    >>> made = measure_sphere(np.full((40, 40, 40), 2.0), grid, (20, 20, 20), 15)
    >>> made.mean, made.sd, round(made.volume_ml, 1)
    (2.0, 0.0, 14.1)
    """

    def within(offsets: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Tell which offsets from the centre (..., 3), mm, lie in the region."""
        return np.asarray((offsets**2).sum(axis=-1) <= radius_mm**2)

    return _measure_within(values, grid, centre, (radius_mm,) * 3, within)


def measure_cylinder(
    values: npt.NDArray[Any],
    grid: Grid,
    centre: Point,
    radius_mm: float = AORTA_RADIUS_MM,
    length_mm: float = AORTA_LENGTH_MM,
) -> RegionUptake:
    """Measure the voxels whose centres lie within a cylinder along the body's axis (z of LPS).

    Parameters and errors are those of `measure_sphere`.
    """

    def within(offsets: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Tell which offsets from the centre (..., 3), mm, lie in the region."""
        across = (offsets[..., :2] ** 2).sum(axis=-1) <= radius_mm**2
        return np.asarray(across & (np.abs(offsets[..., 2]) <= length_mm / 2))

    return _measure_within(values, grid, centre, (radius_mm, radius_mm, length_mm / 2), within)


def measure_region(values: npt.NDArray[Any], grid: Grid, inside: npt.NDArray[Any]) -> RegionUptake:
    """Measure all voxels of a region that a person marked.

    Parameters
    ----------
    values, inside
        Axes i, j, k; the region is where ``inside`` is not 0.

    Raises
    ------
    InputError
        The region is empty, or a value is not finite.
    """
    marked = inside != 0
    indices = np.argwhere(marked)
    if not len(indices):
        raise InputError("the reference region is empty")
    x, y, z = grid.to_points(indices.mean(axis=0))[0].tolist()
    return _describe(values[marked], grid, (x, y, z))


def _measure_within(
    values: npt.NDArray[Any],
    grid: Grid,
    centre: Point,
    half: tuple[float, float, float],
    within: Any,
) -> RegionUptake:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    around = grid.to_indices(np.array(centre) + corners * np.array(half))
    low = np.ceil(around.min(axis=0)).astype(int)
    high = np.floor(around.max(axis=0)).astype(int) + 1
    if (low < 0).any() or (high > values.shape).any():
        raise GeometryError(
            f"the reference region about ({', '.join(f'{c:.1f}' for c in centre)}) mm reaches out "
            "of the image"
        )
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    indices = np.stack(np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij"), -1)
    offsets = grid.to_points(indices.reshape(-1, 3)).reshape(indices.shape) - np.array(centre)
    chosen = within(offsets)
    if not chosen.any():
        raise InputError("no voxel's centre lies within the reference region")
    return _describe(values[box][chosen], grid, centre)


def _describe(values: npt.NDArray[Any], grid: Grid, centre: Point) -> RegionUptake:
    numbers = values.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise InputError("the image is not a finite number within the reference region")
    volume_ml = len(numbers) * grid.voxel_volume_mm3 / 1000
    return RegionUptake(
        centre, volume_ml, len(numbers), float(numbers.mean()), float(numbers.std())
    )

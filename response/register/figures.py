"""Figures that tell a good registration from a bad one, computed on the working grid."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from response.register.itk import sitk
from response.register.prepare import AIR, Array, Mask, WorkingGrid
from response.register.transform import Transform

OUTSIDE = 2 * AIR
"""Marks, on the common scale, voxels beyond the moving field."""
LOCAL_SIGMA_VOXELS = 2.0
FLAT_SD = 20.0
"""Local standard deviation (common scale) below which there is nothing to correlate but noise."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one registration; lengths in mm, correlations −1 … 1, fractions 0 … 1.

    ``start_shift_mm`` is how far the rigid step carries the body's middle; ``overlap`` the share of
    the fixed body that the moving field shows; ``similarity_rigid`` and ``similarity`` the
    correlation over that part before and after the bend, ``local_similarity`` the median of the
    correlations in small neighbourhoods; ``disagreement_*`` the distance between the fields of two
    different methods over the body; ``bend_p95_mm`` the size of the non-rigid displacement;
    ``back_residual_mm`` the 95th percentile of there-and-back; ``mirror_gain`` how much better a
    flipped moving scan fits.
    """

    start_shift_mm: float
    rotation_deg: float
    overlap: float
    similarity_rigid: float
    similarity: float
    local_similarity: float
    folded_fraction: float
    bend_p95_mm: float
    bend_max_mm: float
    disagreement_median_mm: float
    disagreement_p95_mm: float
    back_residual_mm: float
    mirror_gain: float

    def as_dict(self) -> dict[str, float]:
        """Plain values for a report, rounded to what means something."""
        return {name: round(float(value), 4) for name, value in asdict(self).items()}


def correlate(a: NDArray[np.float32], b: NDArray[np.float32], where: Mask) -> float:
    """Pearson correlation of two arrays over a mask; 0 where there is nothing to compare."""
    x, y = a[where].astype(float), b[where].astype(float)
    if x.size < 2 or x.std() < 1e-6 or y.std() < 1e-6:
        return 0.0
    return float(np.clip(np.corrcoef(x, y)[0, 1], -1.0, 1.0))


def correlate_locally(a: NDArray[np.float32], b: NDArray[np.float32], where: Mask) -> float:
    """Median over a mask of the correlation in Gaussian neighbourhoods (flat ones left out)."""

    def mean(values: Array) -> Array:
        """Return the Gaussian mean around every voxel."""
        return np.asarray(ndimage.gaussian_filter(values, LOCAL_SIGMA_VOXELS))

    a64, b64 = a.astype(float), b.astype(float)
    mean_a, mean_b = mean(a64), mean(b64)
    variance_a = np.maximum(mean(a64 * a64) - mean_a**2, 0)
    variance_b = np.maximum(mean(b64 * b64) - mean_b**2, 0)
    covariance = mean(a64 * b64) - mean_a * mean_b
    use = where & (variance_a > FLAT_SD**2)
    if not use.any():
        return 0.0
    spread = np.sqrt(variance_a * np.maximum(variance_b, FLAT_SD**2))
    return float(np.median((covariance / np.maximum(spread, 1e-9))[use]))


def displace(transform: Transform) -> Array:
    """The bend (all fields, no rigid step) at every voxel of the grid: ``(3, k, j, i)`` mm."""
    frame = frame_points(transform.grid)
    moved = frame
    for field in transform.fields:
        moved = moved + field.at(moved)
    bend = (moved - frame).T.reshape(3, *transform.grid.size[::-1])
    return np.asarray(bend, dtype=np.float64)


def frame_points(grid: WorkingGrid) -> Array:
    """Every voxel centre in the working frame, ``(n, 3)``, i fastest."""
    k, j, i = np.indices(grid.size[::-1]).reshape(3, -1)
    return np.asarray(np.stack([i, j, k], axis=1) * grid.spacing_mm, dtype=np.float64)


def fold(bend: Array, spacing_mm: float, where: Mask) -> float:
    """Share of a mask where the map ``x + bend(x)`` turns space inside out."""
    field = sitk.GetImageFromArray(np.moveaxis(bend, 0, -1), isVector=True)
    field.SetSpacing([spacing_mm] * 3)
    determinant = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field))
    return float((determinant[where] <= 0).mean()) if where.any() else 0.0

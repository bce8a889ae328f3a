"""What an image holds within a lesion: mean, spread, maximum, peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from response.errors import InputError
from response.geometry import Grid

SPHERE_VOLUME_MM3 = 1000.0
"""The peak is a mean over one cubic centimetre (PERCIST 1.0: Wahl et al., J Nucl Med 2009)."""

SPHERE_RADIUS_MM = (3 * SPHERE_VOLUME_MM3 / (4 * np.pi)) ** (1 / 3)

_SAMPLE_MM = 0.25
_FEWEST_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Uptake:
    """In the image's own unit; ``sd`` is that of all the lesion's voxels (divided by n)."""

    mean: float
    sd: float
    maximum: float
    peak: float


@dataclass(frozen=True, slots=True)
class SphereKernel:
    """Which part of each voxel lies within a 1 cm³ sphere centred on a voxel.

    ``weights`` has axes i, j, k and an odd length along each; its sum is the sphere's volume in
    voxels, to the precision of sampling each voxel at most every 0.25 mm.
    """

    weights: npt.NDArray[np.float64]

    @classmethod
    def of(cls, grid: Grid) -> SphereKernel:
        """Lay the sphere on a grid."""
        squares = []
        for spacing in grid.spacing:
            reach = int(np.ceil(SPHERE_RADIUS_MM / spacing - 0.5))
            samples = max(_FEWEST_SAMPLES, int(np.ceil(spacing / _SAMPLE_MM)))
            parts = (np.arange(samples) + 0.5) / samples - 0.5
            places = np.arange(-reach, reach + 1)[:, None] + parts
            squares.append((places * spacing) ** 2)
        return cls(_mean_within(squares, SPHERE_RADIUS_MM**2))

    @property
    def reach(self) -> npt.NDArray[np.int64]:
        """How many voxels the kernel extends to each side."""
        return np.array(self.weights.shape, dtype=np.int64) // 2


def _mean_within(squares: list[npt.NDArray[np.float64]], limit: float) -> npt.NDArray[np.float64]:
    """Fraction of each voxel's samples within the sphere; one array (voxels, samples) per axis."""
    x, y, z = squares
    weights = np.empty((len(x), len(y), len(z)))
    in_plane = y[:, None, :, None] + z[None, :, None, :]
    for i, samples in enumerate(x):
        inside = [(in_plane <= limit - sample).mean(axis=(2, 3)) for sample in samples]
        weights[i] = np.mean(inside, axis=0)
    return weights


def measure_uptake(
    values: npt.NDArray[Any],
    inside: npt.NDArray[np.bool_],
    first: npt.NDArray[np.int64],
    kernel: SphereKernel,
) -> Uptake:
    """Measure an image within a lesion.

    Parameters
    ----------
    values
        The whole image, axes i, j, k.
    inside
        The lesion's voxels in a box of the image, axes i, j, k; at least one.
    first
        Index (i, j, k) of the box's first voxel in the image.
    kernel
        The sphere on this image's grid.

    Returns
    -------
    Uptake
        ``peak`` is the greatest mean of a 1 cm³ sphere centred on any voxel of the lesion. The
        sphere may reach out of the lesion; of a sphere that reaches out of the image, the part
        within it counts.
    """
    low = np.maximum(first - kernel.reach, 0)
    high = np.minimum(first + inside.shape + kernel.reach, values.shape)
    around = values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].astype(np.float64)
    if not np.isfinite(around).all():
        raise InputError("the image is not a finite number at or near a lesion; export it again")
    begin = first - low
    box = tuple(slice(a, a + n) for a, n in zip(begin, inside.shape, strict=True))
    lesion = around[box][inside]
    centre = _find_peak(around, box, inside, kernel)
    return Uptake(
        mean=float(lesion.mean()),
        sd=float(lesion.std()),
        maximum=float(lesion.max()),
        peak=_sphere_mean(around, centre, kernel),
    )


def _find_peak(
    around: npt.NDArray[np.float64],
    box: tuple[slice, ...],
    inside: npt.NDArray[np.bool_],
    kernel: SphereKernel,
) -> npt.NDArray[np.int64]:
    """Index of the best sphere centre among the lesion's voxels, within ``around``."""
    middle = float(around.mean())  # the transform is exact to a fraction of what it is given
    sums = fftconvolve(around - middle, kernel.weights, mode="same")[box]
    means = np.where(inside, sums / _share_within(around.shape, box, kernel), -np.inf)
    best = np.unravel_index(int(means.argmax()), means.shape)
    return np.array([i + side.start for i, side in zip(best, box, strict=True)], dtype=np.int64)


def _share_within(
    shape: tuple[int, ...], box: tuple[slice, ...], kernel: SphereKernel
) -> npt.NDArray[np.float64] | float:
    """Weight of the sphere that lies within ``shape``, for each centre in ``box``."""
    needed = [(reach, length - reach) for reach, length in zip(kernel.reach, shape, strict=True)]
    if all(a <= side.start and side.stop <= b for side, (a, b) in zip(box, needed, strict=True)):
        return float(kernel.weights.sum())
    return np.asarray(fftconvolve(np.ones(shape), kernel.weights, mode="same")[box])


def _sphere_mean(
    around: npt.NDArray[np.float64], centre: npt.NDArray[np.int64], kernel: SphereKernel
) -> float:
    low = np.maximum(centre - kernel.reach, 0)
    high = np.minimum(centre + kernel.reach + 1, around.shape)
    part = around[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    begin = low - (centre - kernel.reach)
    weights = kernel.weights[tuple(slice(a, a + n) for a, n in zip(begin, part.shape, strict=True))]
    return float(np.average(part, weights=weights))

"""What an image holds within a lesion: mean, spread, maximum, peak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from response.errors import InputError
from response.geometry import Grid

SPHERE_VOLUME_MM3 = 1000.0
"""The peak is a mean over one cubic centimetre (PERCIST 1.0: Wahl et al., J Nucl Med 2009)."""

SPHERE_RADIUS_MM = (3 * SPHERE_VOLUME_MM3 / (4 * np.pi)) ** (1 / 3)

_NODES = 96
"""Places in a voxel, along its axis, at which the sphere is cut."""

_TILE = 48
"""Voxels of a tile along each axis: a wide lesion is looked through in tiles."""


@dataclass(frozen=True, slots=True)
class Uptake:
    """In the image's own unit; ``sd`` is that of all the lesion's voxels (divided by n)."""

    mean: float
    sd: float
    maximum: float
    peak: float


@dataclass(frozen=True, slots=True)
class SphereKernel:
    """Which part of each voxel lies within a sphere centred on a voxel.

    ``weights`` has axes i, j, k and an odd length along each; its sum is the sphere's volume in
    voxels. The discs that the sphere is cut into along i are met with the voxels' rectangles in
    closed form and added up by Gauss and Legendre: for voxels of 0.5 to 8 mm, a weight is within
    2e-3 of the voxel's share and their sum within 1e-4 of the sphere's volume.
    """

    weights: npt.NDArray[np.float64]

    @classmethod
    def of(cls, grid: Grid, radius_mm: float = SPHERE_RADIUS_MM) -> SphereKernel:
        """Lay a sphere on a grid; of 1 cm³ unless another radius is given."""
        edges: list[npt.NDArray[np.float64]] = []
        for spacing in grid.spacing:
            reach = int(np.ceil(radius_mm / spacing - 0.5))
            edges.append(np.asarray((np.arange(2.0 * reach + 2) - reach - 0.5) * spacing))
        places, parts = np.polynomial.legendre.leggauss(_NODES)
        weights = np.empty([len(side) - 1 for side in edges])
        for i, (low, high) in enumerate(islice(pairwise(edges[0]), len(weights) // 2 + 1)):
            cuts = (low + high) / 2 + (high - low) / 2 * places
            discs = np.sqrt(np.maximum(radius_mm**2 - cuts**2, 0))
            areas = _meet_disc(discs[:, None, None], edges[1][:, None], edges[2])
            shares = np.tensordot(parts / 2, areas, 1) / (grid.spacing[1] * grid.spacing[2])
            weights[i] = weights[-1 - i] = shares
        return cls(np.clip(weights, 0, 1))

    @property
    def reach(self) -> npt.NDArray[np.int64]:
        """How many voxels the kernel extends to each side."""
        return np.array(self.weights.shape, dtype=np.int64) // 2


def _meet_disc(
    radius: npt.NDArray[np.float64], y: npt.NDArray[np.float64], z: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Areas that discs about the origin share with the rectangles between the edges y and z."""
    y, z = np.clip(y, -radius, radius), np.clip(z, -radius, radius)
    square = radius**2
    below_y, below_z = _cut_off(y, radius), _cut_off(z, radius)
    corner_within = y * z + (below_y + below_z) / 2 - np.pi * square / 4
    both = np.where(
        (y >= 0) & (z >= 0), below_y + below_z - np.pi * square, np.minimum(below_y, below_z)
    )
    neither = (y < 0) & (z < 0)
    below = np.where(y**2 + z**2 < square, corner_within, np.where(neither, 0, both))
    return np.asarray(np.diff(np.diff(below, axis=1), axis=2))


def _cut_off(
    at: npt.NDArray[np.float64], radius: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Area of a disc on the lower side of a line at a distance from its centre."""
    safe = np.where(radius > 0, radius, 1)
    angle = np.arcsin(np.clip(at / safe, -1, 1)) + np.pi / 2
    return np.asarray(radius**2 * angle + at * np.sqrt(np.maximum(radius**2 - at**2, 0)))


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
    box = tuple(slice(a, a + n) for a, n in zip(first, inside.shape, strict=True))
    lesion = values[box][inside].astype(np.float64)
    peaks = [
        _find_peak(values, inside[tile], first + [side.start for side in tile], kernel)
        for tile in _split(inside)
    ]
    return Uptake(
        mean=float(lesion.mean()),
        sd=float(lesion.std()),
        maximum=float(lesion.max()),
        peak=max(peaks),
    )


def _split(inside: npt.NDArray[np.bool_]) -> Iterator[tuple[slice, ...]]:
    """Cut a box into tiles and leave out those without the lesion: a wide one is mostly empty."""
    steps = [range(0, length, _TILE) for length in inside.shape]
    for corner in product(*steps):
        tile = tuple(slice(a, min(a + _TILE, n)) for a, n in zip(corner, inside.shape, strict=True))
        if inside[tile].any():
            yield tile


def _find_peak(
    values: npt.NDArray[Any],
    inside: npt.NDArray[np.bool_],
    first: npt.NDArray[np.int64],
    kernel: SphereKernel,
) -> float:
    """Greatest mean of the sphere centred on a voxel of the lesion in one tile."""
    low = np.maximum(first - kernel.reach, 0)
    high = np.minimum(first + inside.shape + kernel.reach, values.shape)
    around = values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].astype(np.float64)
    if not np.isfinite(around).all():
        raise InputError("the image is not a finite number at or near a lesion; export it again")
    begin = first - low
    box = tuple(slice(a, a + n) for a, n in zip(begin, inside.shape, strict=True))
    middle = float(around.mean())  # the transform is exact to a fraction of what it is given
    sums = fftconvolve(around - middle, kernel.weights, mode="same")[box]
    means = np.where(inside, sums / _share_within(around.shape, box, kernel), -np.inf)
    best = np.unravel_index(int(means.argmax()), means.shape)
    centre = np.array([i + side.start for i, side in zip(best, box, strict=True)], dtype=np.int64)
    return _sphere_mean(around, centre, kernel)


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

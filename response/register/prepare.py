"""From two scans to two small images on one grid, in which a registration is cheap and fair.

The *working frame* is the frame of the fixed image's own axes: its origin is the centre of the
first voxel of the working grid and its axes are the columns of the fixed direction matrix, in
millimetres. All fields live there, so an oblique scan needs no special case.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from response.register.itk import Image, RigidTransform, sitk

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

AIR = -1000.0
"""Value of air, and of everything outside the field, on the common scale (HU for CT)."""
DENSE = 500.0
"""Above this a voxel tells no more about place: bone and contrast medium saturate."""
BODY_ABOVE = -300.0
"""Fat starts near -150 HU, lung ends near -500: what lies above belongs to the body's shell."""
WORKING_SPACINGS_MM = (4.0, 3.0, 2.0, 1.5, 1.0)
"""4 mm is enough for a trunk; a thin slab needs a finer grid to have any depth."""
LEAST_VOXELS = 12
"""A side with fewer voxels than this leaves the coarsest level (a quarter) without content."""
BODY_MARGIN_VOXELS = 3
PADDING_VOXELS = 30
"""Edge replication where tissue reaches the end of the field: 11 → 3.2 mm at a cut field."""
TISSUE_AT_EDGE = 0.02
"""A border plane with more tissue than this is cut anatomy; less is a table or a sheet."""
SIZE_MULTIPLE = 4
LEAST_GRID = 16
"""ITK smooths no side of fewer than four voxels, which is what the coarsest level has of these."""


@dataclass(frozen=True, slots=True)
class WorkingGrid:
    """The grid on which a registration works: isotropic, along the fixed image's axes.

    ``origin`` is the centre of voxel (0, 0, 0) in LPS mm, ``direction`` the row-major 3 × 3 matrix
    of SimpleITK, ``size`` is i, j, k.
    """

    origin: tuple[float, float, float]
    direction: tuple[float, ...]
    spacing_mm: float
    size: tuple[int, int, int]

    def to_frame(self, points: Array) -> Array:
        """LPS millimetres ``(n, 3)`` → millimetres along the grid's axes."""
        return np.asarray((points - np.asarray(self.origin)) @ self._matrix())

    def to_points(self, frame: Array) -> Array:
        """Millimetres along the grid's axes ``(n, 3)`` → LPS millimetres."""
        return np.asarray(frame @ self._matrix().T + np.asarray(self.origin))

    def _matrix(self) -> Array:
        return np.asarray(self.direction, dtype=float).reshape(3, 3)

    def blank(self) -> Image:
        """An empty image on this grid, in physical space."""
        image = sitk.Image(list(self.size), sitk.sitkUInt8)
        image.SetOrigin(self.origin)
        image.SetSpacing([self.spacing_mm] * 3)
        image.SetDirection(self.direction)
        return image


def rescale_values(image: Image, modality: str) -> Image:
    """Values on the common scale −1000 … 500: HU clamped for CT, else a robust window.

    Anything but CT has no absolute scale: its 1st and 99.5th percentile (of the values above the
    background) take the place of air and of dense tissue, and its mean, which lies between the
    background and tissue, that of the least that is body.
    """
    image = sitk.Cast(image, sitk.sitkFloat32)
    if modality.upper() == "CT":
        return sitk.Clamp(image, sitk.sitkFloat32, AIR, DENSE)
    values = sitk.GetArrayFromImage(image)
    low = float(np.percentile(values, 1))
    above = values[values > low]
    high = float(np.percentile(above, 99.5)) if above.size else float(values.max())
    middle = min(max(float(values.mean()), low), high)
    scale = np.interp(values, _rising(low, middle, high), (AIR, BODY_ABOVE, DENSE))
    rescaled = sitk.GetImageFromArray(scale.astype(np.float32))
    rescaled.CopyInformation(image)
    return rescaled


def _rising(low: float, middle: float, high: float) -> tuple[float, float, float]:
    """The three values, apart by at least a little: a flat image has no scale either."""
    least = max(abs(low), 1.0) * 1e-6
    middle = max(middle, low + least)
    return low, middle, max(high, middle + least)


def shrink(image: Image, spacing_mm: float) -> Image:
    """Mean over whole blocks of voxels, so that no block is wider than ``spacing_mm``."""
    factors = [
        max(1, min(int(spacing_mm / spacing + 1e-6), size))
        for spacing, size in zip(image.GetSpacing(), image.GetSize(), strict=True)
    ]
    return sitk.BinShrink(image, factors) if max(factors) > 1 else image


def resample_isotropic(image: Image, spacing_mm: float) -> Image:
    """Shrink by means, then linearly onto an isotropic grid over the same field."""
    small = shrink(image, spacing_mm)
    extents = [n * s for n, s in zip(small.GetSize(), small.GetSpacing(), strict=True)]
    size = [max(1, round(extent / spacing_mm)) for extent in extents]
    first = [
        0.5 * (extent / n) / s - 0.5
        for extent, n, s in zip(extents, size, small.GetSpacing(), strict=True)
    ]
    origin = small.TransformContinuousIndexToPhysicalPoint(first)
    spacing = [extent / n for extent, n in zip(extents, size, strict=True)]
    edge = replicate_edges(small, 1)
    return sitk.Resample(
        edge,
        size,
        sitk.Transform(),
        sitk.sitkLinear,
        origin,
        spacing,
        small.GetDirection(),
        AIR,
        sitk.sitkFloat32,
    )


def replicate_edges(image: Image, voxels: int | Sequence[int]) -> Image:
    """The image with its border planes repeated outwards."""
    counts = [voxels] * 3 if isinstance(voxels, int) else list(voxels)
    return sitk.ZeroFluxNeumannPad(image, counts, counts)


def find_body(image: Image) -> Mask:
    """The body on the common scale, as a ``(k, j, i)`` array: the largest piece of tissue, filled.

    Where there is hardly any tissue (a phantom of water, an odd window), everything.
    """
    array = sitk.GetArrayViewFromImage(image)
    tissue = ndimage.binary_opening(array > BODY_ABOVE)
    labels, count = ndimage.label(tissue)
    if count == 0:
        return np.ones(array.shape, dtype=bool)
    largest = 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    return np.asarray(ndimage.binary_fill_holes(labels == largest), dtype=bool)


def choose_spacing(image: Image) -> float:
    """The coarsest working spacing at which no side of the image has too few voxels."""
    least = min(n * s for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True))
    for spacing in WORKING_SPACINGS_MM:
        if least / spacing >= LEAST_VOXELS:
            return spacing
    return WORKING_SPACINGS_MM[-1]


def choose_grid(fixed: Image, spacing_mm: float) -> WorkingGrid:
    """The body's box and a margin, on ``spacing_mm``; each side a multiple of four voxels."""
    small = resample_isotropic(fixed, spacing_mm)
    body = np.argwhere(find_body(small))
    limits = np.asarray(small.GetSize())
    low = np.maximum(body.min(axis=0)[::-1] - BODY_MARGIN_VOXELS, 0)
    high = np.minimum(body.max(axis=0)[::-1] + 1 + BODY_MARGIN_VOXELS, limits)
    exact = np.asarray(small.GetSpacing())
    first = small.TransformContinuousIndexToPhysicalPoint([float(v) for v in low])
    counts = [max(side, 1.0) / spacing_mm / SIZE_MULTIPLE for side in (high - low) * exact]
    size = [max(LEAST_GRID, SIZE_MULTIPLE * math.ceil(count - 1e-6)) for count in counts]
    return WorkingGrid(tuple(first), small.GetDirection(), spacing_mm, (size[0], size[1], size[2]))


def pad_ends(image: Image, spacing_mm: float) -> Image:
    """The image at working resolution (means), its cut ends replicated outwards."""
    small = shrink(image, spacing_mm)
    array = sitk.GetArrayViewFromImage(small)
    counts = []
    for axis in range(3):
        planes = np.moveaxis(array, 2 - axis, 0)
        tissue = max(float((plane > BODY_ABOVE).mean()) for plane in (planes[0], planes[-1]))
        padding_mm = PADDING_VOXELS * spacing_mm
        cut = tissue > TISSUE_AT_EDGE
        counts.append(math.ceil(padding_mm / small.GetSpacing()[axis]) if cut else 1)
    return replicate_edges(small, counts)


def resample_to_frame(
    image: Image,
    grid: WorkingGrid,
    transform: RigidTransform | None = None,
    outside: float = AIR,
) -> Image:
    """The image on the working grid, placed in the working frame (identity direction, origin 0)."""
    out = sitk.Resample(
        image,
        grid.blank(),
        transform or sitk.Transform(3, sitk.sitkIdentity),
        sitk.sitkLinear,
        outside,
        sitk.sitkFloat32,
    )
    return to_frame_image(out)


def to_frame_image(image: Image) -> Image:
    """The same voxels with identity direction and the origin at zero."""
    out = sitk.Image(image)
    out.SetOrigin((0.0, 0.0, 0.0))
    out.SetDirection((1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    return out

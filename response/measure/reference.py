"""Where the liver and the blood pool may be measured: proposals for a person to confirm.

PERCIST's references (P-03) are a sphere of 3 cm in the right lobe of the liver and a cylinder of
1 by 2 cm in the descending thoracic aorta. Both are looked for by shape: uptake is compared with
that of the body's soft tissue, so that its unit does not matter. Where no place is convincing there
is no proposal; the search never widens its limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.signal import fftconvolve

from response.errors import InputError
from response.geometry import Grid
from response.measure.region import (
    AORTA_LENGTH_MM,
    AORTA_RADIUS_MM,
    LIVER_RADIUS_MM,
    RegionUptake,
    measure_cylinder,
    measure_region,
    measure_sphere,
)
from response.model import Point

__all__ = [
    "RegionUptake",
    "find_blood_pool",
    "find_liver_sphere",
    "measure_cylinder",
    "measure_region",
    "measure_sphere",
]

_STEP_MM = 5.0
_MOST_PLACES = 20_000_000

_BODY = 0.35
_SMALLEST_BODY_L = 5.0

_LIVER_TO_TISSUE = (1.8, 6.0)
_LIVER_BAND = 0.12
_LIVER_SPREAD = 0.25
_LIVER_SMALLEST_ML = 100.0
_LIVER_OFF_MIDLINE_MM = 20.0
_LIVER_HU = (0.0, 200.0)
_LIVER_HU_SPREAD = 50.0

_ABOVE_LIVER_MM = (30.0, 100.0)
_ABOVE_LIVER_ML = 300.0
_ABOVE_TO_LIVER = 0.45

_DEEP_MM = 20.0
_LUNG_HU = -500.0
_LUNG_SMALLEST_ML = 300.0

_AORTA_TO_TISSUE = (1.3, 2.6)
_AORTA_SPREAD = 0.25
_AORTA_TO_LUNG_MM = (12.0, 22.0)
_AORTA_BESIDE_MM = (0.0, 55.0)
_AORTA_DEPTH = (0.45, 0.72)
_LUNG_SMALLEST_MM2 = 2000.0
_AORTA_HU = (10.0, 450.0)
_AORTA_HU_SPREAD = 45.0

Volume = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Body:
    """A scan on a grid of 5 mm whose axes are x, y, z of LPS."""

    origin: npt.NDArray[np.float64]
    values: Volume
    smooth: Volume
    inside: Mask
    depth_mm: Volume
    tissue: float
    lungs: Mask
    hu: Volume | None

    def place(self, index: npt.NDArray[Any]) -> Point:
        """Return the place of an index of the coarse grid, LPS mm."""
        x, y, z = (self.origin + np.asarray(index) * _STEP_MM).tolist()
        return (x, y, z)


def find_liver_sphere(
    values: npt.NDArray[Any], grid: Grid, ct: npt.NDArray[Any] | None = None
) -> RegionUptake | None:
    """Propose the liver's reference sphere: the most even place of the right lobe.

    The liver is the largest region of even uptake, clearly above that of soft tissue, on the
    right, below a lung. Foci are no even places and are kept clear of.

    Parameters
    ----------
    values
        The PET, axes i, j, k, in any unit.
    grid
        Its grid.
    ct
        The CT on the same grid, Hounsfield units; what is no soft tissue there is left out.

    Returns
    -------
    RegionUptake or None
        None where there is no convincing place: no liver in the field, or a diseased one.
    """
    body = _find_body(values, grid, ct)
    if body is None:
        return None
    mean, spread = _measure_everywhere(body.values, _ball(LIVER_RADIUS_MM))
    low, high = _LIVER_TO_TISSUE
    even = body.inside & (spread < _LIVER_SPREAD * mean)
    even &= (mean > low * body.tissue) & (mean < high * body.tissue)
    if body.hu is not None:
        even &= _like(body.hu, _ball(LIVER_RADIUS_MM), _LIVER_HU, _LIVER_HU_SPREAD)
    liver = _find_liver(body, even, mean)
    if liver is None:
        return None
    middle = float(np.median(mean[liver]))
    good = liver & (np.abs(mean - middle) < 0.07 * middle)
    for index in _by_evenness(good, spread / np.maximum(mean, 1e-12)):
        found = _try(measure_sphere, values, grid, body.place(index))
        if found is not None:
            return found
    return None


def _find_liver(body: _Body, even: Mask, mean: Volume) -> Mask | None:
    """The largest region of one level beside the midline and below a lung, if it is on the right.

    One on the left that is larger is no spleen: the image is mirrored, or the person's organs are.
    """
    best: Mask | None = None
    right = False
    level, highest = _LIVER_TO_TISSUE[0] * body.tissue, _LIVER_TO_TISSUE[1] * body.tissue
    while level < highest:
        level *= 1.05
        numbered, count = ndimage.label(even & (np.abs(mean - level) < _LIVER_BAND * level))
        if not count:
            continue
        sizes = np.bincount(numbered.ravel())[1:]
        for number in np.argsort(-sizes, kind="stable")[:3]:
            region = numbered == number + 1
            if best is not None and sizes[number] <= best.sum():
                break
            if sizes[number] * _STEP_MM**3 / 1000 < _LIVER_SMALLEST_ML:
                break
            off_mm = _off_midline_mm(body, region)
            if abs(off_mm) > _LIVER_OFF_MIDLINE_MM and _is_below_lung(body, region, level):
                best, right = region, off_mm < 0
    return best if right else None


def _off_midline_mm(body: _Body, region: Mask) -> float:
    """How far left of the body's middle a region's centre lies; negative: right."""
    x, _y, z = np.argwhere(region).mean(axis=0)
    return float((x - _midline(body, round(z))) * _STEP_MM)


def _is_below_lung(body: _Body, region: Mask, level: float) -> bool:
    """Whether something large and clearly colder lies above a region, on its side."""
    places = np.argwhere(region)
    x, _y, z = places.mean(axis=0)
    middle = round(_midline(body, round(z)))
    side = np.s_[:middle] if x < middle else np.s_[middle:]
    low, high = (int(places[:, 2].max()) + round(mm / _STEP_MM) for mm in _ABOVE_LIVER_MM)
    above = side, slice(None), slice(low, high)
    deep = body.depth_mm[above] > _DEEP_MM
    if deep.sum() * _STEP_MM**3 / 1000 < _ABOVE_LIVER_ML:
        return False
    return bool(np.median(body.smooth[above][deep]) < _ABOVE_TO_LIVER * level)


def _midline(body: _Body, level: int) -> float:
    """Index x of the body's middle at a level, over 10 cm of height."""
    slab = body.inside[:, :, max(level - 10, 0) : level + 11].any(axis=2)
    return float(np.median(np.argwhere(slab)[:, 0])) if slab.any() else body.inside.shape[0] / 2


def find_blood_pool(
    values: npt.NDArray[Any], grid: Grid, ct: npt.NDArray[Any] | None = None
) -> RegionUptake | None:
    """Propose the cylinder of the blood pool in the descending thoracic aorta.

    The aorta runs along the left lung, behind the heart and left of the spine: the proposal is the
    most even cylinder there. Parameters and result are those of `find_liver_sphere`, but the PET
    alone does not tell the aorta from spine and muscle: without a CT there is no proposal.
    """
    body = None if ct is None else _find_body(values, grid, ct)
    if body is None or body.hu is None or not body.lungs.any():
        return None
    kernel = _rod(AORTA_RADIUS_MM, AORTA_LENGTH_MM)
    mean, spread = _measure_everywhere(body.values, kernel)
    low, high = _AORTA_TO_TISSUE
    good = _beside_left_lung(body) & (spread < _AORTA_SPREAD * mean)
    good &= (mean > low * body.tissue) & (mean < high * body.tissue)
    good &= _like(body.hu, _rod(10.0, AORTA_LENGTH_MM), _AORTA_HU, _AORTA_HU_SPREAD)
    for index in _by_evenness(good, spread / np.maximum(mean, 1e-12)):
        found = _try(measure_cylinder, values, grid, body.place(index))
        if found is not None:
            return found
    return None


def _beside_left_lung(body: _Body) -> Mask:
    """Where the descending aorta may run: the nearest lung on its left, at an aorta's radius."""
    distance, nearest = ndimage.distance_transform_edt(~body.lungs, return_indices=True)
    distance *= _STEP_MM
    near, far = _AORTA_TO_LUNG_MM
    where = body.inside & (distance >= near) & (distance <= far)
    x, y, _z = np.indices(body.inside.shape)
    where &= (nearest[0] - x) * _STEP_MM > 0.5 * distance
    for level in np.flatnonzero(where.any(axis=(0, 1))):
        middle = _midline(body, level)
        lungs = np.argwhere(body.lungs[:, :, level])
        sides = [int((lungs[:, 0] < middle).sum()), int((lungs[:, 0] > middle).sum())]
        if min(sides) * _STEP_MM**2 < _LUNG_SMALLEST_MM2:
            where[:, :, level] = False
            continue
        beside = (x[:, :, level] - middle) * _STEP_MM
        where[:, :, level] &= (beside > _AORTA_BESIDE_MM[0]) & (beside < _AORTA_BESIDE_MM[1])
        rows = np.flatnonzero(body.inside[:, :, level].any(axis=0))
        depth = (y[:, :, level] - rows.min()) / max(len(rows), 1)
        where[:, :, level] &= (depth > _AORTA_DEPTH[0]) & (depth < _AORTA_DEPTH[1])
    return np.asarray(where)


def _choose_place(grid: Grid) -> tuple[npt.NDArray[np.float64], tuple[int, ...]] | None:
    """First place and size of a grid of 5 mm along x, y, z that a scan fits in."""
    corners = grid.to_points(list(product(*((0, n - 1) for n in grid.size))))
    origin = corners.min(axis=0)
    size = np.floor((corners.max(axis=0) - origin) / _STEP_MM).astype(int) + 1
    if size.min() < 8 or np.prod(size.astype(float)) > _MOST_PLACES:
        return None
    return origin, tuple(size.tolist())


def _lay(
    volume: npt.NDArray[Any],
    grid: Grid,
    origin: npt.NDArray[np.float64],
    size: tuple[int, ...],
    outside: float,
) -> Volume:
    onto = np.linalg.inv(grid.axes) * _STEP_MM
    shift = grid.to_indices(origin)[0]
    laid = ndimage.affine_transform(
        volume.astype(np.float32), onto, shift, size, order=1, mode="constant", cval=outside
    )
    return np.asarray(laid, dtype=np.float64)


def _find_body(values: npt.NDArray[Any], grid: Grid, ct: npt.NDArray[Any] | None) -> _Body | None:
    """Lay a scan on 5 mm along x, y, z; tell body, soft tissue and lungs apart."""
    place = _choose_place(grid)
    if place is None:
        return None
    origin, size = place
    laid = _lay(values, grid, origin, size, outside=0.0)
    if not np.isfinite(laid).all() or laid.max() <= 0:
        return None
    smooth = ndimage.gaussian_filter(laid, 2)
    some = smooth[smooth > 0.1 * np.percentile(smooth, 95)]
    inside = _keep_largest(smooth > _BODY * np.median(some))
    if inside.sum() * _STEP_MM**3 / 1e6 < _SMALLEST_BODY_L:
        return None
    for level in range(inside.shape[2]):
        inside[:, :, level] = ndimage.binary_fill_holes(inside[:, :, level])
    tissue = float(np.median(laid[inside]))
    hu = None if ct is None else _lay(ct, grid, origin, size, outside=-1024.0)
    lungs = np.zeros_like(inside) if hu is None else _find_lungs(hu)
    (box,) = ndimage.find_objects(inside.astype(np.int8))
    corner = origin + np.array([side.start for side in box]) * _STEP_MM
    padded = np.pad(inside[box], 1)
    depth_mm = ndimage.distance_transform_edt(padded)[1:-1, 1:-1, 1:-1] * _STEP_MM
    return _Body(
        corner,
        laid[box],
        smooth[box],
        inside[box],
        depth_mm,
        tissue,
        lungs[box],
        None if hu is None else hu[box],
    )


def _keep_largest(mask: Mask) -> Mask:
    numbered, count = ndimage.label(mask)
    if not count:
        return mask
    return np.asarray(numbered == 1 + np.bincount(numbered.ravel())[1:].argmax())


def _find_lungs(hu: Volume) -> Mask:
    """Large spaces of air that are not open to the sides."""
    numbered, _count = ndimage.label(hu < _LUNG_HU)
    sizes = np.bincount(numbered.ravel()) * _STEP_MM**3 / 1000
    sizes[0] = 0
    for face in (numbered[0], numbered[-1], numbered[:, 0], numbered[:, -1]):
        sizes[np.unique(face)] = 0
    return np.asarray((sizes >= _LUNG_SMALLEST_ML)[numbered])


def _ball(radius_mm: float) -> Volume:
    reach = int(np.ceil(radius_mm / _STEP_MM))
    squares = (np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1] ** 2).sum(0)
    within = (squares * _STEP_MM**2 <= radius_mm**2).astype(np.float64)
    return np.asarray(within / within.sum())


def _rod(radius_mm: float, length_mm: float) -> Volume:
    across, along = (int(np.ceil(r / _STEP_MM)) for r in (radius_mm, length_mm / 2))
    x, y = np.mgrid[-across : across + 1, -across : across + 1] * _STEP_MM
    disc = (x**2 + y**2 <= radius_mm**2).astype(np.float64)
    rod = np.repeat(disc[:, :, None], 2 * along + 1, axis=2)
    return np.asarray(rod / rod.sum())


def _measure_everywhere(values: Volume, kernel: Volume) -> tuple[Volume, Volume]:
    """Mean and standard deviation within a kernel about every place."""
    mean = fftconvolve(values, kernel, "same")
    square = fftconvolve(values**2, kernel, "same") - mean**2
    return np.asarray(mean), np.sqrt(np.maximum(square, 0))


def _like(hu: Volume, kernel: Volume, limits: tuple[float, float], spread: float) -> Mask:
    mean, sd = _measure_everywhere(hu, kernel)
    return np.asarray((mean > limits[0]) & (mean < limits[1]) & (sd < spread))


def _by_evenness(where: Mask, spread: Volume) -> npt.NDArray[np.int64]:
    """The hundred most even places, best first; equal ones in the order of voxels."""
    places = np.argwhere(where)
    order = np.argsort(spread[where].round(9), kind="stable")[:100]
    return np.asarray(places[order])


def _try(measure: Any, values: npt.NDArray[Any], grid: Grid, centre: Point) -> RegionUptake | None:
    """Measure at a place; None if it reaches out of the image."""
    try:
        made: RegionUptake = measure(values, grid, centre)
    except InputError:
        return None
    return made

"""Where voxels lie: physical points in LPS millimetres, indices in SimpleITK order (i, j, k).

A voxel's index names its centre; the voxel itself reaches half an index to every side. Arrays from
``SimpleITK.GetArrayFromImage`` have the axes reversed (k, j, i); functions that take one say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from response.errors import GeometryError

Points = npt.NDArray[np.float64]
"""An (n, 3) array: LPS millimetres, or indices (i, j, k), as the function says."""

Box = tuple[int, int, int, int, int, int]
"""An index box (i0, j0, k0, i1, j1, k1), upper ends exclusive."""

SPACING_TIE = 1e-3
"""Spacings that differ by less than this fraction are the same spacing, written differently."""

SHEAR_LIMIT = 1e-3
"""Largest cosine between two image axes that still counts as a right angle."""

PLACE_TOLERANCE_VOXELS = 0.1
"""How far apart the corners of two grids may lie for them to be the same grid."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The voxel grid of a 3-D image.

    Attributes
    ----------
    origin
        Centre of voxel (0, 0, 0), LPS millimetres.
    spacing
        Distance between voxel centres along i, j, k, millimetres.
    direction
        Row-major 3x3 matrix; column *a* is the unit vector of image axis *a* in LPS.
    size
        Voxels along i, j, k.

    Examples
    --------
    >>> grid = Grid((0.0, 0.0, -5.0), (1.0, 1.0, 2.5), (1, 0, 0, 0, 1, 0, 0, 0, 1), (4, 4, 3))
    >>> grid.to_points(np.array([[1.0, 2.0, 2.0]])).tolist()
    [[1.0, 2.0, 0.0]]
    >>> grid.to_indices(np.array([[1.0, 2.0, 0.0]])).tolist()
    [[1.0, 2.0, 2.0]]
    """

    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]
    direction: tuple[float, float, float, float, float, float, float, float, float]
    size: tuple[int, int, int]

    @classmethod
    def of(cls, image: Any) -> Grid:
        """Take the grid of a SimpleITK image.

        Raises
        ------
        GeometryError
            Not three-dimensional, no voxels, a spacing that is not positive, or axes that are not
            at right angles (a tilted gantry: resample it before use).
        """
        if image.GetDimension() != 3 or 0 in image.GetSize():
            raise GeometryError(
                f"an image of size {tuple(image.GetSize())}; a volume with three axes is needed"
            )
        grid = cls(
            tuple(image.GetOrigin()),
            tuple(image.GetSpacing()),
            tuple(image.GetDirection()),
            tuple(image.GetSize()),
        )
        _check_usable(grid)
        return grid

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel."""
        return float(np.prod(self.spacing))

    @property
    def axes(self) -> npt.NDArray[np.float64]:
        """The 3x3 matrix from indices to millimetres: direction times spacing."""
        direction = np.array(self.direction, dtype=np.float64).reshape(3, 3)
        return np.asarray(direction * np.array(self.spacing), dtype=np.float64)

    def to_points(self, indices: npt.ArrayLike) -> Points:
        """Map indices (n, 3) in order i, j, k to physical points (n, 3), LPS millimetres."""
        indices = np.asarray(indices, dtype=np.float64).reshape(-1, 3)
        return np.asarray(indices @ self.axes.T + np.array(self.origin), dtype=np.float64)

    def to_indices(self, points: npt.ArrayLike) -> Points:
        """Map physical points (n, 3), LPS millimetres, to fractional indices (n, 3): i, j, k."""
        points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        offsets = points - np.array(self.origin)
        return np.asarray(offsets @ np.linalg.inv(self.axes).T, dtype=np.float64)


def _check_usable(grid: Grid) -> None:
    numbers = np.array((*grid.origin, *grid.spacing, *grid.direction))
    if not np.isfinite(numbers).all() or min(grid.spacing) <= 0:
        raise GeometryError(
            f"origin {grid.origin}, spacing {grid.spacing}: finite numbers and positive spacings "
            "are needed"
        )
    direction = np.array(grid.direction).reshape(3, 3)
    if np.abs(direction.T @ direction - np.eye(3)).max() > SHEAR_LIMIT:
        raise GeometryError(
            f"the image axes are not at right angles (direction {grid.direction}); "
            "resample the image to a rectangular grid"
        )


def slice_normal(grid: Grid, axis: int) -> tuple[float, float, float]:
    """Unit vector, LPS, of the image axis that slices are stacked along."""
    x, y, z = np.array(grid.direction, dtype=np.float64).reshape(3, 3)[:, axis]
    return float(x), float(y), float(z)


def choose_slice_axis(
    grid: Grid,
    *,
    acquisition_axis: int | None = None,
    reference_normal: npt.ArrayLike | None = None,
) -> int:
    """Choose the image axis that slices are stacked along.

    In this order: the axis of the acquisition where it is known (DICOM); the axis closest to the
    slices of an earlier time point, so that all time points are measured in like planes; the axis
    of the one largest spacing; the axis nearest to the body's long axis (axial slices).

    Parameters
    ----------
    grid
        The image's grid.
    acquisition_axis
        0, 1 or 2, where the source says it.
    reference_normal
        Normal, LPS, of the slices measured in at another time point.

    Examples
    --------
    >>> thick = Grid((0, 0, 0), (5.0, 1.0, 1.0), (1, 0, 0, 0, 1, 0, 0, 0, 1), (9, 9, 9))
    >>> choose_slice_axis(thick), choose_slice_axis(thick, reference_normal=(0, 0, -1))
    (0, 2)
    """
    if acquisition_axis is not None:
        return acquisition_axis
    direction = np.array(grid.direction, dtype=np.float64).reshape(3, 3)
    if reference_normal is not None:
        normal = np.asarray(reference_normal, dtype=np.float64)
        return int(np.argmax(np.abs(direction.T @ normal)))
    *_, second, largest = sorted(grid.spacing)
    if largest > second * (1 + SPACING_TIE):
        return grid.spacing.index(largest)
    return int(np.argmax(np.abs(direction[2])))


def find_field_box(array_kji: npt.NDArray[Any]) -> Box:
    """Find the index box outside which an image is constant padding.

    Border planes that hold a single value are stripped until none is left.

    Parameters
    ----------
    array_kji
        The voxels, axes k, j, i.

    Returns
    -------
    Box
        (i0, j0, k0, i1, j1, k1), upper ends exclusive; the whole image where all is constant.

    Examples
    --------
    >>> array = np.zeros((3, 4, 5)); array[1, 1:3, 2:4] = [[1, 2], [3, 4]]
    >>> find_field_box(array)
    (2, 1, 1, 4, 3, 2)
    """
    ends = [[0, length] for length in array_kji.shape]
    changed = True
    while changed and all(low < high for low, high in ends):
        changed = any(_strip_axis(array_kji, ends, axis) for axis in range(3))
    if not all(low < high for low, high in ends):
        ends = [[0, length] for length in array_kji.shape]
    (k0, k1), (j0, j1), (i0, i1) = ends
    return i0, j0, k0, i1, j1, k1


def _strip_axis(array: npt.NDArray[Any], ends: list[list[int]], axis: int) -> bool:
    """Move both ends of one axis inwards past constant planes; tell whether anything moved."""
    before = list(ends[axis])
    inside = array[tuple(slice(low, high) for low, high in ends)]
    planes = np.moveaxis(inside, axis, 0)
    while ends[axis][0] < ends[axis][1] and _is_constant(planes[ends[axis][0] - before[0]]):
        ends[axis][0] += 1
    while ends[axis][0] < ends[axis][1] and _is_constant(planes[ends[axis][1] - before[0] - 1]):
        ends[axis][1] -= 1
    return ends[axis] != before


def _is_constant(plane: npt.NDArray[Any]) -> bool:
    return plane.size == 0 or bool((plane == plane.flat[0]).all())


def inside_field(grid: Grid, box: Box, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell which physical points (n, 3) lie in a voxel of the index box.

    Examples
    --------
    >>> grid = Grid((0, 0, 0), (1, 1, 1), (1, 0, 0, 0, 1, 0, 0, 0, 1), (8, 8, 8))
    >>> inside_field(grid, (0, 0, 2, 8, 8, 8), [[3, 3, 1.6], [3, 3, 1.4], [3, 3, 7.6]]).tolist()
    [True, False, False]
    """
    indices = grid.to_indices(points)
    low, high = np.array(box[:3]) - 0.5, np.array(box[3:]) - 0.5
    return np.asarray(((indices >= low) & (indices <= high)).all(axis=1), dtype=np.bool_)


def same_grid(first: Grid, second: Grid) -> bool:
    """Tell whether two grids are one: as many voxels, corners within a tenth of a voxel."""
    return not describe_difference(first, second)


def describe_difference(first: Grid, second: Grid) -> str:
    """Say in words how two grids differ; empty where they are the same (see `same_grid`)."""
    if first.size != second.size:
        return f"size {first.size} against {second.size} voxels"
    corners = [
        [end * (length - 1) for end, length in zip(ends, first.size, strict=True)]
        for ends in product((0, 1), repeat=3)
    ]
    gaps = np.linalg.norm(first.to_points(corners) - second.to_points(corners), axis=1)
    if gaps.max() <= PLACE_TOLERANCE_VOXELS * min(first.spacing):
        return ""
    differing = [
        f"{name} {_round(mine)} against {_round(theirs)}"
        for name, mine, theirs in (
            ("spacing", first.spacing, second.spacing),
            ("origin", first.origin, second.origin),
            ("direction", first.direction, second.direction),
        )
        if not np.allclose(mine, theirs, rtol=0, atol=1e-4)
    ]
    return f"{', '.join(differing) or 'place'} (corners up to {gaps.max():.3g} mm apart)"


def _round(numbers: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(float(number), 4) for number in numbers)

"""Every label of a mask, measured on the image it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from response.errors import GeometryError, InputError
from response.geometry import Grid, choose_slice_axis, describe_difference
from response.measure.diameter import measure_diameters, measure_extent_3d
from response.measure.uptake import SphereKernel, measure_uptake
from response.measure.volume import measure_volume
from response.model import Measurement


def measure_labels(
    image: sitk.Image, mask: sitk.Image, *, slice_axis: int | None = None
) -> tuple[Measurement, ...]:
    """Measure each label of a mask in the image's own space.

    Parameters
    ----------
    image
        The scan, three-dimensional, one finite number per voxel, in any unit.
    mask
        Labels on the same grid; 0 is background. Whole numbers, whatever the pixel type.
    slice_axis
        The image axis (0, 1, 2: i, j, k) that slices are stacked along; by default
        `choose_slice_axis` of the grid.

    Returns
    -------
    tuple of Measurement
        By label, lengths in millimetres, not rounded; empty where the mask is.

    Raises
    ------
    GeometryError
        The image has no usable geometry, or the mask lies on another grid; the message names the
        difference.
    InputError
        The mask is not made of whole numbers from 0 up, or the image is not finite at a lesion.

    Examples
    --------
    >>> image = sitk.Image(9, 9, 5, sitk.sitkFloat32); mask = sitk.Image(9, 9, 5, sitk.sitkUInt8)
    >>> image.SetSpacing((0.5, 0.5, 3.0)); mask.SetSpacing((0.5, 0.5, 3.0))
    >>> for i in (2, 3, 4, 5): mask[i, 4, 2] = 1
    >>> (lesion,) = measure_labels(image, mask)
    >>> lesion.longest_diameter_mm, lesion.short_axis_mm, lesion.volume_mm3
    (2.0, 0.5, 3.0)
    """
    grid = Grid.of(image)
    _check_same_place(grid, Grid.of(mask))
    # SimpleITK gives (k, j, i); everything below is in image order.
    marks, corner, labels = _compact_labels(sitk.GetArrayViewFromImage(mask).transpose())
    if not labels:
        return ()
    scan = _Scan(
        sitk.GetArrayViewFromImage(image).transpose(),
        grid,
        choose_slice_axis(grid) if slice_axis is None else slice_axis,
        SphereKernel.of(grid),
    )
    measured = []
    for number, box in enumerate(ndimage.find_objects(marks), start=1):
        first = corner + [side.start for side in box]
        measured.append(_measure_label(scan, labels[number - 1], marks[box] == number, first))
    return tuple(measured)


@dataclass(frozen=True, slots=True)
class _Scan:
    values: npt.NDArray[Any]
    grid: Grid
    slice_axis: int
    kernel: SphereKernel


def _check_same_place(image: Grid, mask: Grid) -> None:
    difference = describe_difference(image, mask)
    if difference:
        raise GeometryError(
            f"the mask is not on the grid of its image: {difference}; "
            "give the mask that was drawn on this image"
        )


def _compact_labels(
    marks: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], tuple[int, ...]]:
    """Crop to what is marked and renumber 1 … n; returns crop, its first index, the labels."""
    if marks.ndim != 3:
        raise InputError("the mask has several values per voxel; give a label image")
    box = _find_marked(marks)
    if box is None:
        return np.zeros((1, 1, 1), np.int32), np.zeros(3, np.int64), ()
    crop = marks[box]
    marked = crop != 0
    labels, numbers = np.unique(crop[marked], return_inverse=True)
    _check_whole(labels)
    compact = np.zeros(crop.shape, np.int32)
    compact[marked] = numbers + 1
    first = np.array([side.start for side in box], dtype=np.int64)
    return compact, first, tuple(int(label) for label in labels)


def _find_marked(marks: npt.NDArray[Any]) -> tuple[slice, ...] | None:
    """Find the box around everything marked; by projections, as whole volumes are large."""
    marked = marks != 0
    in_ij = marked.any(axis=2)
    if not in_ij.any():
        return None
    lines = (in_ij.any(axis=1), in_ij.any(axis=0), marked.any(axis=(0, 1)))
    return tuple(slice(int(hit[0]), int(hit[-1]) + 1) for hit in map(np.flatnonzero, lines))


def _check_whole(labels: npt.NDArray[Any]) -> None:
    whole = np.isfinite(labels) & (labels > 0) & (labels == np.floor(labels))
    if not whole.all():
        raise InputError(
            f"the mask holds {labels[~whole][0]}; a mask holds whole numbers: 0 for background, "
            "one number per lesion"
        )


def _measure_label(
    scan: _Scan, label: int, inside: npt.NDArray[np.bool_], first: npt.NDArray[np.int64]
) -> Measurement:
    volume = measure_volume(inside, first, scan.grid)
    diameters = measure_diameters(inside, first, scan.grid, scan.slice_axis)
    uptake = measure_uptake(scan.values, inside, first, scan.kernel)
    return Measurement(
        label=label,
        voxels=volume.voxels,
        volume_mm3=volume.volume_mm3,
        longest_diameter_mm=diameters.longest_mm,
        short_axis_mm=diameters.short_mm,
        extent_3d_mm=measure_extent_3d(inside, scan.grid),
        centroid=volume.centroid,
        longest_segment=diameters.longest_segment,
        short_segment=diameters.short_segment,
        slice_axis=scan.slice_axis,
        slice_index=diameters.slice_index,
        mean_value=uptake.mean,
        sd_value=uptake.sd,
        max_value=uptake.maximum,
        peak_value=uptake.peak,
    )

"""Masks in layers: where drawn regions overlap, a voxel bears several labels and none is lost.

A mask is an image of whole numbers, one label per voxel. Where regions overlap it has several
components per voxel, one for each layer; a label lies wholly in one layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

Voxels = npt.NDArray[Any]
"""Labels, axes k, j, i."""


def split_layers(mask: Any) -> tuple[Any, ...]:
    """Split a mask into images of one label per voxel; most masks have one layer.

    Examples
    --------
    >>> first = np.eye(3, dtype=np.uint16)[None]
    >>> mask = join_layers(np.stack([first, 5 * first], axis=-1))
    >>> [layer[1, 1, 0] for layer in split_layers(mask)]
    [1, 5]
    """
    count = mask.GetNumberOfComponentsPerPixel()
    if count == 1:
        return (mask,)
    select: Any = sitk.VectorIndexSelectionCast
    return tuple(select(mask, number) for number in range(count))


def join_layers(voxels: Voxels) -> Any:
    """Make a mask of an array (k, j, i, layer); a single layer is a plain label image."""
    if voxels.shape[-1] == 1:
        return sitk.GetImageFromArray(voxels[..., 0])
    return sitk.GetImageFromArray(voxels, isVector=True)


def find_layer(voxels: Voxels, label: int) -> Voxels:
    """Return the layer that holds a label, of a mask as an array (k, j, i) or (k, j, i, layer).

    Examples
    --------
    >>> voxels = np.zeros((1, 2, 2, 2), np.uint16)
    >>> voxels[0, 1, 1, 1] = 7
    >>> find_layer(voxels, 7)[0, 1, 1]
    np.uint16(7)
    """
    if voxels.ndim == 3:
        return voxels
    for number in range(voxels.shape[-1]):
        layer: Voxels = voxels[..., number]
        if (layer == label).any():
            return layer
    return np.zeros(voxels.shape[:3], voxels.dtype)

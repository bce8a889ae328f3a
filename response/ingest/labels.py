"""Masks: whole numbers on the grid of their image, one number per lesion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from response.errors import GeometryError, InputError
from response.geometry import Grid, describe_difference
from response.ingest.itk import Image, sitk
from response.model import LabelFact

_WHOLE = 1e-6
_MAX_LABEL = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Labels:
    """A label image (unsigned, 0 is background) and the labels in it, ascending.

    The image may have layers (see :mod:`response.layers`). ``facts`` is what the source says of
    labels, ``warnings`` what a person should know of how they were read. ``whole`` is false where
    something that may be a lesion could not be read, or not all of it.
    """

    image: Image
    labels: tuple[int, ...]
    facts: tuple[LabelFact, ...] = ()
    warnings: tuple[str, ...] = ()
    whole: bool = True


def to_labels(mask: Image, name: str) -> Labels:
    """Read a mask as labels, whatever its pixel type.

    Raises
    ------
    InputError
        A value that is not a whole number from 0 up.
    """
    values = sitk.GetArrayViewFromImage(mask)
    if values.ndim != 3:
        raise InputError(f"{name}: several values per voxel; a mask has one label per voxel")
    whole = values if values.dtype.kind in "iu" else np.rint(values)
    odd = (values < 0) | (values > _MAX_LABEL) | (np.abs(values - whole) > _WHOLE)
    if odd.any():
        raise InputError(
            f"{name}: the mask holds {values[odd][0]}; a mask holds whole numbers: 0 for "
            "background, one number per lesion"
        )
    return _to_image(whole, mask)


def place_mask(labels: Labels, grid: Grid, name: str) -> Labels:
    """Put a mask exactly on its image's grid.

    Raises
    ------
    GeometryError
        It has another shape or place; the message names what differs.
    """
    difference = describe_difference(grid, Grid.of(labels.image))
    if difference:
        raise GeometryError(
            f"{name}: the mask is not on the grid of its image: {difference}; give the mask that "
            "was drawn on this image"
        )
    image = sitk.Image(labels.image)
    image.SetOrigin(grid.origin)
    image.SetSpacing(grid.spacing)
    image.SetDirection(grid.direction)
    return Labels(image, labels.labels)


def split_components(labels: Labels) -> Labels:
    """Number the connected components of a 0/1 mask (26 neighbours); others stay as they are.

    Numbers follow the first voxel of each component in the order of storage (i fastest).
    """
    if labels.labels != (1,):
        return labels
    marked = sitk.GetArrayViewFromImage(labels.image) != 0
    numbered, count = ndimage.label(marked, np.ones((3, 3, 3)))
    firsts = np.full(count + 1, numbered.size)
    flat = np.flatnonzero(numbered)
    np.minimum.at(firsts, numbered.ravel()[flat], flat)
    order = np.zeros(count + 1, np.int64)
    order[np.argsort(firsts[1:], kind="stable") + 1] = np.arange(1, count + 1)
    return _to_image(order[numbered], labels.image)


def _to_image(values: npt.NDArray[Any], like: Image) -> Labels:
    present = np.unique(values[values != 0])
    small = present.size == 0 or present[-1] <= np.iinfo(np.uint16).max
    image = sitk.GetImageFromArray(values.astype(np.uint16 if small else np.uint32))
    image.CopyInformation(like)
    return Labels(image, tuple(int(label) for label in present))

"""The voxels of a DICOM series, in the unit its headers rescale to (Hounsfield for CT)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from response.errors import InputError
from response.ingest.dicom import Slice, find_dicom
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset
from response.ingest.itk import Image, sitk
from response.ingest.nifti import MAX_VOXELS, check_finite
from response.ingest.series import Stack, choose_series

MAX_SLICE_PIXELS = 8192 * 8192


def read_stack(stack: Stack) -> Image:
    """Decode a series into a volume: 16-bit whole numbers where they fit, else 32-bit.

    Raises
    ------
    InputError
        A slice cannot be decoded, or is not as large as its header says.
    """
    i, j, k = stack.grid.size
    if i * j > MAX_SLICE_PIXELS or i * j * k > MAX_VOXELS:
        raise InputError(f"{stack.series.name}: declares {i} × {j} × {k} voxels, over the limit")
    slices = [_read_pixels(image, stack.series.name) for image in stack.slices]
    values = np.stack(slices)
    check_finite(stack.series.name, values)
    if values.min() == values.max():
        raise InputError(f"{stack.series.name}: every voxel is {values.flat[0]}; not a scan")
    image = sitk.GetImageFromArray(values)
    image.SetOrigin(stack.grid.origin)
    image.SetSpacing(stack.grid.spacing)
    image.SetDirection(stack.grid.direction)
    return image


def _read_pixels(image: Slice, series: str) -> npt.NDArray[Any]:
    name = f"{series}, image {image.instance}"
    dataset = read_dataset(image.path, pixels=True)
    if "ModalityLUTSequence" in dataset:
        raise InputError(f"{name}: values by a table (modality LUT) are not read")
    try:
        with quiet():
            stored = dataset.pixel_array
            slope = float(dataset.get("RescaleSlope") or 1)
            intercept = float(dataset.get("RescaleIntercept") or 0)
    except DAMAGE:
        raise InputError(f"{name}: the pixels are truncated or cannot be decoded") from None
    if stored.shape != (image.rows, image.columns):
        raise InputError(f"{name}: pixels of size {stored.shape}; one number per pixel is needed")
    return _rescale(stored, slope, intercept)


def _rescale(
    stored: npt.NDArray[Any], slope: float, intercept: float
) -> npt.NDArray[np.int16] | npt.NDArray[np.int32] | npt.NDArray[np.float32]:
    if slope != 1 or intercept != int(intercept) or stored.dtype.kind not in "iu":
        return (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    whole = stored.astype(np.int32) + int(intercept)
    limits = np.iinfo(np.int16)
    if limits.min <= whole.min() and whole.max() <= limits.max:
        return whole.astype(np.int16)
    return whole


def read_dicom_folder(folder: Path) -> Image:
    """Read the one scan of a folder: one subject, one day; of several series the chosen one.

    Raises
    ------
    InputError
        None, or several, are there.
    """
    found = find_dicom([folder])
    groups = {(series.subject, series.study_date) for series in found.series.values()}
    if len(groups) > 1:
        raise InputError(
            f"{folder.name}: scans of {len(groups)} subjects or days; name the folder of one series"
        )
    if found.damaged:
        raise InputError(f"{folder.name}: {found.damaged[0].name} cannot be read as DICOM")
    if not groups:
        raise InputError(f"{folder.name}: no CT or MR images in DICOM")
    return read_stack(choose_series(list(found.series.values()), ()).stack)

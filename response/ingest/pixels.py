"""The voxels of a DICOM series, in the unit its headers rescale to (Hounsfield for CT)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from response.errors import InputError
from response.ingest.decoding import Decoder, read_native
from response.ingest.dicom import find_dicom
from response.ingest.dicom_file import read_dataset
from response.ingest.dicom_pet import describe_values
from response.ingest.headers import Series, Slice
from response.ingest.itk import Image, sitk
from response.ingest.nifti import MAX_VOXELS, check_finite
from response.ingest.ranking import choose_scans
from response.ingest.series import Stack

MAX_SLICE_PIXELS = 4096 * 4096

Pixels = npt.NDArray[Any]


def read_stack(stack: Stack, factor: float | None = None) -> Image:
    """Decode a series into a volume: 16-bit whole numbers where they fit, else 32-bit.

    Parameters
    ----------
    stack
        What to decode.
    factor
        What values are multiplied with (PET); the volume then is 32-bit floating point.

    Raises
    ------
    InputError
        A slice cannot be decoded, or is not as large as its header says.
    """
    i, j, k = stack.grid.size
    name = stack.series.name
    if i * j > MAX_SLICE_PIXELS or i * j * k > MAX_VOXELS:
        raise InputError(f"{name}: declares {i} × {j} × {k} voxels, over the limit")
    values: Pixels | None = None
    for number, stored in _iterate_pixels(stack):
        image = stack.slices[number]
        plane = _rescale(stored, image.slope, image.intercept, factor)
        if values is None:
            values = np.empty((k, j, i), plane.dtype)
        elif not np.can_cast(plane.dtype, values.dtype):
            values = values.astype(np.result_type(values.dtype, plane.dtype))
        values[number] = plane
    assert values is not None, "a stack has slices"
    if values.dtype.kind == "f":
        values = values.astype(np.float32, copy=False)
    check_finite(name, values)
    if values.min() == values.max():
        raise InputError(f"{name}: every voxel is {values.flat[0]}; not a scan")
    made = sitk.GetImageFromArray(values)
    made.SetOrigin(stack.grid.origin)
    made.SetSpacing(stack.grid.spacing)
    made.SetDirection(stack.grid.direction)
    return made


def _iterate_pixels(stack: Stack) -> Iterator[tuple[int, Pixels]]:
    """Decode each file once; yields the slice's number and its stored numbers (rows, columns)."""
    files: dict[Path, list[int]] = {}
    for number, image in enumerate(stack.slices):
        files.setdefault(image.path, []).append(number)
    with Decoder() as decoder:
        for path, numbers in files.items():
            images = [stack.slices[number] for number in numbers]
            yield from zip(numbers, _decode(path, images, stack.series.name, decoder), strict=True)


def _decode(path: Path, images: Sequence[Slice], series: str, decoder: Decoder) -> Iterator[Pixels]:
    name = f"{series}, image {images[0].instance}"
    dataset = read_dataset(path, pixels=True)
    if "ModalityLUTSequence" in dataset:
        raise InputError(f"{name}: values by a table (modality LUT) are not read")
    frames = [(image.frame or 1) - 1 for image in images]
    try:
        planes = read_native(dataset, frames)
        yield from decoder.decode(path, frames) if planes is None else planes
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _rescale(stored: Pixels, slope: float, intercept: float, factor: float | None) -> Pixels:
    if factor is not None:
        return ((stored.astype(np.float64) * slope + intercept) * factor).astype(np.float32)
    if slope != 1 or intercept != int(intercept) or stored.dtype.kind not in "iu":
        return (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    low, high = int(stored.min()) + int(intercept), int(stored.max()) + int(intercept)
    fits = np.iinfo(np.int16).min <= low and high <= np.iinfo(np.int16).max
    if fits and abs(intercept) < 2**15:  # numbers beyond 16 bits wrap, and wrap back
        return np.asarray(stored.astype(np.int16) + np.int16(intercept), np.int16)
    whole = stored.astype(np.int64) + int(intercept)
    small = np.iinfo(np.int32).min <= low and high <= np.iinfo(np.int32).max
    return np.asarray(whole, np.int16 if fits else np.int32 if small else np.float32)


def read_dicom_folder(folder: Path) -> Image:
    """Read the one scan of a folder: one subject, one day; of several series the chosen one.

    A CT goes before an MR, and that before a PET, which is given in SUV by body weight where its
    headers carry that, else in its own unit.

    Raises
    ------
    InputError
        None, or several, are there.
    """
    found = find_dicom([folder])
    for place, what in found.identities.find_conflicts().items():
        raise InputError(f"{place.name} {what}; give each patient a folder of its own")
    groups = {(series.subject, series.study_date) for series in found.series.values()}
    if len(groups) > 1:
        raise InputError(
            f"{folder.name}: scans of {len(groups)} subjects or days; name the folder of one series"
        )
    if found.damaged:
        path, why = next(iter(found.damaged.items()))
        raise InputError(f"{folder.name}: {path.name} {why}")
    if not groups:
        raise InputError(f"{folder.name}: no CT, MR or PET images in DICOM")
    stack = _choose_stack(list(found.series.values()))
    if stack.series.modality != "PT":
        return read_stack(stack)
    return read_stack(stack, describe_values(stack).factor)


def _choose_stack(series: Sequence[Series]) -> Stack:
    problems = []
    for modality in ("CT", "MR", "PT"):
        mine = [one for one in series if one.modality == modality]
        try:
            if mine:
                return choose_scans(mine, {})[0].stack
        except InputError as error:
            problems.append(str(error))
    raise InputError("; ".join(problems))

"""DICOM segmentations (SEG) on the grid of the series they were drawn on.

Each frame's marked pixels are carried into the series' voxels by the frame's own position, so it
does not matter in which order, or which way round, frames and rows are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import SegmentationStorage

from response.errors import GeometryError, InputError
from response.geometry import PLACE_TOLERANCE_VOXELS, Grid
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset, text_of
from response.ingest.itk import Image, sitk
from response.ingest.labels import Labels
from response.ingest.nifti import MAX_VOXELS

LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"

SEGMENTATIONS = (SegmentationStorage, LABEL_MAP_SEGMENTATION)

_STEP_TOLERANCE = 1e-3

Voxels = npt.NDArray[np.uint16]


def read_segmentation_file(path: Path, grid: Grid) -> Image:
    """Read one DICOM segmentation as a label image; a label is a segment's number.

    Raises
    ------
    InputError, GeometryError
        As `read_segmentations`.
    """
    return read_segmentations([path], grid).image


def read_segmentations(
    paths: Sequence[Path], grid: Grid, slice_of: Mapping[str, int] | None = None
) -> Labels:
    """Read the segmentations of one series into one label image.

    Parameters
    ----------
    paths
        The segmentations; binary, fractional (half or more is in) or label maps.
    grid
        The series' grid.
    slice_of
        The slice (index along image axis 2) of each image of the series, by instance UID: for
        frames that state the image they were drawn on but no position.

    Raises
    ------
    InputError
        Damaged; two segments in one voxel, or one number in two files: a label image cannot hold
        both, and none may be lost.
    GeometryError
        Marked pixels do not lie on voxels of the series.
    """
    i, j, k = grid.size
    labels = np.zeros((k, j, i), np.uint16)
    owners: dict[int, int] = {}
    for number, path in enumerate(paths):
        before = set(owners)
        seen = _draw(path, grid, labels, slice_of or {})
        twice = sorted(before & seen)
        if twice:
            raise InputError(
                f"segment {twice[0]} is in two segmentations of one series; keep one of them, or "
                "give the readers' masks in a manifest"
            )
        owners |= dict.fromkeys(seen, number)
    image = sitk.GetImageFromArray(labels)
    image.SetOrigin(grid.origin)
    image.SetSpacing(grid.spacing)
    image.SetDirection(grid.direction)
    return Labels(image, tuple(sorted(owners)))


def _draw(path: Path, grid: Grid, labels: Voxels, slice_of: Mapping[str, int]) -> set[int]:
    """Draw one file's segments into the labels; returns the numbers that have voxels."""
    dataset = read_dataset(path, pixels=True)
    try:
        seen: set[int] = set()
        with quiet():
            _check_readable(dataset)
            frames = _iterate_frames(dataset)
            for groups, pixels in zip(_list_groups(dataset), frames, strict=True):
                for segment, marked in _find_marked(dataset, groups, pixels):
                    voxels = _to_voxels(marked, dataset, groups, grid, slice_of)
                    _mark(labels, voxels, segment)
                    seen.add(segment)
    except InputError as error:
        raise type(error)(f"segmentation: {error}") from None
    except DAMAGE:
        raise InputError("segmentation: damaged or truncated; export it again") from None
    return seen


def _check_readable(dataset: Any) -> None:
    if dataset.get("SOPClassUID") not in SEGMENTATIONS:
        raise InputError("not a DICOM segmentation")
    voxels = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("NumberOfFrames") or 1)
    if voxels > 8 * MAX_VOXELS:
        raise InputError(f"declares {voxels} pixels, over the limit")


def _iterate_frames(dataset: Any) -> Iterator[npt.NDArray[Any]]:
    """Decode frame by frame (rows, columns): all at once may not fit into memory."""
    if dataset.BitsAllocated != 1 or dataset.file_meta.TransferSyntaxUID.is_compressed:
        yield from iter_pixels(dataset)
        return
    # One bit per pixel, frames packed without gaps: a frame may begin within a byte.
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    packed = np.frombuffer(dataset.PixelData, np.uint8)
    for number in range(int(dataset.get("NumberOfFrames") or 1)):
        first, last = number * rows * columns, (number + 1) * rows * columns
        bits = np.unpackbits(packed[first // 8 : -(-last // 8)], bitorder="little")
        yield bits[first % 8 :][: rows * columns].reshape(rows, columns)


def _list_groups(dataset: Any) -> list[tuple[Any, Any]]:
    """Pair each frame's own description with what all frames share."""
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [pydicom.Dataset()])[0]
    return [(frame, shared) for frame in dataset.PerFrameFunctionalGroupsSequence]


def find_source_images(group: Any) -> list[str]:
    """Find the instance UIDs of the images one frame of a segmentation was drawn on."""
    return [
        text_of(image, "ReferencedSOPInstanceUID")
        for derivation in group.get("DerivationImageSequence") or ()
        for image in derivation.get("SourceImageSequence") or ()
    ]


def _describe(groups: tuple[Any, Any], sequence: str) -> Any:
    """One description of a frame: its own, or the shared one; ``None`` if there is neither."""
    for group in groups:
        if group.get(sequence):
            return group.get(sequence)[0]
    return None


def _find_marked(
    dataset: Any, groups: tuple[Any, Any], pixels: npt.NDArray[Any]
) -> list[tuple[int, npt.NDArray[np.intp]]]:
    """Find a frame's segments, each with its marked pixels (n, 2): column, row."""
    kind = str(dataset.SegmentationType).upper()
    if kind == "LABELMAP":
        numbers = [int(number) for number in np.unique(pixels) if number]
        return [(number, _pixels_where(pixels == number)) for number in numbers]
    said = _describe(groups, "SegmentIdentificationSequence")
    if said is None:
        raise InputError("a frame does not say which segment it is of")
    inside = pixels > 0
    if kind == "FRACTIONAL":
        inside = pixels.astype(np.float64) >= float(dataset.MaximumFractionalValue) / 2
    marked = _pixels_where(inside)
    return [(int(said.ReferencedSegmentNumber), marked)] if len(marked) else []


def _pixels_where(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    return np.argwhere(inside)[:, ::-1]


def _to_voxels(
    marked: npt.NDArray[np.intp],
    dataset: Any,
    groups: tuple[Any, Any],
    grid: Grid,
    slice_of: Mapping[str, int],
) -> npt.NDArray[np.intp]:
    """Carry marked pixels (column, row) into voxel indices (i, j, k) of the series."""
    position = _describe(groups, "PlanePositionSequence")
    if position is None:
        return _to_voxels_of_source(marked, dataset, groups, grid, slice_of)
    measures = _describe(groups, "PixelMeasuresSequence")
    orientation = _describe(groups, "PlaneOrientationSequence")
    if measures is None or orientation is None:
        raise GeometryError("a frame has a position, but no orientation or pixel size")
    down, across = (float(value) for value in measures.PixelSpacing)
    turned = np.array([float(value) for value in orientation.ImageOrientationPatient])
    steps = np.stack([turned[:3] * across, turned[3:] * down])
    _check_steps(steps, grid)
    origin = np.array([float(value) for value in position.ImagePositionPatient])
    indices = grid.to_indices(marked @ steps + origin)
    voxels = np.rint(indices).astype(np.intp)
    if np.abs(indices - voxels).max() > PLACE_TOLERANCE_VOXELS:
        raise GeometryError("marked pixels lie between the voxels of the series")
    if (voxels < 0).any() or (voxels >= grid.size).any():
        raise GeometryError("marked pixels lie outside the series")
    return voxels


def _check_steps(steps: npt.NDArray[np.float64], grid: Grid) -> None:
    """Check that one pixel of the frame is one voxel of the series."""
    moves = steps @ np.linalg.inv(grid.axes).T
    whole = np.rint(moves)
    if np.abs(moves - whole).max() > _STEP_TOLERANCE or (np.abs(whole).sum(axis=1) != 1).any():
        raise GeometryError("its pixels are not those of the series (other spacing or angle)")


def _to_voxels_of_source(
    marked: npt.NDArray[np.intp],
    dataset: Any,
    groups: tuple[Any, Any],
    grid: Grid,
    slice_of: Mapping[str, int],
) -> npt.NDArray[np.intp]:
    """Carry pixels of a frame without position into the image that it says it was drawn on."""
    slices = {
        slice_of[uid] for group in groups for uid in find_source_images(group) if uid in slice_of
    }
    if len(slices) != 1 or (int(dataset.Columns), int(dataset.Rows)) != grid.size[:2]:
        raise GeometryError("a frame has no position, and is not of one image of the series")
    return np.column_stack([marked, np.full(len(marked), slices.pop())])


def _mark(labels: Voxels, voxels: npt.NDArray[np.intp], segment: int) -> None:
    i, j, k = voxels.T
    held = labels[k, j, i]
    others = held[(held != 0) & (held != segment)]
    if others.size:
        raise InputError(
            f"segments {int(others[0])} and {segment} overlap; redraw them, or give the masks in "
            "a manifest"
        )
    labels[k, j, i] = segment

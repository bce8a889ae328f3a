"""DICOM segmentations (SEG) on the grid of the series they were drawn on.

Each frame's marked pixels are carried into the series' voxels by the frame's own position, so it
does not matter in which order, or which way round, frames and rows are stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.uid import SegmentationStorage

from response.errors import GeometryError, InputError
from response.geometry import PLACE_TOLERANCE_VOXELS, Grid
from response.ingest.decoding import iterate_frames
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset, text_of
from response.ingest.nifti import MAX_VOXELS
from response.ingest.regions import Flat, Region, check_marked, to_flat
from response.ingest.segments import describe_segments

LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"

SEGMENTATIONS = (SegmentationStorage, LABEL_MAP_SEGMENTATION)

MAX_FRAME_PIXELS = 2048 * 2048
"""No scanner's slices are larger; places of all pixels of a frame are held at once."""

_STEP_TOLERANCE = 1e-3
_PADDING = 4

Indices = npt.NDArray[np.intp]
Groups = tuple[Any, Any]
"""A frame's own description, and the one that all frames share."""


def read_segments(
    path: Path, grid: Grid, slice_of: Mapping[str, int], *, modality: str
) -> tuple[list[Region], list[str]]:
    """Read the segments of one file, and what should be known of them.

    Parameters
    ----------
    path
        The segmentation; binary, fractional (half or more is in) or a label map.
    grid
        The series' grid.
    slice_of
        The slice (index along image axis 2) of each image of the series, by instance UID: for
        frames that state the image they were drawn on but no position.
    modality
        The series' modality: normal liver and aorta on PET are reference regions.

    Raises
    ------
    InputError
        Damaged, or of a whole-slide image.
    GeometryError
        Marked pixels do not lie on voxels of the series.
    """
    dataset = read_dataset(path, pixels=True)
    try:
        with quiet():
            _check_readable(dataset)
            voxels = _gather(path, dataset, grid, slice_of)
            return describe_segments(dataset, voxels, path.name, modality)
    except InputError as error:
        raise type(error)(f"segmentation {path.name}: {error}") from None
    except DAMAGE:
        raise InputError(
            f"segmentation {path.name}: damaged or truncated; export it again"
        ) from None


def _check_readable(dataset: Any) -> None:
    if dataset.get("SOPClassUID") not in SEGMENTATIONS:
        raise InputError("not a DICOM segmentation")
    if "TotalPixelMatrixColumns" in dataset or "ImageOrientationSlide" in dataset:
        raise InputError("drawn on a whole-slide image, which is no scan")
    frames = int(dataset.get("NumberOfFrames") or 1)
    described = len(dataset.get("PerFrameFunctionalGroupsSequence") or ())
    if frames != described:
        raise InputError(f"declares {frames} frames, and describes {described}; export it again")
    voxels = int(dataset.Rows) * int(dataset.Columns) * frames
    if voxels > 8 * MAX_VOXELS or voxels > frames * MAX_FRAME_PIXELS:
        raise InputError(f"declares {voxels} pixels, over the limit")


def _gather(path: Path, dataset: Any, grid: Grid, slice_of: Mapping[str, int]) -> dict[int, Flat]:
    """Gather the voxels of every segment from all frames."""
    parts: dict[int, list[Flat]] = {}
    count = 0
    frames = _iterate_frames(path, dataset)
    for groups, pixels in zip(_list_groups(dataset), frames, strict=True):
        for segment, marked in _find_marked(dataset, groups, pixels):
            voxels = _to_voxels(marked, dataset, groups, grid, slice_of)
            parts.setdefault(segment, []).append(to_flat(voxels, grid))
            count += len(marked)
            check_marked(count)
    return {number: np.unique(np.concatenate(found)) for number, found in parts.items()}


def _iterate_frames(path: Path, dataset: Any) -> Iterator[npt.NDArray[Any]]:
    """Decode frame by frame (rows, columns): all at once may not fit into memory."""
    numbers = range(int(dataset.get("NumberOfFrames") or 1))
    if dataset.BitsAllocated != 1 or dataset.file_meta.TransferSyntaxUID.is_compressed:
        yield from iterate_frames(path, dataset, numbers)
        return
    # One bit per pixel, frames packed without gaps: a frame may begin within a byte.
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    packed = np.frombuffer(dataset.PixelData, np.uint8)
    if packed.size - -(-len(numbers) * rows * columns // 8) > _PADDING:
        raise InputError("more pixels than declared: frames would not begin where they do")
    for number in numbers:
        first, last = number * rows * columns, (number + 1) * rows * columns
        bits = np.unpackbits(packed[first // 8 : -(-last // 8)], bitorder="little")
        yield bits[first % 8 :][: rows * columns].reshape(rows, columns)


def _list_groups(dataset: Any) -> list[Groups]:
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [pydicom.Dataset()])[0]
    return [(frame, shared) for frame in dataset.PerFrameFunctionalGroupsSequence]


def find_source_images(group: Any) -> list[str]:
    """Find the instance UIDs of the images one frame of a segmentation was drawn on."""
    return [
        text_of(image, "ReferencedSOPInstanceUID")
        for derivation in group.get("DerivationImageSequence") or ()
        for image in derivation.get("SourceImageSequence") or ()
    ]


def _describe(groups: Groups, sequence: str) -> Any:
    """One description of a frame: its own, or the shared one; ``None`` if there is neither."""
    for group in groups:
        if group.get(sequence):
            return group.get(sequence)[0]
    return None


def _find_marked(
    dataset: Any, groups: Groups, pixels: npt.NDArray[Any]
) -> Iterable[tuple[int, Indices]]:
    """Find a frame's segments, each with its marked pixels (n, 2): column, row."""
    kind = str(dataset.SegmentationType).upper()
    if kind == "LABELMAP":
        return _split_labels(dataset, pixels)
    said = _describe(groups, "SegmentIdentificationSequence")
    if said is None:
        raise InputError("a frame does not say which segment it is of")
    inside = pixels > 0
    if kind == "FRACTIONAL":
        inside &= pixels.astype(np.float64) >= float(dataset.MaximumFractionalValue) / 2
    marked = np.argwhere(inside)[:, ::-1]
    return [(int(said.ReferencedSegmentNumber), marked)] if len(marked) else []


def _split_labels(dataset: Any, pixels: npt.NDArray[Any]) -> Iterator[tuple[int, Indices]]:
    """Split a frame of a label map; 0, or the value said to be padding, is background."""
    padding = dataset.get("PixelPaddingValue")
    marked = np.argwhere((pixels != 0) & (pixels != (0 if padding is None else int(padding))))
    values = pixels[marked[:, 0], marked[:, 1]]
    described = {int(segment.SegmentNumber) for segment in dataset.SegmentSequence}
    for number in np.unique(values):
        if int(number) not in described:
            raise InputError(f"pixels of value {number}, and no segment of that number")
        yield int(number), marked[values == number][:, ::-1]


def _to_voxels(
    marked: Indices, dataset: Any, groups: Groups, grid: Grid, slice_of: Mapping[str, int]
) -> Indices:
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
    if not np.abs(indices - voxels).max() <= PLACE_TOLERANCE_VOXELS:
        raise GeometryError("marked pixels lie between the voxels of the series")
    if (voxels < 0).any() or (voxels >= grid.size).any():
        raise GeometryError("marked pixels lie outside the series")
    return voxels


def _check_steps(steps: npt.NDArray[np.float64], grid: Grid) -> None:
    """Check that one pixel of the frame is one voxel of the series."""
    moves = steps @ np.linalg.inv(grid.axes).T
    whole = np.rint(moves)
    single = (np.abs(whole).sum(axis=1) == 1).all()
    if not (single and np.abs(moves - whole).max() <= _STEP_TOLERANCE):
        raise GeometryError("its pixels are not those of the series (other spacing or angle)")


def _to_voxels_of_source(
    marked: Indices, dataset: Any, groups: Groups, grid: Grid, slice_of: Mapping[str, int]
) -> Indices:
    """Carry pixels of a frame without position into the image that it says it was drawn on."""
    slices = {
        slice_of[uid] for group in groups for uid in find_source_images(group) if uid in slice_of
    }
    if len(slices) != 1 or (int(dataset.Columns), int(dataset.Rows)) != grid.size[:2]:
        raise GeometryError("a frame has no position, and is not of one image of the series")
    return np.column_stack([marked, np.full(len(marked), slices.pop())])

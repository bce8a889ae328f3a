"""Segmentations of the layers of one mask, joined into one: overlapping lesions in one object.

Made layer by layer they take a plane per slice; all at once, a plane per slice and lesion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset


def join_segmentations(parts: Sequence[Any]) -> Any:
    """Join binary segmentations on the same grid that describe the same segments.

    Frames are in order of segment and place. The first part is changed and returned.
    """
    made, *others = parts
    if not others:
        return made
    frames = [
        (frame, pixels)
        for part in parts
        for frame, pixels in zip(part.PerFrameFunctionalGroupsSequence, _unpack(part), strict=True)
    ]
    frames.sort(key=lambda pair: (_segment(pair[0]), _along(made, pair[0])))
    _number_places(made, [frame for frame, _ in frames])
    made.PerFrameFunctionalGroupsSequence = [frame for frame, _ in frames]
    made.NumberOfFrames = len(frames)
    bits = np.concatenate([pixels for _, pixels in frames])
    packed = np.packbits(bits, bitorder="little").tobytes()
    made.PixelData = packed + b"\0" * (len(packed) % 2)
    _join_references(made, others)
    return made


def _unpack(part: Any) -> npt.NDArray[np.uint8]:
    """Every frame's pixels, one row of 0 and 1 per frame."""
    size, count = int(part.Rows) * int(part.Columns), int(part.NumberOfFrames)
    bits = np.unpackbits(np.frombuffer(part.PixelData, np.uint8), bitorder="little")
    return bits[: size * count].reshape(count, size)


def _segment(frame: Dataset) -> int:
    return int(frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _along(made: Any, frame: Dataset) -> float:
    """Where a frame lies along the normal of its plane, to a thousandth of a millimetre."""
    shared = made.SharedFunctionalGroupsSequence[0]
    turned = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, dtype=float)
    place = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
    return round(float(np.cross(turned[:3], turned[3:]) @ place), 3)


def _number_places(made: Any, frames: Sequence[Dataset]) -> None:
    """Give frames their index values anew: segment, and place among all places."""
    places = sorted({_along(made, frame) for frame in frames})
    for frame in frames:
        content = frame.FrameContentSequence[0]
        content.DimensionIndexValues = [_segment(frame), places.index(_along(made, frame)) + 1]


def _join_references(made: Any, others: Sequence[Any]) -> None:
    """Refer to every image that any part refers to."""
    known = {
        str(item.ReferencedSOPInstanceUID): item
        for part in (made, *others)
        for item in part.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    }
    made.ReferencedSeriesSequence[0].ReferencedInstanceSequence = list(known.values())

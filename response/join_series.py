"""Marks of one time point on several series (PET and CT) as the lesions they are. Pure.

Series of one time point share the patient's space. A mark of a further series is the lesion of the
first series that it shares most volume with; one that shares none is a lesion of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from response.geometry import Grid, Points
from response.model import MarkSet, Measurement, Scan
from response.regions import Region

OTHER_SERIES = 1_000_000
"""Added to the labels of a second series, so that the marks of a time point have one numbering."""

COVERED = 0.25
"""A mark that covers this share of a second lesion too is a mark of both."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark as read: where it comes from, its measurement and voxel centres (n, 3) in LPS mm.

    ``values`` are those of its scan in the order of ``points``. ``doubt`` says why a person should
    look at whether it is the lesion it was taken for.
    """

    scan: Scan
    marks: MarkSet
    measured: Measurement
    points: Points
    grid: Grid
    values: npt.NDArray[Any]
    doubt: str = ""

    @property
    def region(self) -> Region:
        """Its voxels."""
        return Region(self.grid, self.points)


@dataclass(frozen=True, slots=True)
class Joined:
    """Marks by number, and those of the same lesions on further series.

    ``shared`` says of lesions that the mark of another one covers, too, which one it is. ``apart``
    are labels that mean different lesions on different series.
    """

    marked: Mapping[int, Marked]
    doubles: Mapping[int, tuple[Marked, ...]]
    shared: Mapping[int, str]
    apart: frozenset[int]


def join_series(
    first: Scan, own: Mapping[int, Marked], further: Sequence[Mapping[int, Marked]]
) -> Joined:
    """Join the marks of further series with those of the first one.

    Parameters
    ----------
    first
        The scan of the first series.
    own
        Its marks by label.
    further
        Marks of each further series by label.
    """
    marked = dict(own)
    doubles: dict[int, tuple[Marked, ...]] = {}
    shared: dict[int, str] = {}
    for number, found in enumerate(further, 1):
        for label, mark in found.items():
            shares = _shares(own, mark)
            if not shares:
                marked[OTHER_SERIES * number + label] = mark
                continue
            best = max(shares, key=lambda k: (shares[k], -k))
            also = [k for k in shares if k != best and _covers(shares[k], own[k])]
            doubt = "; ".join(filter(None, (_doubt_frame(first, mark.scan), _doubt_several(also))))
            doubles[best] = (*doubles.get(best, ()), replace(mark, doubt=doubt))
            for k in also:
                shared[k] = f"label {label} of the {mark.scan.modality} covers label {best} as well"
    return Joined(marked, doubles, shared, _find_apart(marked, doubles))


def _shares(own: Mapping[int, Marked], mark: Marked) -> dict[int, float]:
    """Volume that a mark shares with each of the first series', where it shares any."""
    found = {k: one.region.overlap_ml(mark.region) for k, one in own.items()}
    return {k: volume for k, volume in found.items() if volume > 0}


def _covers(shared_ml: float, lesion: Marked) -> bool:
    return shared_ml * 1000 >= COVERED * lesion.measured.volume_mm3


def _doubt_several(also: Sequence[int]) -> str:
    labels = ", ".join(str(label) for label in also)
    return f"it covers label {labels} as well" if also else ""


def _doubt_frame(first: Scan, other: Scan) -> str:
    frames = [scan.facts.get("frame_of_reference_uid", "") for scan in (first, other)]
    if all(frames) and frames[0] != frames[1]:
        return (
            f"{first.modality} and {other.modality} do not state the same frame of reference; "
            "their places may not agree"
        )
    return ""


def _find_apart(
    marked: Mapping[int, Marked], doubles: Mapping[int, tuple[Marked, ...]]
) -> frozenset[int]:
    """Find labels that are one lesion on one series and another on another."""
    numbers: dict[int, set[int]] = defaultdict(set)
    for number, mark in marked.items():
        for one in (mark, *doubles.get(number, ())):
            numbers[one.measured.label].add(number)
    return frozenset(label for label, found in numbers.items() if len(found) > 1)

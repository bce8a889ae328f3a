"""Several volumes in one series (phases, echoes, b-values, frames in time), told apart by a tag.

A series is split only where every part becomes a regular volume of its own and the parts lie over
one another: slabs side by side are one volume with something missing, not several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from response.errors import GeometryError
from response.ingest.arranging import Arranged, arrange, find_normal
from response.ingest.headers import TELLING, Slice

FEWEST_SLICES = 4
"""A part with fewer is no volume; a series with fewer a scout, unless something was drawn on it."""

_OVERLAP = 0.75
"""Slices closer than this fraction of their thickness overlap."""

STRONG = frozenset(
    {
        "TemporalPositionIdentifier",
        "DiffusionBValue",
        "EchoNumbers",
        "EchoTime",
        "InversionTime",
        "NominalPercentageOfCardiacPhase",
        "AcquisitionNumber",
    }
)
"""What is never different within one volume whose slices lie between each other's."""

_BY_RANK = ("TriggerTime", "FrameReferenceTime", "AcquisitionTime", "ContentTime")
_TIMES_APART = frozenset(_BY_RANK[1:])
_MOST_TAGS_TOGETHER = 3
_MOST_PARTS = 2000


@dataclass(frozen=True, slots=True)
class Part:
    """One volume of several in a series: which of how many, told by what; complete or cut short.

    ``number`` counts from 1 in the order of the tag's values.
    """

    arranged: Arranged
    number: int
    count: int
    by: str
    complete: bool

    @property
    def name(self) -> str:
        """What the part is called after its series' name."""
        return f"part {self.number} of {self.count} by {self.by}"


def split(slices: Sequence[Slice]) -> tuple[Part, ...]:
    """Split slices into volumes by one tag, or a few together; empty where none explains them."""
    varying = [name for name in TELLING if _count_values(slices, name) > 1]
    codes = _Codes(slices, varying)
    for together in range(1, _MOST_TAGS_TOGETHER + 1):
        for names in combinations(varying, together):
            if not codes.could_explain(names):
                continue
            parts = _try_groups(_group_by_values(slices, names), names)
            if parts:
                return parts
    for name in _BY_RANK:
        if name in varying:
            parts = _try_groups(_group_by_rank(slices, name), (name,))
            if parts:
                return parts
    return ()


class _Codes:
    """Tags' values and slices' places as numbers, to rule out quickly what cannot explain them."""

    def __init__(self, slices: Sequence[Slice], names: Sequence[str]) -> None:
        along = np.array([image.position for image in slices]) @ find_normal(slices[0])
        self._places = _number(np.round(along, 2))
        self._values = {
            name: _number(np.array([image.told.get(name, "") for image in slices]))
            for name in names
        }

    def could_explain(self, names: Sequence[str]) -> bool:
        """Whether no two images of one place have the same values."""
        if "StackID" in names:  # stacks of another orientation have places of their own
            return True
        groups = self._places
        for name in names:
            groups = _number(groups * (self._values[name].max() + 1) + self._values[name])
        return int(groups.max()) + 1 == groups.size


def _number(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    return np.unique(values, return_inverse=True)[1].ravel()


def split_interleaved(slices: Sequence[Slice]) -> tuple[Part, ...]:
    """Split slices that would pass for one volume, but are several whose slices interleave."""
    for name in TELLING:
        if name in STRONG and _count_values(slices, name) > 1:
            parts = _try_groups(_group_by_values(slices, (name,)), (name,))
            if parts and (name != "AcquisitionNumber" or _overlap(slices)):
                return parts
    return ()


def _overlap(slices: Sequence[Slice]) -> bool:
    """Whether slices overlap: those of one acquisition made in two passes lie side by side."""
    gap = arrange(slices).grid.spacing[2]
    thickness = [image.thickness_mm for image in slices if image.thickness_mm]
    return bool(thickness) and gap < _OVERLAP * min(thickness)


def _count_values(slices: Sequence[Slice], name: str) -> int:
    return len({image.told.get(name, "") for image in slices})


Groups = Mapping[tuple[str, ...], Sequence[Slice]]


def _group_by_values(slices: Sequence[Slice], names: tuple[str, ...]) -> Groups:
    groups: dict[tuple[str, ...], list[Slice]] = {}
    for image in slices:
        groups.setdefault(tuple(image.told.get(name, "") for name in names), []).append(image)
    return groups


def _group_by_rank(slices: Sequence[Slice], name: str) -> Groups:
    """Group the first in time at every place, the second, and so on; nothing where times tie."""
    normal = find_normal(slices[0])
    places: dict[float, list[tuple[float, Slice]]] = {}
    for image in slices:
        try:
            when = float(image.told.get(name, ""))
        except ValueError:
            return {}
        place = round(float(np.dot(image.position, normal)), 2)
        places.setdefault(place, []).append((when, image))
    counts = {len(images) for images in places.values()}
    if len(counts) != 1:
        return {}
    ordered = [sorted(images, key=lambda pair: pair[0]) for images in places.values()]
    ranks = list(zip(*ordered, strict=True))
    times = [[when for when, _image in rank] for rank in ranks]
    if any(a >= b for one in ordered for (a, _), (b, _) in pairwise(one)):
        return {}
    if name in _TIMES_APART and any(max(a) >= min(b) for a, b in pairwise(times)):
        return {}
    return {
        (f"{min(t):.15g}",): [i for _w, i in rank] for t, rank in zip(times, ranks, strict=True)
    }


def _try_groups(groups: Groups, names: tuple[str, ...]) -> tuple[Part, ...]:
    """Make a part of each group; none at all unless every one is a volume over the others."""
    if not 1 < len(groups) <= _MOST_PARTS:
        return ()
    if any(len(group) < FEWEST_SLICES for group in groups.values()):
        return ()
    arranged = {}
    for value, group in groups.items():
        try:
            arranged[value] = arrange(group)
        except GeometryError:
            return ()
    if names != ("StackID",) and not _lie_over_one_another(list(arranged.values())):
        return ()
    most = max(len(one.slices) for one in arranged.values())
    ordered = sorted(arranged.items(), key=lambda item: _order(item[0], item[1]))
    return tuple(
        Part(
            one,
            number,
            len(ordered),
            ", ".join(f"{name} {part or 'none'}" for name, part in zip(names, value, strict=True)),
            len(one.slices) == most,
        )
        for number, (value, one) in enumerate(ordered, start=1)
    )


def _lie_over_one_another(arranged: Sequence[Arranged]) -> bool:
    """Whether each part shares half the length of the shorter with another one."""
    normal = find_normal(arranged[0].slices[0])
    ends = [
        sorted(float(np.dot(one.slices[end].position, normal)) for end in (0, -1))
        for one in arranged
    ]
    for number, (low, high) in enumerate(ends):
        shares = [
            (min(high, theirs[1]) - max(low, theirs[0])) / min(high - low, theirs[1] - theirs[0])
            for other, theirs in enumerate(ends)
            if other != number and min(high - low, theirs[1] - theirs[0]) > 0
        ]
        if max(shares, default=0.0) < 0.5:
            return False
    return True


def _order(value: tuple[str, ...], one: Arranged) -> tuple[object, ...]:
    """By the tag's number; where it is none, by the images' own order."""
    try:
        return (0, *(float(part) for part in value))
    except ValueError:
        return (1, min(_to_number(image.instance) for image in one.slices), value)


def _to_number(text: str) -> tuple[float, ...]:
    parts = text.replace("frame", "").split(",")
    return tuple(float(part) if part.strip().isdigit() else float("inf") for part in parts)

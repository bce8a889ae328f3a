"""Regions as drawn in DICOM, from one file or several, put together into the labels of a mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from response.errors import InputError
from response.geometry import Grid
from response.ingest.labels import Labels
from response.layers import join_layers
from response.model import LabelFact

MAX_LAYERS = 16
_MAX_LABEL = 65535

MAX_LAYER_BYTES = 640 * 2**20
"""All layers together, where there are several; twice as much is held while they are joined."""

MAX_MARKED = 2**26
"""Voxels of all regions of a file together, those that overlap counted each time."""

Flat = npt.NDArray[np.int32] | npt.NDArray[np.int64]
"""Places of voxels in the array (k, j, i) laid flat, ascending, none twice."""


@dataclass(frozen=True, slots=True)
class Region:
    """What one segment or region of interest covers.

    ``number`` is the one it has in its file, ``source`` that file's name. ``fact`` is what the file
    says of it (its label is set when all regions are known). ``aside`` says why it is no lesion
    and is left out unless a person's table speaks of its label; empty: it is one. ``unspoken``:
    that word is also written where nothing is known. ``whole`` is false where something of it could
    not be read.
    """

    number: int
    voxels: Flat
    source: str
    fact: LabelFact
    aside: str = ""
    kind: str = "segment"
    unspoken: bool = False
    whole: bool = True

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.kind} {self.number} of {self.source}"


def put_together(
    regions: Sequence[Region],
    grid: Grid,
    wanted: frozenset[int] = frozenset(),
    warnings: Iterable[str] = (),
) -> Labels:
    """Label all regions of one series, each by its number where that is free.

    Parameters
    ----------
    regions
        In the order of their files.
    grid
        The series' grid.
    wanted
        Labels that a person's table speaks of: these are lesions even if their file says otherwise.
    warnings
        What is to be said beside.

    Raises
    ------
    InputError
        More regions share a voxel than there may be layers, or they have too many voxels.
    """
    check_marked(sum(one.voxels.size for one in regions))
    numbered, said = _number([one for one in regions if one.voxels.size or one.aside])
    notes = [*warnings, *said]
    notes += [f"{one.name} has no voxels" for one in regions if not (one.voxels.size or one.aside)]
    left, more = _leave_aside(numbered, wanted)
    kept = [one for one in left if one.voxels.size]
    notes += more
    facts = tuple(one.fact for one in kept)
    painted = _paint(kept, grid)
    if painted.shape[-1] > 1:
        notes.append(f"regions overlap; they are kept whole, in {painted.shape[-1]} layers")
    image = join_layers(painted)
    image.SetOrigin(grid.origin)
    image.SetSpacing(grid.spacing)
    image.SetDirection(grid.direction)
    labels = tuple(sorted(fact.label for fact in facts))
    whole = _are_whole([one for one in regions if not (one.voxels.size or one.aside)] + left)
    return Labels(image, labels, _tell_apart(facts), tuple(notes), whole)


def to_flat(voxels: npt.NDArray[np.intp], grid: Grid) -> Flat:
    """Lay voxel indices (n, 3) in order i, j, k flat."""
    i, j, _k = grid.size
    steps = np.array([1, i, i * j], np.int64)
    return keep_small(np.unique(voxels.astype(np.int64) @ steps), grid)


def keep_small(places: npt.NDArray[Any], grid: Grid) -> Flat:
    """Hold places in the smaller type where it reaches all voxels of the grid."""
    if np.prod(grid.size, dtype=np.int64) < 2**31:
        return places.astype(np.int32)
    return places.astype(np.int64)


def _number(regions: Sequence[Region]) -> tuple[list[Region], list[str]]:
    """Give every region a label of its own: its number, or the next that no region has.

    There are far fewer regions than labels: every region is a line of its file's header.
    """
    held = {region.number for region in regions}
    taken: set[int] = set()
    numbered, notes = [], []
    following = 1
    for region in regions:
        label = region.number
        if label in taken or not 0 < label <= _MAX_LABEL:
            while following in held:
                following += 1
            why = "another one has its number" if label in taken else "its number cannot be one"
            label = following
            held.add(label)
            notes.append(f"{region.name} has label {label}: {why}")
        taken.add(label)
        numbered.append(replace(region, fact=replace(region.fact, label=label)))
    return numbered, notes


def _leave_aside(
    regions: Sequence[Region], wanted: frozenset[int]
) -> tuple[list[Region], list[str]]:
    """Leave out what is no lesion by its file's word; if that is everything, read it all."""
    if regions and all(one.aside and one.unspoken for one in regions):
        return list(regions), [
            f"every region is {regions[0].aside}: all are read as lesions; take away what is none"
        ]
    aside = [one for one in regions if one.aside and one.fact.label not in wanted]
    notes = [
        f"{one.name} (label {one.fact.label}) is left aside: {one.aside}; if it is a lesion, give "
        "its label a row in lesions.csv"
        for one in aside
    ]
    return [one for one in regions if not one.aside or one.fact.label in wanted], notes


def _are_whole(regions: Iterable[Region]) -> bool:
    """Whether every lesion is there as drawn; reference regions are none."""
    return all(one.fact.reference or (one.whole and one.voxels.size) for one in regions)


def check_marked(marked: int) -> None:
    """Refuse regions of more voxels than fit into memory.

    Raises
    ------
    InputError
        There are more than `MAX_MARKED`.
    """
    if marked > MAX_MARKED:
        raise InputError(f"marks over {MAX_MARKED} voxels; export fewer regions at once")


def _paint(regions: Sequence[Region], grid: Grid) -> npt.NDArray[np.uint16]:
    """Paint each region into its layer: axes k, j, i, layer."""
    i, j, k = grid.size
    chosen = _choose_layers(regions, i * j * k)
    painted = np.zeros((i * j * k, max(chosen, default=0) + 1), np.uint16)
    for region, layer in zip(regions, chosen, strict=True):
        painted[region.voxels, layer] = region.fact.label
    return painted.reshape(k, j, i, -1)


def _choose_layers(regions: Sequence[Region], size: int) -> list[int]:
    """Choose for each region the first layer where it covers nothing."""
    most = min(MAX_LAYERS, max(1, MAX_LAYER_BYTES // (size * np.dtype(np.uint16).itemsize)))
    covered: list[npt.NDArray[np.bool_]] = []
    chosen = []
    for region in regions:
        taken = (layer[region.voxels].any() for layer in covered)
        number = next((number for number, any_ in enumerate(taken) if not any_), len(covered))
        if number == most:
            raise InputError(f"more than {most} regions overlap in one place; export fewer at once")
        if number == len(covered):
            covered.append(np.zeros(size, bool))
        covered[number][region.voxels] = True
        chosen.append(number)
    return chosen


def _tell_apart(facts: Sequence[LabelFact]) -> tuple[LabelFact, ...]:
    """Keep tracking UIDs that tell regions apart: one that two regions share says nothing."""
    uids = [fact.tracking_uid for fact in facts]
    return tuple(
        replace(fact, tracking_uid="" if uids.count(fact.tracking_uid) > 1 else fact.tracking_uid)
        for fact in facts
    )
